//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// target is the server under load.
type target struct {
	url, ops string // without a slash at the end; ops may be empty
	bearer   string // of an admin

	process *exec.Cmd // nil: it is somebody else's
	dir     string
	ready   time.Duration // from its start until it was ready
}

const password = "bench-9f2c7a61d0"

// start starts a server on the first core and waits until it is ready.
func start(ctx context.Context, binary, dir string, now func() int64, flags ...string) (*target, error) {
	t := &target{url: "http://127.0.0.1:18473", ops: "http://127.0.0.1:18474", dir: dir}
	config, err := os.CreateTemp("", "bench-*.yaml")
	if err != nil {
		return nil, err
	}
	_, err = config.WriteString(configuration)
	if err = errors.Join(err, config.Close()); err != nil {
		return nil, err
	}
	args := append([]string{"--config", config.Name(), "--data", dir, "--listen", "127.0.0.1:18473", "--ops", "127.0.0.1:18474"}, flags...)
	t.process = exec.CommandContext(ctx, binary, args...)
	t.process.Env = append(os.Environ(), "KEFU_ADMIN_PASSWORD="+password)
	t.process.Stderr = os.Stderr
	t.process.Cancel = func() error { return t.process.Process.Signal(os.Interrupt) }
	begun := now()
	if err := onCore(0, t.process.Start); err != nil {
		return nil, err
	}
	for now()-begun < int64(60*time.Second) {
		if t.get(ctx, t.ops+"/readyz", nil) == nil {
			t.ready = time.Duration(now() - begun)
			return t, nil
		}
		pause(ctx, 2*time.Millisecond)
	}
	return nil, errors.Join(errors.New("the server did not get ready"), t.stop())
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (t *target) stop() error {
	if t.process == nil {
		return nil
	}
	if err := t.process.Process.Kill(); err != nil {
		return err
	}
	_ = t.process.Wait() // it says that it was killed
	return nil
}

func (t *target) get(ctx context.Context, url string, into any) error {
	return t.call(ctx, http.MethodGet, url, nil, into)
}

// call sends JSON and reads JSON.
func (t *target) call(ctx context.Context, method, url string, body, into any) error {
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, sent)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if t.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+t.bearer)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		return errors.Join(err, fmt.Errorf("%s %s: %s %.300s", method, url, answer.Status, b))
	}
	if into == nil {
		return nil
	}
	if text, ok := into.(*string); ok {
		*text = string(b)
		return nil
	}
	return json.Unmarshal(b, into)
}

// login returns a token.
func (t *target) login(ctx context.Context, name, password string) (string, error) {
	var answer struct{ Token string }
	err := t.call(ctx, http.MethodPost, t.url+"/v1/login", map[string]string{"name": name, "password": password}, &answer)
	return answer.Token, err
}

// prepare raises what a site's limits are for one person, and makes agents. It
// returns their tokens.
func (t *target) prepare(ctx context.Context, admin string, agents, seats int) (tokens []string, err error) {
	if t.bearer, err = t.login(ctx, "admin", admin); err != nil {
		return nil, err
	}
	var settings map[string]any
	if err := t.get(ctx, t.url+"/v1/settings", &settings); err != nil {
		return nil, err
	}
	limits, ok := settings["limits"].(map[string]any)
	if !ok {
		return nil, errors.New("the server has settings without limits")
	}
	limits["rate"], limits["burst"] = rate, burst
	if err := t.call(ctx, http.MethodPut, t.url+"/v1/settings", settings, nil); err != nil {
		return nil, err
	}
	for i := range agents {
		name := fmt.Sprintf("bench-%d", i)
		a := map[string]any{"name": name, "password": password, "capacity": seats}
		if err := t.call(ctx, http.MethodPost, t.url+"/v1/agents", a, nil); err != nil && !strings.Contains(err.Error(), " 409 ") {
			return nil, err
		}
		token, err := t.login(ctx, name, password)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}

// rate and burst are what the settings of the site are raised to: nobody is to
// be told to slow down.
const rate, burst = 100_000, 200_000

// usage is what a process has used so far.
type usage struct {
	cpu time.Duration
	rss int64 // bytes, now
}

// usageOf reads it from the system; the zero usage if it is somebody else's.
func (t *target) usage() (u usage) {
	if t.process == nil {
		return u
	}
	return usageOf(strconv.Itoa(t.process.Process.Pid))
}

// usageOf is of a process by its number, or "self".
func usageOf(pid string) (u usage) {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return u
	}
	// The name of the program, in brackets, may have spaces in it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const user, system, rss = 11, 12, 21
	ticks := func(i int) time.Duration {
		n, _ := strconv.ParseInt(fields[i], 10, 64)
		return time.Duration(n) * 10 * time.Millisecond // USER_HZ is 100 on all that Go runs on
	}
	u.cpu = ticks(user) + ticks(system)
	pages, _ := strconv.ParseInt(fields[rss], 10, 64)
	u.rss = pages * int64(os.Getpagesize())
	return u
}

// histogram is one of Prometheus: how many were at most so much, by seconds.
type histogram map[float64]float64

// pauses reads the histogram of the pauses that the collector made.
func (t *target) pauses(ctx context.Context) histogram {
	if t.ops == "" {
		return nil
	}
	var text string
	if err := t.get(ctx, t.ops+"/metrics", &text); err != nil {
		return nil
	}
	return histogramIn(text, "go_gc_pauses_seconds")
}

func histogramIn(text, name string) histogram {
	h := histogram{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), name+`_bucket{le="`)
		bound, value, cut := strings.Cut(rest, `"} `)
		if !ok || !cut {
			continue
		}
		le, err := strconv.ParseFloat(bound, 64)
		n, err2 := strconv.ParseFloat(value, 64)
		if err == nil && err2 == nil {
			h[le] = n
		}
	}
	return h
}

// since returns how many were counted after before, and the bound of the bucket
// of the longest.
func (h histogram) since(before histogram) (count int, longest time.Duration) {
	most, all := 0.0, h[math.Inf(1)]-before[math.Inf(1)]
	for le, n := range h {
		if n-before[le] < all { // some were longer
			most = max(most, le)
		}
	}
	next := math.Inf(1)
	for le := range h {
		if le > most {
			next = min(next, le)
		}
	}
	if all <= 0 || math.IsInf(next, 1) {
		return int(all), 0
	}
	return int(all), time.Duration(next * 1e9)
}

// build makes the server, by a profile or without one.
func build(ctx context.Context, root, to, profile string) error {
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-pgo", profile, "-o", to, "./localserver")
	c.Dir = root
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	c.Stderr = os.Stderr
	return c.Run()
}

// profile has the server write down for some seconds what it does.
func (t *target) profile(ctx context.Context, d time.Duration, file string) error {
	var text string
	err := t.get(ctx, fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", t.ops, int(d.Seconds())), &text)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Clean(file), []byte(text), 0o600)
}
