package storetest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/transfer"
)

// runTransfer checks that what is exported from a store and imported into
// another one of its kind is the same desk.
func runTransfer(t *testing.T, open func(*testing.T) core.Store) {
	from := newDesk(t, open(t))
	from.furnish()
	var file bytes.Buffer
	written := must(transfer.Export(t.Context(), from.st, &file))(from)
	if want := (transfer.Counts{Accounts: 3, Settings: 2, Blocks: 1, Documents: 1, Profiles: 1, Conversations: 4, Events: written.Events}); written.Counts != want || written.Events < 30 {
		t.Fatalf("exported are %s", written)
	}
	to := newDesk(t, open(t))
	read := must(transfer.Import(t.Context(), bytes.NewReader(file.Bytes()), to.st))(to)
	equal(to, "what was read", read, written)
	equal(to, "what is there then", must(transfer.Export(t.Context(), to.st, io.Discard))(to), written)
	for id := range 4 {
		equal(to, "the state", to.load(numbered(id)), from.load(numbered(id)))
		equal(to, "the log", to.log(numbered(id)), from.log(numbered(id)))
	}
	to.behaves(from)
	_, err := transfer.Import(t.Context(), bytes.NewReader(file.Bytes()), to.st)
	if err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("imported twice: %v", err)
	}
}

// furnish puts something of everything into a store.
func (d *desk) furnish() {
	ctx := d.Context()
	amy := d.hire("amy", 2)
	d.hire("bob", 1)
	gone := d.hire("gone", 3)
	gone.Version, gone.Disabled = 2, true
	d.ok(d.st.PutAccount(ctx, gone))
	for v := range uint64(2) {
		s := core.DefaultSettings()
		s.Version, s.At, s.By, s.Sites[0].Name = v+1, d.now, "amy", fmt.Sprint("name ", v)
		d.ok(d.st.PutSettings(ctx, s))
	}
	must(d.st.Secret(ctx, "token-keys", []byte("kept")))(d)
	d.ok(d.st.PutBlock(ctx, core.Block{Visitor: "v-bad", By: "amy", Reason: "rude", At: d.now}))
	d.ok(d.st.PutDocument(ctx, core.Document{Kind: "reply", ID: "r_1", Version: 1, At: d.now, Data: []byte("hello")}))
	for i := range 4 {
		d.wait(time.Second)
		d.do(numbered(i), d.says(numbered(i), "hello"))
	}
	d.do("c_01", d.taken("c_01", "amy"))
	for i := range 30 { // more than a change takes
		d.wait(time.Second)
		d.do("c_01", d.says("c_01", fmt.Sprint("more ", i)))
	}
	note := d.answers("c_01", "amy", "a note")
	note.Internal = true
	d.do("c_01", note)
	d.do("c_02", d.taken("c_02", "amy"))
	d.do("c_03", d.ended("c_03"))
	amy.Version, amy.Capacity = 2, 1 // fewer than she has
	d.ok(d.st.PutAccount(ctx, amy))
	d.ok(d.st.Mark(ctx, "c_01", core.Visitor, 3))
	d.ok(d.st.Mark(ctx, "c_01", core.Staff, 7))
	d.ok(d.st.PutProfile(ctx, core.Profile{ID: d.load("c_00").Visitor, Site: "shop", Name: "Vi", External: "user-7", Seen: d.now}))
}

// behaves checks what only shows when something is done with a store.
func (d *desk) behaves(from *desk) {
	ctx := d.Context()
	d.now = from.now.Add(time.Second)
	equal(d, "who is held", len(must(d.st.Held(ctx, "amy"))(d)), 2)
	equal(d, "who waits", must(d.st.Waiting(ctx, "", 10))(d), must(from.st.Waiting(ctx, "", 10))(from))
	_, err := d.apply("c_00", d.taken("c_00", "amy"))
	d.wants(err, core.Full)
	d.do("c_00", d.taken("c_00", "bob"))
	d.do("c_01", d.answers("c_01", "amy", "and on it goes"))
	who := must(d.st.Known(ctx, "shop", "user-7", ""))(d)
	equal(d, "whom the site knows", who, from.load("c_00").Visitor)
	due := must(d.st.Due(ctx, core.Place{}, d.now.Add(1000*time.Hour), 10))(d)
	equal(d, "alarms", len(due), len(must(from.st.Due(ctx, core.Place{}, d.now.Add(1000*time.Hour), 10))(from)))
}
