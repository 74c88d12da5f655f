package storetest

import (
	"bytes"
	"fmt"
	"time"

	"kefu/core"
)

// known: whoever comes first decides which visitor a site's user is, of each
// site on its own; without a fresh one nothing is decided.
func known(d *desk) {
	ctx := d.Context()
	_, err := d.st.Known(ctx, "shop", "user-1", "")
	d.wants(err, core.NotFound)
	for _, c := range []struct {
		site     core.SiteID
		external string
		fresh    core.VisitorID
		want     core.VisitorID
	}{
		{"shop", "user-1", "v_1", "v_1"},
		{"shop", "user-1", "v_2", "v_1"},
		{"shop", "user-1", "", "v_1"},
		{"shop", "user-2", "v_2", "v_2"},
		{"shop2", "user-1", "v_3", "v_3"},
		{"shop", "", "v_4", "v_4"},
		{"shop", "用户#1", "v_5", "v_5"},
	} {
		got := must(d.st.Known(ctx, c.site, c.external, c.fresh))(d)
		equal(d, fmt.Sprintf("Known(%q, %q, %q)", c.site, c.external, c.fresh), got, c.want)
	}
	ids := make([]core.VisitorID, 16)
	d.race(len(ids), "", func(i int) error {
		id, err := d.st.Known(ctx, "shop", "wanted by all", core.VisitorID(fmt.Sprint("v_racer", i)))
		ids[i] = id
		return err
	})
	for _, id := range ids {
		if id != ids[0] || id == "" {
			d.Fatalf("one user is several visitors: %q", ids)
		}
	}
}

// forget: all that a store has of a visitor beside the log is gone, nothing of
// others is, and another visitor may be that user then.
func forget(d *desk) {
	ctx := d.Context()
	day := d.now.Add(24 * time.Hour)
	put := func(id core.VisitorID, external string) core.Profile {
		p := core.Profile{ID: id, Site: "shop", Name: "Jane", External: external, Seen: d.now, First: d.now}
		d.ok(d.st.PutProfile(ctx, p))
		must(d.st.Known(ctx, "shop", external, id))(d)
		must(d.st.Keep(ctx, "of "+string(id), []byte("x"), d.now, day))(d)
		return p
	}
	gone, stays := put("v_1", "user-1"), put("v_2", "user-2")
	for range 2 { // the second time there is nothing to forget
		d.ok(d.st.Forget(ctx, gone, "of v_1", "nothing"))
		_, err := d.st.Profile(ctx, "v_1")
		d.wants(err, core.NotFound)
		_, err = d.st.Known(ctx, "shop", "user-1", "")
		d.wants(err, core.NotFound)
		_, err = d.st.Kept(ctx, "of v_1", d.now)
		d.wants(err, core.NotFound)
	}
	equal(d, "another's profile", must(d.st.Profile(ctx, "v_2"))(d).Name, stays.Name)
	equal(d, "another's user", must(d.st.Known(ctx, "shop", "user-2", ""))(d), "v_2")
	equal(d, "another's value", string(must(d.st.Kept(ctx, "of v_2", d.now))(d)), "x")
	equal(d, "the user again", must(d.st.Known(ctx, "shop", "user-1", "v_3"))(d), "v_3")
	d.ok(d.st.Forget(ctx, gone))
	equal(d, "the user of another visitor", must(d.st.Known(ctx, "shop", "user-1", ""))(d), "v_3")
}

