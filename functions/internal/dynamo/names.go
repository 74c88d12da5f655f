package dynamo

import (
	"context"

	"kefu/core"
)

// AccountNamed implements core.Agents.
func (st *Store) AccountNamed(ctx context.Context, name string) (core.Account, error) {
	it, err := st.get(ctx, nameKey(name))
	switch {
	case err != nil:
		return core.Account{}, err
	case it == nil:
		return core.Account{}, errNoAgent()
	}
	a, err := st.Account(ctx, core.AgentID(getStr(it, "a")))
	if err == nil && a.Name != name {
		return core.Account{}, errNoAgent() // claimed, and not had yet
	}
	return a, err
}

// claim makes a name that of an account to be. One that belongs to an account
// which has another name was given up, or its claim came to nothing; but if it
// was just made it may still be followed by the account.
func (st *Store) claim(ctx context.Context, a core.Account) error {
	k := nameKey(a.Name)
	now := st.Now()
	mine := item{"a": str(string(a.ID)), "n": when(now), "w": bin(newMark())}
	r, err := st.put(ctx, k, mine, condition{text: absent + " OR a = :a", values: item{":a": str(string(a.ID))}})
	if err != nil || r.ok {
		return err
	}
	taken := core.Errorf(core.Conflict, "another account has the name %q", a.Name)
	it, err := r.instead(ctx)
	if err != nil {
		return err
	}
	owner, err := st.Account(ctx, core.AgentID(getStr(it, "a")))
	switch {
	case err != nil && core.CodeOf(err) != core.NotFound:
		return err
	case owner.Name == a.Name || now.Sub(getTime(it, "n")) < announceFor:
		return taken
	}
	if r, err = st.put(ctx, k, mine, claimed(it)); err == nil && !r.ok {
		return taken
	}
	return err
}

// claimed is met while a claim is the one that was read: a name may have been
// given up and claimed again since, by the same account too.
func claimed(it item) condition {
	return condition{text: "w = :w", values: item{":w": it["w"]}}
}
