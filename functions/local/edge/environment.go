package edge

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Environment is one process of a function, with the Runtime API that it
// lives on.
type Environment struct {
	// Static after newEnvironment.
	f       *Function
	name    string // as the log has it: "socket 3"
	runtime *Runtime
	ready   <-chan struct{} // closed at the first /next
	asked   chan struct{}   // closed when it is to end
	dead    chan struct{}   // closed when it has ended
	stop    func()          // closes asked, once

	err error // why it ended; set before dead is closed

	mu  sync.Mutex
	cmd *exec.Cmd // guarded by mu: nil until it was started

	busy    int  // guarded by f.mu: events given to it
	retired bool // guarded by f.mu: gets no more
}

func newEnvironment(f *Function, n int) *Environment {
	e := &Environment{
		f: f, name: fmt.Sprintf("%s %d", f.Name, n), runtime: newRuntime(f.arn()),
		asked: make(chan struct{}), dead: make(chan struct{}),
	}
	e.ready = e.runtime.ready
	e.stop = sync.OnceFunc(func() { close(e.asked) })
	return e
}

func (e *Environment) stopping() bool {
	select {
	case <-e.asked:
		return true
	default:
		return false
	}
}

// run starts the process and returns when it has ended.
func (e *Environment) run() {
	defer close(e.dead)
	defer e.f.bury(e)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.err = err
		return
	}
	api := &http.Server{Handler: e.runtime.handler(), ReadHeaderTimeout: 10 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() { _ = api.Serve(l) }) // until Close
	defer serving.Wait()
	defer api.Close()
	e.err = e.live(l.Addr().String())
}

// live is the life of the process.
func (e *Environment) live(address string) error {
	out := e.f.log.named(e.name)
	defer out.flush()
	cmd := &exec.Cmd{
		Path: e.f.Bootstrap, Args: []string{e.f.Bootstrap}, Dir: filepath.Dir(e.f.Bootstrap),
		Env: e.f.environ(address, e.name), Stdout: out, Stderr: out,
		WaitDelay: time.Second, // a child of the child may hold the pipe
	}
	apart(cmd)
	began := e.f.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	e.mu.Lock()
	e.cmd = cmd
	e.mu.Unlock()
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	init := time.NewTimer(e.f.InitTimeout)
	defer init.Stop()
	var late error
	for ready := e.ready; ; {
		select {
		case <-ready:
			init.Stop()
			ready = nil
			e.started(e.f.Now().Sub(began))
		case <-init.C:
			late = fmt.Errorf("not ready after %v", e.f.InitTimeout)
			e.kill()
		case err := <-exited:
			return cmp.Or(late, err)
		case <-e.asked:
			return e.end(cmd, exited)
		}
	}
}

func (e *Environment) started(init time.Duration) {
	e.f.bill(init)
	e.f.mu.Lock()
	defer e.f.mu.Unlock()
	e.f.stats.Init = init
}

// grace is what a process that asked for SIGTERM has before it is killed.
const grace = 500 * time.Millisecond

// end ends the process as Lambda does: at once, or, if it registered an
// extension, with a warning.
func (e *Environment) end(cmd *exec.Cmd, exited <-chan error) error {
	if e.runtime.extended() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may just have gone
		late := time.NewTimer(grace)
		defer late.Stop()
		select {
		case err := <-exited:
			return err
		case <-late.C:
		}
	}
	e.kill()
	return <-exited
}

// kill ends the process at once. It may be called at any time.
func (e *Environment) kill() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cmd != nil {
		_ = e.cmd.Process.Kill() // it may just have gone
	}
}

// invoke gives the process one event and waits for what comes of it.
func (e *Environment) invoke(event []byte) ([]byte, error) {
	select {
	case <-e.ready:
	case <-e.dead:
		return nil, e.obituary("")
	}
	i := newInvocation(event, e.f.Now().Add(e.f.Timeout))
	timeout := time.NewTimer(e.f.Timeout)
	defer timeout.Stop()
	select {
	case e.runtime.next <- i:
	case <-timeout.C:
		return nil, e.timedOut(i)
	case <-e.dead:
		return nil, e.obituary(i.id)
	}
	began := e.f.Now()
	defer func() { e.f.bill(e.f.Now().Sub(began)) }()
	if e.f.Faults.Hit(Crash) {
		time.AfterFunc(e.f.Faults.UpTo(Crash, 5*time.Millisecond), e.kill) // maybe in the middle of the next one
	}
	select {
	case a := <-i.done:
		return a.result, a.err
	case <-timeout.C:
		return nil, e.timedOut(i)
	case <-e.dead:
	}
	select {
	case a := <-i.done: // the last thing it did
		return a.result, a.err
	default:
		return nil, e.obituary(i.id)
	}
}

// timedOut gives up the process, which may be anywhere by now.
func (e *Environment) timedOut(i *invocation) error {
	e.kill()
	<-e.dead
	return failure("Sandbox.Timedout", "RequestId: %s Error: Task timed out after %.2f seconds", i.id, e.f.Timeout.Seconds())
}

// obituary is the error of an event whose process has ended.
func (e *Environment) obituary(request string) error {
	if err := e.runtime.initError(); err != nil {
		return err
	}
	reason := "Runtime exited without providing a reason"
	var exit *exec.ExitError
	switch {
	case errors.As(e.err, &exit):
		reason = "Runtime exited with error: " + exit.Error()
	case e.err != nil:
		reason = e.err.Error()
	}
	kind := "Runtime.ExitError"
	if request == "" {
		kind = "Runtime.InitError"
	}
	return failure(kind, "RequestId: %s Error: %s", request, reason)
}