// blocks: all of them, the newest first, one a visitor, until they are deleted.
func blocks(d *desk) {
	ctx := d.Context()
	list := func() []core.Block {
		d.Helper()
		return must(d.st.Blocks(ctx))(d)
	}
	none(d, "Blocks at first", list())
	d.wants(d.st.DeleteBlock(ctx, "v_1"), core.NotFound)
	first := core.Block{Visitor: "v_1", By: "amy", Reason: "骂人", At: d.now, Until: d.now.Add(time.Hour)}
	second := core.Block{Visitor: "v_2", By: "bob", At: d.now.Add(time.Minute)}
	same := core.Block{Visitor: "v_0", By: "bob", At: d.now.Add(time.Minute)}
	for _, b := range []core.Block{first, second, same} {
		d.ok(d.st.PutBlock(ctx, b))
	}
	equal(d, "Blocks", list(), []core.Block{same, second, first})
	first.At, first.Until, first.Reason = d.now.Add(time.Hour), time.Time{}, "again"
	d.ok(d.st.PutBlock(ctx, first))
	equal(d, "Blocks, one put anew", list(), []core.Block{first, same, second})
	d.ok(d.st.DeleteBlock(ctx, "v_2"))
	d.wants(d.st.DeleteBlock(ctx, "v_2"), core.NotFound)
	equal(d, "Blocks, one deleted", list(), []core.Block{first, same})
}

// keep: the first value under a key counts until its time; afterwards another
// may take its place.
func keep(d *desk) {
	ctx := d.Context()
	day := d.now.Add(24 * time.Hour)
	_, err := d.st.Kept(ctx, "key", d.now)
	d.wants(err, core.NotFound)
	value := []byte("first\x00")
	equal(d, "Keep", string(must(d.st.Keep(ctx, "key", value, d.now, day))(d)), "first\x00")
	value[0] = '!'
	equal(d, "Keep again", string(must(d.st.Keep(ctx, "key", []byte("second"), d.now, day))(d)), "first\x00")
	read := must(d.st.Kept(ctx, "key", day.Add(-time.Millisecond)))(d)
	equal(d, "Kept", string(read), "first\x00")
	read[0] = '!'
	equal(d, "Kept", string(must(d.st.Kept(ctx, "key", d.now))(d)), "first\x00")

	_, err = d.st.Kept(ctx, "key", day)
	d.wants(err, core.NotFound) // it has ended
	equal(d, "Keep after the end", string(must(d.st.Keep(ctx, "key", []byte("third"), day, day.Add(time.Hour)))(d)), "third")
	equal(d, "Kept after the end", string(must(d.st.Kept(ctx, "key", day))(d)), "third")

	got := make([][]byte, 16)
	d.race(len(got), "", func(i int) error {
		v, err := d.st.Keep(ctx, "wanted by all", []byte(fmt.Sprint("of racer ", i)), d.now, day)
		got[i] = v
		return err
	})
	for _, v := range got {
		if !bytes.Equal(v, got[0]) || len(v) == 0 {
			d.Fatalf("racers keep different values: %q", got)
		}
	}
}

// history: former versions of the settings, the newest first.
func history(d *desk) {
	ctx := d.Context()
	none(d, "History at first", must(d.st.History(ctx, 0, 10))(d))
	var all []core.Settings
	for v := range uint64(105) {
		s := core.DefaultSettings()
		s.Version, s.Sites[0].Name = v+1, fmt.Sprint("version ", v+1)
		s.At, s.By = d.now.Add(time.Duration(v)*time.Second), "amy"
		d.ok(d.st.PutSettings(ctx, s))
		all = append([]core.Settings{s}, all...)
	}
	equal(d, "History", must(d.st.History(ctx, 0, 3))(d), all[:3])
	equal(d, "History before one", must(d.st.History(ctx, all[9].Version, 2))(d), all[10:12])
	equal(d, "History, the last 100", must(d.st.History(ctx, 0, 100))(d), all[:100])
	none(d, "History before the first", must(d.st.History(ctx, 1, 10))(d))
	none(d, "History with limit 0", must(d.st.History(ctx, 0, 0))(d))
	equal(d, "Settings", must(d.st.Settings(ctx))(d), all[0])
}

