package dynamo

import (
	"context"
	"encoding/json"

	"kefu/core"
	"kefu/core/codec"
)

// Profile implements core.Records.
func (st *Store) Profile(ctx context.Context, id core.VisitorID) (core.Profile, error) {
	it, err := st.get(ctx, visitorKey(id))
	switch {
	case err != nil:
		return core.Profile{}, err
	case it == nil:
		return core.Profile{}, core.Errorf(core.NotFound, "there is no such visitor")
	}
	p := core.Profile{ID: id, Seen: getTime(it, "seen")}
	if err := json.Unmarshal(getBin(it, "p"), &visitor{&p}); err != nil {
		return core.Profile{}, errDamaged(it, err)
	}
	if err := codec.More(getBin(it, "m"), &p); err != nil {
		return core.Profile{}, errDamaged(it, err)
	}
	return p, nil
}

// PutProfile implements core.Records.
func (st *Store) PutProfile(ctx context.Context, p core.Profile) error {
	data, err := json.Marshal(visitor{&p})
	if err != nil {
		return err
	}
	_, err = st.put(ctx, visitorKey(p.ID), item{"p": bin(data), "seen": when(p.Seen), "m": bin(codec.AppendMore(nil, p))}, condition{})
	return err
}

// Forget implements core.Records. The profile goes last: by it whoever has to
// begin again finds the rest.
func (st *Store) Forget(ctx context.Context, p core.Profile, kept ...string) error {
	if p.External != "" {
		mine := condition{text: "v = :v", values: item{":v": str(string(p.ID))}}
		if err := st.remove(ctx, key{partUsers(p.Site), foreign(p.External)}, mine); err != nil {
			return err
		}
	}
	for _, name := range kept {
		if err := st.remove(ctx, key{partKept, foreign(name)}, condition{}); err != nil {
			return err
		}
	}
	return st.remove(ctx, visitorKey(p.ID), condition{})
}

// visitor is a profile in JSON.
type visitor struct{ of *core.Profile }

type visitorJSON struct {
	Site     core.SiteID `json:"site,omitempty"`
	Name     string      `json:"name,omitempty"`
	Avatar   string      `json:"avatar,omitempty"`
	Lang     string      `json:"lang,omitempty"`
	External string      `json:"external,omitempty"`
	URL      string      `json:"url,omitempty"`
	Title    string      `json:"title,omitempty"`
	Referrer string      `json:"referrer,omitempty"`
}

// MarshalJSON writes all but what the item has besides.
func (v visitor) MarshalJSON() ([]byte, error) {
	p := v.of
	return json.Marshal(visitorJSON{p.Site, p.Name, p.Avatar, p.Lang, p.External, p.Page.URL, p.Page.Title, p.Page.Referrer})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *visitor) UnmarshalJSON(b []byte) error {
	var in visitorJSON
	err := json.Unmarshal(b, &in)
	p := v.of
	p.Site, p.Name, p.Avatar, p.Lang, p.External = in.Site, in.Name, in.Avatar, in.Lang, in.External
	p.Page = core.Page{URL: in.URL, Title: in.Title, Referrer: in.Referrer}
	return err
}

// Mark implements core.Records.
func (st *Store) Mark(ctx context.Context, id core.ConversationID, side core.PartyKind, seq uint64) error {
	var name string
	switch side {
	case core.Visitor:
		name = "visitor"
	case core.Staff:
		name = "agent"
	default:
		return core.Errorf(core.Invalid, "only visitors and agents read")
	}
	h, ok := st.heads.Get(id)
	if !ok || h.Seq < seq { // what is remembered may be old, but was there
		var err error
		if h, err = st.head(ctx, id); err != nil || h.Seq == 0 {
			return err
		}
	}
	_, err := st.update(ctx, marksKey(id), "SET #s = :n", condition{
		text: "attribute_not_exists(#s) OR #s < :n", names: map[string]string{"#s": name}, values: item{":n": num(min(seq, h.Seq))},
	})
	return err
}

// Marks implements core.Records.
func (st *Store) Marks(ctx context.Context, id core.ConversationID) (core.Marks, error) {
	it, err := st.get(ctx, marksKey(id))
	return core.Marks{Visitor: uint64(getNum(it, "visitor")), Agent: uint64(getNum(it, "agent"))}, err
}

// Known implements core.Records.
func (st *Store) Known(ctx context.Context, site core.SiteID, external string, fresh core.VisitorID) (core.VisitorID, error) {
	k := key{partUsers(site), foreign(external)}
	it, err := st.first(ctx, k, item{"v": str(string(fresh))}, fresh != "")
	if err == nil && it == nil {
		err = core.Errorf(core.NotFound, "there is no such visitor")
	}
	return core.VisitorID(getStr(it, "v")), err
}
