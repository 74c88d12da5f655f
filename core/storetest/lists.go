package storetest

import (
	"slices"
	"time"

	"kefu/core"
)

// logPaging: After and Before from every place, with every limit, also beyond both
// ends.
func logPaging(d *desk) {
	for range 9 {
		d.do("c_1", d.says("c_1", "hello"))
	}
	d.do("c_2", d.says("c_2", "not of this log"))
	all := d.log("c_1")
	n := uint64(len(all))
	for _, limit := range []int{1, 3, int(n), 1000} {
		for seq := range n + 2 {
			first := min(seq, n)
			newer := must(d.st.After(d.Context(), "c_1", seq, limit))(d)
			wantEvents(d, newer, all[first:min(first+uint64(limit), n)])
			last := min(max(seq, 1)-1, n)
			older := must(d.st.Before(d.Context(), "c_1", seq, limit))(d)
			wantEvents(d, older, all[max(int(last)-limit, 0):last])
		}
	}
	wantEvents(d, must(d.st.Before(d.Context(), "c_1", 1<<62, 2))(d), all[n-2:])
	none(d, "After 2^62", must(d.st.After(d.Context(), "c_1", 1<<62, 2))(d))
	none(d, "After with limit 0", must(d.st.After(d.Context(), "c_1", 0, 0))(d))
	none(d, "Before with limit 0", must(d.st.Before(d.Context(), "c_1", n, 0))(d))
}

func wantEvents(d *desk, got, want []core.Event) {
	d.Helper()
	if len(got)+len(want) > 0 {
		equal(d, "events", got, want)
	}
}

// callerOwnsEvents: the caller owns what it gets, and goes on owning what it gave.
func callerOwnsEvents(d *desk) {
	body := core.Body{Kind: core.KindOptions, Text: "which?", Options: []string{"red", "blue"}}
	d.do("c_1", core.Said{Frame: d.frame("c_1", visitorOf("c_1")), Site: "shop", Body: body})
	body.Options[0] = "scribbled by the sender"
	read := d.log("c_1")
	i := slices.IndexFunc(read, func(e core.Event) bool { return e.Body.Kind == core.KindOptions })
	if got := read[i].Body.Options[0]; got != "red" {
		d.Fatalf("the stored option is %q, want red", got)
	}
	read[i].Body.Options[0], read[i].Body.Text = "scribbled by a reader", ""
	want := core.Body{Kind: core.KindOptions, Text: "which?", Options: []string{"red", "blue"}}
	equal(d, "body", d.log("c_1")[i].Body, want)
}

// due: alarms of sessions that wait are at the time they began to.
func due(d *desk) {
	until := func(after core.Place, t time.Time, limit int) []core.Place {
		d.Helper()
		return must(d.st.Due(d.Context(), after, t, limit))(d)
	}
	at := map[core.ConversationID]time.Time{}
	for i, id := range []core.ConversationID{"c_d", "c_b", "c_c", "c_a"} {
		if i != 2 { // two of them at the same time
			d.wait(time.Second)
		}
		at[id] = d.do(id, d.says(id, "hello")).Conversation.Alarm
		if at[id].IsZero() {
			d.Fatal("a session that waits has no alarm; the test is wrong")
		}
	}
	var want []core.Place
	for _, id := range []core.ConversationID{"c_d", "c_b", "c_c", "c_a"} {
		want = append(want, core.Place{At: at[id], ID: id})
	}
	equal(d, "Due", until(core.Place{}, d.now, 100), want)
	equal(d, "Due until the third", until(core.Place{}, want[2].At, 100), want[:3])
	none(d, "Due too early", until(core.Place{}, want[0].At.Add(-time.Millisecond), 100))
	none(d, "Due with limit 0", until(core.Place{}, d.now, 0))
	var paged []core.Place
	for place := (core.Place{}); len(paged) <= len(want); place = paged[len(paged)-1] {
		page := until(place, d.now, 1)
		if paged = append(paged, page...); len(page) == 0 {
			break
		}
	}
	equal(d, "Due page by page", paged, want)

	d.hire("amy", 1)
	later := d.do("c_d", d.taken("c_d", "amy")).Conversation.Alarm // the holder owes an answer
	equal(d, "Due, one moved", until(core.Place{}, d.now, 100), want[1:])
	equal(d, "Due, much later", until(want[3], later, 100), []core.Place{{At: later, ID: "c_d"}})
	d.do("c_d", d.ended("c_d"))
	none(d, "Due, one closed", until(want[3], later, 100))
}

