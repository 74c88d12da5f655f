// Package pgtest brings up a PostgreSQL for tests: a cluster of its own in a
// temporary directory, reached by a socket in there, with a password, and as
// careful about the disk as one in earnest.
//
//	func TestMain(m *testing.M) {
//		code := m.Run()
//		pgtest.Stop()
//		os.Exit(code)
//	}
//
//	func TestStore(t *testing.T) { … pgtest.Database(t) … }
//
// The first test that asks for a database starts the server that the package's
// tests share; each has a database of its own on it. One that is going to hurt
// the server starts another with [Start].
//
// The programs are those of the Debian package postgresql, which
// infra/dev/setup.sh installs. Where they are missing the tests are skipped, and
// say so; with KEFU_TEST_POSTGRES=required they fail.
package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// required in the environment turns a skipped test into a failed one.
const required = "KEFU_TEST_POSTGRES"

// Server is a PostgreSQL that runs, or has been stopped.
type Server struct {
	dir      string
	bin      string
	password string
	as       []string // what comes before a command to run it as another user

	cmd   *exec.Cmd
	stdin io.Closer // ends the server when it is closed, by whatever
	count int       // of databases
}

// shared is the server of this process, from the first Database to Stop.
var shared struct { //nolint:gochecknoglobals // tests of a package share nothing else to keep it in
	sync.Mutex
	*Server
	free []string // URLs of databases that tests have left
}

// Database lends an empty database on the server that tests share until the
// test ends, and returns its URL. To make one takes ten times as long as to
// empty one, so tests get each other's.
func Database(t testing.TB) (db string) {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.Server == nil {
		shared.Server = create(t)
	}
	if last := len(shared.free) - 1; last >= 0 {
		db, shared.free = shared.free[last], shared.free[:last]
	} else {
		db = shared.Database(t)
	}
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() { giveBack(ctx, db) })
	return db
}

// giveBack empties a database. One that can not be emptied, for somebody still
// uses it, is not lent again.
func giveBack(ctx context.Context, url string) {
	const empty = `SET lock_timeout = '1s'; DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC;
		DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET ALL', current_database()); END $$`
	if execute(ctx, url, empty) == nil {
		shared.Lock()
		defer shared.Unlock()
		shared.free = append(shared.free, url)
	}
}

// Stop ends the server that tests shared, if there was any.
func Stop() {
	shared.Lock()
	defer shared.Unlock()
	if shared.Server != nil {
		shared.remove()
		shared.Server, shared.free = nil, nil
	}
}

// Start brings up a server for one test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := create(t)
	t.Cleanup(s.remove)
	return s
}

func create(t testing.TB) *Server {
	t.Helper()
	bin, err := programs()
	if err != nil {
		if os.Getenv(required) == "required" {
			t.Fatal(err)
		}
		t.Skipf("%v, so nothing is known of PostgreSQL", err)
	}
	s := &Server{bin: bin, password: rand.Text()}
	if err := s.create(t.Context()); err != nil {
		s.remove()
		t.Fatal(err)
	}
	s.Start(t)
	return s
}

// programs finds the newest PostgreSQL of this machine.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return "", errors.New("there is no PostgreSQL on this machine; infra/dev/setup.sh installs it")
	}
	release := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[min(4, strings.Count(path, "/"))]) // else one that was put there by hand
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return release(a) - release(b) })), nil
}

