package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/identity"
	"kefu/localserver/internal/backup"
	"kefu/localserver/internal/config"
	"kefu/localserver/internal/lock"
	"kefu/localserver/internal/server"
	"kefu/localserver/internal/sqlstore"
)

// commands is the text of kefu help.
const commands = `Usage: kefu [--key value] ...        start a server; kefu --help lists the keys
       kefu --demo              a made-up shop to look around in, on data of its own that is deleted at the end
       kefu COMMAND ... [--key value] ...

  config check            say what is wrong with the configuration, or that nothing is
  config print            print it, and where each value came from, without secrets
  config schema           print the JSON Schema of the file, for editors
  backup FILE             copy the database of this server, which may be running
  restore FILE            put such a copy back; the server is stopped
  agent add NAME          make an account; the server may be running
  agent passwd NAME       give an account another password; the server may be running
  agent reset-totp NAME   remove the second factor of who has lost theirs; the server may be running
  export FILE             write all that is stored, of SQLite or PostgreSQL, to a file
  import FILE             fill an empty database with such a file; the server is stopped
  import FILE --from csv|go-fly
                          add conversations of another system; the server may be running
  trace CONVERSATION      print the way of each event; the server may be running
  health                  ask the server on this machine whether it is ready; for health checks of containers
  doctor URL              try a server through its public address, and say what a proxy breaks
  version                 print the version

health exits with 0 if it is, and with 1 and the reason if it is not.
import --from takes --site ID and --dry-run, which only says what there is.
agent add takes --admin and --supervisor. agent add and agent passwd print a random password,
or take the first line of standard input with --password-stdin.
trace takes --log FILE, a log in JSON at level debug (- is standard input), and --after SEQ.
doctor takes --origin URL, the page that has the chat on it, and --quick.
The keys of the server say where its data is: kefu backup FILE --data /var/lib/kefu
`

// command runs one, and returns how the program exits. Its words come first, so
// that none of them is taken for the value of a flag.
func (p call) command(ctx context.Context) int {
	var words []string
	for len(p.args) > 0 && !strings.HasPrefix(p.args[0], "-") {
		words, p.args = append(words, p.args[0]), p.args[1:]
	}
	if slices.Contains(p.args, "--help") || slices.Contains(p.args, "-h") {
		words = []string{"help"}
	}
	last := words[len(words)-1]
	switch strings.Join(words[:max(len(words)-1, 1)], " ") + fmt.Sprint(" ", len(words)) {
	case "help 1":
		fmt.Fprint(p.stdout, commands)
		return exitOK
	case "version 1":
		fmt.Fprintln(p.stdout, versionLine())
		return exitOK
	case "config 2":
		return p.config(last)
	case "backup 2":
		return p.backup(ctx, last)
	case "restore 2":
		return p.restore(ctx, last)
	case "export 2":
		return p.export(ctx, last)
	case "import 2":
		return p.importFile(ctx, last)
	case "trace 2":
		return p.trace(ctx, last)
	case "health 1":
		return p.health(ctx)
	case "doctor 2":
		return p.doctor(ctx, last)
	case "agent add 3", "agent passwd 3":
		return p.agent(ctx, words[1], last)
	case "agent reset-totp 3":
		return p.resetTOTP(ctx, last)
	}
	return p.wrong("there is no command " + strings.Join(words, " ") + "; kefu help lists them")
}

// wrong says what is wrong with a command.
func (p call) wrong(sentence string) int {
	fmt.Fprintln(p.stderr, "kefu:", sentence)
	return exitMisconfigured
}

// options takes the flags of a command itself out of the arguments: those that
// are left are the server's. A flag is without a value, or has one.
func (p *call) options(set func(*flag.FlagSet)) error {
	f := flag.NewFlagSet("", flag.ContinueOnError)
	set(f)
	var ours, rest []string
	for i := 0; i < len(p.args); i++ {
		name, _, given := strings.Cut(strings.TrimLeft(p.args[i], "-"), "=")
		known := f.Lookup(name)
		if known == nil || !strings.HasPrefix(p.args[i], "-") {
			rest = append(rest, p.args[i])
			continue
		}
		ours = append(ours, p.args[i])
		on, _ := known.Value.(interface{ IsBoolFlag() bool })
		if on == nil && !given && i+1 < len(p.args) {
			i++
			ours = append(ours, p.args[i])
		}
	}
	p.args = rest
	f.SetOutput(discard{})
	return f.Parse(ours)
}

// discard is where the flag package writes what we say in our own words.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// config looks at the configuration without a server: what it says must hold
// before anything is started, or reloaded, with it.
func (p call) config(what string) int {
	if what == "schema" {
		_, _ = p.stdout.Write(config.Schema())
		return exitOK
	}
	c, from, err := config.Explain(p.args, p.environ, os.ReadFile)
	switch {
	case err != nil:
		return p.misconfigured(err)
	case what == "print":
		fmt.Fprint(p.stdout, config.Print(c, from))
	case what == "check":
		if err := server.CheckTLS(c.TLS, p.now()); err != nil {
			return p.wrong(err.Error())
		}
		fmt.Fprintln(p.stdout, "the configuration is good")
	default:
		return p.wrong("there is no command config " + what + "; there are check, print and schema")
	}
	return exitOK
}

// backup needs no lock: SQLite lets others read while a server writes.
func (p call) backup(ctx context.Context, file string) int {
	c, err := p.load()
	if err != nil {
		return p.misconfigured(err)
	}
	if c.Database != "" {
		return p.done(errors.New("the database is PostgreSQL; copy it with pg_dump"))
	}
	s, err := backup.Write(ctx, c.Data, file)
	if err == nil {
		fmt.Fprintf(p.stdout, "%s has %d conversations with %d events in %d bytes; every page of it was checked\n", file, s.Conversations, s.Events, s.Bytes)
	}
	return p.done(err)
}

