// Package collector says when Go collects garbage.
//
// Of a server of ours little lives, some 60 MB beside ten thousand connections,
// and each message leaves 7 KB behind. By a percentage of what lives (GOGC), five
// thousand messages a second have a collection come every few seconds, and each
// looks through the stacks of all those connections: on one core that is
// felt by more than one message in a hundred, the slowest of which wait 15 ms. So a
// server that has much to do is given room to do it in: as much as it fills in
// Every, at most Most. One that has little to do stays as small as GOGC has it.
//
// GOMEMLIMIT stays what it is: near it, Go collects as often as it must.
package collector

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// Every is how long it takes at least from one collection to the next.
	Every = 15 * time.Second

	// Most is how many bytes may be new, for that, when a collection comes.
	Most = 384 << 20

	// Least is GOGC of a server that has little to do. What lives is little, and a
	// collection has all the stacks to look through: half as many of them as Go's
	// own 100 brings cost 25 MB and save a tenth of the CPU.
	Least = 200

	// Greatest is GOGC of one that has much to do. One of which little lives is
	// collected quickly, and needs less room: the 64 MiB in which a password is
	// hashed are used again by the next.
	Greatest = 400
)

// Pace paces the collector until ctx is done. Of a GOMEMLIMIT, no more than a
// quarter is room.
func Pace(ctx context.Context, now func() time.Time) {
	p := newPacer()
	collected := make(chan struct{}, 1)
	set := 0
	for before, since := measure(), now(); ; {
		if percent := p.percent(before.counted); differs(percent, set) {
			set = percent
			debug.SetGCPercent(percent)
		}
		notice(collected)
		select {
		case <-collected:
		case <-ctx.Done():
			return
		}
		m, at := measure(), now()
		p.filled(m.allocated-before.allocated, at.Sub(since))
		before, since = m, at
	}
}

// pacer knows how much room there is between two collections.
type pacer struct {
	room, most uint64 // bytes
}

func newPacer() pacer { return pacer{most: min(Most, uint64(debug.SetMemoryLimit(-1))/4)} }

// filled notes how much was new at a collection, and how long after the one
// before it came. Room doubles at most from one to the next: a crowd that comes
// at once is over before it has made the server large.
func (p *pacer) filled(bytes uint64, took time.Duration) {
	wanted := float64(bytes) * float64(Every) / float64(max(took, time.Millisecond))
	p.room = uint64(min(wanted, float64(2*bytes), float64(p.most)))
}

// percent is GOGC with which a collection comes when the room is filled, if so
// many bytes count for GOGC.
func (p *pacer) percent(counted uint64) int {
	return int(min(max(Least, p.room*100/max(counted, 1<<20)), Greatest))
}

// differs says whether another GOGC is worth the pause in which it is set.
func differs(percent, set int) bool { return percent > set+set/8 || percent < set-set/8 }

type measures struct {
	allocated uint64 // bytes, since the start
	counted   uint64 // what GOGC is a percentage of: what the last collection left, stacks, globals
}

func measure() measures {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"},
	}
	metrics.Read(samples)
	var m measures
	for i, s := range samples {
		switch {
		case s.Value.Kind() != metrics.KindUint64: // a Go that does not have it
		case i == 0:
			m.allocated = s.Value.Uint64()
		default:
			m.counted += s.Value.Uint64()
		}
	}
	return m
}

// notice has the next collection tell of itself: it finds an object that nobody
// has.
func notice(collected chan<- struct{}) {
	runtime.AddCleanup(new([]byte), func(c chan<- struct{}) {
		select {
		case c <- struct{}{}:
		default:
		}
	}, collected)
}
