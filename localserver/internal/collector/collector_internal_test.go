package collector

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"testing"
	"time"
)

const mega = 1 << 20

func TestRoomFollowsWhatIsFilled(t *testing.T) {
	p := pacer{most: Most}
	for _, step := range []struct {
		bytes uint64
		took  time.Duration
		room  uint64
		why   string
	}{
		{30 * mega, time.Minute, 7 * mega, "little is new: what Every fills of it"},
		{60 * mega, time.Second, 120 * mega, "much is: twice as much, no more at once"},
		{120 * mega, 2 * time.Second, 240 * mega, "and again"},
		{240 * mega, 4 * time.Second, Most, "until there is as much as there may be"},
		{Most, 12 * time.Second, Most, "where it stays"},
		{60 * mega, 2 * time.Minute, 7 * mega, "the collection that Go makes every two minutes finds the server quiet"},
		{0, 0, 0, "two at once"},
	} {
		p.filled(step.bytes, step.took)
		if got := p.room / mega; got != step.room/mega {
			t.Errorf("%d MiB in %s: room for %d MiB, want %d: %s", step.bytes/mega, step.took, got, step.room/mega, step.why)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		room, counted uint64
		want          int
	}{
		{0, 0, Least},
		{0, 90 * mega, Least},
		{100 * mega, 90 * mega, Least}, // less than what GOGC has
		{360 * mega, 120 * mega, 300},
		{384 * mega, 20 * mega, Greatest}, // little lives
	} {
		if got := (&pacer{room: c.room}).percent(c.counted); got != c.want {
			t.Errorf("room for %d MiB, %d MiB counted: GOGC %d, want %d", c.room/mega, c.counted/mega, got, c.want)
		}
	}
}

// What is new must not push out what lives.
func TestOfALimitAQuarterIsRoom(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(256 * mega))
	if got := newPacer().most; got != 64*mega {
		t.Errorf("of 256 MiB at most %d MiB are room, want 64", got/mega)
	}
}

// The program's own collector: with a clock on which no time passes, what is
// filled between two collections is always too much.
func TestPace(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	var looks atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		Pace(ctx, func() time.Time { looks.Add(1); return time.Time{} })
	}()
	kept := make([][]byte, 16)
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	// A collection that comes while the last one is being told of counts for
	// little, so one look may not be enough.
	for i := 0; sample[0].Value.Kind() == metrics.KindBad || sample[0].Value.Uint64() <= Least && looks.Load() < 100; i++ {
		kept[i%len(kept)] = make([]byte, mega)
		runtime.Gosched() // Pace may have to be told
		metrics.Read(sample)
	}
	cancel()
	<-over
	if got := sample[0].Value.Uint64(); got <= Least {
		t.Errorf("GOGC is %d after %d looks in no time, want more than %d", got, looks.Load(), Least)
	}
}
