//go:build linux

package main

import (
	"bytes"
	"cmp"
	"container/heap"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// visitor is one who writes, or only looks on.
type visitor struct {
	conn         *conn
	origin       string
	n, acked     uint64
	conversation string
	welcome      bool
	holder       *agent
	answers      uint64 // n of the agent's last message to them
	site         string // "": the default one
}

// agent is one who answers.
type agent struct {
	conn    *conn
	id      string
	token   string
	origin  string
	welcome bool
}

// crowd is everybody that this program plays.
type crowd struct {
	*loop
	agents   []*agent
	visitors []*visitor // who write
	idle     []*visitor
	talks    map[string]*visitor // by conversation
	beats    [2]beats            // visitors', agents'

	sent, got, acks int
	refusals, round int
	late            []int64 // ns from when a message was due until its receiver had it
	acked           func(*visitor)
	scratch         []byte

	asks     []ask // of the assistant, by when they are due
	answered int   // by it
	think    time.Duration
}

func newCrowd(l *loop) *crowd {
	return &crowd{
		loop: l, talks: map[string]*visitor{}, acked: func(*visitor) {},
		beats: [2]beats{{every: 45e9, ping: []byte(`{"type":"ping","next":50}`)}, {every: 9e9, ping: []byte(`{"type":"ping","next":10}`)}},
	}
}

// beats are pings. Everybody's are as far apart, and the first ones are spread
// over that time: those who come here within seconds stand for people who came
// in the course of a day.
type beats struct {
	every int64
	ping  []byte
	came  float64
	queue queue
}

type beat struct {
	at   int64
	conn *conn
}

func (b *beats) add(c *conn, now int64) {
	b.came++
	_, share := math.Modf(b.came * (math.Phi - 1)) // falls into the widest gap so far
	heap.Push(&b.queue, beat{now + int64(share*float64(b.every)), c})
}

// queue is a heap of who pings next.
type queue []beat

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(beat)) } //nolint:errcheck // nothing else is pushed
func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}

// tend pings whose turn it is and returns when the next one is.
func (cr *crowd) tend(now int64) (next int64) {
	next = now + 1e9
	for i := range cr.beats {
		b := &cr.beats[i]
		for len(b.queue) > 0 && b.queue[0].at <= now {
			next := heap.Pop(&b.queue).(beat) //nolint:errcheck // nothing else is in there
			if next.conn.fd >= 0 {
				cr.send(next.conn, b.ping)
				heap.Push(&b.queue, beat{next.at + b.every, next.conn})
			}
		}
		if len(b.queue) > 0 {
			next = min(next, b.queue[0].at)
		}
	}
	return cr.wonder(now, next)
}

// enter has a visitor come: connect and say hello.
func (cr *crowd) enter(v *visitor) error {
	v.conn = &conn{visitor: v, message: cr.toVisitor}
	v.conn.ready = func(c *conn) {
		cr.send(c, fmt.Appendf(nil, `{"type":"hello","v":1,"origin":%q,"site":%q}`, v.origin, cmp.Or(v.site, "default")))
	}
	return cr.dial(v.conn)
}

// begin has an agent come, and be online.
func (cr *crowd) begin(a *agent) error {
	a.conn = &conn{agent: a, message: cr.toAgent}
	a.conn.ready = func(c *conn) {
		cr.send(c, fmt.Appendf(nil, `{"type":"hello","v":1,"origin":%q,"token":%q}`, a.origin, a.token))
	}
	return cr.dial(a.conn)
}

func (cr *crowd) toVisitor(c *conn, message []byte) {
	v := c.visitor
	if !v.welcome {
		v.welcomed(cr, message)
		return
	}
	if n := bytes.Count(message, []byte(`"type":"ack"`)); n > 0 {
		cr.acks += n
		v.acked += uint64(n)
		cr.acked(v)
	}
	cr.refused(message)
	cr.hearBot(v, message)
	cr.receive(message)
}

// first is the first frame of a message: what waited together comes together.
func first(message []byte) []byte {
	var batch []json.RawMessage
	if json.Unmarshal(message, &batch) != nil || len(batch) == 0 {
		return message
	}
	return batch[0]
}

func (v *visitor) welcomed(cr *crowd, message []byte) {
	var f struct {
		Type         string
		Conversation struct{ ID string }
	}
	if err := json.Unmarshal(first(message), &f); err != nil || f.Type != "welcome" {
		cr.fail(v.conn, fmt.Errorf("no welcome: %.200s", message))
		return
	}
	v.welcome, v.conversation = true, f.Conversation.ID
	cr.beats[0].add(v.conn, cr.now())
}

