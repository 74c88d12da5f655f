package ops

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"kefu/core"
	"kefu/core/wire"
)

// Metrics counts what happens in a server. Its methods are quick and may be
// called from anywhere: most are atomic additions. Make one with NewMetrics.
//
// No label has an id in it, so their number does not grow with use.
type Metrics struct {
	// Static after NewMetrics.
	registry *prometheus.Registry

	in, out     frames
	inputs      *prometheus.CounterVec
	events      *prometheus.CounterVec
	closes      *prometheus.CounterVec
	full        prometheus.Counter
	overflows   prometheus.Counter
	send        prometheus.Histogram
	deliver     prometheus.Histogram
	commit      prometheus.Histogram
	commits     *prometheus.CounterVec
	batch       prometheus.Histogram
	wait        prometheus.Histogram
	first       *prometheus.HistogramVec
	resumes     *prometheus.CounterVec
	resumed     prometheus.Counter
	assignments *prometheus.CounterVec
	scores      prometheus.Histogram
	reloads     *prometheus.CounterVec
	reloadOK    prometheus.Gauge
	reloadAt    prometheus.Gauge
	certificate prometheus.Gauge
	backups     *prometheus.CounterVec
	backupAt    prometheus.Gauge
	expired     prometheus.Counter
	traces      prometheus.Counter
	requests    *prometheus.CounterVec
	served      *prometheus.HistogramVec

	assist assistant
	window window
}

// window counts sends for the flight recorder, which empties it.
type window struct {
	bound      atomic.Int64 // time.Duration; 0: nobody looks
	all, above atomic.Int64
}

// NewMetrics returns metrics at zero, of a program of that version.
func NewMetrics(version string) *Metrics {
	r := prometheus.NewRegistry()
	b := builder{r}
	m := &Metrics{
		registry: r,

		inputs:    b.counters("kefu_inputs_total", "What happened to conversations, and what came of it: ok, nothing (a repeat, or too late) or an error code.", "input", "result"),
		events:    b.counters("kefu_events_total", "Events that were committed to logs.", "kind"),
		closes:    b.counters("kefu_ws_closes_total", "WebSocket connections that ended, by our close code; left: the other side went.", "code"),
		full:      b.counter("kefu_connections_refused_total", "Connections that found no place."),
		overflows: b.counter("kefu_queue_overflow_total", "Connections that were closed because they did not take what was sent."),
		send:      b.histogram("kefu_send_duration_seconds", "From the receipt of a message until it is durable.", fine()),
		deliver:   b.histogram("kefu_deliver_duration_seconds", "From when a frame is queued until the system has taken it; of one in sixteen.", fine()),
		commit:    b.histogram("kefu_store_commit_duration_seconds", "What one commit took, its wait for the batch included.", fine()),
		commits:   b.counters("kefu_store_commits_total", "Commits by what came of them: ok or an error code.", "result"),
		batch:     b.histogram("kefu_store_batch_size", "Writes that shared one transaction.", []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}),
		wait:      b.histogram("kefu_queue_wait_seconds", "How long sessions waited until an agent had them.", coarse()),
		first:     b.histograms("kefu_first_response_seconds", "How long visitors waited for the first answer of a person, or for an answer of the assistant.", coarse(), "by"),

		resumes:     b.counters("kefu_resume_total", "Visitors who said hello: fresh without a cursor, recovered, or reset where theirs means nothing any more.", "result"),
		resumed:     b.counter("kefu_resume_events_total", "Events that those who were recovered had missed."),
		assignments: b.counters("kefu_assignments_total", "Sessions that were given to an agent, by the rule that found them; full and conflict: somebody was quicker.", "result"),

		scores:   b.histogram("kefu_csat_score", "Ratings by visitors, 1 to 5.", []float64{1, 2, 3, 4, 5}),
		reloads:  b.counters("kefu_config_reloads_total", "Times the configuration was read again.", "result"),
		reloadOK: b.gauge("kefu_config_last_reload_successful", "1 if the configuration in force is the one that was last read, 0 if that was refused."),
		reloadAt: b.gauge("kefu_config_last_reload_timestamp_seconds", "When a configuration was last taken over."),

		certificate: b.gauge("kefu_tls_certificate_expiry_timestamp_seconds", "When the certificate ends; 0: there is none."),
		backups:     b.counters("kefu_backups_total", "Scheduled copies of the database, by what came of them.", "result"),
		backupAt:    b.gauge("kefu_backup_last_success_timestamp_seconds", "When the newest scheduled copy was made; 0: there is none. Its age is time() less this."),
		expired:     b.counter("kefu_expired_conversations_total", "Conversations that were removed because their time was over."),
		traces:      b.counter("kefu_slow_traces_total", "Traces that were written because messages were slow."),
		requests:    b.counters("kefu_http_requests_total", "HTTP requests of the public listener.", "handler", "method", "code"),
		served:      b.histograms("kefu_http_request_duration_seconds", "What HTTP requests took; a long-poll waits on purpose.", fine(), "handler"),
	}
	m.assist = newAssistant(b)
	types := b.counters("kefu_ws_frames_total", "Frames to and from connections.", "dir", "type")
	m.in, m.out = newFrames(types, "in", clientFrames()), newFrames(types, "out", serverFrames())
	m.reloadOK.Set(1)
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "kefu_build_info", Help: "The program; always 1.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	r.MustRegister(info, collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsGC, collectors.MetricsScheduler)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// fine buckets are for what takes milliseconds, coarse ones for what people do.
func fine() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .015, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

