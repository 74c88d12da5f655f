package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"kefu/functions/internal/gateway"
	"kefu/functions/internal/host"
)

// nobody is a gateway that takes everything.
type nobody struct{}

func (nobody) Push(context.Context, string, ...[]byte) (gateway.Outcome, error) {
	return gateway.Delivered, nil
}
func (nobody) Close(context.Context, string) (gateway.Outcome, error) { return gateway.Delivered, nil }

// bench drives the handlers of a process without any gateway.
type bench struct {
	*world
	*meter
	h *host.Host
	n int
}

// newBench returns one whose clock stands still, so that the copies of
// accounts, settings and blocks are read once.
func newBench(t *testing.T) *bench {
	m := &meter{API: db}
	w := &world{TB: t, table: newTable(t), api: m, log: &lines{}, url: "http://127.0.0.1:1/ws"}
	now := time.Now()
	w.clock.fixed = &now
	b := &bench{world: w, meter: m}
	b.cold()
	w.function = &socketFunction{hosts: []*host.Host{b.h}}
	return b
}

// cold has the next frames served by another process, which knows the copies.
func (b *bench) cold() {
	b.h = b.process()
	b.must(b.h.Do(b.Context(), func(ctx context.Context) { b.h.Desk().Refresh(ctx) }))
}

func (b *bench) event(kind, conn string, f fields) []fields {
	b.Helper()
	ev := events.APIGatewayWebsocketProxyRequest{Headers: map[string]string{"origin": "https://shop.example"}}
	ev.RequestContext.EventType, ev.RequestContext.ConnectionID, ev.RequestContext.Identity.SourceIP = kind, conn, "192.0.2.7"
	if f != nil {
		data, err := json.Marshal(f)
		b.must(err)
		ev.Body = string(data)
	}
	ctx, cancel := invocation(b.Context(), "bench")
	defer cancel()
	res, err := b.h.Socket(ctx, ev)
	b.must(err)
	if res.StatusCode != 200 {
		b.Fatalf("%s is answered with %d", kind, res.StatusCode)
	}
	var list []fields
	if len(res.Body) > 0 && res.Body[0] == '[' {
		b.must(json.Unmarshal([]byte(res.Body), &list))
	} else if res.Body != "" {
		list = make([]fields, 1)
		b.must(json.Unmarshal([]byte(res.Body), &list[0]))
	}
	return list
}

// say has a frame served, and returns what of the answer is of a kind.
func (b *bench) say(conn string, f fields, kind string) fields {
	b.Helper()
	return b.wants(kind, b.event("MESSAGE", conn, f))
}

func (b *bench) wants(kind string, got []fields) fields {
	b.Helper()
	i := slices.IndexFunc(got, is(kind))
	if i < 0 {
		b.Fatalf("the answer is %v, without %s\n%s", got, kind, b.log)
	}
	return got[i]
}

func (b *bench) send(conn, origin, conv string) {
	b.Helper()
	b.n++
	f := fields{"type": "send", "origin": origin, "n": b.n, "body": fields{"kind": "text", "text": fmt.Sprint("message ", b.n)}}
	if conv != "" {
		f["conversation"] = conv
	}
	b.say(conn, f, "ack")
}

// poll sends a poll by the desk, as the function http does.
func (b *bench) poll(state fields) []fields {
	b.Helper()
	data, err := json.Marshal(state)
	b.must(err)
	var answer []byte
	b.must(b.h.Do(b.Context(), func(ctx context.Context) {
		answer, err = b.h.Desk().Poll(ctx, data, "https://shop.example", "192.0.2.7")
	}))
	b.must(err)
	var list []fields
	b.must(json.Unmarshal(answer, &list))
	return list
}