// create makes the cluster. Root may not run PostgreSQL, so that becomes the
// user of the Debian package, or nobody.
func (s *Server) create(ctx context.Context) (err error) {
	if s.dir, err = os.MkdirTemp("", "kefu-postgres-"); err != nil {
		return err
	}
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		who, err := user.Lookup("postgres")
		if err != nil {
			if who, err = user.Lookup("nobody"); err != nil {
				return err
			}
		}
		uid, _ := strconv.Atoi(who.Uid)
		gid, _ := strconv.Atoi(who.Gid)
		if err := errors.Join(os.Chown(s.dir, uid, gid), os.Chown(secret, uid, gid)); err != nil {
			return err
		}
		s.as = []string{"setpriv", "--reuid", who.Uid, "--regid", who.Gid, "--clear-groups"}
	}
	initdb := s.command(ctx, "initdb", "--pgdata", s.data(), "--username", "kefu", "--pwfile", secret,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// CopyFiles copies the files of a server that is stopped, and returns how to put
// the copy in their place, when it is stopped again.
func (s *Server) CopyFiles(t testing.TB) (putBack func()) {
	t.Helper()
	copied := s.data() + "-copy"
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	run("cp", "-a", s.data(), copied)
	return func() {
		t.Helper()
		run("rm", "-rf", s.data())
		run("mv", copied, s.data())
	}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	argv := slices.Concat(s.as, []string{filepath.Join(s.bin, program)}, args)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = s.dir
	return cmd
}

// Start starts the server, on the data it had, and returns once it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// start has a shell watch over the server: it reads what never comes, and stops
// the server in immediate mode when there is nobody left who could write it. So
// the server does not outlive a test that panics or is killed.
func (s *Server) start(ctx context.Context) error {
	server := s.command(ctx, "postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=",
		"-c", "shared_buffers=32MB", "-c", "max_connections=100", "-c", "max_wal_size=256MB", "-c", "log_min_messages=fatal")
	const watch = `"$@" & pid=$!; read _; kill -QUIT $pid; wait $pid`
	s.cmd = exec.CommandContext(ctx, "sh", append([]string{"-c", watch, "sh"}, server.Args...)...)
	s.cmd.Dir = s.dir
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return s.answers(ctx)
}

// answers waits until the server does, and lets write.
func (s *Server) answers(ctx context.Context) error {
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	deadline, again := time.After(30*time.Second), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for {
		var recovers bool
		if err = db.QueryRowContext(ctx, "SELECT pg_is_in_recovery()").Scan(&recovers); err == nil && !recovers {
			return nil
		}
		select {
		case <-again.C:
		case <-deadline:
			said, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("PostgreSQL does not start: %w\n%s", err, said)
		}
	}
}

// Stop ends the server in immediate mode: it drops everything at once, and
// recovers from its log when it is started again.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) stop() error {
	if s.cmd == nil {
		return nil
	}
	err := s.stdin.Close()
	var exit *exec.ExitError
	if ended := s.cmd.Wait(); ended != nil && !errors.As(ended, &exit) {
		err = errors.Join(err, ended)
	}
	s.cmd = nil
	return err
}

// remove is for the end, where nobody is left to be told of an error.
func (s *Server) remove() {
	_ = s.stop()
	_ = os.RemoveAll(s.dir)
}

// Database makes an empty database and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	s.count++
	name := fmt.Sprintf("kefu_%d", s.count)
	s.Exec(t, "postgres", "CREATE DATABASE "+name)
	return s.url(name)
}

func (s *Server) url(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("kefu", s.password), Path: "/" + database, RawQuery: url.Values{"host": {s.dir}}.Encode()}
	return u.String()
}

// Exec runs SQL on a database of the server.
func (s *Server) Exec(t testing.TB, database, text string) {
	t.Helper()
	Exec(t, s.url(database), text)
}

// Exec runs SQL on the database at a URL.
func Exec(t testing.TB, url, text string) {
	t.Helper()
	if err := execute(context.WithoutCancel(t.Context()), url, text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func execute(ctx context.Context, url, text string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, text)
	return errors.Join(err, db.Close())
}

// Name is that of the database at a URL.
func Name(t testing.TB, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// Recover has the server, which is stopped, begin as one does from a backup with
// an archive of its log: it comes up on a new timeline, without what is not in
// there. Here the archive is empty.
func (s *Server) Recover(t testing.TB) {
	t.Helper()
	const settings = "restore_command = 'false'\n"
	conf, err := os.OpenFile(filepath.Join(s.data(), "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = conf.WriteString(settings)
		err = errors.Join(err, conf.Close(), os.WriteFile(filepath.Join(s.data(), "recovery.signal"), nil, 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Start(t)
}

// Socket is where the server at a URL listens.
func (s *Server) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

// Run runs one of PostgreSQL's own programs, such as pg_dump, on a database,
// and returns what it prints. The password goes by the environment.
func (s *Server) Run(t testing.TB, stdin, program string, args ...string) string {
	t.Helper()
	cmd := s.command(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "PGHOST="+s.dir, "PGUSER=kefu", "PGPASSWORD="+s.password)
	cmd.Stdin = strings.NewReader(stdin)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, errs.String())
	}
	return string(out)
}
