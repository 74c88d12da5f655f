package codec_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/codec"
)

var at = time.Date(2026, 1, 17, 9, 0, 0, 123e6, time.UTC)

// full has no field that is zero.
func full() core.Conversation {
	return core.Conversation{
		ID: "c_abc", Site: "shop", Visitor: "v_1", Seq: 300, Public: 299, At: at, Last: "amy", LastAt: at.Add(-time.Hour),
		Session: core.Session{
			Number: 3, Phase: core.Held, Group: "sales", Tag: "鞋子", Agent: "amy", Human: true,
			Past:  []core.Past{{Agent: "bob", Passed: true, Silent: 2}, {Agent: "amy", Silent: 100}},
			Since: at.Add(-time.Minute), Queued: at.Add(-2 * time.Minute), Spoke: at, Owing: at.Add(-time.Millisecond), Warned: true,
			Ask: 298, Asked: at.Add(-time.Second), Turns: 300, Until: at.Add(time.Hour), Back: "amy",
		},
		Heard: []core.Heard{
			{By: core.Party{Kind: core.Visitor, ID: "v_1"}, Origin: "tab-of-v", N: 9, Seq: 290, At: at.Add(-time.Hour), Digest: 1<<64 - 1},
			{By: core.AgentParty("amy"), Origin: "tab-of-a", N: 1, Seq: 300, At: at, Digest: 1},
		},
		Alarm: at.Add(3 * time.Minute), Tags: []string{"vip", "退款"}, Erased: true,
	}
}

// kept is full before conversations could be erased.
func kept() core.Conversation {
	c := full()
	c.Erased = false
	return c
}

// untagged is full before there were tags and snoozing.
func untagged() core.Conversation {
	c := kept()
	c.Tags, c.Session.Until, c.Session.Back = nil, time.Time{}, ""
	return c
}

// usual is what a visitor with three origins and an agent with two leave.
func usual(tb testing.TB) core.Conversation {
	tb.Helper()
	s := core.DefaultSettings()
	rules, _ := s.Rules("default")
	visitor := core.Actor{Party: core.Party{Kind: core.Visitor, ID: "v_4k7q2mzv6x3hn5ty8wbrcd9fgj"}}
	agent := core.Actor{Party: core.AgentParty("a_7hq2mzv6x3hn5ty8wbrcd9fg0j"), Role: core.RoleAgent, Groups: []core.GroupID{"default"}}
	c := core.Conversation{ID: core.ConversationOf("default", core.VisitorID(visitor.ID))}
	now := at
	do := func(in core.Input) {
		tb.Helper()
		now = now.Add(40 * time.Second)
		change, err := core.Step(c, rules, now, in)
		if err != nil {
			tb.Fatal(err)
		}
		c = change.Conversation
	}
	said := func(by core.Actor, origin core.Origin) {
		tb.Helper()
		do(core.Said{
			Frame: core.Frame{By: by, Origin: origin, N: c.HeardOf(by.Party, origin).N + 1},
			Site:  "default", Tag: "pre-sales", Body: core.Body{Kind: core.KindText, Text: "hello"},
		})
	}
	for range 50 {
		said(visitor, "0S7mC0RrXhN2bTqk4vWzYp")
	}
	do(core.Taken{Frame: core.Frame{By: agent, Origin: "kR3tVbN8mQ2xZc5wLs9dFg", N: 1}, Session: 1})
	for range 20 {
		said(visitor, "Hj4nM7pQ1sVx8zBc2eFg5i")
		said(agent, "kR3tVbN8mQ2xZc5wLs9dFg")
		said(visitor, "Ty6uIo9pAs2dFg4hJk7lZx")
		said(agent, "W1eR4tY7uI0oP3aS6dF9gH")
	}
	return c
}

func roundTrip(t *testing.T, c core.Conversation) {
	t.Helper()
	b := codec.AppendConversation([]byte("before"), c)
	if string(b[:6]) != "before" {
		t.Fatalf("what was in dst is overwritten: %q", b)
	}
	got, err := codec.Conversation(b[6:])
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, c) {
		t.Fatalf("\n got %+v\nwant %+v", got, c)
	}
}

