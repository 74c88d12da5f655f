package ops

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/wire"
)

// desk is how a desk stands, for a test.
type desk struct {
	line   []core.Place
	roster core.Roster
	err    error
}

func (d desk) Waiting(context.Context, core.GroupID, int) ([]core.Place, error) { return d.line, d.err }

func (d desk) Roster(context.Context, core.GroupID, time.Time) (core.Roster, error) {
	return d.roster, d.err
}

func now() time.Time { return time.Date(2026, 1, 17, 12, 0, 0, 0, time.UTC) }

// busy are metrics that everything has moved.
func busy(t *testing.T, d desk) *Metrics {
	t.Helper()
	m := NewMetrics("v1.2.3")
	m.Live(t.Context(), func() Stats { return Stats{Visitors: 3, Agents: 2, Silent: 1, Polls: 4, Rooms: 5, Idle: 6, Letters: 7} }, d, now)
	said := core.Change{Events: []core.Event{{Body: core.Body{Kind: core.KindOpened}}, {Body: core.Body{Kind: core.KindText}}}}
	m.Decided(core.Said{}, said, 3*time.Millisecond, nil)
	m.Assist().Answered(true, time.Second, 2*time.Second)
	m.Decided(core.Answered{}, core.Change{Events: []core.Event{{Body: core.Body{Kind: core.KindHandoff, Reason: core.ByIgnorance}}}}, 0, nil)
	m.Assist().Failed("https://llm.example/v1", "429")
	m.Assist().Spent(assist.Usage{In: 3, Out: 2, Cost: 0.5})
	m.Decided(core.Said{}, core.Change{}, 3*time.Millisecond, nil) // a repeat
	m.Decided(core.HumanAsked{}, core.Change{}, 0, core.Errorf(core.Conflict, "late"))
	m.Decided(core.Offered{}, core.Change{
		Was:          core.Session{Phase: core.Waiting, Since: now()},
		Conversation: core.Conversation{Session: core.Session{Phase: core.Held, Since: now().Add(15 * time.Second)}},
		Events:       []core.Event{{Body: core.Body{Kind: core.KindAssigned, Why: &core.Why{Tier: core.TierShard}}}},
		Effects:      []core.Effect{core.Paced{Took: 8 * time.Second}},
	}, time.Second, nil)
	m.Decided(core.Taken{}, core.Change{Was: core.Session{Phase: core.Held}, Events: []core.Event{{Body: core.Body{Kind: core.KindAssigned}}}}, 0, nil)
	m.Decided(core.Rating{}, core.Change{Events: []core.Event{{Body: core.Body{Kind: core.KindRated, Score: 4}}}}, 0, nil)
	m.Queued([]byte(`{"type":"ack","n":1}`))
	m.Received([]byte(`{"type":"send","body":{"kind":"text","text":"\"type\":\"ping\""}}`))
	m.Received([]byte(` [{"type":"send"}]`)[1:])
	m.Received([]byte(`{"type":"as many labels as I like"}`))
	m.Received([]byte(`{`))
	m.Written(2 * time.Millisecond)
	m.Full()
	m.Closed(wire.CloseSlow)
	m.Closed(0)
	m.Committed(time.Millisecond, nil)
	m.Committed(time.Millisecond, errors.New("the disk is away"))
	m.Resumed("fresh", 0)
	m.Resumed("recovered", 7)
	m.Decided(core.Offered{}, core.Change{}, 0, core.Errorf(core.Full, "no seat"))
	m.Decided(core.Answered{}, core.Change{
		Was: core.Session{Asked: now()}, Conversation: core.Conversation{At: now().Add(3 * time.Second)}, Events: []core.Event{{Body: core.Body{Kind: core.KindText}}},
	}, 0, nil)
	m.Batched(3)
	m.BackedUp(now())
	m.Backup(true)
	m.Backup(false)
	m.Expired(2)
	m.Reloaded(true, now())
	m.Reloaded(false, now())
	m.Certified(now())
	m.traces.Inc()
	m.Serve("api", http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/x", nil))
	return m
}

func waiting() desk {
	return desk{
		line:   []core.Place{{At: now().Add(-30 * time.Second)}, {At: now()}},
		roster: core.Roster{{Status: core.Online, Held: 2, Capacity: 5}, {Status: core.Away, Held: 1}, {Status: core.Offline}},
	}
}

// scraped is what Prometheus gets, our part.
func scraped(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestMetricsMove(t *testing.T) {
	text := scraped(t, busy(t, waiting()))
	for _, want := range []string{
		`kefu_build_info{version="v1.2.3"} 1`,
		`kefu_ws_connections{role="visitor"} 3`, `kefu_ws_connections{role="agent"} 2`, `kefu_ws_connections{role="silent"} 1`,
		`kefu_polls 4`, `kefu_rooms{state="active"} 5`, `kefu_rooms{state="idle"} 6`, `kefu_room_letters 7`,
		`kefu_inputs_total{input="said",result="ok"} 1`, `kefu_inputs_total{input="said",result="nothing"} 1`,
		`kefu_inputs_total{input="humanasked",result="conflict"} 1`, `kefu_inputs_total{input="offered",result="ok"} 1`,
		`kefu_events_total{kind="text"} 2`, `kefu_events_total{kind="assigned"} 2`,
		`kefu_send_duration_seconds_bucket{le="0.005"} 2`, `kefu_send_duration_seconds_bucket{le="0.0025"} 0`,
		`kefu_deliver_duration_seconds_bucket{le="0.0025"} 1`,
		`kefu_queue_wait_seconds_bucket{le="20"} 1`, `kefu_queue_wait_seconds_count 1`, `kefu_first_response_seconds_sum{by="human"} 8`, `kefu_first_response_seconds_sum{by="bot"} 3`,
		`kefu_assignments_total{result="shard"} 1`, `kefu_assignments_total{result="full"} 1`, `kefu_resume_total{result="recovered"} 1`, `kefu_resume_events_total 7`, `kefu_agent_load_ratio 0.4`, `kefu_csat_score_sum 4`,
		`kefu_ws_frames_total{dir="out",type="ack"} 1`, `kefu_ws_frames_total{dir="in",type="send"} 1`, `kefu_ws_frames_total{dir="in",type="ping"} 0`,
		`kefu_ws_frames_total{dir="in",type="batch"} 1`, `kefu_ws_frames_total{dir="in",type="other"} 2`,
		`kefu_ws_closes_total{code="4001"} 1`, `kefu_ws_closes_total{code="left"} 1`, `kefu_queue_overflow_total 1`, `kefu_connections_refused_total 1`,
		`kefu_store_commits_total{result="ok"} 1`, `kefu_store_commits_total{result="internal"} 1`, `kefu_store_commit_duration_seconds_count 2`,
		`kefu_config_reloads_total{result="ok"} 1`, `kefu_config_reloads_total{result="refused"} 1`, `kefu_config_last_reload_successful 0`,
		`kefu_config_last_reload_timestamp_seconds 1.7686512e+09`, `kefu_tls_certificate_expiry_timestamp_seconds 1.7686512e+09`, `kefu_slow_traces_total 1`,
		`kefu_http_requests_total{code="404",handler="api",method="get"} 1`, `kefu_http_request_duration_seconds_count{handler="api"} 1`,
		`kefu_conversations{state="waiting"} 2`, `kefu_conversations{state="held"} 3`, `kefu_longest_wait_seconds 30`,
		`kefu_agents{state="online"} 1`, `kefu_agents{state="away"} 1`, `kefu_agents{state="offline"} 1`,
		`kefu_assist_answers_total{cited="yes"} 1`, `kefu_assist_handoffs_total{reason="unanswered"} 1`, `kefu_assist_handoffs_total{reason="budget"} 0`, `kefu_assist_answers_total{cited="no"} 0`, `kefu_assist_tokens_total{dir="in"} 3`,
		`kefu_assist_faults_total{host="llm.example",kind="429"} 1`, `kefu_assist_first_token_seconds_sum 1`, `kefu_assist_cost_total 0.5`,
		`kefu_seats{state="free"} 3`, `kefu_seats{state="taken"} 2`,
		`go_goroutines`, `process_resident_memory_bytes`, `go_gc_pauses_seconds_bucket`,
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("no %s", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// Every metric of ours is moved by busy: one that is not would be one that
// nobody looks after.
func TestEveryMetricMoves(t *testing.T) {
	all, err := busy(t, waiting()).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		moved := f.GetName() == "kefu_config_last_reload_successful" // to 0
		for _, m := range f.GetMetric() {
			moved = moved || value(m) != 0
		}
		if strings.HasPrefix(f.GetName(), "kefu_") && !moved {
			t.Errorf("%s stays at zero", f.GetName())
		}
	}
}

func value(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
}

// The names, units and types are as Prometheus wants them, and no label is an id.
func TestMetricsAreLinted(t *testing.T) {
	m := busy(t, waiting())
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "kefu_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	all, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	few := regexp.MustCompile(`^(role|by|dir|type|code|result|kind|cited|host|reason|input|state|handler|method|version|le)$`)
	for _, f := range all {
		for _, l := range f.GetMetric()[0].GetLabel() {
			if strings.HasPrefix(f.GetName(), "kefu_") && !few.MatchString(l.GetName()) {
				t.Errorf("%s has the label %s", f.GetName(), l.GetName())
			}
		}
	}
}

// A store that is away takes its own metrics along, and no others.
func TestMetricsWithoutStore(t *testing.T) {
	text := scraped(t, busy(t, desk{err: errors.New("away")}))
	if !strings.Contains(text, "kefu_polls 4") || strings.Contains(text, "kefu_conversations{") || strings.Contains(text, "kefu_agents{") {
		t.Errorf("got %s", text)
	}
}

// What a message costs: it is beside tens of microseconds of work.
func BenchmarkDecided(b *testing.B) {
	m := NewMetrics("")
	change := core.Change{Events: []core.Event{{Body: core.Body{Kind: core.KindText}}}}
	b.ReportAllocs()
	for b.Loop() {
		m.Decided(core.Said{}, change, time.Millisecond, nil)
	}
}

func BenchmarkFrames(b *testing.B) {
	m := NewMetrics("")
	frame := []byte(`{"type":"event","conversation":"c_1","seq":1,"body":{"kind":"text","text":"hello"}}`)
	b.ReportAllocs()
	for b.Loop() {
		m.Queued(frame)
	}
}
