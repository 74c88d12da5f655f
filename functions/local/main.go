// Command local is what template.yaml deploys to AWS, on this machine and
// without an account: the deployable bootstrap binaries behind an API Gateway
// and a Lambda service that behave as the real ones, on a local DynamoDB.
//
//	go run ./functions/local
//	go run ./functions/local --faults reorder=0.1,vanish=0.02,db-lag=0.5 --seed 7
//
// It needs Go, and Node.js for the database; `make setup` installs what that
// one is made of. It prints where the pages are and, if there is no account
// yet, the password of the first one, which is that of KEFU_ADMIN_PASSWORD or
// a random one. What the functions log goes to standard error, each line with
// the environment it came from. SIGINT and SIGTERM end it and all its
// processes; a second one ends it at once.
//
// --loopback lets webhooks and notifications lead to this machine, which a
// deployment never does.
//
// Keys of models in variables whose names begin with KEFU_MODEL_KEY are handed on
// to the function assist.
//
// --faults makes what is merely rare on AWS as frequent as you like, and
// --seed makes the decisions of each kind the same again. The package edge
// says what the names mean.
//
// It exits with 0 after that, 1 if it could not start (one sentence says why),
// and 2 if its flags are wrong.
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
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"kefu/core"
	"kefu/functions/local/edge"
	"kefu/functions/local/stack"
)

func main() {
	os.Exit(run(untilSignal(), os.Args[1:], os.Getenv, os.Environ, os.Stdout, os.Stderr))
}

// The exit codes.
const (
	exitOK = iota
	exitFailed
	exitMisused
)

func run(ctx context.Context, args []string, getenv func(string) string, environ func() []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitMisused // the flags have said it
	}
	o.Password, o.Now = getenv("KEFU_ADMIN_PASSWORD"), time.Now
	o.Keys = keys(environ())
	o.Log, o.Output = slog.New(slog.NewTextHandler(stderr, nil)), &readable{out: stderr}
	if err := serve(ctx, o, language(getenv), stdout); err != nil {
		fmt.Fprintln(stderr, "kefu:", err)
		return exitFailed
	}
	return exitOK
}

func serve(ctx context.Context, o stack.Options, lang string, stdout io.Writer) error {
	var err error
	if o.Root, err = root(); err != nil {
		return err
	}
	s, err := stack.Open(context.WithoutCancel(ctx), o) // it ends in order
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, banner(lang, s.URL(), s.Shown))
	<-ctx.Done()
	return s.Close()
}

// parse reads the flags. What is wrong with them is said to out.
func parse(args []string, out io.Writer) (stack.Options, error) {
	var o stack.Options
	flags := flag.NewFlagSet("local", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "`address` of the pages, the API and the sockets")
	flags.StringVar(&o.Data, "data", "", "`directory` to keep the table in (default: in memory)")
	flags.StringVar(&o.Dist, "dist", "", "`directory` that make dist GOARCH=host left (default: build the functions)")
	flags.IntVar(&o.Environments, "environments", 50, "`processes` of each function, at most")
	flags.DurationVar(&o.Sweep, "sweep", time.Minute, "`time` between two sweeps")
	flags.StringVar(&o.Level, "log", "", "`level` of the functions' logs: debug, info, warn or error")
	flags.BoolVar(&o.Loopback, "loopback", false, "let webhooks lead to this machine")
	seed := flags.Uint64("seed", 1, "`number` that the faults are drawn by")
	faults := flags.String("faults", "", "what goes wrong, and how often: `name=probability`, or all=0.05; several with commas")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.Faults = edge.NewFaults(*seed)
	if *faults != "" {
		if err := o.Faults.Parse(*faults); err != nil {
			fmt.Fprintln(out, "--faults:", err)
			return o, err
		}
	}
	switch {
	case flags.NArg() > 0:
		return o, misuse(out, "there are no arguments but flags: %q", flags.Arg(0))
	case o.Environments < 1:
		return o, misuse(out, "--environments: at least 1 is needed")
	case o.Sweep < 100*time.Millisecond:
		return o, misuse(out, "--sweep: at least 100ms is needed")
	}
	return o, nil
}

func misuse(out io.Writer, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	fmt.Fprintln(out, err)
	return err
}

// keys are those variables that may hold a key of a model.
func keys(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(v string) bool { return !strings.HasPrefix(v, core.KeyVariable) })
}

// root is the directory of the repository: the one that we were started in, or
// the next one above it.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "infra", "dev", "dynamodb", "serve.js")); err == nil {
			return dir, nil
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", errors.New("this is not Kefu's repository: start it there, with go run ./functions/local")
		}
		dir = above
	}
}

// untilSignal returns a context that the first SIGINT or SIGTERM ends. The
// second ends the process, at once.
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