// rearm: Rearm moves the alarm in Due and nothing else, and only for the log as
// its caller knows it.
func rearm(d *desk) {
	ctx := d.Context()
	id := core.ConversationID("c_1")
	d.do(id, d.says(id, "hello"))
	before := d.load(id)
	listed := func() []core.Place {
		d.Helper()
		return must(d.st.Due(ctx, core.Place{}, d.now.Add(1000*time.Hour), 100))(d)
	}
	next := d.now.Add(5 * time.Minute)
	d.ok(d.st.Rearm(ctx, id, before.Seq, next))
	equal(d, "Due", listed(), []core.Place{{At: next, ID: id}})
	equal(d, "Load", d.load(id), before)

	for _, seq := range []uint64{0, before.Seq - 1, before.Seq + 1} {
		d.wants(d.st.Rearm(ctx, id, seq, d.now), core.Conflict)
	}
	d.wants(d.st.Rearm(ctx, "c_unknown", 1, d.now), core.Conflict)
	equal(d, "Due after conflicts", listed(), []core.Place{{At: next, ID: id}})

	d.ok(d.st.Rearm(ctx, id, before.Seq, time.Time{}))
	none(d, "Due after never", listed())
	equal(d, "Load", d.load(id), before)
	d.hire("amy", 1)
	alarm := d.do(id, d.taken(id, "amy")).Conversation.Alarm
	equal(d, "Due after a change that moved", listed(), []core.Place{{At: alarm, ID: id}})
}

// waiting: the head of the line first: by Queued, then ID; of a group, or of all.
func waiting(d *desk) {
	ctx := d.Context()
	line := func(g core.GroupID, limit int) []core.Place {
		d.Helper()
		return must(d.st.Waiting(ctx, g, limit))(d)
	}
	none(d, "Waiting at first", line("", 100))
	var all []core.Place
	for i, id := range []core.ConversationID{"c_d", "c_b", "c_c", "c_a"} {
		if i != 2 {
			d.wait(time.Second)
		}
		all = append(all, core.Place{At: d.do(id, d.says(id, "hello")).Conversation.Session.Queued, ID: id})
	}
	equal(d, "Waiting", line("", 100), all)
	equal(d, "Waiting in sales", line("sales", 100), all)
	equal(d, "Waiting, two", line("sales", 2), all[:2])
	none(d, "Waiting with limit 0", line("sales", 0))
	none(d, "Waiting in billing", line("billing", 100))

	d.hire("amy", 4)
	d.wait(time.Second)
	d.do("c_b", d.passed("c_b", "billing"))
	equal(d, "Waiting in billing", line("billing", 100), all[1:2])
	equal(d, "Waiting in sales", line("sales", 100), []core.Place{all[0], all[2], all[3]})
	equal(d, "Waiting", line("", 100), all)
	d.do("c_d", d.taken("c_d", "amy"))
	d.do("c_c", d.ended("c_c"))
	equal(d, "Waiting in sales", line("sales", 100), all[3:])
}

// waitingAgain: who has to wait again has the place it had.
func waitingAgain(d *desk) {
	d.hire("amy", 3)
	d.do("c_b", d.says("c_b", "hello"))
	first := d.load("c_b").Session.Queued
	d.do("c_b", d.taken("c_b", "amy"))
	d.wait(time.Hour)
	d.do("c_a", d.says("c_a", "hello"))
	d.wait(time.Minute)
	d.do("c_b", core.Left{Agent: "amy", Reason: core.ByLease})
	want := []core.Place{{At: first, ID: "c_b"}, {At: d.load("c_a").Session.Queued, ID: "c_a"}}
	equal(d, "Waiting", must(d.st.Waiting(d.Context(), "sales", 100))(d), want)
}

// held: what an agent holds, in no particular order.
func held(d *desk) {
	mine := func(who core.AgentID) []core.ConversationID {
		d.Helper()
		ids := must(d.st.Held(d.Context(), who))(d)
		slices.Sort(ids)
		return ids
	}
	d.hire("amy", 3)
	d.hire("bob", 3)
	d.line(5)
	for i, who := range []core.AgentID{"amy", "bob", "amy", "amy"} {
		d.do(numbered(i), d.taken(numbered(i), who))
	}
	equal(d, "Held", mine("amy"), []core.ConversationID{"c_00", "c_02", "c_03"})
	equal(d, "Held", mine("bob"), []core.ConversationID{"c_01"})
	none(d, "Held by a stranger", mine("eve"))
	d.do("c_02", d.ended("c_02"))
	equal(d, "Held after a close", mine("amy"), []core.ConversationID{"c_00", "c_03"})
}