// TestCost holds what a host asks of DynamoDB. What is read to find out who is
// to hear something is in it: at most one query for each audience.
func TestCost(t *testing.T) {
	b := newBench(t)
	token := b.hire("li", 5)
	hello := fields{"type": "hello", "v": 1, "origin": "origin-of-mei", "page": fields{"url": "https://shop.example/cart"}}
	staff := fields{"type": "hello", "v": 1, "origin": "origin-of-li", "token": token}
	ping := fields{"type": "ping", "next": 10}
	var welcome fields
	state := fields{"origin": "origin-of-poll", "wait": 0}
	polls := func() {
		got := b.poll(state)
		state["head"] = got[len(got)-1]["head"]
	}
	hot := func() {}
	sweep := func() { b.must(b.h.Sweep(b.Context(), host.Scheduled{Source: "aws.scheduler"})) }
	for _, step := range []struct {
		name   string
		before func()
		do     func()
		want   cost
	}{
		{"$connect", hot, func() { b.event("CONNECT", "mei=", nil) }, cost{1, 0, 1}},
		{"hello of somebody new", hot, func() { welcome = b.say("mei=", hello, "welcome") }, cost{2, 5.5, 8}},
		{"$connect and hello of an agent", hot, func() {
			b.event("CONNECT", "li=", nil)
			b.say("li=", staff, "welcome")
		}, cost{4, 6.5, 11}},
		{"online", hot, func() { b.say("li=", fields{"type": "status", "status": "online"}, "presence") }, cost{1, 2.5, 4}},
		{"first message: opened, in line, assigned", hot, func() { b.send("mei=", "origin-of-mei", "") }, cost{6, 13.5, 21}},
		{"send, warm", hot, func() { b.send("mei=", "origin-of-mei", "") }, cost{1, 1, 3}},
		{"send, cold, the list of webhooks too", b.cold, func() { b.send("mei=", "origin-of-mei", "") }, cost{1, 4, 7}},
		{"send, warm again", hot, func() { b.send("mei=", "origin-of-mei", "") }, cost{1, 1, 3}},
		{"first answer, which notes how long it took", hot, func() { b.reply(1, welcome) }, cost{3, 3.5, 8}},
		{"answer", hot, func() { b.reply(2, welcome) }, cost{1, 1, 3}},
		{"sweep of one open session, which tells who is there", hot, sweep, cost{1, 17.5, 19}},
		{"sweep, when nothing has happened", hot, sweep, cost{0, 7.5, 8}},
		{"ping of a visitor", hot, func() { b.say("mei=", ping, "pong") }, cost{0, 1, 2}},
		{"ping of an agent who holds one", hot, func() { b.say("li=", ping, "pong") }, cost{0, 2, 4}},
		{"send, warm, six seconds later: three copies, and whether there are webhooks", func() { b.clock.pass(6 * time.Second) }, func() { b.send("mei=", "origin-of-mei", "") }, cost{1, 5, 7}},
		{"first poll", func() { b.clock.pass(-6 * time.Second) }, func() {
			got := b.poll(fields{"token": welcome["token"], "frames": []fields{{"type": "hello", "v": 1, "origin": "origin-of-poll"}}, "wait": 0})
			w := b.wants("welcome", got)
			state["token"], state["epoch"], state["head"] = welcome["token"], w["epoch"], got[len(got)-1]["head"]
			list := w["events"].([]any)
			state["after"] = list[len(list)-1].(map[string]any)["seq"]
		}, cost{1, 8.5, 11}},
		{"poll while the last word is not read", hot, polls, cost{0, 2, 2}},
		{"somebody reads", hot, func() {
			b.event("MESSAGE", "li=", fields{"type": "read", "conversation": conversation(welcome), "seq": 1000})
		}, cost{1, 3, 5}},
		{"poll that tells so", hot, polls, cost{0, 4.5, 5}},
		{"idle poll", hot, polls, cost{0, 1, 1}},
		{"idle poll, cold", b.cold, polls, cost{0, 1.5, 2}},
		{"idle poll, warm again", hot, polls, cost{0, 1, 1}},
		{"$disconnect", hot, func() { b.event("DISCONNECT", "mei=", nil) }, cost{2, 2.5, 5}},
		{"ping of an agent, with three copies", func() { b.clock.pass(15 * time.Second) }, func() { b.say("li=", ping, "pong") }, cost{1, 5, 8}},
		{"the same nine seconds later, which renews no lease", func() { b.clock.pass(9 * time.Second) }, func() { b.say("li=", ping, "pong") }, cost{0, 5, 7}},
		{"and six seconds after that", func() { b.clock.pass(6 * time.Second) }, func() { b.say("li=", ping, "pong") }, cost{1, 5, 8}},
	} {
		step.before()
		b.took()
		step.do()
		got := b.took()
		t.Logf("%-48s %s", step.name, got)
		if got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
}

func conversation(welcome fields) string {
	return welcome["conversation"].(map[string]any)["id"].(string)
}

func (b *bench) reply(n int, welcome fields) {
	b.Helper()
	b.say("li=", fields{
		"type": "send", "origin": "origin-of-li", "n": n, "conversation": conversation(welcome), "body": fields{"kind": "text", "text": "yes?"},
	}, "ack")
}
