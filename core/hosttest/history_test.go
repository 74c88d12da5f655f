package hosttest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// sample is a history without fault, of two visitors and an agent, and the
// logs that belong to it.
func sample() (*history, map[string][]entry) {
	const v1, v2, a1 = author("visitor 1"), author("visitor 2"), author("agent 1")
	h := newHistory()
	logs := map[string][]entry{}
	log := func(id string, by author, kind, text string, internal bool) entry {
		seq, prev := uint64(len(logs[id])+1), uint64(0)
		for _, e := range logs[id] {
			if !e.internal {
				prev = e.seq
			}
		}
		e := entry{seq: seq, prev: prev, at: time.UnixMilli(int64(seq)), by: by, kind: kind, text: text, internal: internal}
		logs[id] = append(logs[id], e)
		return e
	}
	add := func(id string, by author, origin string, n uint64, text string, out outcome, from, to int) {
		s := &send{client: origin, conversation: id, by: by, origin: origin, n: n, text: text, invoked: time.Duration(from), answered: time.Duration(to), outcome: out}
		s.internal = strings.HasPrefix(text, "note")
		if out != refused {
			s.seq = log(id, by, "text", text, s.internal).seq
		}
		h.sends = append(h.sends, s)
	}
	log("c1", "system", "opened", "", false)
	add("c1", v1, "o1", 1, "one", acked, 10, 20)
	add("c1", v1, "o1", 2, "two", acked, 11, 21) // pipelined
	add("c1", a1, "o2", 1, "note", acked, 30, 40)
	add("c1", a1, "o2", 2, "three", unknown, 41, 0)
	add("c1", v1, "o1", 3, "four", acked, 50, 60)
	add("c1", a1, "o2", 3, "refused", refused, 61, 62)
	add("c2", v2, "o3", 1, "other", acked, 5, 6)
	visible := func(id string) (list []entry) {
		for _, e := range logs[id] {
			if !e.internal {
				list = append(list, e)
			}
		}
		return list
	}
	h.seen["c1"] = append(visible("c1"), logs["c1"]...)
	for _, e := range logs["c1"] {
		h.arrivals = append(h.arrivals, arrival{"a1#1", "c1", e.seq})
	}
	h.resumed = []resumption{{"v1#2", "c1", 3, 6, visible("c1")[3:], false, false}, {"v1#1", "c1", 0, 6, visible("c1")[:2], true, false}}
	h.views["v1 c1"], h.views["a1 c1"] = visible("c1"), logs["c1"]
	return h, logs
}

func TestCheckerAcceptsWhatIsRight(t *testing.T) {
	h, logs := sample()
	if faults := h.check(logs); len(faults) > 0 {
		t.Errorf("%q", faults)
	}
}

// Every fault that is planted is found, under its promise.
func TestCheckerFindsWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		promise int
		plant   func(h *history, logs map[string][]entry)
	}{
		"acknowledged at the end, and lost": {1, func(h *history, logs map[string][]entry) { logs["c1"] = logs["c1"][:5]; h.seen = nil }},
		"acknowledged in the middle, and lost": {1, func(h *history, logs map[string][]entry) {
			logs["c1"][1] = entry{seq: 2, by: "system", kind: "noted"}
			h.seen = nil
		}},
		"acknowledged elsewhere": {1, func(h *history, _ map[string][]entry) { h.sends[0].seq = 5 }},
		"delivered, and lost":    {1, func(_ *history, logs map[string][]entry) { logs["c1"] = logs["c1"][:5] }},
		"invented":               {2, func(_ *history, logs map[string][]entry) { logs["c2"][0].text = "nobody said so" }},
		"in another's name":      {2, func(_ *history, logs map[string][]entry) { logs["c2"][0].by = "visitor 1" }},
		"in another conversation": {2, func(h *history, logs map[string][]entry) {
			logs["c2"] = append(logs["c2"], entry{seq: 2, by: "visitor 1", kind: "text", text: "one"})
		}},
		"a note made public": {2, func(h *history, logs map[string][]entry) { logs["c1"][3].internal = false; h.seen = nil }},
		"stored twice": {3, func(h *history, logs map[string][]entry) {
			logs["c1"] = append(logs["c1"], entry{seq: 7, by: "visitor 1", kind: "text", text: "four"})
		}},
		"a hole":                    {4, func(_ *history, logs map[string][]entry) { logs["c1"][5].seq = 7 }},
		"changed after it was seen": {4, func(h *history, _ map[string][]entry) { h.seen["c1"][2].text = "2" }},
		"moved in time":             {4, func(h *history, _ map[string][]entry) { h.seen["c1"][2].at = time.UnixMilli(99) }},
		"after what it preceded":    {5, func(h *history, _ map[string][]entry) { h.sends[0].invoked = 22 }},
		"out of the sender's order": {6, func(h *history, _ map[string][]entry) {
			h.sends[0].n, h.sends[1].n = 2, 1
		}},
		"back on the wire":  {7, func(h *history, _ map[string][]entry) { h.arrivals[4].seq = 4 }},
		"twice on the wire": {7, func(h *history, _ map[string][]entry) { h.arrivals[4].seq = 3 }},
		"resumed too late":  {8, func(h *history, _ map[string][]entry) { h.resumed[0].events = h.resumed[0].events[1:] }},
		"resumed with a hole": {8, func(h *history, _ map[string][]entry) {
			h.resumed[1].events = []entry{h.resumed[1].events[0], h.seen["c1"][3]}
		}},
		"resumed short":       {8, func(h *history, _ map[string][]entry) { h.resumed[0].events = h.resumed[0].events[:1] }},
		"reset without need":  {8, func(h *history, _ map[string][]entry) { h.resumed[0].reset = true }},
		"a view with a hole":  {8, func(h *history, _ map[string][]entry) { h.views["v1 c1"] = h.views["v1 c1"][1:] }},
		"a view of too much":  {8, func(h *history, logs map[string][]entry) { h.views["v1 c1"] = logs["c1"] }},
		"refused, and stored": {10, func(h *history, _ map[string][]entry) { h.sends[0].outcome = refused }},
		"seen by a client":    {0, func(h *history, _ map[string][]entry) { h.violate("promise 0 (as a client sees it): %d", 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			h, logs := sample()
			test.plant(h, logs)
			faults := strings.Join(h.check(logs), "\n")
			if !strings.Contains(faults, fmt.Sprintf("promise %d (", test.promise)) {
				t.Errorf("promise %d is not among %q", test.promise, faults)
			}
		})
	}
}
