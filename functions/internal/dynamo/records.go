package dynamo

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"kefu/core"
	"kefu/core/codec"
)

// first returns the item under a key; if there is none and it may, it puts the
// fresh one: whoever comes first decides.
func (st *Store) first(ctx context.Context, k key, fresh item, may bool) (item, error) {
	it, err := st.get(ctx, k)
	if err != nil || it != nil || !may {
		return it, err
	}
	r, err := st.put(ctx, k, fresh, condition{text: absent})
	if r.ok || err != nil {
		return fresh, err
	}
	return r.instead(ctx)
}

// Blocks implements core.Records.
func (st *Store) Blocks(ctx context.Context) ([]core.Block, error) {
	var out []core.Block
	err := st.each(ctx, all(partBlocks, ""), func(it item) (bool, error) {
		out = append(out, core.Block{
			Visitor: core.VisitorID(getStr(it, "sk")), By: core.AgentID(getStr(it, "a")), Reason: getStr(it, "r"),
			At: getTime(it, "at"), Until: getTime(it, "until"),
		})
		return false, nil
	})
	slices.SortFunc(out, func(a, b core.Block) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Visitor, b.Visitor)) })
	return out, err
}

// PutBlock implements core.Records.
func (st *Store) PutBlock(ctx context.Context, b core.Block) error {
	_, err := st.put(ctx, key{partBlocks, string(b.Visitor)}, item{
		"a": str(string(b.By)), "r": str(b.Reason), "at": when(b.At), "until": when(b.Until),
	}, condition{})
	return err
}

// DeleteBlock implements core.Records.
func (st *Store) DeleteBlock(ctx context.Context, id core.VisitorID) error {
	k := key{partBlocks, string(id)}
	it, err := st.get(ctx, k)
	switch {
	case err != nil:
		return err
	case it == nil:
		return core.Errorf(core.NotFound, "there is no such block")
	}
	return st.remove(ctx, k, condition{})
}

// Keep implements core.Records. DynamoDB removes what has ended some time
// after.
func (st *Store) Keep(ctx context.Context, name string, value []byte, now, until time.Time) ([]byte, error) {
	k := key{partKept, foreign(name)}
	it := item{"v": bin(value), "u": when(until), "ttl": num(until.Unix() + 1)}
	r, err := st.put(ctx, k, it, condition{text: absent + " OR u <= :now", values: item{":now": when(now)}})
	if err != nil || r.ok {
		return bytes.Clone(value), err
	}
	there, err := r.instead(ctx) // it may be our own, if an answer got lost
	if err == nil && there == nil {
		err = &core.Error{Code: core.Unavailable, Message: "it ended at this moment", Retry: time.Second}
	}
	return getBin(there, "v"), err
}

// Kept implements core.Records.
func (st *Store) Kept(ctx context.Context, name string, now time.Time) ([]byte, error) {
	it, err := st.get(ctx, key{partKept, foreign(name)})
	if err == nil && (it == nil || !getTime(it, "u").After(now)) {
		err = core.Errorf(core.NotFound, "nothing is kept under this key")
	}
	if err != nil {
		return nil, err
	}
	return getBin(it, "v"), nil
}

// Settings implements core.Records.
func (st *Store) Settings(ctx context.Context) (core.Settings, error) {
	list, err := st.History(ctx, 0, 1)
	if err != nil || len(list) == 0 {
		return core.Settings{}, err
	}
	return list[0], nil
}

// History implements core.Records.
func (st *Store) History(ctx context.Context, before uint64, limit int) ([]core.Settings, error) {
	if limit <= 0 {
		return nil, nil
	}
	s := span{pk: partSettings, from: settingsSK(0), to: settingsSK(1 << 62), newest: true, limit: limit}
	if before > 0 {
		s.to = settingsSK(before - 1)
	}
	var out []core.Settings
	err := st.each(ctx, s, func(it item) (bool, error) {
		x, err := codec.Settings(getBin(it, "s"))
		if err != nil {
			return false, errDamaged(it, err)
		}
		out = append(out, x)
		return len(out) == limit, nil
	})
	return out, err
}

// PutSettings implements core.Records.
func (st *Store) PutSettings(ctx context.Context, s core.Settings) error {
	was, err := st.Settings(ctx)
	switch {
	case err != nil:
		return err
	case s.Version == 0 || was.Version != s.Version-1:
		return errChanged("the settings")
	}
	data, mark := codec.AppendSettings(nil, s), newMark()
	if len(data) > maxItem {
		return core.Errorf(core.TooLarge, "the settings are more than this store can keep")
	}
	r, err := st.put(ctx, key{partSettings, settingsSK(s.Version)}, item{"s": bin(data), "w": bin(mark)}, condition{text: absent})
	if err != nil || r.ok {
		return err
	}
	there, err := r.instead(ctx)
	if err == nil && !bytes.Equal(getBin(there, "w"), mark) {
		return errChanged("the settings")
	}
	return err
}

// Secret implements core.Records.
func (st *Store) Secret(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	it, err := st.first(ctx, key{partSecrets, foreign(name)}, item{"v": bin(bytes.Clone(fresh))}, true)
	return bytes.Clone(getBin(it, "v")), err
}
