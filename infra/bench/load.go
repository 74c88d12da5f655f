//go:build linux

package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// gather has everybody come who writes or answers, each visitor said one word
// and was given an agent.
func (cr *crowd) gather(tokens []string, visitors int) error {
	for i, t := range tokens {
		a := &agent{token: t, origin: fmt.Sprintf("bench-agent-%d", i)}
		cr.agents = append(cr.agents, a)
		if err := cr.begin(a); err != nil {
			return err
		}
	}
	if err := cr.all("the agents are not online", func() bool {
		return !slices.ContainsFunc(cr.agents, func(a *agent) bool { return !a.welcome })
	}); err != nil {
		return err
	}
	for i := range visitors {
		cr.visitors = append(cr.visitors, &visitor{origin: fmt.Sprintf("bench-visitor-%d", i)})
	}
	if _, err := cr.arrive(cr.visitors); err != nil {
		return err
	}
	for _, v := range cr.visitors {
		cr.talks[v.conversation] = v
	}
	// A few at a time: every agent hears of each who waits.
	begun, served := 0, 0
	return cr.all("not everybody was given an agent", func() bool {
		for served < begun && cr.visitors[served].holder != nil && cr.visitors[served].acked >= 1 {
			served++
		}
		for begun < len(cr.visitors) && begun-served < 8 {
			cr.say(cr.visitors[begun], 0)
			begun++
		}
		return served == len(cr.visitors)
	})
}

// all waits until so, and fails if it does not come to that.
func (cr *crowd) all(else_ string, so func() bool) error {
	ok, err := cr.until(int64(60*time.Second), so, cr.tend)
	if err != nil {
		return err
	}
	if !ok || cr.failed > 0 {
		return fmt.Errorf("%s: %w", else_, errors.Join(cr.errs...))
	}
	return nil
}

// underWay is how many hellos are waited for at a time.
const underWay = 128

// arrive has visitors connect and say hello, and returns how long that took.
func (cr *crowd) arrive(list []*visitor) (took int64, err error) {
	begun, begunWith, welcome := cr.now(), 0, 0
	so := func() bool {
		for welcome < begunWith && list[welcome].welcome {
			welcome++
		}
		for begunWith < len(list) && begunWith-welcome < underWay && err == nil {
			err = cr.enter(list[begunWith])
			begunWith++
		}
		return welcome == len(list) || err != nil || cr.failed > 0
	}
	if ok, waited := cr.until(int64(2*time.Minute), so, cr.tend); !ok || waited != nil || err != nil || cr.failed > 0 {
		return 0, fmt.Errorf("only %d of %d visitors are welcome: %w", welcome, len(list), errors.Join(append(cr.errs, err, waited)...))
	}
	return cr.now() - begun, nil
}

// crowdIn has idle visitors come.
func (cr *crowd) crowdIn(count int) (took int64, err error) {
	for i := range count {
		cr.idle = append(cr.idle, &visitor{origin: fmt.Sprintf("bench-idle-%d", i)})
	}
	return cr.arrive(cr.idle)
}

// hold serves pings only, for some time.
func (cr *crowd) hold(d time.Duration) error {
	_, err := cr.until(int64(d), func() bool { return false }, cr.tend)
	return err
}

// latencies are sorted, in nanoseconds.
type latencies []int64

// at returns the latency that a share of all stays within.
func (l latencies) at(share float64) time.Duration {
	if len(l) == 0 {
		return 0
	}
	i := min(int(float64(len(l))*share), len(l)-1)
	return time.Duration(l[i])
}

// offered is what came of a load that was offered.
type offered struct {
	rate      int
	sent, got int
	refused   int // the server had too much to do
	latencies latencies
}

// offer sends messages at a rate for a while, after warming up for a fifth of
// it, then waits for what is still on its way.
func (cr *crowd) offer(rate int, d time.Duration) (offered, error) {
	gap := int64(time.Second) / int64(rate)
	run := func(d time.Duration) error {
		begun, k := cr.now(), int64(0)
		most := int64(d) / gap
		due := func(now int64) int64 {
			for k < most && begun+k*gap <= now {
				v := cr.visitors[int(k/2)%len(cr.visitors)]
				if k%2 == 0 {
					cr.say(v, begun+k*gap)
				} else {
					cr.answer(v, begun+k*gap)
				}
				k++
			}
			return min(begun+k*gap, cr.tend(now))
		}
		_, err := cr.until(int64(d)+int64(10*time.Second), func() bool { return k >= most && cr.got >= cr.sent || cr.failed > 0 || cr.refusals > 0 }, due)
		return err
	}
	for _, part := range []time.Duration{d / 5, d} {
		cr.reset()
		if err := run(part); err != nil {
			return offered{}, err
		}
		if cr.refusals > 0 {
			break
		}
	}
	slices.Sort(cr.late)
	o := offered{rate: rate, sent: cr.sent, got: cr.got, refused: cr.refusals, latencies: slices.Clone(cr.late)}
	if o.refused > 0 {
		if err := cr.hold(3 * time.Second); err != nil {
			return o, err
		}
		cr.renew()
	}
	if cr.failed > 0 {
		return o, fmt.Errorf("at %d messages/s: %w", rate, errors.Join(cr.errs...))
	}
	return o, nil
}

func (cr *crowd) reset() { cr.sent, cr.got, cr.acks, cr.late = 0, 0, 0, cr.late[:0] }

// saturate has so many visitors always wait for one ack each, for a while. It
// returns how many messages a second were acknowledged; during is called in
// the middle.
func (cr *crowd) saturate(visitors int, d time.Duration) (rate float64, acked int, err error) {
	busy := cr.visitors[:min(visitors, len(cr.visitors))]
	over := false
	cr.acked = func(v *visitor) {
		if !over {
			cr.say(v, cr.now())
		}
	}
	defer func() { cr.acked = func(*visitor) {} }()
	cr.reset()
	for _, v := range busy {
		cr.say(v, cr.now())
	}
	if err := cr.hold(d / 5); err != nil {
		return 0, 0, err
	}
	begun := cr.now()
	cr.acks = 0
	if err := cr.hold(d); err != nil {
		return 0, 0, err
	}
	acked, took := cr.acks, cr.now()-begun
	over = true
	err = cr.all("not everything was acknowledged", func() bool {
		return !slices.ContainsFunc(busy, func(v *visitor) bool { return v.acked < v.n })
	})
	return float64(acked) / (float64(took) / 1e9), acked, err
}
