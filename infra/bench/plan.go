//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// size is how much is done.
type size struct {
	idle, active, agents int
	rates                []int
	stored, members      []int
	load, short          time.Duration // of the main runs, of the others
	pgo                  bool
}

func full() size {
	return size{
		idle: 10_000, active: 1_000, agents: 50, rates: []int{1_000, 5_000}, stored: []int{1_000, 100_000}, members: []int{10, 100, 1_000},
		load: 10 * time.Second, short: 5 * time.Second, pgo: true,
	}
}

func quick() size {
	return size{
		idle: 200, active: 50, agents: 5, rates: []int{200, 500}, stored: []int{100, 1_000}, members: []int{10, 100},
		load: time.Second, short: time.Second,
	}
}

// others is how many agents and visitors there are in the runs that compare.
const others, othersVisitors, othersRate = 10, 256, 2_000

// bench is one run of the program.
type bench struct {
	size
	ctx     context.Context
	now     func() int64
	root    string // of the repository
	temp    string // of everything that is written
	binary  string
	say     func(format string, args ...any) // what is going on
	admin   string                           // password
	foreign *target                          // nil: servers of ours
}

// stage is a server with people on it.
type stage struct {
	*target
	*crowd
}

// set starts a server and has people come to it.
func (b *bench) set(binary, dir string, agents, visitors int, flags ...string) (stage, error) {
	t := b.foreign
	if t == nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return stage{}, err
		}
		var err error
		if t, err = start(b.ctx, binary, dir, b.now, flags...); err != nil {
			return stage{}, err
		}
	}
	tokens, err := t.prepare(b.ctx, b.admin, agents, 100)
	if err != nil {
		return stage{}, errors.Join(err, t.stop())
	}
	to, host, err := address(t.url)
	if err != nil {
		return stage{}, errors.Join(err, t.stop())
	}
	l, err := newLoop(b.now, host, to)
	if err != nil {
		return stage{}, errors.Join(err, t.stop())
	}
	cr := newCrowd(l)
	if err := cr.gather(tokens, visitors); err != nil {
		return stage{}, errors.Join(err, t.stop())
	}
	return stage{t, cr}, nil
}

// clear ends a server and its connections.
func (s stage) clear() error {
	for _, c := range s.conns {
		if c != nil {
			s.crowd.close(c)
		}
	}
	return errors.Join(syscall.Close(s.epoll), s.target.stop())
}

// address is what a URL leads to, by IPv4.
func address(raw string) (to syscall.SockaddrInet4, host string, err error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" {
		return to, "", fmt.Errorf("%q is no http:// URL; TLS is not spoken here", raw)
	}
	ip, err := net.ResolveTCPAddr("tcp4", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80")))
	if err != nil {
		return to, "", err
	}
	copy(to.Addr[:], ip.IP.To4())
	to.Port = ip.Port
	return to, u.Host, nil
}

// mainRun is what the first table has.
type mainRun struct {
	ready          time.Duration
	accepts        float64 // a second
	connections    int
	idle           int64 // bytes of RSS each
	rss            int64
	offers         []offered
	cpu            []time.Duration // of the server, each message, of offers
	client         []float64       // share of a core that this program used, of offers
	most           float64         // messages a second
	mostCPU        time.Duration
	pauses         int
	longest        time.Duration
	profileWritten string
}

func (b *bench) main() (m mainRun, err error) {
	s, err := b.set(b.binary, filepath.Join(b.temp, "main"), b.agents, b.active)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, s.clear()) }()
	m.ready = s.ready
	if err := s.hold(time.Second); err != nil {
		return m, err
	}
	before := s.usage().rss
	took, err := s.crowdIn(b.idle)
	if err != nil {
		return m, err
	}
	m.accepts = float64(b.idle) / (float64(took) / 1e9)
	b.say("%d visitors came at %.0f a second", b.idle, m.accepts)
	if err := s.hold(b.load / 2); err != nil {
		return m, err
	}
	m.rss, m.connections = s.usage().rss, s.open
	m.idle = (m.rss - before) / int64(b.idle)
	pauses := s.pauses(b.ctx)
	for _, rate := range b.rates {
		cpu, mine, begun := s.usage().cpu, usageOf("self").cpu, b.now()
		o, err := s.offer(rate, b.load)
		if err != nil {
			return m, err
		}
		all := rate * int((b.load+b.load/5)/time.Millisecond) / 1000
		m.offers = append(m.offers, o)
		m.cpu = append(m.cpu, (s.usage().cpu-cpu)/time.Duration(max(all, 1)))
		m.client = append(m.client, float64(usageOf("self").cpu-mine)/float64(b.now()-begun))
		b.say("%d messages/s: p50 %s, p99 %s", rate, round(o.latencies.at(.5)), round(o.latencies.at(.99)))
	}
	if m.most, m.mostCPU, err = s.limit(othersVisitors, b.load); err != nil {
		return m, err
	}
	m.pauses, m.longest = s.pauses(b.ctx).since(pauses)
	b.say("at most %.0f messages/s", m.most)
	if b.pgo && s.process != nil {
		m.profileWritten = filepath.Join(b.temp, "default.pgo")
		err = b.record(s, m.profileWritten)
	}
	return m, err
}

