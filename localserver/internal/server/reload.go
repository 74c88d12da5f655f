package server

import (
	"context"
	"errors"
	"sync"

	"kefu/localserver/internal/config"
)

// reload is what Reload needs between its calls.
type reload struct {
	mu      sync.Mutex         // one at a time
	rewatch context.CancelFunc // guarded by mu: has watch look at other files; nil: it does not run
}

// config is the configuration in force.
func (s *Server) config() config.Config { return *s.current.Load() }

func (s *Server) trusted() config.Networks { return s.current.Load().TrustedProxies }

// Reload reads the configuration and the certificate again, and takes them over
// unless something is wrong with either: then all stays as it is. The log says
// what came of it. Nobody who is connected notices.
func (s *Server) Reload() {
	if s.Load == nil {
		return
	}
	s.reload.mu.Lock()
	defer s.reload.mu.Unlock()
	next, err := s.Load()
	if err == nil {
		err = s.takeLocked(next)
	}
	s.metrics.Reloaded(err == nil, s.Now())
	var faults config.Errors
	if errors.As(err, &faults) {
		for _, f := range faults {
			s.Log.Error("the configuration is refused; the one in force stays", "error", f)
		}
	} else if err != nil {
		s.Log.Error("the configuration is refused; the one in force stays", "error", err)
	}
}

// takeLocked has next in force. What can fail comes first.
func (s *Server) takeLocked(next config.Config) error {
	was := s.config()
	changes := was.Changes(next)
	taken := was.Reloaded(next)
	pair, err := s.certificate(taken.TLS)
	if err != nil {
		return err
	}
	if err := s.flight.Bound(taken.Trace.Slow); err != nil {
		return err
	}
	if err := s.decide(taken); err != nil {
		return err
	}
	s.current.Store(&taken)
	s.pair.Store(pair)
	s.hub.Limit(taken.Limits.Connections)
	if s.Level != nil {
		s.Level.Set(taken.Log.Level)
	}
	if was.TLS != taken.TLS && s.reload.rewatch != nil {
		s.reload.rewatch()
	}
	s.Log.Info("the configuration was read again", "changes", len(changes))
	for _, c := range changes {
		if c.Restart {
			s.Log.Warn("a change waits for the next start", "key", c.Key, "from", c.From, "to", c.To)
		} else {
			s.Log.Info("a change is in force", "key", c.Key, "from", c.From, "to", c.To)
		}
	}
	return nil
}

// watch reloads when a file changes that the configuration is made of, until ctx
// ends.
func (s *Server) watch(ctx context.Context) {
	for s.Load != nil && ctx.Err() == nil {
		these, cancel := context.WithCancel(ctx)
		var err error
		if files := s.watched(cancel); len(files) > 0 {
			err = config.Watch(these, files, s.Reload)
		} else {
			<-these.Done() // until there are some
		}
		cancel()
		if err != nil {
			s.Log.Warn("changes of the configuration's files are not noticed; SIGHUP has them read again", "error", err)
			return
		}
	}
}

// watched returns the files to look at, until stale is called.
func (s *Server) watched(stale context.CancelFunc) (files []string) {
	s.reload.mu.Lock()
	defer s.reload.mu.Unlock()
	s.reload.rewatch = stale
	c := s.config()
	for _, f := range []string{c.File, c.TLS.Cert, c.TLS.Key} {
		if f != "" {
			files = append(files, f)
		}
	}
	return files
}
