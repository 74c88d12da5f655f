package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// plan is what is to be tried.
type plan struct {
	binary, dir, url string
	clients, agents  int
	every            time.Duration // from one message of a visitor to the next
	calm             time.Duration // before the restart, and after all are back
	window           time.Duration
	now              func() time.Duration // since the beginning
	say              func(string, ...any)
}

const (
	listen   = "127.0.0.1:18475"
	ops      = "127.0.0.1:18476"
	password = "restart-4c1e88b07d"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	begun := time.Now()
	p := plan{now: func() time.Duration { return time.Since(begun) }}
	p.say = func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%5.1f s  %s\n", p.now().Seconds(), fmt.Sprintf(format, args...))
	}
	flag.StringVar(&p.binary, "binary", "./kefu", "the server, as make build writes it")
	flag.StringVar(&p.url, "url", "http://"+listen, "URL of a proxy that leads to http://"+listen)
	flag.IntVar(&p.clients, "clients", 1000, "connections")
	flag.IntVar(&p.agents, "agents", 20, "of them that are agents'")
	flag.DurationVar(&p.every, "every", 5*time.Second, "from one message of a visitor to the next")
	flag.DurationVar(&p.calm, "calm", 6*time.Second, "before the restart, and after all are back")
	flag.DurationVar(&p.window, "window", 5*time.Second, "drain.window of the server")
	flag.Parse()
	if err := p.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "restart:", err)
		os.Exit(1)
	}
}

func (p *plan) run(ctx context.Context) (err error) {
	if p.agents < 1 || p.agents >= p.clients {
		return errors.New("expected at least one agent and one visitor")
	}
	if p.dir, err = os.MkdirTemp("", "kefu-restart-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(p.dir)) }()
	server, err := p.start(ctx)
	if err != nil {
		return err
	}
	defer func() { server.kill() }()
	tokens, err := prepare(ctx, p.agents, 1+(p.clients-p.agents)/p.agents)
	if err != nil {
		return err
	}
	c := newCrowd(p, tokens)
	live, leave := context.WithCancel(ctx)
	defer c.wait()
	defer leave()
	if err := c.gather(live); err != nil {
		return err
	}
	p.say("%d are there", p.clients)
	pause(ctx, p.calm)

	p.say("the server is told to leave")
	left := p.now()
	if err := server.leave(); err != nil {
		return fmt.Errorf("the server left with %w", err)
	}
	gone := p.now()
	if server, err = p.start(ctx); err != nil {
		return err
	}
	ready := p.now()
	p.say("another one is ready")
	if err := c.back(ctx, left); err != nil {
		return err
	}
	back := p.now()
	p.say("everybody is back")
	pause(ctx, p.calm)
	if err := c.settle(ctx); err != nil {
		return err
	}
	logs, err := c.logs(ctx)
	if err != nil {
		return err
	}
	leave()
	c.wait()
	r := c.judge(logs, spans{left: left, gone: gone, ready: ready, back: back})
	fmt.Print(r)
	return r.verdict()
}

// process is a server.
type process struct {
	*exec.Cmd
	ended chan error // gets what it ended with, once
}

// leave tells it to, and waits until it has.
func (s *process) leave() error {
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := <-s.ended
	s.ended <- err
	return err
}

func (s *process) kill() {
	_ = s.Process.Kill() // it may have ended
	<-s.ended            //nolint:errcheck // by that
}

// start starts a server, and returns when it is ready.
func (p *plan) start(ctx context.Context) (*process, error) {
	s := &process{ended: make(chan error, 1), Cmd: exec.CommandContext(ctx, p.binary, "--data", p.dir, "--listen", listen, "--ops", ops,
		"--log.level", "error", "--trusted_proxies", "127.0.0.0/8", "--drain.window", p.window.String(), "--limits.connections", strconv.Itoa(2*p.clients))}
	s.Env = append(os.Environ(), "KEFU_ADMIN_PASSWORD="+password)
	s.Stderr = os.Stderr
	if err := s.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.Wait() }()
	for within := p.now() + time.Minute; p.now() < within; pause(ctx, 5*time.Millisecond) {
		select {
		case err := <-s.ended:
			return nil, fmt.Errorf("the server does not start: %w", err)
		default:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+ops+"/readyz", nil)
		if err != nil {
			return nil, err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close() // only its status matters
			if res.StatusCode == http.StatusOK {
				return s, nil
			}
		}
	}
	s.kill()
	return nil, errors.New("the server did not get ready")
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
