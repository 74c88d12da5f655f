// Command localserver is Kefu in one process: the desk, its database, its
// pages.
//
//	go run ./localserver
//	go run ./localserver --demo
//
// It needs no configuration; kefu --help lists what there is, and kefu help the
// commands that look after a server. It prints where its pages are, and on the
// very first start the password of the first account. The log goes to standard
// error. With --demo it is a made-up shop, with people who talk, on data of its
// own that is deleted at the end.
//
// SIGINT and SIGTERM have it leave in order; a second one ends it at once.
// SIGHUP has it read its configuration again. Neither that nor a terminal that
// is closed ends it.
//
// It exits with 0 after that, 1 if it could not start or go on (one sentence
// says why), and 2 if its configuration, or a command, is wrong (each line says
// where). kefu doctor exits with 1 if something does not work.
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
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // opening hours, where the system has no time zones: Windows, an image from scratch

	"github.com/KimMachineGun/automemlimit/memlimit"

	"kefu/localserver/internal/collector"
	"kefu/localserver/internal/config"
	"kefu/localserver/internal/server"
	"kefu/sdk"
)

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader of our output that goes is no reason to end
	os.Exit(run(untilSignal(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// The exit codes.
const (
	exitOK = iota
	exitFailed
	exitMisconfigured
)

// call is one start of the program.
type call struct {
	args, environ  []string // args without the program and the command
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	files          fs.FS         // the pages
	demoSecond     time.Duration // of the people of a demonstration; 0: a second
}

func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	p := call{args: args, environ: environ, stdin: os.Stdin, stdout: stdout, stderr: stderr, now: time.Now, files: sdk.Files()}
	return p.run(ctx)
}

func (p call) run(ctx context.Context) int {
	args, stdout := p.args, p.stdout
	if slices.Contains(args, "--version") || slices.Contains(args, "-version") {
		fmt.Fprintln(stdout, versionLine())
		return exitOK
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		return p.command(ctx)
	}
	load, serve := p.load, p.serve
	if p.takesDemo() {
		load, serve = p.loadDemo, p.demonstrate
	}
	c, err := load()
	if err != nil {
		return p.misconfigured(err)
	}
	return p.done(serve(ctx, c))
}

// load reads the configuration as it is now.
func (p call) load() (config.Config, error) { return config.Load(p.args, p.environ, os.ReadFile) }

// misconfigured answers a question for help, or says what is wrong.
func (p call) misconfigured(err error) int {
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(p.stdout, config.Usage())
		return exitOK
	}
	fmt.Fprintln(p.stderr, err)
	return exitMisconfigured
}

// done says why something failed, if it did.
func (p call) done(err error) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(p.stderr, "kefu:", err)
	return exitFailed
}

func (p call) serve(ctx context.Context, c config.Config) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)

	var level slog.LevelVar
	level.Set(c.Log.Level)
	log := logger(c.Log.Format, &level, p.stderr)
	s, err := server.Open(ctx, server.Options{
		Config: c, Files: p.files, Now: p.now, Log: log, Level: &level, Version: version(), Load: p.load, Getenv: os.Getenv,
	})
	if err != nil {
		return err
	}
	say(log, c, os.Geteuid())
	if !slices.ContainsFunc(p.environ, func(e string) bool { return strings.HasPrefix(e, "GOGC=") }) {
		pacing, stop := context.WithCancel(ctx)
		defer stop()
		go collector.Pace(pacing, p.now)
	}
	fmt.Fprint(p.stdout, s.Banner(locale(p.environ)))
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			select {
			case <-hangups:
				s.Reload()
			case <-over:
				return
			}
		}
	}()
	return s.Run(ctx)
}

// say logs what the program is and what it has been given. Memory is bounded by
// what the container may have, a tenth of it left for what Go does not count.
// user is the effective one; 0 is root.
func say(log *slog.Logger, c config.Config, user int) {
	if user == 0 {
		log.Warn("this is root, of which a server needs nothing: start it as a user of its own, who owns the data directory")
	}
	limit, err := memlimit.Set()
	if err != nil {
		log.Warn("the memory limit of the container is not known", "error", err)
	}
	memory := "none"
	if limit > 0 && limit < 1<<62 {
		memory = fmt.Sprintf("%d MiB", limit>>20)
	}
	log.Info("started", "version", version(), "go", runtime.Version(), "gomaxprocs", runtime.GOMAXPROCS(0), "gomemlimit", memory, "config", c)
}

// untilSignal returns a context that the first SIGINT or SIGTERM ends. The
// second ends the process, at once. One channel catches both, for the second
// may come before anybody has looked at the first.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitFailed)
	}()
	return ctx
}

func logger(format string, level slog.Leveler, w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// locale is the language of whoever started us, as POSIX looks for it.
func locale(environ []string) string {
	for _, name := range []string{"LC_ALL=", "LC_MESSAGES=", "LANG="} {
		for _, entry := range environ {
			if v, ok := strings.CutPrefix(entry, name); ok && v != "" {
				return v
			}
		}
	}
	return ""
}

// version is what the Go tool noted when it built us, from the tag or the
// commit.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// versionLine is what kefu version prints.
func versionLine() string { return "kefu " + version() + " " + runtime.Version() }
