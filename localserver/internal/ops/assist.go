package ops

import (
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kefu/core"
	"kefu/core/assist"
)

// assistant counts what the receptionist does. What it leaves to people is counted
// where that is stored (Metrics.event): the budget, the number of its turns and
// a visitor who asks for a person are decided without it.
type assistant struct {
	answers *prometheus.CounterVec
	handed  *prometheus.CounterVec
	faults  *prometheus.CounterVec
	first   prometheus.Histogram
	whole   prometheus.Histogram
	tokens  *prometheus.CounterVec
	cost    prometheus.Counter
}

var _ assist.Meter = assistant{}

func newAssistant(b builder) assistant {
	a := assistant{
		answers: b.counters("kefu_assist_answers_total", "Answers of the assistant, by whether they rest on knowledge.", "cited"),
		handed:  b.counters("kefu_assist_handoffs_total", "Questions that the assistant left to a person, by the reason.", "reason"),
		faults:  b.counters("kefu_assist_faults_total", "Failed requests to models, by host and kind.", "host", "kind"),
		first:   b.histogram("kefu_assist_first_token_seconds", "From a question until the first words of its answer.", fine()),
		whole:   b.histogram("kefu_assist_answer_seconds", "From a question until its answer was whole.", fine()),
		tokens:  b.counters("kefu_assist_tokens_total", "Tokens that models were sent (in) and wrote (out).", "dir"),
		cost:    b.counter("kefu_assist_cost_total", "What the tokens cost, by the prices in the settings."),
	}
	// A rate of what was never zero misses the first one, which may be the one that matters.
	for _, cited := range []string{"yes", "no"} {
		a.answers.WithLabelValues(cited)
	}
	for _, why := range []core.Reason{
		core.ByRequest, core.ByTimeout, core.ByFailure, core.ByAssistant, core.ByIgnorance, core.ByTurns, core.ByBudget,
	} {
		a.handed.WithLabelValues(string(why))
	}
	return a
}

// Assist is the meter of the receptionist.
func (m *Metrics) Assist() assist.Meter { return m.assist }

func (a assistant) Answered(cited bool, first, whole time.Duration) {
	a.answers.WithLabelValues(map[bool]string{true: "yes", false: "no"}[cited]).Inc()
	a.first.Observe(first.Seconds())
	a.whole.Observe(whole.Seconds())
}

// Failed is by host: there are as many as settings name.
func (a assistant) Failed(provider, kind string) {
	host := "?"
	if u, err := url.Parse(provider); err == nil && u.Host != "" {
		host = u.Host
	}
	a.faults.WithLabelValues(host, kind).Inc()
}

func (a assistant) Spent(u assist.Usage) {
	a.tokens.WithLabelValues("in").Add(float64(u.In))
	a.tokens.WithLabelValues("out").Add(float64(u.Out))
	a.cost.Add(max(u.Cost, 0))
}
