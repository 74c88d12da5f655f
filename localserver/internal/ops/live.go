package ops

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kefu/core"
)

// Stats is what is live on this node, as hub.Stats has it.
type Stats struct {
	Visitors, Agents, Silent int
	Polls                    int
	Rooms                    int
	Idle                     int
	Letters                  int
}

// Desk is the part of a store that says how the desk stands.
type Desk interface {
	Waiting(ctx context.Context, g core.GroupID, limit int) ([]core.Place, error)
	Roster(ctx context.Context, g core.GroupID, at time.Time) (core.Roster, error)
}

// Live adds what is counted only when somebody asks: stats, and how the desk
// stands. If the store does not answer in a second, that part is left out, so
// that a store that hangs hides no other metric. It is asked in ctx.
func (m *Metrics) Live(ctx context.Context, stats func() Stats, desk Desk, now func() time.Time) {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	m.registry.MustRegister(&live{
		ctx: ctx, stats: stats, desk: desk, now: now,
		connections: d("kefu_ws_connections", "WebSocket connections that are open; silent: before their welcome.", "role"),
		polls:       d("kefu_polls", "Long-polls that are held."),
		rooms:       d("kefu_rooms", "Conversations in memory; active: being decided about, idle: remembered.", "state"),
		letters:     d("kefu_room_letters", "What waits to be decided, in all rooms."),
		sessions:    d("kefu_conversations", "Conversations that wait (counted to 1,000) or are held.", "state"),
		longest:     d("kefu_longest_wait_seconds", "How long the one who waits longest has waited."),
		agents:      d("kefu_agents", "Agents by status.", "state"),
		seats:       d("kefu_seats", "Seats of agents who are online.", "state"),
		load:        d("kefu_agent_load_ratio", "Part of the seats of agents who are online that is taken; 0 if there are none."),
	})
}

type live struct {
	ctx   context.Context // a collector is given none
	stats func() Stats
	desk  Desk
	now   func() time.Time

	connections, polls, rooms, letters *prometheus.Desc
	sessions, longest, agents, seats   *prometheus.Desc
	load                               *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (l *live) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{l.connections, l.polls, l.rooms, l.letters, l.sessions, l.longest, l.agents, l.seats, l.load} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (l *live) Collect(to chan<- prometheus.Metric) {
	put := func(d *prometheus.Desc, n float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
	}
	s := l.stats()
	put(l.connections, float64(s.Visitors), "visitor")
	put(l.connections, float64(s.Agents), "agent")
	put(l.connections, float64(s.Silent), "silent")
	put(l.polls, float64(s.Polls))
	put(l.rooms, float64(s.Rooms), "active")
	put(l.rooms, float64(s.Idle), "idle")
	put(l.letters, float64(s.Letters))
	l.collectDesk(put)
}

const (
	deskWithin = time.Second
	maxWaiting = 1000 // who wait are counted so far
)

func (l *live) collectDesk(put func(*prometheus.Desc, float64, ...string)) {
	ctx, cancel := context.WithTimeout(l.ctx, deskWithin)
	defer cancel()
	now := l.now()
	line, err := l.desk.Waiting(ctx, "", maxWaiting)
	if err != nil {
		return
	}
	roster, err := l.desk.Roster(ctx, "", now)
	if err != nil {
		return
	}
	states, held := map[core.Status]int{core.Online: 0, core.Away: 0, core.Offline: 0}, 0
	for _, a := range roster {
		states[a.Status]++
		held += a.Held
	}
	for state, n := range states {
		put(l.agents, float64(n), string(state))
	}
	longest := 0.0
	if len(line) > 0 {
		longest = max(now.Sub(line[0].At).Seconds(), 0)
	}
	all, free := roster.Seats()
	put(l.sessions, float64(len(line)), "waiting")
	put(l.sessions, float64(held), "held")
	put(l.longest, longest)
	put(l.seats, float64(free), "free")
	put(l.seats, float64(all-free), "taken")
	put(l.load, float64(all-free)/float64(max(all, 1)))
}
