// Package server is a localserver as one value: [Open] makes everything ready
// and listens, [Server.Run] serves until it is told to leave, and Close ends
// what Run did not. The command and the tests use the same three.
//
// # Start
//
// Each step can fail for a reason of its own, and the error is then one
// sentence that says which: the data directory is made and locked, both
// addresses are listened on, the store is opened (and migrated), and the desk,
// with its first account if the store is empty, is put between the store and
// the hub. Connections that come before Run wait in the listener.
//
// # Another configuration
//
// [Server.Reload] has the configuration read again: on SIGHUP, which is the
// caller's to catch, and when a file of it changes, which Run notices. It is
// taken over as a whole or not at all, by replacing one pointer.
//
// # End
//
// The order is what keeps promise 23, that nothing acknowledged is lost and
// everybody is told:
//
//  1. /readyz says 503, so that balancers look elsewhere.
//  2. Nothing new is accepted; long-polls are answered, and requests of the
//     API that are going on get a moment. Nothing more is done on the clock.
//  3. The hub takes no more frames; what it took is committed and
//     acknowledged. Then every connection gets its bye and is closed.
//  4. Only when nobody is left who could write: the store, and last the lock.
//
// Steps 1 to 3 together take no longer than the drain window (or two seconds,
// if that is more), whoever hangs.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/assist/openai"
	"kefu/core/blob"
	"kefu/core/blob/media"
	"kefu/core/desk"
	"kefu/core/httpapi"
	"kefu/localserver/internal/blobdir"
	"kefu/localserver/internal/config"
	"kefu/localserver/internal/hub"
	"kefu/localserver/internal/lock"
	"kefu/localserver/internal/ops"
	"kefu/localserver/internal/socket"
)

// Options are what a Server is made of. Config and Now are required.
type Options struct {
	Config  config.Config
	Files   fs.FS // the pages, see httpapi.Options; nil: none are served
	Now     func() time.Time
	Log     *slog.Logger   // nil: none
	Level   *slog.LevelVar // of Log, to be set when it is configured otherwise; nil: it is not
	Version string         // of the program, for the metrics

	// Getenv looks a key of a model up that is in a variable; nil: none is.
	Getenv func(string) string

	// Load reads the configuration again; nil: it stays as it is.
	Load func() (config.Config, error)

	// OpenStore opens the store; nil: PostgreSQL if Config.Database names it, or
	// else SQLite in the data directory.
	OpenStore func(ctx context.Context, dir string) (Store, error)

	// Beside opens what another server has open, for what a command does; it is
	// not run.
	Beside bool

	// Uploads keeps files; nil: the bucket that Config.S3 names, or else the
	// directory uploads in the data directory.
	Uploads blob.Store
}

// Server is one node. Make it with Open.
type Server struct {
	// Static after Open.
	Options
	Password string // of the agent admin, to be shown once; empty if there is nothing to show

	base context.Context // of all work; outlives the drain
	stop context.CancelFunc

	// Set by the steps of Open, nil until then.
	lock    *lock.Lock
	store   Store
	uploads *blobdir.Store // nil: files are kept elsewhere, or not at all
	hub     *hub.Hub
	desk    *desk.Desk
	ops     *ops.Handler
	doors   [3]door // public, ops, and the one that redirects, which may be missing

	metrics *ops.Metrics
	models  *assist.Receptionist
	flight  *ops.Flight
	current atomic.Pointer[config.Config]   // what is in force; never changed, only replaced
	decided atomic.Pointer[desk.Operator]   // by what is in force
	pair    atomic.Pointer[tls.Certificate] // nil: plain HTTP
	reload  reload
	tried   time.Time // owned by upkeep: when a copy was last begun
	acme    *acme     // nil: the certificate is ours, or there is none

	requests sync.RWMutex // read-locked by each request that is being served

	closing sync.Once
	err     error // of close, set by closing
}

// door is an address with what is served there.
type door struct {
	listener net.Listener
	http     *http.Server
}

// serve answers until the listener or the server is closed.
func (d *door) serve() error {
	if d.http.TLSConfig != nil {
		return d.http.ServeTLS(d.listener, "", "") // and HTTP/2
	}
	return d.http.Serve(d.listener)
}

