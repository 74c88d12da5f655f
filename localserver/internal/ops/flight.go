package ops

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime/trace"
	"slices"
	"sync"
	"time"
)

// Flight keeps the last seconds of what the program did, and writes them to a
// file when messages are slow: more than one of a hundred, within ten seconds,
// was not durable in the bound. Such a file is for `go tool trace`.
//
// Recording costs a percent or two, so nothing is recorded without a bound. A
// program can have only one recorder.
type Flight struct {
	// Static after NewFlight.
	dir     string
	now     func() time.Time
	log     *slog.Logger
	metrics *Metrics

	mu       sync.Mutex
	recorder *trace.FlightRecorder // guarded by mu, as is all below; nil: it is off
	looked   time.Time
	written  time.Time
}

const (
	flightLook  = 10 * time.Second // what the p99 is taken of
	flightPause = 10 * time.Minute // between two files
	flightFiles = 3                // that are kept
	flightBytes = 16 << 20         // of one
	fewest      = 100              // sends, for a p99 to mean something
)

// NewFlight returns a recorder that is off and writes to a directory.
func NewFlight(dir string, m *Metrics, now func() time.Time, log *slog.Logger) *Flight {
	return &Flight{dir: dir, metrics: m, now: now, log: log}
}

// Bound sets what the p99 may come to, and starts or, with 0, stops recording.
func (f *Flight) Bound(bound time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.metrics.window.bound.Store(int64(bound))
	switch {
	case bound == 0 && f.recorder != nil:
		f.recorder.Stop()
		f.recorder = nil
	case bound > 0 && f.recorder == nil:
		r := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: flightLook, MaxBytes: flightBytes})
		if err := r.Start(); err != nil {
			return err
		}
		f.recorder, f.looked = r, f.now()
	}
	return nil
}

// Look writes a file if it is time to. It is called every second or so.
func (f *Flight) Look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if f.recorder == nil || now.Sub(f.looked) < flightLook {
		return
	}
	f.looked = now
	w := &f.metrics.window
	all, above := w.all.Swap(0), w.above.Swap(0)
	if all < fewest || above*100 <= all || !f.written.IsZero() && now.Sub(f.written) < flightPause {
		return
	}
	f.written = now
	name, err := f.writeLocked(now)
	if err != nil {
		f.log.Error("messages are slow, and no trace of it could be written", "error", err)
		return
	}
	f.metrics.traces.Inc()
	f.log.Warn("messages are slow; the last seconds are in a trace", "messages", all, "slow", above, "bound", time.Duration(w.bound.Load()), "trace", name)
}

func (f *Flight) writeLocked(now time.Time) (string, error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return "", err
	}
	name := filepath.Join(f.dir, fmt.Sprintf("slow-%s.trace", now.UTC().Format("20060102T150405Z")))
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.recorder.WriteTo(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(name))
	}
	return name, f.prune()
}

// prune removes all but the newest files.
func (f *Flight) prune() error {
	files, err := filepath.Glob(filepath.Join(f.dir, "slow-*.trace"))
	if err != nil {
		return err
	}
	slices.Sort(files) // by time
	var errs []error
	for _, old := range files[:max(len(files)-flightFiles, 0)] {
		errs = append(errs, os.Remove(old))
	}
	return errors.Join(errs...)
}

// Close stops recording.
func (f *Flight) Close() error { return f.Bound(0) }

// ServeHTTP answers with the last seconds now.
func (f *Flight) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	var b bytes.Buffer
	if on, err := f.copyTo(&b); !on {
		answer(w, http.StatusNotFound, "nothing is recorded: trace.slow is 0s")
		return
	} else if err != nil {
		f.log.Warn("no trace could be taken", "error", err)
		answer(w, http.StatusInternalServerError, "no trace could be taken, see the log")
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = b.WriteTo(w) // who asked may have gone
}

func (f *Flight) copyTo(w io.Writer) (on bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.recorder == nil {
		return false, nil
	}
	_, err = f.recorder.WriteTo(w)
	return true, err
}
