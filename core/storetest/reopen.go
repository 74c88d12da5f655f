package storetest

import (
	"testing"
	"time"

	"kefu/core"
)

// RunReopen checks that what was stored in dir is there after the store was
// closed and opened again, under the same epoch, and that it goes on from
// there. Open may be called for the same dir only after close.
func RunReopen(t *testing.T, open func(t *testing.T, dir string) (st core.Store, close func() error)) {
	dir := t.TempDir()
	st, shut := open(t, dir)
	d := newDesk(t, st)
	for _, in := range d.story("c_1") {
		d.wait(time.Second)
		d.do("c_1", in)
	}
	d.line(3)
	d.do("c_00", d.taken("c_00", "amy"))
	d.do("c_01", d.taken("c_01", "bob"))
	d.online("amy", time.Hour)
	d.ok(d.st.Rearm(d.Context(), "c_02", d.load("c_02").Seq, d.now.Add(time.Minute)))
	d.ok(d.st.Mark(d.Context(), "c_1", core.Visitor, 3))
	gone := d.step("c_1", d.says("c_1", "the last word"))
	gone.Erase = []core.Tombstone{{Seq: 2}}
	d.ok(d.st.Commit(d.Context(), gone))
	d.ok(d.st.PutBlock(d.Context(), core.Block{Visitor: "v_1", By: "amy", At: d.now}))
	must(d.st.Known(d.Context(), "shop", "user-1", "v_1"))(d)
	must(d.st.Keep(d.Context(), "key", []byte("an answer"), d.now, d.now.Add(time.Hour)))(d)
	d.ok(d.st.Paced(d.Context(), "amy", time.Second))
	d.ok(d.st.PutProfile(d.Context(), core.Profile{ID: "v_1", Name: "李雷", Seen: d.now}))
	d.ok(d.st.PutDocument(d.Context(), core.Document{Kind: "reply", ID: "r_1", Version: 1, At: d.now, Data: []byte("您好\x00")}))
	s := core.DefaultSettings()
	s.Version = 1
	d.ok(d.st.PutSettings(d.Context(), s))
	before := d.everything("the first")
	d.ok(shut())

	d.st, shut = open(t, dir)
	equal(d, "after reopening", d.everything("a later"), before)
	d.do("c_1", d.says("c_1", "one more thing"))
	_, err := d.apply("c_02", d.taken("c_02", "amy"))
	d.ok(err) // her second seat of two
	_, err = d.apply("c_1", d.taken("c_1", "amy"))
	d.wants(err, core.Full)
	d.wants(d.st.PutSettings(d.Context(), s), core.Conflict)
	d.ok(shut())
}

// all is what must outlive the process.
type all struct {
	view
	Held     []core.ConversationID
	Duty     core.Duty
	Lapsed   []core.AgentID
	Profile  core.Profile
	Known    core.VisitorID
	Blocks   []core.Block
	Kept     string
	Document core.Document
	Settings core.Settings
	Secret   string
	Epoch    string
}

func (d *desk) everything(secret string) all {
	d.Helper()
	ctx := d.Context()
	return all{
		view:     d.snapshot("c_1"),
		Held:     must(d.st.Held(ctx, "bob"))(d),
		Duty:     must(d.st.Duty(ctx, "amy"))(d),
		Lapsed:   must(d.st.Lapsed(ctx, d.now.Add(2*time.Hour)))(d),
		Profile:  must(d.st.Profile(ctx, "v_1"))(d),
		Known:    must(d.st.Known(ctx, "shop", "user-1", ""))(d),
		Blocks:   must(d.st.Blocks(ctx))(d),
		Kept:     string(must(d.st.Kept(ctx, "key", d.now))(d)),
		Document: must(d.st.Document(ctx, "reply", "r_1"))(d),
		Settings: must(d.st.Settings(ctx))(d),
		Secret:   string(must(d.st.Secret(ctx, "key", []byte(secret)))(d)),
		Epoch:    must(d.st.Epoch(ctx))(d),
	}
}