// close cuts what is still connected there.
func (d *door) close() error {
	if d.listener == nil {
		return nil
	}
	var err error
	if d.http != nil {
		err = d.http.Close()
	}
	if closed := d.listener.Close(); !errors.Is(closed, net.ErrClosed) {
		err = errors.Join(err, closed)
	}
	return err
}

// Open makes a server ready and listens. The context is for opening alone. An
// error is one sentence for whoever started the server, and nothing is left
// open then.
func Open(ctx context.Context, o Options) (*Server, error) {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	s := &Server{Options: o, metrics: ops.NewMetrics(o.Version)}
	s.current.Store(&o.Config)
	if err := s.decide(o.Config); err != nil {
		return nil, err
	}
	s.flight = ops.NewFlight(filepath.Join(o.Config.Data, "traces"), s.metrics, o.Now, o.Log)
	if s.OpenStore == nil {
		s.OpenStore = s.openSQL
	}
	s.base, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	for _, step := range []func(context.Context) error{s.openCertificate, s.openData, s.openDoors, s.openStore, s.openUploads, s.openDesk, s.openRoutes} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// openDesk puts the desk between the store and the hub, which know each other
// only through it.
func (s *Server) openDesk(ctx context.Context) (err error) {
	s.hub = hub.New(s.base, hub.Options{
		Decide: func(ctx context.Context, c core.Conversation, in core.Input) (core.Change, error) {
			return s.desk.Decide(ctx, c, in)
		},
		Dispatch: func(ctx context.Context, g core.GroupID) error { return s.desk.Dispatch(ctx, g) },
		Answer: func(ctx context.Context, id core.ConversationID, seq uint64) error {
			return s.desk.Answer(ctx, id, seq)
		},
		Brief: func(ctx context.Context, id core.ConversationID, session uint32) error {
			return s.desk.Brief(ctx, id, session)
		},
		Embed:       func(ctx context.Context, site core.SiteID) error { return s.desk.Embed(ctx, site) },
		Now:         s.Now,
		Log:         s.Log,
		Meter:       s.metrics,
		Connections: s.Config.Limits.Connections,
	})
	s.models = assist.New(assist.Options{Now: s.Now, Models: openai.New(), Getenv: s.Getenv, Log: s.Log, Meter: s.metrics.Assist()})
	send, mail, err := s.openOutgoing()
	if err != nil {
		return err
	}
	s.desk, err = desk.New(ctx, desk.Options{
		Store: s.store, Rooms: s.hub, Recall: s.hub.Recall, Floor: s.hub, Seek: s.hub.Seek, Hold: s.hub.Hold, Lists: true, Files: s.Uploads, Media: media.New(media.Budget), Operator: s.operator, Resumed: s.metrics.Resumed, Now: s.Now, Log: s.Log,
		Ask: s.hub.Ask, Debrief: s.hub.Debrief, Reembed: s.hub.Reembed, Receptionist: s.models, Outgoing: send, Mail: mail,
	})
	if err != nil {
		return fmt.Errorf("the store can not be read: %w", err)
	}
	s.Password, err = s.desk.Bootstrap(ctx, string(s.Config.AdminPassword))
	return bootstrapError(err)
}

func (s *Server) openRoutes(context.Context) error {
	api, err := httpapi.New(httpapi.Options{Desk: s.desk, Poll: s.desk, Uploads: s.desk, Files: s.Files, Now: s.Now, Log: s.Log})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", socket.New(s.base, socket.Options{Hub: s.hub, Serve: s.serveFrame, Gone: s.desk.Gone, Log: s.Log}))
	mux.Handle("/v1/poll", s.metrics.Serve("poll", api))
	mux.Handle("/v1/", s.metrics.Serve("api", api))
	mux.Handle("/", s.metrics.Serve("pages", api))
	s.metrics.Live(s.base, func() ops.Stats { return ops.Stats(s.hub.Stats()) }, s.store, s.Now)
	s.ops = ops.New(s.store.Ready, s.desk.ModelWarnings, s.metrics, s.flight, s.Log)
	s.doors[0].http = s.httpServer(behind(s.trusted, mux))
	s.doors[1].http = s.httpServer(s.ops)
	s.doors[1].http.WriteTimeout = 10 * time.Minute // of a profile
	if s.Config.HTTPS() {
		s.doors[0].http.TLSConfig = s.tlsConfig()
		s.doors[2].http = s.httpServer(s.acme.answer(http.HandlerFunc(s.redirect)))
	}
	return s.flight.Bound(s.Config.Trace.Slow)
}

// httpServer bounds what a client can hold without sending anything sensible.
// A WebSocket has left it by then; its limits are the hub's.
func (s *Server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           s.counted(h),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return s.base },
	}
}

