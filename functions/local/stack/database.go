package stack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"kefu/core/identity"
	"kefu/functions/internal/dynalite"
	"kefu/functions/internal/dynamo"
	"kefu/functions/local/ddb"
)

// table is the name of the only one.
const table = "kefu"

// openDatabase starts the engine, and the proxy before it.
func (s *Stack) openDatabase(ctx context.Context) error {
	engine, err := dynalite.Open(context.WithoutCancel(ctx), filepath.Join(s.Root, dynalite.Dir), s.Data) // it ends after those who use it
	if err != nil {
		return err // a sentence already
	}
	s.later(engine.Close)
	s.Database = ddb.New(ddb.Options{Upstream: engine.Endpoint, Faults: s.Faults, Now: s.Now, Log: s.Log})
	s.later(func() error { s.Database.Close(); return nil })
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("no port is free for the database: %w", err)
	}
	s.database = "http://" + l.Addr().String()
	s.serve(l, s.Database)
	return s.define(ctx, engine.Endpoint)
}

// define makes the table, past the faults.
func (s *Stack) define(ctx context.Context, endpoint string) error {
	db := dynamo.NewClient(region, endpoint, dynalite.Credentials())
	if err := dynamo.Create(ctx, db, table); err != nil {
		return err
	}
	if err := dynamo.Verify(ctx, db, table); err != nil {
		return err
	}
	st := dynamo.New(dynamo.Options{API: db, Table: table, Now: s.Now})
	if err := st.Ready(ctx); err != nil {
		return err
	}
	return s.choosePassword(ctx, st)
}

const region = "us-east-1"

// choosePassword has one for the first account, and shows it, if there is no
// account yet.
func (s *Stack) choosePassword(ctx context.Context, st *dynamo.Store) error {
	staff, err := st.Accounts(ctx)
	if err != nil {
		return fmt.Errorf("the table can not be read: %w", err)
	}
	if len(staff) > 0 {
		return nil
	}
	if s.Password == "" {
		s.Password, err = identity.NewPassword(rand.Reader)
		s.Shown = s.Password
	}
	return err
}

// serve serves until Close.
func (s *Stack) serve(l net.Listener, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	s.later(func() error {
		err := server.Close()
		if ended := <-done; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return closed(err)
	})
}
