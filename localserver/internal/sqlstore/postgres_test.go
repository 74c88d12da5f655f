package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/storetest"
	"kefu/localserver/internal/pgtest"
	"kefu/localserver/internal/sqlstore"
)

// connect opens a node's store on a database of PostgreSQL.
func connect(t testing.TB, url string) *sqlstore.Store {
	t.Helper()
	st := connected(t, url)
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func connected(t testing.TB, url string) *sqlstore.Store {
	t.Helper()
	st, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: url, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// pair is two nodes on one database, taking turns at what one of them might
// see later than the other, or decide without it.
type pair struct {
	core.Store
	other core.Store
	calls atomic.Int64
}

func (p *pair) node() core.Store {
	if p.calls.Add(1)%2 == 0 {
		return p.Store
	}
	return p.other
}

func (p *pair) Load(ctx context.Context, id core.ConversationID) (core.Conversation, error) {
	return p.node().Load(ctx, id)
}

func (p *pair) Commit(ctx context.Context, c core.Change) error { return p.node().Commit(ctx, c) }

func (p *pair) After(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	return p.node().After(ctx, id, seq, limit)
}

func (p *pair) Roster(ctx context.Context, g core.GroupID, at time.Time) (core.Roster, error) {
	return p.node().Roster(ctx, g, at)
}

func (p *pair) PutAccount(ctx context.Context, a core.Account) error {
	return p.node().PutAccount(ctx, a)
}

func (p *pair) PutSettings(ctx context.Context, s core.Settings) error {
	return p.node().PutSettings(ctx, s)
}

func (p *pair) Secret(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	return p.node().Secret(ctx, name, fresh)
}

func (p *pair) Known(ctx context.Context, s core.SiteID, external string, fresh core.VisitorID) (core.VisitorID, error) {
	return p.node().Known(ctx, s, external, fresh)
}

func (p *pair) Keep(ctx context.Context, key string, value []byte, now, until time.Time) ([]byte, error) {
	return p.node().Keep(ctx, key, value, now, until)
}

func (p *pair) Epoch(ctx context.Context) (string, error) { return p.node().Epoch(ctx) }

// TestPostgres has two nodes on one database pass for one store.
func TestPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) core.Store {
		url := pgtest.Database(t)
		return &pair{Store: connect(t, url), other: connect(t, url)}
	})
}

func TestPostgresReopen(t *testing.T) {
	urls := map[string]string{}
	storetest.RunReopen(t, func(t *testing.T, dir string) (core.Store, func() error) {
		if urls[dir] == "" {
			urls[dir] = pgtest.Database(t)
		}
		st := connected(t, urls[dir])
		return st, st.Close
	})
}

// TestPostgresTwoNodesOneConversation: a visitor writes from tabs on two nodes
// at once; every message is stored once, in the order of its tab.
func TestPostgresTwoNodesOneConversation(t *testing.T) {
	url := pgtest.Database(t)
	nodes := []core.Store{connect(t, url), connect(t, url)}
	const tabs, each = 6, 25
	acked := make([]map[uint64]uint64, tabs)
	var all sync.WaitGroup
	for i := range tabs {
		c := newTab(nodes[i%2], "c_1", core.Origin(fmt.Sprintf("tab-%d", i)))
		acked[i] = c.acked
		all.Go(func() {
			for range each {
				if err := c.says(t); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	events, err := nodes[0].After(t.Context(), "c_1", 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	next := map[core.Origin]uint64{}
	for i, e := range events {
		if e.Seq != uint64(i)+1 {
			t.Fatalf("promise 4: event %d has seq %d", i, e.Seq)
		}
		if e.N == 0 {
			continue
		}
		if next[e.Origin]++; e.N != next[e.Origin] {
			t.Errorf("promise 6: #%d is n %d of %s, not %d", e.Seq, e.N, e.Origin, next[e.Origin])
		}
	}
	for i, list := range acked {
		if n := next[core.Origin(fmt.Sprintf("tab-%d", i))]; n != each || len(list) != each {
			t.Errorf("promises 1 and 3: tab %d has %d messages and %d acks, want %d", i, n, len(list), each)
		}
		for n, seq := range list {
			if e := events[seq-1]; e.N != n || e.Origin != core.Origin(fmt.Sprintf("tab-%d", i)) {
				t.Errorf("promise 1: message %d of tab %d was acknowledged as #%d, which is %+v", n, i, seq, e)
			}
		}
	}
}

// TestPostgresTwoNodesOneSeat: while sessions are handed back and forth between
// two agents on two nodes, no look at them ever shows one too many (promise
// 13), and no session has two owners (promise 12).
func TestPostgresTwoNodesOneSeat(t *testing.T) {
	url := pgtest.Database(t)
	nodes := []core.Store{connect(t, url), connect(t, url)}
	const seats, sessions = 2, 6
	agents := []core.AgentID{"amy", "bo"}
	for _, a := range agents {
		account := core.Account{ID: a, Version: 1, Name: string(a), Role: core.RoleAgent, Groups: []core.GroupID{"default"}, Capacity: seats, Weight: 1}
		if err := nodes[0].PutAccount(t.Context(), account); err != nil {
			t.Fatal(err)
		}
	}
	over := make(chan struct{})
	var watching, taking sync.WaitGroup
	watching.Go(func() {
		for looks := 0; ; looks++ {
			roster, err := nodes[looks%2].Roster(t.Context(), "", time.Now())
			for _, a := range roster {
				if a.Held > seats {
					t.Errorf("promise 13: %s holds %d of %d", a.ID, a.Held, seats)
				}
			}
			if err != nil {
				t.Error(err)
			}
			select {
			case <-over:
				return
			default:
			}
		}
	})
	taken := atomic.Int64{}
	for i := range sessions {
		id := crashID(i)
		if err := newTab(nodes[0], id, "one-tab").says(t); err != nil {
			t.Fatal(err)
		}
		for k, node := range nodes {
			taking.Go(func() {
				for range 30 {
					switch err := takes(t, node, id, agents[k]); core.CodeOf(err) {
					case "":
						taken.Add(1)
					case core.Full, core.Conflict, core.Unavailable: // the last one is of Apply, which tries only so often
					default:
						t.Errorf("%s takes %s: %v", agents[k], id, err)
					}
				}
			})
		}
	}
	taking.Wait()
	close(over)
	watching.Wait()
	for _, a := range agents {
		if held, err := nodes[0].Held(t.Context(), a); err != nil || len(held) != seats {
			t.Errorf("promise 20: %s holds %v, %v", a, held, err)
		}
	}
	t.Logf("%d sessions were taken", taken.Load())
}

// takes has a supervisor, for they may take from others, take a session.
func takes(t *testing.T, st core.Store, id core.ConversationID, who core.AgentID) error {
	rules, _ := core.DefaultSettings().Rules("default")
	c, err := st.Load(t.Context(), id)
	if err != nil {
		return err
	}
	by := core.Actor{Party: core.AgentParty(who), Role: core.RoleSupervisor, Groups: []core.GroupID{"default"}}
	origin := core.Origin("outbox-of-" + string(who))
	_, err = core.Apply(t.Context(), st, c, rules, time.Now(), core.Taken{
		Frame: core.Frame{By: by, Origin: origin, N: c.HeardOf(by.Party, origin).N + 1}, Session: c.Session.Number,
	})
	return err
}

func epoch(t *testing.T, st core.Store) string {
	t.Helper()
	e, err := st.Epoch(t.Context())
	if err != nil || e == "" {
		t.Fatalf("the epoch is %q: %v", e, err)
	}
	return e
}
