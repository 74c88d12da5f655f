package socket

import (
	"container/list"
	"sync"
)

// porch is where connections wait that have not been welcomed, in the order
// they came, bounded: or some thousands that never say hello would take all
// places. Addresses do not count: a whole school may come through one.
type porch struct {
	most int // static

	mu   sync.Mutex
	line list.List // guarded by mu; of *socket
}

// enter lets one in, and returns the first if there are too many now.
func (p *porch) enter(s *socket) (first *socket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.place = p.line.PushBack(s)
	if p.line.Len() <= p.most {
		return nil
	}
	first, _ = p.line.Front().Value.(*socket)
	p.leaveLocked(first)
	return first
}

// leave takes one out; a second time it does nothing.
func (p *porch) leave(s *socket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaveLocked(s)
}

func (p *porch) leaveLocked(s *socket) {
	if s.place != nil {
		p.line.Remove(s.place)
		s.place = nil
	}
}
