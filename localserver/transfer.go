package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"kefu/core/transfer"
	"kefu/localserver/internal/backup"
	"kefu/localserver/internal/config"
	"kefu/localserver/internal/foreign"
	"kefu/localserver/internal/lock"
	"kefu/localserver/internal/server"
	"kefu/localserver/internal/sqlstore"
)

// export writes all that is stored to a file. Of SQLite it takes a copy first,
// which is as the database is at one moment; the server may be running.
func (p call) export(ctx context.Context, file string) int {
	c, err := p.load()
	if err != nil {
		return p.misconfigured(err)
	}
	if _, err := os.Lstat(file); err == nil {
		return p.done(fmt.Errorf("%s exists, and nothing is overwritten; choose another name", file))
	}
	s, err := p.exportTo(ctx, c, file)
	if err == nil {
		fmt.Fprintf(p.stdout, "%s has %s\nits digest is %s\n", file, s.Counts, s.Digest)
	}
	return p.done(err)
}

func (p call) exportTo(ctx context.Context, c config.Config, file string) (s transfer.Summary, err error) {
	room, err := os.MkdirTemp(filepath.Dir(file), ".export-*")
	if err != nil {
		return s, fmt.Errorf("%s can not be written: %w", file, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(room)) }()
	o := sqlstore.Options{Dir: filepath.Join(room, "copy"), URL: c.Database, Now: p.now, Log: slog.New(slog.DiscardHandler)}
	if c.Database == "" {
		if err := os.Mkdir(o.Dir, 0o700); err != nil {
			return s, err
		}
		if _, err := backup.Write(ctx, c.Data, filepath.Join(o.Dir, "kefu.db")); err != nil {
			return s, err
		}
	}
	st, err := sqlstore.Open(ctx, o)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	unfinished := filepath.Join(room, "export")
	f, err := os.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return s, err
	}
	s, err = transfer.Export(ctx, st, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return s, fmt.Errorf("the export failed, and there is no %s: %w", file, err)
	}
	return s, os.Link(unfinished, file)
}

// importFile fills an empty database, or adds what comes from another system.
func (p call) importFile(ctx context.Context, file string) int {
	var from, site string
	var dry bool
	err := p.options(func(f *flag.FlagSet) {
		f.StringVar(&from, "from", "", "")
		f.StringVar(&site, "site", "default", "")
		f.BoolVar(&dry, "dry-run", false, "")
	})
	if err != nil {
		return p.wrong(err.Error())
	}
	c, err := p.load()
	if err != nil {
		return p.misconfigured(err)
	}
	f, err := os.Open(file)
	if err != nil {
		return p.done(fmt.Errorf("%s can not be read: %w", file, err))
	}
	defer f.Close()
	if from != "" {
		return p.importForeign(ctx, c, f, from, site, dry)
	}
	if dry {
		s, err := transfer.Check(f)
		if err == nil {
			fmt.Fprintf(p.stdout, "%s is whole and has %s\n", file, s.Counts)
		}
		return p.done(err)
	}
	if c.Database != "" {
		return p.done(p.fill(ctx, c, f, c.Data))
	}
	return p.done(p.importInto(ctx, c, f))
}

// importInto fills a directory that has no database, in a room of its own that
// is given its name when all is well.
func (p call) importInto(ctx context.Context, c config.Config, f *os.File) (err error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("the data directory %s can not be made", c.Data)
	}
	held, err := lock.Acquire(c.Data)
	if err != nil {
		return stopped(err)
	}
	defer func() { err = errors.Join(err, held.Release()) }()
	if _, err := os.Lstat(filepath.Join(c.Data, "kefu.db")); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is a database in %s already, and nothing is overwritten; name an empty directory with --data", c.Data)
	}
	room, err := os.MkdirTemp(c.Data, "import-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(room)) }()
	if err := p.fill(ctx, c, f, room); err != nil {
		return err
	}
	for _, name := range []string{"kefu.db", "kefu.generation"} {
		if err := os.Rename(filepath.Join(room, name), filepath.Join(c.Data, name)); err != nil {
			return err
		}
	}
	return nil
}

// fill imports, and then compares what is there with what was read.
func (p call) fill(ctx context.Context, c config.Config, f *os.File, dir string) (err error) {
	st, err := sqlstore.Open(ctx, sqlstore.Options{Dir: dir, URL: c.Database, Now: p.now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	read, err := transfer.Import(ctx, f, st)
	if err != nil {
		return err
	}
	there, err := transfer.Export(ctx, st, io.Discard)
	if err != nil {
		return err
	}
	if there != read {
		return fmt.Errorf("what is stored now is not what was read: %s instead of %s", there.Counts, read.Counts)
	}
	fmt.Fprintf(p.stdout, "imported %s\ncounts and digest %s are the same in both; clients read everything again\n", read.Counts, read.Digest)
	return nil
}

// importForeign adds conversations of another system.
func (p call) importForeign(ctx context.Context, c config.Config, f io.Reader, from, site string, dry bool) int {
	read, ok := map[string]func(io.Reader) (foreign.Archive, error){"csv": foreign.CSV, "go-fly": foreign.GoFly}[from]
	if !ok {
		return p.wrong("there is no --from " + from + "; there are csv and go-fly")
	}
	archive, err := read(f)
	if err != nil {
		return p.done(err)
	}
	fmt.Fprint(p.stdout, archive)
	if dry {
		fmt.Fprintln(p.stdout, "nothing was stored: this was a dry run")
		return exitOK
	}
	return p.done(p.withServer(ctx, c, func(s *server.Server) error {
		added, err := s.Adopt(ctx, site, archive)
		fmt.Fprintln(p.stdout, added)
		return err
	}))
}
