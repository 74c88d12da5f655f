package hub

import (
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// Meter is told what happens in a hub. Its methods are called where every message
// goes by, some of them under a lock: they neither wait nor call the hub.
type Meter interface {
	// Decided is told of a letter: what was decided about it, and how long
	// after it came, its way to disk included. One that found no place is
	// Unavailable.
	Decided(in core.Input, change core.Change, took time.Duration, err error)

	// Queued is told of a message that is on its way to a connection.
	Queued(message []byte)

	// Written is told how long one message in sixteen of a connection waited
	// until the system had taken it and all that was queued with it.
	Written(took time.Duration)

	// Full is told of a connection that found no place.
	Full()

	// Closed is told of a connection that is gone, not of polls: the code that
	// we closed it with, or 0 if the other side went.
	Closed(code wire.CloseCode)
}

// deaf is a Meter for a hub that has none.
type deaf struct{}

func (deaf) Decided(core.Input, core.Change, time.Duration, error) {}

func (deaf) Queued([]byte) {}

func (deaf) Written(time.Duration) {}

func (deaf) Full() {}

func (deaf) Closed(wire.CloseCode) {}

// Stats is what is in a hub at one moment.
type Stats struct {
	Visitors, Agents, Silent int // connections, Silent before they are welcome
	Polls                    int // that are held
	Rooms                    int // conversations that are being decided about
	Idle                     int // conversations that are remembered besides
	Letters                  int // that wait in rooms
}

// Stats counts. It looks at every connection, so it is for once in seconds.
func (h *Hub) Stats() Stats {
	h.roomMu.Lock()
	s := Stats{Rooms: len(h.rooms), Idle: h.idle.Len(), Letters: h.letters}
	h.roomMu.Unlock()
	for _, c := range h.connections() {
		switch {
		case c.poll:
			s.Polls++
		case !c.Peer.Known():
			s.Silent++
		case c.Peer.Visitor():
			s.Visitors++
		default:
			s.Agents++
		}
	}
	return s
}

// Limit sets how many connections may be open at a time. Those that are open
// beyond it stay.
func (h *Hub) Limit(connections int) {
	h.floorMu.Lock()
	defer h.floorMu.Unlock()
	h.Connections = connections
}