// limit is saturate, and what a message then costs the server.
func (s stage) limit(visitors int, d time.Duration) (rate float64, cpu time.Duration, err error) {
	begun := s.usage().cpu
	rate, acked, err := s.saturate(visitors, d)
	acked += acked / 5 // while it warmed up, which cost too
	return rate, (s.usage().cpu - begun) / time.Duration(max(acked, 1)), err
}

// record writes a profile of a server that works: half a busy one, half one at
// its limit.
func (b *bench) record(s stage, file string) error {
	done := make(chan error, 1)
	go func() { done <- s.profile(b.ctx, b.load, file) }()
	if _, err := s.offer(b.rates[len(b.rates)-1], b.load/2); err != nil {
		return err
	}
	if _, _, err := s.saturate(othersVisitors, b.load/2); err != nil {
		return err
	}
	return <-done
}

// variant is one row of a comparison.
type variant struct {
	name    string
	offered offered
	most    float64
	cpu     time.Duration
	ready   time.Duration
}

// compare measures one variant on a fresh server.
func (b *bench) compare(name, binary string, flags ...string) (v variant, err error) {
	dir := filepath.Join(b.temp, strings.Map(func(r rune) rune {
		if r == ' ' || r == '/' || r == ',' {
			return '-'
		}
		return r
	}, name)+strconv.FormatInt(b.now(), 36))
	s, err := b.set(binary, dir, others, min(othersVisitors, b.active*2), flags...)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, s.clear()) }()
	v.name = name
	if v.offered, err = s.offer(b.rates[0], b.short); err != nil {
		return v, err
	}
	v.most, v.cpu, err = s.limit(othersVisitors, b.short)
	b.say("%s: %.0f messages/s", name, v.most)
	return v, err
}

// batches compares ways of sharing a transaction.
func (b *bench) batches() (rows []variant, err error) {
	for _, x := range []struct {
		name  string
		flags []string
	}{
		{"up to 512 that wait (the default)", nil},
		{"the same, lingering 2 ms for more", []string{"--batch.linger", "2ms"}},
		{"none: a transaction each", []string{"--batch.max", "1"}},
	} {
		v, err := b.compare(x.name, b.binary, x.flags...)
		if err != nil {
			return rows, err
		}
		rows = append(rows, v)
	}
	return rows, nil
}

// guided compares the server with one built by its profile, taking turns.
func (b *bench) guided(profile string) (rows []variant, err error) {
	with := filepath.Join(b.temp, "kefu-pgo")
	b.say("building with the profile")
	if err := build(b.ctx, b.root, with, profile); err != nil {
		return nil, err
	}
	var all [2][]variant
	for range 3 {
		for i, binary := range []string{b.binary, with} {
			v, err := b.compare([]string{"without", "with"}[i], binary)
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], v)
		}
	}
	for _, some := range all {
		slices.SortFunc(some, func(x, y variant) int { return int(x.cpu - y.cpu) })
		rows = append(rows, some[len(some)/2])
	}
	return rows, nil
}

// scale measures what a message costs as there is more of everything.
func (b *bench) scale() (rows []variant, err error) {
	dir := filepath.Join(b.temp, "scale")
	step := func(name string, conversations, agents int) error {
		if len(rows) > 0 {
			if err := fill(b.ctx, dir, conversations, agents); err != nil {
				return err
			}
		}
		s, err := b.set(b.binary, dir, others, 100)
		if err != nil {
			return err
		}
		v := variant{name: name, ready: s.ready}
		begun := s.usage().cpu
		if v.offered, err = s.offer(min(othersRate, b.rates[len(b.rates)-1]), b.short); err == nil {
			v.cpu = (s.usage().cpu - begun) / time.Duration(max(v.offered.sent*6/5, 1))
			rows = append(rows, v)
			b.say("%s: %s a message", name, round(v.cpu))
		}
		return errors.Join(err, s.clear())
	}
	for _, n := range b.members {
		if err := step(fmt.Sprintf("%d agents in the group", n), 0, n); err != nil {
			return rows, err
		}
	}
	for _, n := range b.stored {
		if err := step(fmt.Sprintf("%d conversations stored", n), n, 0); err != nil {
			return rows, err
		}
	}
	return rows, nil
}