func coarse() []float64 { return []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600} }

// Handler answers with everything in the format that was asked for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 4})
}

// Decided implements hub.Meter.
func (m *Metrics) Decided(in core.Input, change core.Change, took time.Duration, err error) {
	m.inputs.WithLabelValues(inputName(in), result(err, change.Empty())).Inc()
	if err != nil {
		if _, offered := in.(core.Offered); offered {
			m.assignments.WithLabelValues(result(err, false)).Inc()
		}
		return
	}
	if _, answered := in.(core.Answered); answered && !change.Was.Asked.IsZero() && !change.Empty() {
		m.first.WithLabelValues("bot").Observe(max(change.Conversation.At.Sub(change.Was.Asked), 0).Seconds())
	}
	if _, said := in.(core.Said); said {
		m.send.Observe(took.Seconds())
		m.window.count(took)
	}
	for _, e := range change.Events {
		m.event(e, change)
	}
	for _, e := range change.Effects {
		if p, ok := e.(core.Paced); ok {
			m.first.WithLabelValues("human").Observe(p.Took.Seconds())
		}
	}
}

func (m *Metrics) event(e core.Event, change core.Change) {
	m.events.WithLabelValues(string(e.Body.Kind)).Inc()
	switch e.Body.Kind {
	case core.KindRated:
		m.scores.Observe(float64(e.Body.Score))
	case core.KindHandoff:
		m.assist.handed.WithLabelValues(string(e.Body.Reason)).Inc()
	case core.KindAssigned:
		if why := e.Body.Why; why != nil {
			m.assignments.WithLabelValues(string(why.Tier)).Inc()
		}
		switch change.Was.Phase {
		case core.Waiting:
			m.wait.Observe(change.Conversation.Session.Since.Sub(change.Was.Since).Seconds())
		case core.None, core.Bot, core.Closed:
			m.wait.Observe(0)
		case core.Snoozed: // taken before its time: nobody waited
		case core.Held: // from one agent to another; nobody waited in line
		}
	default: // counting it is all
	}
}

// result is what came of something, as a label.
func result(err error, empty bool) string {
	switch {
	case err != nil:
		return string(core.CodeOf(err))
	case empty:
		return "nothing"
	default:
		return "ok"
	}
}

// inputName is the type of an input as a label: said, human_asked.
func inputName(in core.Input) string {
	switch in.(type) {
	case core.Said:
		return "said" // by far the most frequent; the others may cost a little
	case core.Tick:
		return "tick"
	}
	return strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", in), "core."))
}

func (w *window) count(took time.Duration) {
	bound := w.bound.Load()
	if bound == 0 {
		return
	}
	w.all.Add(1)
	if int64(took) > bound {
		w.above.Add(1)
	}
}

// Queued implements hub.Meter.
func (m *Metrics) Queued(message []byte) { m.out.count(message) }

// Received is told of a message that came in on a connection.
func (m *Metrics) Received(message []byte) { m.in.count(message) }

// Written implements hub.Meter.
func (m *Metrics) Written(took time.Duration) { m.deliver.Observe(took.Seconds()) }

// Full implements hub.Meter.
func (m *Metrics) Full() { m.full.Inc() }

