// Command bench measures the functions on this machine and counts what a
// message costs on AWS. It prints Markdown:
//
//	go run ./functions/local/bench          # or make edge-bench
//	go run ./functions/local/bench --check  # and fails if a figure is missed
//
// Sizes are those of the arm64 binaries that are deployed; times are those of
// this machine. Costs are requests that were counted, at the gateway and in
// front of the database, while two clients talked over the stack of package
// kefu/functions/local/stack; times the list prices of prices.go. What can not
// be counted here is assumed, and the table says so: how long an invocation
// takes on AWS, and how busy a process is there.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"kefu/functions/local/edge"
	"kefu/functions/local/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	check := flag.Bool("check", false, "fail if a figure is missed")
	flag.Parse()
	missed, err := run(ctx, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "edge-bench:", err)
		os.Exit(1)
	}
	if *check && missed > 0 {
		fmt.Fprintln(os.Stderr, "edge-bench: figures were missed:", missed)
		os.Exit(1)
	}
}

// run measures and prints everything, and returns how many figures were
// missed.
func run(ctx context.Context, out io.Writer) (missed int, err error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return 0, err
	}
	sizes, err := sizesOf(ctx, root)
	if err != nil {
		return 0, err
	}
	printed := &counter{}
	// One process of each kind: which one serves a frame, and what it
	// remembers, is then ours to say. Sweeps come when they are asked for.
	s, err := stack.Open(ctx, stack.Options{
		Root: root, Environments: 1, Sweep: 24 * time.Hour, Faults: edge.NewFaults(1), Now: time.Now, Output: printed,
	})
	if err != nil {
		return 0, err
	}
	defer func() { _ = s.Close() }() // it has served its purpose
	b := &bench{Stack: s, printed: printed}
	admin, err := b.hire(ctx)
	if err != nil {
		return 0, err
	}
	defer b.agent.leave()
	times, err := b.times(ctx)
	if err != nil {
		return 0, err
	}
	c, err := b.count(ctx, admin)
	if err != nil {
		return 0, err
	}
	return report(out, sizes, times, c), nil
}