// restore refuses what is not a matter of files.
func (p call) restore(ctx context.Context, file string) int {
	c, err := p.load()
	if err != nil {
		return p.misconfigured(err)
	}
	if c.Database != "" {
		return p.done(errors.New("the database is PostgreSQL; put it back with pg_restore"))
	}
	return p.done(p.restoreInto(ctx, c.Data, file))
}

// restoreInto holds the lock all the time: a server that is started meanwhile
// must not find the directory between two databases.
func (p call) restoreInto(ctx context.Context, dir, file string) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the data directory %s can not be made", dir)
	}
	held, err := lock.Acquire(dir)
	if err != nil {
		return stopped(err)
	}
	defer func() { err = errors.Join(err, held.Release()) }()
	s, aside, err := backup.Restore(ctx, backup.Options{File: file, Dir: dir, Now: p.now(), Try: p.try})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "restored %d conversations with %d events; clients start afresh\n", s.Conversations, s.Events)
	if aside != "" {
		fmt.Fprintf(p.stdout, "what was there before is in %s\n", aside)
	}
	return nil
}

// try opens the database in a directory as a server would.
func (p call) try(ctx context.Context, dir string) error {
	st, err := sqlstore.Open(ctx, sqlstore.Options{Dir: dir, Now: p.now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return st.Close()
}

// stopped adds to the news that a server runs what to do about it.
func stopped(err error) error {
	if held := new(lock.HeldError); errors.As(err, &held) {
		return fmt.Errorf("%w; stop it first", err)
	}
	return err
}

// agent goes through the desk, so that the rules for names and passwords are the
// same as for the API. Nobody is asked who they are: whoever may read the data
// directory may do everything anyway.
func (p call) agent(ctx context.Context, verb, name string) int {
	var admin, supervisor, stdin bool
	err := p.options(func(f *flag.FlagSet) {
		f.BoolVar(&stdin, "password-stdin", false, "")
		if verb == "add" {
			f.BoolVar(&admin, "admin", false, "")
			f.BoolVar(&supervisor, "supervisor", false, "")
		}
	})
	if err != nil {
		return p.wrong(err.Error())
	}
	c, err := p.load()
	if err != nil {
		return p.misconfigured(err)
	}
	role := core.RoleAgent
	if supervisor {
		role = core.RoleSupervisor
	}
	if admin {
		role = core.RoleAdmin
	}
	password, shown, err := p.password(stdin)
	if err != nil {
		return p.done(err)
	}
	err = p.withServer(ctx, c, func(s *server.Server) error {
		if verb == "passwd" {
			return s.SetPassword(ctx, strings.ToLower(name), password)
		}
		return s.AddAgent(ctx, desk.NewAgent{Name: name, Password: password, Role: role})
	})
	if err == nil && shown {
		fmt.Fprintf(p.stdout, "the password of %s is %s\nIt is shown only this once.\n", name, password)
	}
	return p.done(err)
}

// resetTOTP lets somebody in again without a code.
func (p call) resetTOTP(ctx context.Context, name string) int {
	c, err := p.load()
	if err != nil {
		return p.misconfigured(err)
	}
	err = p.withServer(ctx, c, func(s *server.Server) error { return s.ResetTOTP(ctx, strings.ToLower(name)) })
	if err == nil {
		fmt.Fprintf(p.stdout, "%s signs in with the password alone now; every login has ended\n", name)
	}
	return p.done(err)
}

// password is what was typed, or a random one to be shown.
func (p call) password(stdin bool) (password string, shown bool, err error) {
	if !stdin {
		password, err = identity.NewPassword(rand.Reader)
		return password, true, err
	}
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", false, fmt.Errorf("no password came on standard input: %w", err)
	}
	return line, false, nil
}

// withServer opens a server that serves nobody, on ports of the system's choice.
// It is the one way to the store and the desk that also takes the lock; if a
// server has that, it works beside it.
func (p call) withServer(ctx context.Context, c config.Config, do func(*server.Server) error) error {
	c.Listen, c.Ops, c.TLS, c.Trace = "127.0.0.1:0", "127.0.0.1:0", config.TLS{}, config.Trace{}
	c.ACME = config.ACME{}
	if _, err := os.Stat(c.Data); err != nil && c.Database == "" {
		return fmt.Errorf("there is no data directory %s; --data says where it is", filepath.Clean(c.Data))
	}
	o := server.Options{Config: c, Now: p.now, Log: slog.New(slog.DiscardHandler)}
	s, err := server.Open(ctx, o)
	if held := new(lock.HeldError); errors.As(err, &held) {
		o.Beside = true
		s, err = server.Open(ctx, o)
	}
	if err != nil {
		return err
	}
	if s.Password != "" {
		fmt.Fprintf(p.stdout, "the password of admin is %s\nIt is shown only this once.\n", s.Password)
	}
	return errors.Join(do(s), s.Close())
}

// doctor tries a server from outside.
func (p call) doctor(ctx context.Context, url string) int {
	d := examination{wait: 25 * time.Second}
	quick := false
	err := p.options(func(f *flag.FlagSet) {
		f.StringVar(&d.origin, "origin", "", "")
		f.BoolVar(&quick, "quick", false, "")
	})
	if err != nil || len(p.args) > 0 {
		return p.wrong("doctor takes --origin URL and --quick, and nothing else")
	}
	if quick {
		d.wait = 2 * time.Second
	}
	return d.run(ctx, p, url)
}
