package desk_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

// stays is a table of those who poll, and counts what is asked of it.
type stays struct {
	*world
	mu      sync.Mutex
	until   map[core.ConversationID]time.Time
	memory  map[core.ConversationID][]byte
	asked   int // for a memory
	stopped bool
}

// Stay implements desk.Stays.
func (s *stays) Stay(_ context.Context, p *desk.Peer, long time.Duration) (came bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false, core.Errorf(core.Unavailable, "no table")
	}
	came = !s.clock().Before(s.until[p.Conversation])
	s.until[p.Conversation] = s.clock().Add(long)
	return came, nil
}

// Memory implements desk.Stays.
func (s *stays) Memory(_ context.Context, p *desk.Peer) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.memory[p.Conversation], nil
}

// tableFloor is a floor that finds those who poll in the table.
type tableFloor struct {
	*floor
	*stays
}

// Join implements desk.Floor.
func (f tableFloor) Join(ctx context.Context, p *desk.Peer, topics ...desk.Topic) error {
	if !p.Polling() {
		return f.floor.Join(ctx, p, topics...)
	}
	f.stays.mu.Lock()
	defer f.stays.mu.Unlock()
	f.until[p.Conversation] = f.clock().Add(time.Minute)
	f.memory[p.Conversation] = p.Memory()
	return nil
}

// Present implements desk.Floor.
func (f tableFloor) Present(ctx context.Context, t desk.Topic) bool {
	f.stays.mu.Lock()
	defer f.stays.mu.Unlock()
	for id, until := range f.until {
		if desk.TopicVisitor(id) == t && f.clock().Before(until) {
			return true
		}
	}
	return f.floor.Present(ctx, t)
}

// lambda is two nodes over one table, neither of which holds polls.
func lambda(t *testing.T) (*stays, []*node) {
	w := newWorld(t)
	s := &stays{world: w, until: map[core.ConversationID]time.Time{}, memory: map[core.ConversationID][]byte{}}
	var nodes []*node
	for range 2 {
		nodes = append(nodes, w.node(func(o *desk.Options) {
			o.Stays = s
			o.Floor = tableFloor{o.Floor.(*floor), s}
		}))
	}
	return s, nodes
}

// TestPollsInAnyProcess: what the hello of a poll said is known to the process
// that serves what they send, and agents see them there.
func TestPollsInAnyProcess(t *testing.T) {
	s, nodes := lambda(t)
	amy := nodes[1].agent("amy", core.RoleAgent, 1).online()
	ph := nodes[0].phone("vi")
	ph.poll(ph.hello(map[string]any{"tag": "vip", "lang": "fr"}))
	ph.node = nodes[1]
	ph.poll()
	if s.asked != 0 {
		t.Error("who says nothing needs no memory")
	}
	ph.poll(ph.say("hello"))
	c := s.load(ph.conv)
	profile, err := s.store.Profile(t.Context(), c.Visitor)
	s.must(err)
	if c.Session.Tag != "vip" || profile.Lang != "fr" || s.asked != 1 {
		t.Errorf("%+v, %+v, asked %d times", c.Session, profile, s.asked)
	}
	head := amy.find("conversation")["conversation"].(map[string]any)
	if online := head["visitor"].(map[string]any)["online"]; online != true {
		t.Errorf("the agent does not see them there: %v", head)
	}
	s.pass(10 * time.Minute)
	amy.seenAll()
	ph.poll()
	if got := amy.news(); len(got) != 1 || got[0].str("type") != "conversation" {
		t.Errorf("that they are back is told by %v", got)
	}
	s.stopped = true
	ph.poll(ph.say("and without a table?"))
}