func (cr *crowd) toAgent(c *conn, message []byte) {
	a := c.agent
	if !a.welcome {
		if !bytes.Contains(message[:min(len(message), 40)], []byte(`"type":"welcome"`)) {
			cr.fail(c, fmt.Errorf("no welcome: %.200s", message))
			return
		}
		var f struct{ Agent struct{ ID string } }
		if err := json.Unmarshal(first(message), &f); err != nil {
			cr.fail(c, err)
			return
		}
		a.welcome, a.id = true, f.Agent.ID
		cr.beats[1].add(c, cr.now())
		cr.send(c, []byte(`{"type":"status","status":"online"}`))
		return
	}
	cr.acks += bytes.Count(message, []byte(`"type":"ack"`))
	cr.refused(message)
	if !cr.receive(message) {
		cr.holds(a, message)
	}
}

// holds learns who holds a conversation, from the heads that agents are told.
func (cr *crowd) holds(a *agent, message []byte) {
	if !bytes.Contains(message, []byte(`"phase":"held"`)) {
		return
	}
	type frame struct {
		Conversation json.RawMessage
	}
	var list []frame
	if message[0] != '[' {
		list = make([]frame, 1)
		_ = json.Unmarshal(message, &list[0]) // then it has no head
	} else if json.Unmarshal(message, &list) != nil {
		return
	}
	for _, f := range list {
		var head struct {
			ID, Phase string
			Agent     struct{ ID string }
		}
		if json.Unmarshal(f.Conversation, &head) != nil || head.Phase != "held" { // or it is an id
			continue
		}
		if v := cr.talks[head.ID]; v != nil && head.Agent.ID == a.id {
			v.holder = a
		}
	}
}

// refused notes what the server did not take: more than it can do, or a mistake
// of ours.
func (cr *crowd) refused(message []byte) {
	if bytes.Contains(message, []byte(`"code":"unavailable"`)) || bytes.Contains(message, []byte(`"code":"gap"`)) {
		cr.refusals += bytes.Count(message, []byte(`"type":"error"`))
		return
	}
	if bytes.Contains(message, []byte(`"type":"error"`)) || bytes.Contains(message, []byte(`"type":"bye"`)) {
		cr.note(fmt.Errorf("%.300s", message))
	}
}

// renew gives everybody outboxes that begin at 1: what was refused has left a
// gap in the former ones.
func (cr *crowd) renew() {
	cr.round++
	for i, a := range cr.agents {
		a.origin = fmt.Sprintf("bench-agent-%d-%d", i, cr.round)
	}
	for i, v := range cr.visitors {
		v.origin = fmt.Sprintf("bench-visitor-%d-%d", i, cr.round)
		v.n, v.acked, v.answers = 0, 0, 0
	}
	cr.refusals = 0
}

// stamp begins the text of what is measured; when it was due follows.
const stamp = `"text":"due `

// receive notes when what is measured has come, and reports whether something
// has.
func (cr *crowd) receive(message []byte) (some bool) {
	for rest := message; ; {
		_, after, ok := bytes.Cut(rest, []byte(stamp))
		if !ok {
			return some
		}
		digits, behind, _ := bytes.Cut(after, []byte(` `))
		due, err := strconv.ParseInt(string(digits), 10, 64)
		if err == nil {
			cr.got++
			cr.late = append(cr.late, cr.now()-due)
			some = true
		}
		rest = behind
	}
}

// padding makes a message as long as people write: some 60 letters.
const padding = `where is my parcel, and when will it come?`

// say has a visitor write what was due then; 0: it is not measured.
func (cr *crowd) say(v *visitor, due int64) {
	v.n++
	b := append(cr.scratch[:0], `{"type":"send","origin":"`...)
	b = append(append(b, v.origin...), `","n":`...)
	b = strconv.AppendUint(b, v.n, 10)
	cr.finish(v.conn, b, due)
}

// answer has the agent of a visitor write.
func (cr *crowd) answer(v *visitor, due int64) {
	v.answers++
	b := append(cr.scratch[:0], `{"type":"send","origin":"`...)
	b = append(append(b, v.holder.origin...), `","conversation":"`...)
	b = append(append(b, v.conversation...), `","n":`...)
	b = strconv.AppendUint(b, v.answers, 10)
	cr.finish(v.holder.conn, b, due)
}

func (cr *crowd) finish(c *conn, b []byte, due int64) {
	b = append(b, `,"body":{"kind":"text",`...)
	if due == 0 {
		b = append(b, `"text":"`...)
	} else {
		b = append(strconv.AppendInt(append(b, stamp...), due, 10), ' ')
		cr.sent++
	}
	b = append(append(b, padding...), `"}}`...)
	cr.scratch = b
	cr.send(c, b)
}