// renew: it lengthens a lease and says nothing else of the agent.
func renew(d *desk) {
	ctx := d.Context()
	at := func(s int) time.Time { return d.now.Add(time.Duration(s) * time.Second) }
	d.wants(d.st.Renew(ctx, "amy", at(30)), core.NotFound)
	d.hire("amy", 1)
	d.ok(d.st.Renew(ctx, "amy", at(30)))
	equal(d, "Duty of who said nothing", must(d.st.Duty(ctx, "amy"))(d), core.Duty{Status: core.Offline, Lease: at(30)})
	d.ok(d.st.SetDuty(ctx, "amy", core.Duty{Status: core.Away, Lease: at(10)}))
	d.ok(d.st.Renew(ctx, "amy", at(40)))
	equal(d, "Duty", must(d.st.Duty(ctx, "amy"))(d), core.Duty{Status: core.Away, Lease: at(40)})
	d.ok(d.st.Renew(ctx, "amy", at(20)))
	equal(d, "Duty, renewed for less", must(d.st.Duty(ctx, "amy"))(d), core.Duty{Status: core.Away, Lease: at(40)})
	d.race(16, "", func(i int) error { // a ping on one node, a status said on another
		if i == 8 {
			return d.st.SetDuty(ctx, "amy", core.Duty{Status: core.Online, Lease: at(50)})
		}
		return d.st.Renew(ctx, "amy", at(60+i))
	})
	got := must(d.st.Duty(ctx, "amy"))(d)
	if got.Status != core.Online || got.Lease.Before(at(50)) {
		d.Fatalf("somebody renewed the lease while amy said online: %+v", got)
	}
}

// paced: the mean time to a first answer is on the roster, and nothing else of
// the agent changes with it.
func paced(d *desk) {
	ctx := d.Context()
	d.wants(d.st.Paced(ctx, "amy", time.Second), core.NotFound)
	d.hire("amy", 1)
	d.online("amy", time.Minute)
	before := d.onRoster("amy")
	if before.Pace != 0 {
		d.Fatalf("a pace of %v before any answer", before.Pace)
	}
	want := time.Duration(0)
	for _, took := range []time.Duration{10 * time.Second, 20 * time.Second, time.Second, 90 * time.Minute} {
		want = core.MeanPace(want, took)
		d.ok(d.st.Paced(ctx, "amy", took))
		got := d.onRoster("amy")
		if off := got.Pace - want; off > 5*time.Millisecond || off < -5*time.Millisecond {
			d.Fatalf("a pace of %v, want %v", got.Pace, want)
		}
		got.Pace = 0
		equal(d, "the rest of the roster", got, before)
	}
}

// erase: the bodies that a change names are gone with it, and nothing else.
func erase(d *desk) {
	d.hire("amy", 1)
	for _, text := range []string{"one secret", "two", "another secret"} {
		d.do("c_1", d.says("c_1", text))
	}
	d.do("c_2", d.says("c_2", "one secret"))
	log := d.log("c_1")
	marked := func(c core.Change) core.Change {
		c.Erase = []core.Tombstone{{Seq: 2}, {Seq: log[len(log)-1].Seq, Of: 2}}
		return c
	}

	stale := marked(d.step("c_1", d.says("c_1", "late")))
	d.do("c_1", d.says("c_1", "first"))
	log = d.log("c_1")
	d.wants(d.st.Commit(d.Context(), stale), core.Conflict)
	equal(d, "the log after a conflict", d.log("c_1"), log)
	d.do("c_2", d.taken("c_2", "amy"))
	d.wants(d.st.Commit(d.Context(), marked(d.step("c_1", d.taken("c_1", "amy")))), core.Full)
	equal(d, "the log after full", d.log("c_1"), log)

	change := marked(d.step("c_1", d.says("c_1", "last")))
	d.ok(d.st.Commit(d.Context(), change))
	want := append(log, change.Events...)
	for _, gone := range change.Erase {
		want[gone.Seq-1].Body = core.Body{Kind: core.KindTombstone, Seq: gone.Of}
	}
	equal(d, "After", d.log("c_1"), want)
	equal(d, "Before", must(d.st.Before(d.Context(), "c_1", 1<<62, 100))(d), want)
	equal(d, "the state", d.load("c_1"), change.Conversation)
	equal(d, "another log", d.log("c_2")[1].Body, words("one secret"))
	d.do("c_1", d.says("c_1", "and on it goes"))
}
