//go:build linux

package main

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"
)

// loop is one thread that serves all connections of the client. There is no
// goroutine and no buffer a connection, so ten thousand cost little.
type loop struct {
	now   func() int64 // ns since the program began
	host  string       // for the Host header
	to    syscall.SockaddrInet4
	epoll int

	conns  []*conn // by descriptor
	open   int
	serial uint32 // for the source addresses
	buf    []byte
	errs   []error // the first few things that went wrong
	failed int
}

// conn is one connection.
type conn struct {
	fd       int
	upgraded bool
	armed    bool                // it is watched for when it can be written to
	ready    func(*conn)         // it can be written to
	message  func(*conn, []byte) // a text message came
	in       []byte              // what of a frame has come
	out      []byte              // what the system has not taken

	visitor *visitor
	agent   *agent
}

func newLoop(now func() int64, host string, to syscall.SockaddrInet4) (*loop, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return &loop{now: now, host: host, to: to, epoll: epoll, buf: make([]byte, 256<<10)}, nil
}

// sources is how many addresses connections come from: one has some 28,000
// ports.
const sources = 16

// dial begins a connection; c.ready is called once it is a WebSocket.
func (l *loop) dial(c *conn) error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("no further socket (ulimit -n?): %w", err)
	}
	c.fd = fd
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1) // a slower message is no reason to stop
	if l.to.Addr[0] == 127 {
		l.serial++
		if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(1 + l.serial%sources)}}); err != nil {
			return errors.Join(err, syscall.Close(fd))
		}
	}
	if err := syscall.Connect(fd, &l.to); err != nil && !errors.Is(err, syscall.EINPROGRESS) {
		return errors.Join(err, syscall.Close(fd))
	}
	for len(l.conns) <= fd {
		l.conns = append(l.conns, nil)
	}
	l.conns[fd] = c
	l.open++
	c.out, c.armed = upgrade(l.host), true
	return syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLOUT, Fd: int32(fd)})
}

// send sends one text message.
func (l *loop) send(c *conn, message []byte) { l.frame(c, opText, message) }

func (l *loop) frame(c *conn, op byte, payload []byte) {
	if c.fd < 0 {
		return
	}
	waits := len(c.out) > 0
	c.out = appendFrame(c.out, op, payload)
	if !waits {
		l.flush(c)
	}
}

// flush writes what is waiting; what the system does not take goes when it can.
func (l *loop) flush(c *conn) {
	n, err := syscall.Write(c.fd, c.out)
	if n > 0 {
		c.out = c.out[n:]
	}
	if err != nil && !errors.Is(err, syscall.EAGAIN) {
		l.fail(c, err)
		return
	}
	if len(c.out) == 0 {
		c.out = nil
	}
	if waits := len(c.out) > 0; waits != c.armed {
		c.armed = waits
		events := uint32(syscall.EPOLLIN)
		if waits {
			events |= syscall.EPOLLOUT
		}
		if err := syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_MOD, c.fd, &syscall.EpollEvent{Events: events, Fd: int32(c.fd)}); err != nil {
			l.fail(c, err)
		}
	}
}

// fail gives a connection up.
func (l *loop) fail(c *conn, err error) {
	l.note(err)
	l.close(c)
}

func (l *loop) note(err error) {
	l.failed++
	if len(l.errs) < 5 {
		l.errs = append(l.errs, err)
	}
}

func (l *loop) close(c *conn) {
	if c.fd < 0 {
		return
	}
	l.conns[c.fd] = nil
	l.open--
	_ = syscall.Close(c.fd)
	c.fd = -1
}

// sysEpollPwait2 waits by the nanosecond (Linux 5.11); it has the same number on
// all architectures. Messages are due by the microsecond, and epoll_wait sleeps in
// whole milliseconds.
const sysEpollPwait2 = 441

// wait serves what comes within some nanoseconds.
func (l *loop) wait(most int64) error {
	var events [256]syscall.EpollEvent
	limit := syscall.NsecToTimespec(max(most, 0))
	got, _, failed := syscall.Syscall6(sysEpollPwait2, uintptr(l.epoll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)),
		uintptr(unsafe.Pointer(&limit)), 0, 0)
	n := int(got)
	if failed == syscall.ENOSYS { // it spins, for less than a millisecond
		var err error
		n, err = syscall.EpollWait(l.epoll, events[:], int(max(most, 0)/1e6))
		if failed = 0; err != nil && !errors.As(err, &failed) {
			return err
		}
	}
	if failed != 0 {
		if failed != syscall.EINTR {
			return failed
		}
		n = 0
	}
	for _, e := range events[:max(n, 0)] {
		c := l.conns[e.Fd]
		if c == nil {
			continue
		}
		if e.Events&syscall.EPOLLOUT != 0 && len(c.out) > 0 {
			l.flush(c)
		}
		if e.Events&^syscall.EPOLLOUT != 0 && c.fd >= 0 {
			l.read(c)
		}
	}
	return nil
}

var errEnd = errors.New("the server closed a connection")

func (l *loop) read(c *conn) {
	n, err := syscall.Read(c.fd, l.buf)
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return
	case err != nil:
		l.fail(c, err)
		return
	case n <= 0:
		l.fail(c, errEnd)
		return
	}
	data := l.buf[:n]
	if len(c.in) > 0 {
		data = append(c.in, data...)
	}
	rest, err := l.frames(c, data)
	switch {
	case err != nil:
		l.fail(c, err)
	case len(rest) == 0:
		c.in = nil
	default:
		c.in = append([]byte(nil), rest...)
	}
}

// frames serves the whole frames in data and returns the rest.
func (l *loop) frames(c *conn, data []byte) ([]byte, error) {
	if !c.upgraded {
		rest, whole, err := upgraded(data)
		if err != nil || !whole {
			return data, err
		}
		data, c.upgraded = rest, true
		c.ready(c)
	}
	for c.fd >= 0 {
		op, payload, n, err := cutFrame(data)
		if err != nil || n == 0 {
			return data, err
		}
		data = data[n:]
		switch op {
		case opText:
			c.message(c, payload)
		case opPing:
			l.frame(c, opPong, payload)
		case opClose:
			return nil, fmt.Errorf("%w: %q", errEnd, payload)
		}
	}
	return nil, nil
}

// until serves until so, or for some nanoseconds; then it reports false.
func (l *loop) until(within int64, so func() bool, due func(now int64) (next int64)) (bool, error) {
	end := l.now() + within
	for !so() {
		now := l.now()
		if now >= end {
			return false, nil
		}
		next := end
		if due != nil {
			next = min(next, due(now))
		}
		if err := l.wait(min(next-l.now(), 50e6)); err != nil {
			return false, err
		}
	}
	return true, nil
}
