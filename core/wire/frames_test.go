package wire_test

import (
	"time"

	"kefu/core"
	"kefu/core/wire"
)

const (
	conv   = core.ConversationID("c_7k2m5x3q6p4r8t1v9w0y2z4a")
	origin = core.Origin("tab_4f9a2c71")
)

var (
	at  = time.Date(2026, 11, 23, 16, 33, 0, 7_000_000, time.UTC)
	vi  = core.Party{Kind: core.Visitor, ID: "v_vi"}
	amy = core.AgentParty("a_amy")
)

// name is how parties are shown in the tests.
func name(p core.Party) wire.Party {
	out := wire.Party{Kind: p.Kind.String(), ID: p.ID}
	switch p.ID {
	case "a_amy":
		out.Name, out.Avatar = "Amy", "/amy.png"
	case "a_bo":
		out.Name = "Bo"
	}
	return out
}

// The receivers of an event.
var (
	toVisitor = wire.View{Visitor: true, Me: vi, Name: name}
	toAmy     = wire.View{Me: amy, Name: name}
	toBo      = wire.View{Me: core.AgentParty("a_bo"), Name: name}
)

// logged is one event of each kind, as the log keeps it.
func logged() []core.Event {
	why := &core.Why{
		Tier: core.TierShard, Key: "billing", Members: 3, Shard: 2, Able: 2,
		Candidates: []core.Candidate{{Agent: "a_amy", Shard: true, Load: 0.25, Last: at}, {Agent: "a_bo", Load: 0.5}},
		Removed:    []core.Removed{{Agent: "a_cy", Bar: core.BarPassed}},
	}
	file := core.Attachment{URL: "/v1/files/f_1", Name: "a.png", Size: 34567, MIME: "image/png", Width: 640, Height: 480}
	by := func(p core.Party, b core.Body) core.Event {
		return core.Event{By: p, Origin: origin, N: 3, Body: b}
	}
	desk := func(b core.Body) core.Event { return core.Event{Body: b} }
	note := by(amy, core.Body{Kind: core.KindText, Text: "VIP"})
	note.Internal = true
	noted := by(vi, core.Body{Kind: core.KindNoted, Reason: "human"})
	noted.Internal = true
	events := []core.Event{
		desk(core.Body{Kind: core.KindOpened, Tag: "billing"}),
		by(vi, core.Body{Kind: core.KindText, Text: "Is it <b>in stock</b>? 有货吗 🙂"}),
		{By: core.Party{Kind: core.Robot}, Body: core.Body{Kind: core.KindText, Text: "I ask a person."}},
		desk(core.Body{Kind: core.KindHandoff, Reason: core.ByAssistant}),
		desk(core.Body{Kind: core.KindQueued, Group: "sales"}),
		desk(core.Body{Kind: core.KindAssigned, Agent: "a_amy", Why: why}),
		note,
		by(amy, core.Body{Kind: core.KindOptions, Text: "Which one?", Options: []string{"Red", "Blue"}}),
		by(vi, core.Body{Kind: core.KindImage, File: file}),
		by(vi, core.Body{Kind: core.KindFile, File: core.Attachment{URL: "/v1/files/f_2", Name: "账单.pdf", Size: 9, MIME: "application/pdf"}}),
		by(vi, core.Body{Kind: core.KindForm, Fields: []core.FormField{
			{ID: "phone", Label: "电话", Value: "138 0013 8000"}, {ID: "topic", Label: "事由", Value: "退款"},
		}}),
		noted,
		by(amy, core.Body{Kind: core.KindTransferred, From: "a_amy", Agent: "a_bo", Text: "wants a refund"}),
		{By: amy, Body: core.Body{Kind: core.KindAssigned, Agent: "a_bo", From: "a_amy", Why: &core.Why{Tier: core.TierTransfer}}},
		by(core.AgentParty("a_bo"), core.Body{Kind: core.KindTransferred, From: "a_bo", Group: "billing"}),
		desk(core.Body{Kind: core.KindReleased, Agent: "a_bo", Reason: core.BySilence}),
		desk(core.Body{Kind: core.KindWarned}),
		by(vi, core.Body{Kind: core.KindClosed, Reason: core.ByRequest}),
		desk(core.Body{Kind: core.KindClosed, Reason: core.BySilence}),
		by(vi, core.Body{Kind: core.KindRated, Session: 1, Score: 5, Text: "谢谢"}),
		by(amy, core.Body{Kind: core.KindReopened}),
		by(vi, core.Body{Kind: core.KindEdited, Seq: 2, Text: "Where is my red parcel?"}),
		by(vi, core.Body{Kind: core.KindRecalled, Seq: 2}),
		by(vi, core.Body{Kind: core.KindTombstone}),
		by(vi, core.Body{Kind: core.KindTombstone, Seq: 2}),
		{Internal: true, Body: core.Body{Kind: core.KindIdentified}},
	}
	public := uint64(0)
	for i := range events {
		e := &events[i]
		e.Seq, e.Prev, e.Session, e.At = uint64(i)+1, public, 1, at.Add(time.Duration(i)*time.Second)
		if !e.Internal {
			public = e.Seq
		}
	}
	return events
}