// counted has Close wait for requests that are being served: they use the
// store.
func (s *Server) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.RLock()
		defer s.requests.RUnlock()
		h.ServeHTTP(w, r)
	})
}

// Addr is the address of the public listener, with the port the system chose
// if it was to choose.
func (s *Server) Addr() net.Addr { return s.doors[0].listener.Addr() }

// OpsAddr is the address of the operator's listener.
func (s *Server) OpsAddr() net.Addr { return s.doors[1].listener.Addr() }

// Run serves until ctx ends, then drains and closes. It returns an error if
// it had to stop by itself, or could not close what it had open.
func (s *Server) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	failed := make(chan error, len(s.doors))
	moved := make(chan struct{})
	for _, d := range s.doors {
		if d.listener == nil {
			continue
		}
		running.Go(func() {
			if err := d.serve(); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	clock, stopClock := context.WithCancel(s.base)
	defer stopClock()
	running.Go(func() { s.tick(clock) })
	running.Go(func() { s.hub.Run(s.base) })
	running.Go(func() { s.tellOut(clock, s.desk.DeliverHooks) })
	running.Go(func() { s.tellOut(clock, s.desk.Notify) })
	running.Go(func() { s.watch(clock) })
	running.Go(func() { s.watchStore(clock, moved) })
	running.Go(func() { s.acme.run(clock) })
	running.Go(func() { s.askModels(clock) })
	running.Go(func() { s.upkeep(clock) })

	s.Log.Info("serving", "listen", s.Addr().String(), "ops", s.OpsAddr().String())
	var err error
	select {
	case <-ctx.Done():
	case <-moved:
		s.Log.Error("the database is another one than at the start; leaving")
		err = errors.New("the database is another one than at the start, such as a standby that was promoted: start again")
	case err = <-failed:
		s.Log.Error("a listener failed; leaving", "error", err)
		err = errors.New("a listener failed, see the log")
	}
	stopClock()
	s.drain()
	return errors.Join(err, s.Close())
}

const (
	moment  = time.Second     // for requests of the API that are going on
	atLeast = 2 * time.Second // to leave in order, however short the window
)

func (s *Server) drain() {
	window := s.config().Drain.Window
	ctx, cancel := context.WithTimeout(s.base, max(window, atLeast))
	defer cancel()
	s.Log.Info("leaving", "window", window)
	s.ops.Drain()
	s.hub.EndPolls(window)
	short, cancelShort := context.WithTimeout(ctx, moment)
	defer cancelShort()
	if err := s.doors[0].http.Shutdown(short); err != nil {
		s.Log.Debug("some requests go on", "error", err)
	}
	if err := s.hub.Drain(ctx, window); err != nil {
		s.Log.Warn("not everybody left in time", "error", err)
	}
}

// Close ends everything at once, and returns when it has. A second call waits
// for the first.
func (s *Server) Close() error {
	s.closing.Do(func() { s.err = s.close() })
	return s.err
}

// close takes down what Open has come to put up, those first who write.
func (s *Server) close() error {
	s.stop()
	var errs []error
	for i := range s.doors {
		errs = append(errs, s.doors[i].close())
	}
	s.requests.Lock() // the last one has ended, and there is no next
	defer s.requests.Unlock()
	if s.hub != nil {
		s.hub.Close()
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	errs = append(errs, s.closeUploads())
	s.acme.close()
	errs = append(errs, s.flight.Close())
	if s.lock != nil {
		errs = append(errs, s.lock.Release())
	}
	return errors.Join(errs...)
}
