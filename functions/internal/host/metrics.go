package host

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/functions/internal/dynamo"
)

// Namespace is where CloudWatch shows the metrics.
const Namespace = "Kefu"

// The metrics. Alarms in template.yaml name them.
const (
	Sent       = "sent"        // frames that were stored and acknowledged
	Duplicate  = "duplicate"   // repeats that were acknowledged again
	Gap        = "gap"         // frames that came before one they follow
	CASRetry   = "cas_retry"   // slots that somebody else won
	Gone       = "gone"        // pushes to connections that are no more (410)
	Post429    = "post_429"    // pushes that API Gateway did not take at once
	AssignWait = "assign_wait" // ms that a session waited until somebody had a seat

	BotAnswers  = "bot_answers"  // of the assistant, to visitors
	BotHandoffs = "bot_handoffs" // questions that it left to a person
	BotFaults   = "bot_faults"   // requests to models that failed
	BotFirst    = "bot_first"    // ms until an answer began
	BotTokens   = "bot_tokens"   // that a question took
)

// tally counts what happens in one invocation.
type tally struct {
	mu     sync.Mutex
	counts map[string]int     // guarded by mu
	values map[string][]int64 // guarded by mu
}

func (t *tally) count(metric string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[metric]++
}

// value notes a value of a metric; those that CloudWatch would not take are left out.
func (t *tally) value(metric string, v int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.values == nil {
		t.values = map[string][]int64{}
	}
	if len(t.values[metric]) < maxValues {
		t.values[metric] = append(t.values[metric], v)
	}
}

// maxValues is how many values CloudWatch takes of a metric at once.
const maxValues = 100

// decided counts what came of an input.
func (t *tally) decided(c core.Change, err error) {
	if core.CodeOf(err) == core.Gap {
		t.count(Gap)
	}
	if err != nil {
		return
	}
	for _, e := range c.Effects {
		if a, ok := e.(core.Ack); ok && a.Repeat {
			t.count(Duplicate)
		} else if ok {
			t.count(Sent)
		}
	}
	if c.Take != "" && c.Was.Phase == core.Waiting {
		t.value(AssignWait, max(c.Conversation.At.Sub(c.Was.Queued).Milliseconds(), 0))
	}
}

// line returns the tally in the embedded metric format of CloudWatch, which
// reads it from the log; nil if there is nothing to tell.
func (t *tally) line(function string, now time.Time) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	type metric struct{ Name, Unit string }
	var metrics []metric
	out := map[string]any{"FunctionName": cmp.Or(function, "local")}
	for name, n := range t.counts {
		out[name] = n
		metrics = append(metrics, metric{name, "Count"})
	}
	for name, list := range t.values {
		unit := "Milliseconds"
		if name == BotTokens {
			unit = "Count"
		}
		out[name] = list
		metrics = append(metrics, metric{name, unit})
	}
	if len(metrics) == 0 {
		return nil
	}
	slices.SortFunc(metrics, func(a, b metric) int { return cmp.Compare(a.Name, b.Name) })
	out["_aws"] = map[string]any{
		"Timestamp": now.UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": Namespace, "Dimensions": [][]string{{"FunctionName"}}, "Metrics": metrics,
		}},
	}
	data, err := json.Marshal(out)
	if err != nil {
		panic("host: " + err.Error()) // strings and numbers
	}
	return append(data, '\n')
}

// counted is the store with the slots counted that were lost, and with what an
// invocation read a moment ago: see recent.
type counted struct{ *dynamo.Store }

var _ desk.Glancer = counted{}

// Commit implements core.Conversations.
func (s counted) Commit(ctx context.Context, c core.Change) error {
	err := s.Store.Commit(ctx, c)
	if f := flightOf(ctx); f != nil && core.CodeOf(err) == core.Conflict {
		f.tally.count(CASRetry)
	}
	return err
}
