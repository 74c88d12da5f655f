package storetest

import (
	"fmt"
	"time"

	"kefu/core"
)

// profile: NotFound, then whatever was put last.
func profile(d *desk) {
	ctx := d.Context()
	_, err := d.st.Profile(ctx, "v_1")
	d.wants(err, core.NotFound)
	p := core.Profile{
		ID: "v_1", Site: "shop", Name: "李雷", Avatar: "/a.png", Lang: "zh-CN", External: "user-7",
		Page: core.Page{URL: "https://shop.example/?q=1", Title: "Shoes", Referrer: "https://search.example/"}, Seen: d.now,
		Device: "iPhone · Safari", First: d.now.Add(-time.Hour), Pages: []core.Visit{
			{Page: core.Page{URL: "https://shop.example/", Title: "商店", Referrer: "https://search.example/"}, At: d.now.Add(-time.Minute)},
			{Page: core.Page{URL: "https://shop.example/?q=1"}, At: d.now},
		},
	}
	d.ok(d.st.PutProfile(ctx, p))
	equal(d, "Profile", must(d.st.Profile(ctx, "v_1"))(d), p)
	bare := core.Profile{ID: "v_1", Seen: d.now.Add(-time.Hour)} // the last one wins, not the latest seen
	d.ok(d.st.PutProfile(ctx, bare))
	equal(d, "Profile", must(d.st.Profile(ctx, "v_1"))(d), bare)
	_, err = d.st.Profile(ctx, "v_2")
	d.wants(err, core.NotFound)
}

// marks: a mark never goes back and never passes the end of the log.
func marks(d *desk) {
	ctx := d.Context()
	id := core.ConversationID("c_1")
	mark := func(side core.PartyKind, seq uint64, want core.Marks) {
		d.Helper()
		d.ok(d.st.Mark(ctx, id, side, seq))
		equal(d, "Marks", must(d.st.Marks(ctx, id))(d), want)
	}
	equal(d, "Marks at first", must(d.st.Marks(ctx, id))(d), core.Marks{})
	mark(core.Visitor, 3, core.Marks{}) // there is nothing to read yet
	head := d.do(id, d.says(id, "hello")).Conversation.Seq
	equal(d, "Marks of a new log", must(d.st.Marks(ctx, id))(d), core.Marks{})
	mark(core.Visitor, 2, core.Marks{Visitor: 2})
	mark(core.Staff, 1, core.Marks{Visitor: 2, Agent: 1})
	mark(core.Visitor, 1, core.Marks{Visitor: 2, Agent: 1})
	mark(core.Staff, head+100, core.Marks{Visitor: 2, Agent: head})
	mark(core.Staff, 2, core.Marks{Visitor: 2, Agent: head})
	mark(core.Visitor, 1<<63, core.Marks{Visitor: head, Agent: head})
	d.wants(d.st.Mark(ctx, id, core.Robot, 1), core.Invalid)
	d.wants(d.st.Mark(ctx, id, core.System, 1), core.Invalid)

	d.do(id, d.says(id, "and more"))
	equal(d, "Marks after a message", must(d.st.Marks(ctx, id))(d), core.Marks{Visitor: head, Agent: head})
	equal(d, "Load", d.load(id).Seq, head+1) // marks are no events
	d.race(16, "", func(i int) error { return d.st.Mark(ctx, id, core.Staff, uint64(i)) })
	equal(d, "Marks after a race", must(d.st.Marks(ctx, id))(d), core.Marks{Visitor: head, Agent: head + 1})
}

// settings: Conflict unless the version follows; Version 0 if there are none.
func settings(d *desk) {
	ctx := d.Context()
	equal(d, "Settings at first", must(d.st.Settings(ctx))(d), core.Settings{})
	s := core.DefaultSettings()
	own := core.DefaultTimeouts()
	own.Agent = 90 * time.Second
	s.Groups[0].Timeouts = &own
	s.Sites[0].Origins = []string{"https://shop.example"}
	s.Sites[0].Hours = core.Hours{Zone: "Asia/Shanghai", Spans: []core.Span{{Day: time.Sunday, From: 9 * 60, Until: 18 * 60}}}
	for _, v := range []uint64{0, 2} {
		s.Version = v
		d.wants(d.st.PutSettings(ctx, s), core.Conflict)
	}
	s.Version = 1
	d.ok(d.st.PutSettings(ctx, s))
	equal(d, "Settings", must(d.st.Settings(ctx))(d), s)
	d.wants(d.st.PutSettings(ctx, s), core.Conflict)
	next := core.DefaultSettings()
	next.Version = 2
	d.ok(d.st.PutSettings(ctx, next))
	equal(d, "Settings", must(d.st.Settings(ctx))(d), next)
}

// oneChangeOfSettingsWins: of those who change the same version one wins.
func oneChangeOfSettingsWins(d *desk) {
	won := d.race(16, core.Conflict, func(i int) error {
		s := core.DefaultSettings()
		s.Version, s.Sites[0].Name = 1, fmt.Sprint("by racer ", i)
		return d.st.PutSettings(d.Context(), s)
	})
	if won != 1 {
		d.Fatalf("%d changes of one version won, want 1", won)
	}
}

// firstSecretWins: whoever comes first decides, and all get the same.
func firstSecretWins(d *desk) {
	ctx := d.Context()
	got := make([]string, 16)
	d.race(len(got), "", func(i int) error {
		secret, err := d.st.Secret(ctx, "key", []byte(fmt.Sprint("of racer ", i)))
		got[i] = string(secret)
		return err
	})
	for _, secret := range got {
		if secret != got[0] || secret == "" {
			d.Fatalf("racers got different secrets: %q", got)
		}
	}
	scribble := must(d.st.Secret(ctx, "key", nil))(d)
	scribble[0] = '!'
	equal(d, "Secret", string(must(d.st.Secret(ctx, "key", []byte("late")))(d)), got[0])
	fresh := []byte("fresh")
	equal(d, "another Secret", string(must(d.st.Secret(ctx, "other", fresh))(d)), "fresh")
	fresh[0] = '!'
	equal(d, "another Secret", string(must(d.st.Secret(ctx, "other", nil))(d)), "fresh")
}

// epoch: the epoch has a name, and keeps it while nothing is lost.
func epoch(d *desk) {
	first := must(d.st.Epoch(d.Context()))(d)
	if first == "" {
		d.Fatal("the epoch has no name")
	}
	d.do("c_1", d.says("c_1", "hello"))
	equal(d, "Epoch", must(d.st.Epoch(d.Context()))(d), first)
}

// ready: a store that was just opened can take a write.
func ready(d *desk) { d.ok(d.st.Ready(d.Context())) }
