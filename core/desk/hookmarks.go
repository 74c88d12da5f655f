package desk

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"kefu/core"
)

// The log is the outbox of webhooks, but a log is found by its conversation.
// So before an event is stored, its conversation is marked: "something is about
// to happen here, after seq n". Who delivers looks at the marks. A mark belongs
// to a stretch of ten minutes and is put once in it, so a busy conversation costs
// one more write each ten minutes, and only while there are webhooks. Nobody
// puts a mark into a stretch that is over, so that such may be removed without
// a look back: when everything was delivered up to the end of the log.

const (
	markFor = 10 * time.Minute
	markLag = 2 * time.Minute // what a clock may be off, and a commit may take
)

// mark is what stands in one.
type mark struct {
	Seq uint64 `json:"seq"` // the end of the log before
}

func stretchOf(at time.Time) int64 { return at.Unix() / int64(markFor/time.Second) }

func markID(stretch int64, id core.ConversationID) string {
	return fmt.Sprintf("%010d.%s", stretch, id)
}

func parseMark(s string) (stretch int64, id core.ConversationID, ok bool) {
	at, rest, ok := strings.Cut(s, ".")
	_, err := fmt.Sscanf(at, "%010d", &stretch)
	return stretch, core.ConversationID(rest), ok && err == nil
}

// marks is what this process has marked.
type marks struct {
	mu      sync.Mutex
	stretch int64
	done    map[core.ConversationID]uint64 // guarded by mu: and the end of its log before
	news    map[core.ConversationID]uint64 // guarded by mu: to look at, and from where on
}

// known reports whether this process has marked a conversation.
func (m *marks) known(stretch int64, id core.ConversationID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stretch != stretch {
		m.stretch, m.done = stretch, nil
	}
	_, done := m.done[id]
	return done
}

func (m *marks) note(stretch int64, id core.ConversationID, seq uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stretch != stretch {
		return
	}
	if m.done == nil {
		m.done = map[core.ConversationID]uint64{}
	}
	m.done[id] = seq
}

// happened has a conversation looked at soon.
func (m *marks) happened(id core.ConversationID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.news == nil {
		m.news = map[core.ConversationID]uint64{}
	}
	if after, marked := m.done[id]; marked && len(m.news) < maxNews {
		m.news[id] = after
	}
}

// maxNews bounds what is remembered of news; what is beyond has its mark.
const maxNews = 10_000

func (m *marks) take() map[core.ConversationID]uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	news := m.news
	m.news = nil
	return news
}

// marked marks a conversation before something is stored in it. If that fails
// nothing may be stored: a webhook would never hear of it.
func (d *Desk) marked(ctx context.Context, c core.Conversation) (watched bool, err error) {
	if d.Outgoing == nil {
		return false, nil
	}
	now := d.Now()
	list, err := d.hooks.get(ctx, now)
	if err != nil || len(list) == 0 {
		return false, err
	}
	stretch := stretchOf(now)
	if d.marks.known(stretch, c.ID) {
		return true, nil
	}
	// What is remembered of the conversation may be nothing; a mark from there
	// would have all of it sent again.
	fresh, err := d.Store.Load(ctx, c.ID)
	if err != nil {
		return true, err
	}
	m := mark{fresh.Seq}
	err = d.putDoc(ctx, kindMark, markID(stretch, c.ID), 0, m)
	if core.CodeOf(err) == core.Conflict {
		_, err = d.readDoc(ctx, kindMark, markID(stretch, c.ID), &m) // another node's
	}
	if err == nil {
		d.marks.note(stretch, c.ID, m.Seq)
	}
	return true, err
}
