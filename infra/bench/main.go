//go:build linux

package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

//go:embed bench.yaml
var configuration string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	begun := time.Now()
	b := &bench{ctx: ctx, now: func() int64 { return int64(time.Since(begun)) }, admin: password}
	b.say = func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
	}
	if err := run(b); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(b *bench) (err error) {
	small := flag.Bool("quick", false, "little of everything, to see that it works")
	pgo := flag.Bool("pgo", true, "also build by a profile, which takes minutes")
	keep := flag.String("profile", "", "keep the profile as this file, such as localserver/default.pgo")
	only := flag.String("only", "main,batch,scale,bots,pgo", "the tables to make")
	temp := flag.String("dir", "", "directory for databases; its disk is what is measured")
	binary := flag.String("binary", "", "the server to start, instead of building it here")
	there := flag.String("url", "", "http:// URL of a server that runs, instead of starting one; its settings are changed")
	ops := flag.String("ops", "", "URL of its operations listener")
	flag.StringVar(&b.admin, "password", b.admin, "of its admin")
	out := flag.String("out", "", "file to write the tables to as well")
	flag.Parse()
	b.size = full()
	if *small {
		b.size = quick()
	}
	b.size.pgo = b.size.pgo && *pgo && *there == ""
	if b.temp, err = os.MkdirTemp(*temp, "kefu-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.temp)) }()
	if b.root, err = filepath.Abs("."); err != nil {
		return err
	}
	version := *there
	switch {
	case *there != "":
		b.foreign, *only = &target{url: strings.TrimRight(*there, "/"), ops: strings.TrimRight(*ops, "/")}, "main"
	case *binary != "":
		if b.binary, err = filepath.Abs(*binary); err != nil {
			return err
		}
		version = versionOf(b.binary)
	default:
		b.binary = filepath.Join(b.temp, "kefu")
		b.say("building")
		if err := build(b.ctx, b.root, b.binary, "auto"); err != nil {
			return err
		}
		version = versionOf(b.binary)
	}
	if err := stay(1); err != nil {
		return err
	}
	r := &report{}
	r.head("go run ./infra/bench "+strings.Join(os.Args[1:], " "), version, machine(b.temp, b.now))
	err = b.tables(r, *only, *keep)
	fmt.Print(r.String())
	if *out != "" {
		err = errors.Join(err, os.WriteFile(*out, []byte(r.String()), 0o644))
	}
	return err
}

// tables makes those that are wanted. What was learnt before a failure stays in
// the report.
func (b *bench) tables(r *report, only, keep string) error {
	wanted := func(name string) bool { return strings.Contains(","+only+",", ","+name+",") }
	b.size.pgo = b.size.pgo && wanted("pgo")
	var m mainRun
	var err error
	if wanted("main") || b.size.pgo {
		if m, err = b.main(); err != nil {
			return err
		}
		r.main(m, b.foreign == nil)
	}
	for _, t := range []struct {
		name string
		make func() error
	}{
		{"batch", func() error {
			return made(b.batches, func(rows []variant) { r.variants("With and without batches", rows) })
		}},
		{"scale", func() error { return made(b.scale, r.scale) }},
		{"bots", func() error {
			t, err := b.together()
			if err == nil {
				r.together(t)
			}
			return err
		}},
		{"pgo", func() error {
			if !b.size.pgo {
				return nil
			}
			return made(func() ([]variant, error) { return b.guided(m.profileWritten) }, r.guided)
		}},
	} {
		if !wanted(t.name) {
			continue
		}
		if err := t.make(); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if keep != "" && m.profileWritten != "" {
		profile, err := os.ReadFile(m.profileWritten)
		if err != nil {
			return err
		}
		return os.WriteFile(keep, profile, 0o644)
	}
	return nil
}

// made makes rows and, if there are some, has them written.
func made(make func() ([]variant, error), write func([]variant)) error {
	rows, err := make()
	if len(rows) > 0 && err == nil {
		write(rows)
	}
	return err
}