// snoozed: what is put off is listed as such, has its alarm, gives its seat
// back, and is nobody's turn until it is over.
func snoozed(d *desk) {
	d.hire("amy", 1)
	d.do("c_1", d.says("c_1", "hello"))
	d.do("c_1", d.taken("c_1", "amy"))
	d.do("c_1", d.answers("c_1", "amy", "tomorrow"))
	put := func(by time.Duration) time.Time {
		d.Helper()
		until := d.now.Add(by)
		d.do("c_1", core.Deferred{Frame: d.frame("c_1", agent("amy")), Session: 1, Until: until})
		return until
	}
	until := put(24 * time.Hour)
	for range 2 {
		equal(d, "List of the snoozed", idsOf(d.list(core.Query{Phases: []core.Phase{core.Snoozed}})), []core.ConversationID{"c_1"})
		equal(d, "List of all", d.list(core.Query{}), []core.Conversation{d.load("c_1")})
		none(d, "List of those who wait", d.list(core.Query{Phases: []core.Phase{core.Waiting, core.Held, core.Bot, core.Closed}}))
		none(d, "Waiting", must(d.st.Waiting(d.Context(), "", 10))(d))
		none(d, "Held", must(d.st.Held(d.Context(), "amy"))(d))
		// The alarm may come early, and is then set right.
		d.ok(d.st.Rearm(d.Context(), "c_1", d.load("c_1").Seq, until))
		none(d, "Due", must(d.st.Due(d.Context(), core.Place{}, until.Add(-time.Millisecond), 10))(d))
		equal(d, "Due when it is over", must(d.st.Due(d.Context(), core.Place{}, until, 10))(d), []core.Place{{At: until, ID: "c_1"}})
		until = put(2 * time.Hour)
	}
	d.do("c_2", d.says("c_2", "somebody else"))
	d.do("c_2", d.taken("c_2", "amy")) // the seat is free
	d.wait(3 * time.Hour)
	d.do("c_1", core.Tick{})
	equal(d, "Waiting, it is over", must(d.st.Waiting(d.Context(), "sales", 10))(d), []core.Place{{At: d.load("c_1").Session.Queued, ID: "c_1"}})
	none(d, "List of the snoozed, it is over", d.list(core.Query{Phases: []core.Phase{core.Snoozed}}))
	d.wait(time.Minute)
	d.do("c_2", d.ended("c_2"))
	d.do("c_1", d.taken("c_1", "amy"))
	put(time.Hour)
	d.do("c_1", d.ended("c_1"))
	none(d, "List of the snoozed, it is closed", d.list(core.Query{Phases: []core.Phase{core.Snoozed}}))
}

// tagged: a conversation is found by each tag it has and by none that it had,
// where the store has an index of them.
func tagged(d *desk) {
	d.hire("amy", 9)
	tag := func(id core.ConversationID, add, remove []string) {
		d.Helper()
		d.do(id, core.Tagged{Frame: d.frame(id, agent("amy")), Add: add, Remove: remove})
	}
	find := func(tag string, want ...core.ConversationID) {
		d.Helper()
		list, err := d.st.List(d.Context(), core.Query{Tag: tag})
		if core.CodeOf(err) == core.Unsupported {
			return
		}
		d.ok(err)
		equal(d, "List of "+tag, idsOf(list), want)
	}
	for i := range 3 {
		d.wait(time.Second)
		d.do(numbered(i), d.says(numbered(i), "hello"))
	}
	find("vip")
	tag("c_00", []string{"vip", "退款"}, nil)
	tag("c_02", []string{"vip"}, nil)
	find("vip", "c_02", "c_00")
	find("退款", "c_00")
	tag("c_02", []string{"late"}, []string{"vip"})
	find("vip", "c_00")
	find("late", "c_02")
	d.do("c_00", d.ended("c_00"))
	d.wait(time.Second)
	d.do("c_00", d.says("c_00", "again"))
	find("vip", "c_00")
	equal(d, "Load", d.load("c_00").Tags, []string{"vip", "退款"})
	equal(d, "List", d.list(core.Query{Limit: 1, Phases: []core.Phase{core.Waiting}}), []core.Conversation{d.load("c_00")})

	stale := d.step("c_01", d.says("c_01", "late"))
	d.do("c_01", d.says("c_01", "first"))
	stale.Events[0].Body.Add = []string{"never"}
	d.wants(d.st.Commit(d.Context(), stale), core.Conflict)
	find("never")
}