func TestHeaderRoundTrip(t *testing.T) {
	roundTrip(t, core.Conversation{})
	roundTrip(t, core.Conversation{ID: "c"})
	roundTrip(t, full())
	roundTrip(t, kept())
	roundTrip(t, untagged())
	roundTrip(t, usual(t))
	crowd := full()
	for i := range 100 { // more texts than can be referred to
		crowd.Heard = append(crowd.Heard, core.Heard{By: core.AgentParty("amy"), Origin: core.Origin(fmt.Sprint("origin-", i%80))})
	}
	roundTrip(t, crowd)
	odd := full()
	odd.At = time.Time{}
	odd.Alarm = time.UnixMilli(0).UTC()
	odd.LastAt = time.Date(-4000, 1, 1, 0, 0, 0, 0, time.UTC)
	roundTrip(t, odd)
}

// TestHeaderIsWhole fails when core gets a field that the header leaves out.
func TestHeaderIsWhole(t *testing.T) {
	wantWhole(t, "Conversation", reflect.ValueOf(full()))
}

// wantWhole checks that a sample leaves no field zero.
func wantWhole(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	switch {
	case v.IsZero():
		t.Errorf("the sample has no %s: add it there, and to the codec", path)
	case v.Kind() == reflect.Pointer:
		wantWhole(t, path, v.Elem())
	case v.Kind() == reflect.Slice:
		wantWhole(t, path+"[0]", v.Index(0))
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for i := range v.NumField() {
			wantWhole(t, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	}
}

func TestHeaderSize(t *testing.T) {
	c := usual(t)
	if len(c.Heard) != 5 || c.Session.Phase != core.Held {
		t.Fatalf("this is no usual conversation: %+v", c)
	}
	n := len(codec.AppendConversation(nil, c))
	t.Logf("a usual header has %d bytes", n)
	if n > 400 {
		t.Errorf("a usual header has %d bytes, want at most 400", n)
	}
}

// TestHeaderOfEveryRelease reads what each version wrote of full.
func TestHeaderOfEveryRelease(t *testing.T) {
	first := untagged()
	first.Session.Turns = 0 // of the first release, which did not count them
	for name, want := range map[string]core.Conversation{"header.v1.hex": first, "header.turns.hex": untagged(), "header.v2.hex": kept(), "header.v3.hex": full()} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
		if err != nil {
			t.Fatal(err)
		}
		got, err := codec.Conversation(b)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", name, err, got, want)
		}
		if now := codec.AppendConversation(nil, want); string(now) != string(b) {
			t.Errorf("%s is now written in another way:\n got %x\nwant %x", name, now, b)
		}
	}
}

func TestHeaderDamage(t *testing.T) {
	good := codec.AppendConversation(nil, full())
	for i := range good {
		if _, err := codec.Conversation(good[:i]); err == nil {
			t.Fatalf("the first %d of %d bytes are taken for a header", i, len(good))
		}
	}
	if _, err := codec.Conversation(append(good, 0)); err == nil {
		t.Error("a header with something behind it is taken")
	}
	_, err := codec.Conversation(append([]byte{9}, good[1:]...))
	if err == nil || !strings.Contains(err.Error(), "version 9") {
		t.Errorf("version 9: %v", err)
	}
	for i := range 8 * len(good) { // a bit that fell over is noticed, or harmless
		bad := append([]byte{}, good...)
		bad[i/8] ^= 1 << (i % 8)
		if c, err := codec.Conversation(bad); err == nil {
			roundTrip(t, c)
		}
	}
}

func FuzzConversation(f *testing.F) {
	f.Add(codec.AppendConversation(nil, core.Conversation{}))
	f.Add(codec.AppendConversation(nil, full()))
	f.Add(codec.AppendConversation(nil, usual(f)))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := codec.Conversation(b)
		if err != nil {
			return
		}
		roundTrip(t, c)
		_ = c.Session.Phase.String() // what is read is safe to use
		for _, h := range c.Heard {
			_ = h.By.Kind.String()
		}
	})
}

func BenchmarkAppendConversation(b *testing.B) {
	c := usual(b)
	var buf []byte
	for b.Loop() {
		buf = codec.AppendConversation(buf[:0], c)
	}
	b.ReportMetric(float64(len(buf)), "bytes")
}

func BenchmarkConversation(b *testing.B) {
	header := codec.AppendConversation(nil, usual(b))
	for b.Loop() {
		if _, err := codec.Conversation(header); err != nil {
			b.Fatal(err)
		}
	}
}
