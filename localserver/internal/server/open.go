package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"

	"kefu/core"
	"kefu/localserver/internal/lock"
)

// openData makes the data directory, for its owner alone, and takes it.
func (s *Server) openData(context.Context) error {
	if s.Beside {
		return nil
	}
	dir := s.Config.Data
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the data directory %s can not be made: %w", dir, cause(err))
	}
	var err error
	s.lock, err = lock.Acquire(dir)
	return err
}

// doorKeys are the keys of the addresses, in the order of doors.
func doorKeys() []string { return []string{"listen", "ops", "tls.redirect"} }

// openDoors listens before anything takes time, so that a port in use is told
// at once. What systemd listens on already it takes over.
func (s *Server) openDoors(ctx context.Context) error {
	given, err := activated(os.Getenv, os.Getpid())
	if err != nil {
		return err
	}
	for i, addr := range []string{s.Config.Listen, s.Config.Ops, s.Config.TLS.Redirect} {
		key := doorKeys()[i]
		if l := given[key]; l != nil {
			s.doors[i].listener = l
			continue
		}
		if addr == "" {
			continue
		}
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", addr)
		if err != nil {
			return listenError(addr, key, err)
		}
		s.doors[i].listener = l
	}
	return nil
}

func listenError(addr, key string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("the address %s is in use by another program; free it, or choose another with --%s", addr, key)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the address %s may not be listened on by this user; choose another with --%s", addr, key)
	default:
		return fmt.Errorf("the address %s can not be listened on (--%s): %w", addr, key, cause(err))
	}
}

func (s *Server) openStore(ctx context.Context) error {
	store, err := s.OpenStore(ctx, s.Config.Data)
	if err != nil {
		return err // a sentence already
	}
	s.store = &timed{store, s.metrics, s.Now}
	return nil
}

// bootstrapError tells a password that will not do from a store that fails.
func bootstrapError(err error) error {
	var e *core.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e) && e.Code == core.Invalid:
		return fmt.Errorf("the password in KEFU_ADMIN_PASSWORD will not do: %s", e.Message)
	default:
		return fmt.Errorf("the first account can not be made: %w", err)
	}
}

// cause is the system's word for what went wrong, without the call and the
// name that the sentence has already.
func cause(err error) error {
	var path *fs.PathError
	var op *net.OpError
	var system *os.SyscallError
	if errors.As(err, &path) {
		err = path.Err
	}
	if errors.As(err, &op) {
		err = op.Err
	}
	if errors.As(err, &system) {
		err = system.Err
	}
	return err
}