type named struct {
	name  string
	frame any
}

// serverFrames is examples of every type of server frame.
func serverFrames() map[string][]named {
	position, zero, eta := wire.Queue{Position: 2}, uint64(0), 90
	since := wire.Time(at)
	msg := wire.Render(conv, logged()[1], toVisitor)
	last := wire.Preview(wire.Render(conv, logged()[7], toAmy))
	waiting := wire.Head{
		ID: string(conv), Site: "default", Visitor: wire.VisitorRef{ID: "v_vi", Online: true}, Phase: "waiting", Session: 1,
		Since: &since, Group: "sales", Tag: "billing", Queue: &wire.Queue{Position: 1, ETA: &eta}, Seq: 3, Last: &msg,
	}
	held := wire.Head{
		ID: string(conv), Site: "default", Phase: "held", Session: 1, Since: &since, Group: "sales",
		Visitor: wire.VisitorRef{ID: "v_vi", Name: "Vi", Lang: "zh-CN", Page: &wire.Page{URL: "https://shop.example/cart", Title: "购物车"}},
		Agent:   &wire.Party{ID: "a_amy", Name: "Amy", Avatar: "/amy.png"}, Seq: 8, N: 3, Read: wire.Marks{Visitor: 5, Agent: 8}, Last: &last,
	}
	closed := held
	closed.Phase, closed.Agent, closed.Last = "closed", nil, nil
	moved := waiting
	moved.Queue = &position
	limits := wire.Limits{Text: 4000, Frame: 32768, Batch: 64}
	none := wire.Head{ID: string(conv), Site: "default", Visitor: wire.VisitorRef{ID: "v_vi", Online: true}, Phase: "none"}
	staff := []wire.Agent{
		{ID: "a_amy", Name: "Amy", Avatar: "/amy.png", Role: "supervisor", Groups: []string{"sales"}, Status: "online", Held: 1, Capacity: 5},
		{ID: "a_bo", Name: "Bo", Role: "agent", Status: "offline", Capacity: 5},
	}
	guest := wire.VisitorWelcome{
		Type: "welcome", V: 1, Role: "visitor", Token: "eyJhbGciOi.x.y", Epoch: "e_1", Heartbeat: wire.Heartbeat{Every: 25, Max: 50},
		Limits: limits, Features: []string{}, Visitor: wire.VisitorRef{ID: "v_vi", Online: true},
		Site: wire.SiteInfo{Name: "Kefu", Greeting: "您好，请问有什么可以帮您？", Lang: "zh-CN", Open: true, Preview: true, Edit: 120}, Conversation: none, Events: []wire.Event{},
	}
	opens := wire.Time(at.Add(16 * time.Hour))
	asked := guest
	asked.Site = wire.SiteInfo{
		Name: "Shop", Greeting: "Hello!", Lang: "en", Opens: &opens, Offline: "We are back at nine.", Zone: "Asia/Shanghai", Rating: true,
		Hours: []wire.Hours{{Day: 1, From: "09:00", Until: "18:00"}}, Quick: []string{"Where is my parcel?"},
		Form: &wire.Form{Text: "Who are you?", Fields: []wire.Question{
			{ID: "phone", Label: "Phone", Type: "tel", Required: true}, {ID: "topic", Label: "Topic", Type: "select", Options: []string{"Order", "Refund"}}}},
		Invite: []wire.Invite{
			{ID: "cart", Text: "May we help?", After: 30, Path: "/cart/*", Referrer: "search.example", Again: 3600}, {ID: "any", Text: "Hello!"}},
		Privacy: &wire.Privacy{Text: "We keep what you write.", URL: "https://shop.example/privacy"},
		Uploads: &wire.Uploads{Size: 10 << 20, Types: []string{"image/jpeg", "application/pdf"}, Post: true},
	}
	back := guest
	back.N, back.Reset, back.More, back.Conversation, back.Events = 3, true, true, waiting, []wire.Event{msg}
	agent := wire.AgentWelcome{
		Type: "welcome", V: 1, Role: "supervisor", Epoch: "e_1", Heartbeat: wire.Heartbeat{Every: 10, Max: 12}, Limits: limits,
		Features: []string{}, Agent: staff[0], Conversations: []wire.Head{held, waiting}, More: true, Agents: staff, Assist: []string{"shop"},
	}
	agent.Limits.Uploads = &wire.Uploads{Size: 10 << 20, Types: []string{"image/jpeg", "application/pdf"}}
	idle := agent
	idle.Conversations, idle.More, idle.Assist = []wire.Head{}, false, nil
	ack := wire.Ack{Type: "ack", Origin: string(origin), N: 3, Conversation: string(conv), Seq: 2, Prev: &zero, At: wire.Time(at)}
	again := ack
	again.Prev = nil
	refused := wire.Frame{Type: wire.Send, Origin: string(origin), N: 7, Conversation: string(conv)}
	full := &core.Error{Code: core.Unavailable, Message: "too much at once", Retry: 1500 * time.Millisecond}
	return map[string][]named{
		"welcome": {{"a new visitor", guest}, {"a site with everything", asked}, {"a visitor after a reset", back}, {"an agent", agent}, {"an agent with nothing to do", idle}},
		"ack":     {{"stored", ack}, {"a repeat", again}},
		"event":   eventFrames(),
		"events": {
			{"a page", wire.Events{Type: "events", Conversation: string(conv), Events: []wire.Event{msg}, More: true}},
			{"nothing", wire.Events{Type: "events", Conversation: string(conv), Events: []wire.Event{}}},
		},
		"conversation": {
			{"waiting", wire.Conversation{Type: "conversation", Conversation: waiting}},
			{"waiting, no estimate", wire.Conversation{Type: "conversation", Conversation: moved}},
			{"held", wire.Conversation{Type: "conversation", Conversation: held}},
			{"closed", wire.Conversation{Type: "conversation", Conversation: closed}},
		},
		"invite":   {{"from Amy", wire.Invitation{Type: "invite", Text: "Any questions? 有问题吗", By: name(amy)}}},
		"typing":   {{"an agent", wire.TypingNow{Type: "typing", Conversation: string(conv), By: name(amy)}}, {"with text", wire.TypingNow{Type: "typing", Conversation: string(conv), By: name(vi), Text: "How"}}, {"to agents", wire.TypingNow{Type: "typing", Conversation: string(conv), By: name(amy), Doing: "views"}}},
		"read":     {{"the visitor", wire.ReadUpTo{Type: "read", Conversation: string(conv), By: name(vi), Seq: 5}}},
		"presence": {{"staff", wire.Presence{Type: "presence", Agents: staff}}},
		"error": {
			{"a frame out of turn", wire.ErrorFor(refused, &core.Error{Code: core.Gap, Message: "an earlier frame is missing", Expect: 3})},
			{"come again", wire.ErrorFor(refused, full)},
			{"no frame at all", wire.ErrorFor(wire.Frame{}, core.Errorf(core.Invalid, "not JSON"))},
			{"whatever it was", wire.ErrorFor(refused, &core.Error{Code: core.Internal, Message: "disk 7 is on fire"})},
		},
		"pong": {
			{"to a visitor", wire.VisitorPong{Type: "pong", At: wire.Time(at), Heads: 41}},
			{"to an agent", wire.AgentPong{Type: "pong", At: wire.Time(at), Heads: map[string]uint64{string(conv): 41}, Waiting: 2}},
			{"to an agent with nothing", wire.AgentPong{Type: "pong", At: wire.Time(at), Heads: map[string]uint64{}}},
		},
		"bye": {
			{"come back", wire.Bye{Type: "bye", Code: int(wire.CloseShutdown), Reason: "the server is going away", Window: 5}},
			{"do not", wire.Bye{Type: "bye", Code: int(wire.CloseForbidden), Reason: "revoked"}},
		},
		"next": {
			{"at once", wire.Next{Type: "next", Head: "h7k2m5x3"}},
			{"in a while", wire.Next{Type: "next", Seconds: 15}},
		},
	}
}

// eventFrames is every kind of event as each receiver sees it.
func eventFrames() []named {
	var out []named
	for _, e := range logged() {
		for _, to := range []struct {
			name string
			wire.View
		}{{"the visitor", toVisitor}, {"Amy", toAmy}, {"Bo", toBo}} {
			if to.Sees(e) {
				f := wire.Render(conv, e, to.View)
				f.Type = "event"
				out = append(out, named{string(e.Body.Kind) + ", to " + to.name, f})
			}
		}
	}
	return out
}
