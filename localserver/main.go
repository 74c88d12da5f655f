// Command localserver is Kefu in one process: the desk, its database, its
// pages.
//
//	go run ./localserver
//
// It needs no configuration; kefu --help lists what there is. It prints where
// its pages are, and on the very first start the password of the first
// account. The log goes to standard error. SIGINT and SIGTERM have it leave
// in order; a second one ends it at once.
//
// It exits with 0 after that, 1 if it could not start or go on (one sentence
// says why), and 2 if its configuration is wrong (each line says where).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"kefu/localserver/internal/config"
	"kefu/localserver/internal/server"
	"kefu/sdk"
)

func main() { os.Exit(run(untilSignal(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr)) }

// The exit codes.
const (
	exitOK = iota
	exitFailed
	exitMisconfigured
)

func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	if slices.Contains(args, "--version") || slices.Contains(args, "-version") {
		fmt.Fprintln(stdout, versionLine())
		return exitOK
	}
	c, err := config.Load(args, environ, os.ReadFile)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, config.Usage())
		return exitOK
	case err != nil:
		fmt.Fprintln(stderr, err)
		return exitMisconfigured
	}
	if err := serve(ctx, c, locale(environ), stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "kefu:", err)
		return exitFailed
	}
	return exitOK
}

func serve(ctx context.Context, c config.Config, lang string, stdout, stderr io.Writer) error {
	s, err := server.Open(ctx, server.Options{Config: c, Files: sdk.Files(), Now: time.Now, Log: logger(c.Log, stderr)})
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, s.Banner(lang))
	return s.Run(ctx)
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

func logger(c config.Log, w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.Level}
	if c.Format == "json" {
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

// versionLine is what --version prints: what the Go tool noted when it built
// us, from the tag or the commit.
func versionLine() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "kefu (unknown)"
	}
	return "kefu " + info.Main.Version + " " + info.GoVersion
}