// Closed implements hub.Meter.
func (m *Metrics) Closed(code wire.CloseCode) {
	label := "left"
	if code != 0 {
		label = strconv.Itoa(int(code))
	}
	if code == wire.CloseSlow {
		m.overflows.Inc()
	}
	m.closes.WithLabelValues(label).Inc()
}

// Committed is told of a commit of the store.
func (m *Metrics) Committed(took time.Duration, err error) {
	m.commit.Observe(took.Seconds())
	m.commits.WithLabelValues(result(err, false)).Inc()
}

// Batched is told how many writes shared a transaction.
func (m *Metrics) Batched(writes int) { m.batch.Observe(float64(writes)) }

// Reloaded is told that the configuration was read again, and if it was taken.
func (m *Metrics) Reloaded(taken bool, at time.Time) {
	if !taken {
		m.reloads.WithLabelValues("refused").Inc()
		m.reloadOK.Set(0)
		return
	}
	m.reloads.WithLabelValues("ok").Inc()
	m.reloadOK.Set(1)
	m.reloadAt.Set(float64(at.UnixMilli()) / 1000)
}

// Resumed is told how a visitor who said hello goes on; see desk.Options.
func (m *Metrics) Resumed(result string, events int) {
	m.resumes.WithLabelValues(result).Inc()
	m.resumed.Add(float64(events))
}

// BackedUp is told when the newest copy was made; the zero time if there is none.
func (m *Metrics) BackedUp(at time.Time) {
	if !at.IsZero() {
		m.backupAt.Set(float64(at.UnixMilli()) / 1000)
	}
}

// Backup is told what came of making one.
func (m *Metrics) Backup(made bool) {
	if made {
		m.backups.WithLabelValues("ok").Inc()
		return
	}
	m.backups.WithLabelValues("failed").Inc()
}

// Expired is told how many conversations were removed.
func (m *Metrics) Expired(conversations int) { m.expired.Add(float64(conversations)) }

// Certified is told until when the certificate is good.
func (m *Metrics) Certified(until time.Time) { m.certificate.Set(float64(until.Unix())) }

// Serve counts and times the requests of a handler, under that name.
func (m *Metrics) Serve(name string, h http.Handler) http.Handler {
	label := prometheus.Labels{"handler": name}
	return promhttp.InstrumentHandlerCounter(m.requests.MustCurryWith(label), promhttp.InstrumentHandlerDuration(m.served.MustCurryWith(label), h))
}

// frames counts frames by type. What is no type of ours is "other", or a client
// could make as many labels as it likes.
type frames struct {
	types map[string]prometheus.Counter
	batch prometheus.Counter
	other prometheus.Counter
}

func newFrames(v *prometheus.CounterVec, dir string, types []string) frames {
	f := frames{map[string]prometheus.Counter{}, v.WithLabelValues(dir, "batch"), v.WithLabelValues(dir, "other")}
	for _, t := range types {
		f.types[t] = v.WithLabelValues(dir, t)
	}
	return f
}

func clientFrames() []string {
	return []string{"hello", "send", "typing", "read", "human", "end", "rate", "take", "transfer", "reopen", "edit", "recall", "status", "watch", "after", "before", "ping", "tag", "snooze", "page"}
}

func serverFrames() []string {
	return []string{"welcome", "ack", "event", "events", "conversation", "typing", "delta", "read", "presence", "error", "pong", "bye", "invite"}
}

// count looks for the type without decoding, which is the desk's. A quote in a
// text is escaped in JSON, so no text is taken for one.
func (f frames) count(message []byte) {
	if len(message) > 0 && message[0] == '[' {
		f.batch.Inc()
		return
	}
	if _, rest, ok := bytes.Cut(message, []byte(`"type":"`)); ok {
		if name, _, ok := bytes.Cut(rest[:min(len(rest), 20)], []byte(`"`)); ok {
			if c := f.types[string(name)]; c != nil {
				c.Inc()
				return
			}
		}
	}
	f.other.Inc()
}

// builder makes metrics and registers them.
type builder struct{ r *prometheus.Registry }

func (b builder) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	b.r.MustRegister(c)
	return c
}

func (b builder) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	b.r.MustRegister(c)
	return c
}

func (b builder) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	b.r.MustRegister(g)
	return g
}

func (b builder) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	b.r.MustRegister(h)
	return h
}

func (b builder) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	b.r.MustRegister(h)
	return h
}
