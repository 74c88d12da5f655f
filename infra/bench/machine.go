//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// onCore calls do on a thread of that core, so that what it starts inherits it.
// On a machine of one core it just calls it.
func onCore(core int, do func() error) error {
	if runtime.NumCPU() < 2 {
		return do()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, only unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	only.Set(core)
	if err := unix.SchedSetaffinity(0, &only); err != nil {
		return fmt.Errorf("the server can not be given core %d: %w", core, err)
	}
	err := do()
	if back := unix.SchedSetaffinity(0, &before); back != nil {
		return back
	}
	return err
}

// stay keeps all threads of this program on a core.
func stay(core int) error {
	if runtime.NumCPU() < 2 {
		return nil
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	var only unix.CPUSet
	only.Set(core)
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &only); err != nil {
			return err
		}
	}
	return nil
}

// machine describes where this runs, one fact a line.
func machine(dir string, now func() int64) []string {
	var name unix.Utsname
	_ = unix.Uname(&name) // then it has no name
	memory := field("/proc/meminfo", "MemTotal")
	kib, _ := strconv.Atoi(strings.TrimSuffix(memory, " kB"))
	median, p99 := syncs(dir, now)
	waits, longest := hiccups(now)
	return []string{
		fmt.Sprintf("%s, %d cores; %d GiB; Linux %s", field("/proc/cpuinfo", "model name"), runtime.NumCPU(), (kib+1<<19)>>20, unix.ByteSliceToString(name.Release[:])),
		fmt.Sprintf("a sync of 4 KiB to its disk takes %s, p99 %s; load before the run %s", round(median), round(p99), load()),
		fmt.Sprintf("with both cores busy, a thread that only reads the clock is kept from its core %.1f times a second for 1 ms or more, for %s at most", waits, round(longest)),
	}
}

// field returns what a file of /proc says under a name.
func field(file, name string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(b))[0]
}

// syncs measures what the disk takes, without a server.
func syncs(dir string, now func() int64) (median, p99 time.Duration) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	var all latencies
	page := make([]byte, 4096)
	for range 200 {
		begun := now()
		if _, err := f.Write(page); err != nil {
			return 0, 0
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return 0, 0
		}
		all = append(all, now()-begun)
	}
	slices.Sort(all)
	return all.at(0.5), all.at(0.99)
}

// hiccups has a thread on each core read the clock, and returns how often a
// second that of the server's core could not for a millisecond or more, and for
// how long at most: pauses that the machine makes, which no server can avoid.
func hiccups(now func() int64) (aSecond float64, longest time.Duration) {
	const within = 3 * time.Second
	end := now() + int64(within)
	var other sync.WaitGroup
	other.Go(func() {
		for now() < end {
			continue
		}
	})
	count := 0
	err := onCore(0, func() error {
		for last := now(); last < end; {
			at := now()
			if gap := time.Duration(at - last); gap >= time.Millisecond {
				count, longest = count+1, max(longest, gap)
			}
			last = at
		}
		return nil
	})
	other.Wait()
	if err != nil {
		return 0, 0
	}
	return float64(count) / within.Seconds(), longest
}

// versionOf is what a binary says of itself.
func versionOf(binary string) string {
	b, err := exec.Command(binary, "version").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

// round leaves three digits.
func round(d time.Duration) string {
	switch {
	case d >= 100*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	default:
		return d.Round(time.Microsecond).String()
	}
}
