package codec_test

import (
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/codec"
)

// fullBody has no field that is zero; no event is like that.
func fullBody() core.Body {
	return core.Body{
		Kind: core.KindAssigned, Text: "您好 <b> & \"quoted\"\n", Options: []string{"red", "blue"},
		Fields: []core.FormField{{ID: "phone", Label: "电话", Value: "138"}},
		File:   core.Attachment{URL: "/u/1", Name: "shoe.png", Size: 1 << 40, MIME: "image/png", Width: 640, Height: 480},
		Agent:  "amy", From: "bob", Group: "sales", Tag: "shoes", Reason: core.BySilence, Session: 7, Seq: 41, Score: 5,
		Until: at, Add: []string{"vip"}, Remove: []string{"退款"},
		Why: &core.Why{
			Tier: core.TierShard, Key: "shoes", Members: 9, Shard: 3, Able: 2,
			Candidates: []core.Candidate{{Agent: "amy", Shard: true, Load: 1.0 / 3, Last: at}, {Agent: "bob"}},
			Removed:    []core.Removed{{Agent: "cat", Bar: core.BarFull}},
		},
		Sources: []core.Source{{ID: "a1", Title: "退货", URL: "https://shop.example/returns"}},
	}
}

func bodyRoundTrip(t *testing.T, b core.Body) {
	t.Helper()
	stored := codec.AppendBody([]byte("before"), b)
	got, err := codec.Body(stored[6:])
	if err != nil {
		t.Fatalf("%v: %s", err, stored)
	}
	if !reflect.DeepEqual(got, b) {
		t.Fatalf("%s\n got %+v\nwant %+v", stored, got, b)
	}
}

func TestBodyRoundTrip(t *testing.T) {
	wantWhole(t, "Body", reflect.ValueOf(fullBody()))
	bodyRoundTrip(t, core.Body{})
	bodyRoundTrip(t, fullBody())
	bodyRoundTrip(t, core.Body{Kind: core.KindAssigned, Agent: "amy", Why: &core.Why{Tier: core.TierTaken}})
}

// TestBodyOfEveryRelease reads lines as every release wrote them.
func TestBodyOfEveryRelease(t *testing.T) {
	file, err := os.ReadFile("testdata/bodies.v1.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	third := fullBody()
	third.Until, third.Add, third.Remove = time.Time{}, nil, nil // before tags and snoozing
	second := third
	second.Sources = nil // before the assistant named its sources
	first := second
	first.Fields = nil // of the first release, which had no forms
	want := []core.Body{{Kind: core.KindText, Text: "您好"}, {Kind: core.KindNoted}, first, second, third, fullBody()}
	lines := strings.Split(strings.TrimSpace(string(file)), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d", len(lines), len(want))
	}
	for i, line := range lines {
		got, err := codec.Body([]byte(line))
		if err != nil || !reflect.DeepEqual(got, want[i]) {
			t.Errorf("%s\n got %+v, %v\nwant %+v", line, got, err, want[i])
		}
		if now := codec.AppendBody(nil, want[i]); string(now) != line {
			t.Errorf("it is now written in another way:\n got %s\nwant %s", now, line)
		}
	}
}

func TestBodyFromElsewhere(t *testing.T) {
	for _, bad := range []string{"", "null garbage", "[]", `{"kind":7}`, `{"why":{"candidates":[{"last":"yesterday"}]}}`} {
		if got, err := codec.Body([]byte(bad)); err == nil {
			t.Errorf("%q is taken for %+v", bad, got)
		}
	}
	got, err := codec.Body([]byte(`{"kind":"text","text":"hello","new":{"in":"a later release"}}`))
	if want := (core.Body{Kind: core.KindText, Text: "hello"}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("a new member: %+v, %v", got, err)
	}
	if _, err := codec.Body([]byte(`{"v":2,"kind":"text"}`)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("version 2: %v", err)
	}
	got, err = codec.Body(codec.AppendBody(nil, core.Body{Why: &core.Why{Candidates: []core.Candidate{{Load: math.NaN()}}}}))
	if err != nil || got.Why.Candidates[0].Load != 0 {
		t.Errorf("a load that is no number: %+v, %v", got, err)
	}
	zoned := time.Date(2026, 1, 17, 17, 0, 0, 123_999_999, time.FixedZone("", 8*3600))
	got, err = codec.Body(codec.AppendBody(nil, core.Body{Why: &core.Why{Candidates: []core.Candidate{{Last: zoned}}}}))
	if err != nil || got.Why.Candidates[0].Last != at {
		t.Errorf("a time of another zone: %+v, %v", got, err)
	}
}

func FuzzBody(f *testing.F) {
	f.Add(codec.AppendBody(nil, fullBody()))
	f.Add([]byte(`{"kind":"text","text":"\ud800","why":{"candidates":[{"last":"9999-12-31T23:59:59-23:59"}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := codec.Body(b); err == nil {
			bodyRoundTrip(t, got)
		}
	})
}

func BenchmarkAppendBody(b *testing.B) {
	body := core.Body{Kind: core.KindText, Text: strings.Repeat("您好 hello ", 8)}
	var buf []byte
	for b.Loop() {
		buf = codec.AppendBody(buf[:0], body)
	}
}

func BenchmarkBody(b *testing.B) {
	stored := codec.AppendBody(nil, core.Body{Kind: core.KindText, Text: strings.Repeat("您好 hello ", 8)})
	for b.Loop() {
		if _, err := codec.Body(stored); err != nil {
			b.Fatal(err)
		}
	}
}
