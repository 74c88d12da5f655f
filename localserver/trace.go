package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"kefu/core"
	"kefu/localserver/internal/config"
	"kefu/localserver/internal/sqlstore"
)

// trace prints the way of each event of a conversation: what the store has of
// it, and, with a log in JSON at level debug, when it was received, committed,
// pushed and acknowledged. It never prints what was said.
func (p call) trace(ctx context.Context, id string) int {
	var file string
	var after uint64
	err := p.options(func(f *flag.FlagSet) {
		f.StringVar(&file, "log", "", "")
		f.Uint64Var(&after, "after", 0, "")
	})
	if err != nil {
		return p.wrong(err.Error())
	}
	c, err := p.load()
	if err != nil {
		return p.misconfigured(err)
	}
	t := trail{}
	if file != "" {
		if t, err = p.readTrail(file, id); err != nil {
			return p.done(err)
		}
	}
	return p.done(p.printTrail(ctx, c, core.ConversationID(id), after, t))
}

// step is when something happened to an event, and a word about it.
type step struct {
	at   time.Time
	note string
}

// way is what a log says of one event.
type way struct{ received, committed, pushed, acknowledged step }

// trail is what a log says of a conversation, by event; received is by outbox
// and number until it is known which event came of it.
type trail map[uint64]*way

func (t trail) of(seq uint64) *way {
	if t[seq] == nil {
		t[seq] = &way{}
	}
	return t[seq]
}

// logLine is a line of ours in JSON.
type logLine struct {
	Time         time.Time
	Msg          string
	Conversation string
	Type         string
	Origin       string
	N            uint64
	First, Last  uint64
	Seq          uint64
	To           int
}

func (p call) readTrail(file, id string) (trail, error) {
	var in io.Reader = p.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("the log can not be read: %w", err)
		}
		defer f.Close()
		in = f
	}
	t, received := trail{}, map[string]step{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	seen, ours := 0, 0
	for lines.Scan() {
		var l logLine
		if seen++; json.Unmarshal(lines.Bytes(), &l) != nil {
			continue
		}
		if l.Msg != "" {
			ours++
		}
		if l.Conversation == id {
			t.take(l, received)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("the log can not be read: %w", err)
	}
	if ours == 0 && seen > 0 {
		return nil, errors.New("the log is not in JSON: start the server with --log.format json")
	}
	return t, nil
}

func (t trail) take(l logLine, received map[string]step) {
	frame := fmt.Sprint(l.Origin, " ", l.N)
	at := step{at: l.Time}
	switch l.Msg {
	case "received":
		if _, again := received[frame]; !again { // a repeat has the same number
			received[frame] = at
		}
	case "committed":
		for seq := l.First; seq <= l.Last && seq-l.First < 8; seq++ {
			t.of(seq).committed = at
			t.of(seq).received = received[frame]
		}
	case "pushed":
		w := t.of(l.Seq)
		w.pushed = step{l.Time, fmt.Sprintf(" to %d", l.To)}
	case "acknowledged":
		if w := t.of(l.Seq); w.acknowledged.at.IsZero() {
			w.acknowledged = at
		}
	}
}

// printTrail reads the log of the conversation beside a server that may be
// running.
func (p call) printTrail(ctx context.Context, c config.Config, id core.ConversationID, after uint64, t trail) (err error) {
	st, err := sqlstore.Open(ctx, sqlstore.Options{Dir: c.Data, URL: c.Database, Now: p.now, Log: slog.New(slog.DiscardHandler), Beside: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	state, err := st.Load(ctx, id)
	if err != nil {
		return err
	}
	if state.Seq == 0 {
		return fmt.Errorf("there is no conversation %s", id)
	}
	fmt.Fprintf(p.stdout, "%s of site %s: session %d is %s, %d events\n", id, state.Site, state.Session.Number, state.Session.Phase, state.Seq)
	fmt.Fprintf(p.stdout, "%5s  %-24s  %-14s  %-9s  %-26s  %s\n", "seq", "stored as of", "what", "by", "frame", "its way")
	for seq := after; ; {
		list, err := st.After(ctx, id, seq, 200)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, e := range list {
			seq = e.Seq
			frame := ""
			if e.Origin != "" {
				frame = fmt.Sprintf("%s#%d", e.Origin, e.N)
			}
			fmt.Fprintf(p.stdout, "%5d  %-24s  %-14s  %-9s  %-26s  %s\n",
				e.Seq, e.At.Format("2006-01-02T15:04:05.000Z"), e.Body.Kind, e.By.Kind, frame, t[e.Seq])
		}
	}
}

// String tells the steps, each with the time since the first of them.
func (w *way) String() string {
	if w == nil {
		return ""
	}
	var first time.Time
	var parts []string
	for _, s := range []struct {
		name string
		step
	}{{"received", w.received}, {"committed", w.committed}, {"pushed", w.pushed}, {"acknowledged", w.acknowledged}} {
		switch {
		case s.at.IsZero():
		case first.IsZero():
			first = s.at
			parts = append(parts, s.name+" "+s.at.UTC().Format("15:04:05.000000")+s.note)
		default:
			parts = append(parts, fmt.Sprintf("%s +%.2fms%s", s.name, float64(s.at.Sub(first).Microseconds())/1000, s.note))
		}
	}
	return strings.Join(parts, ", ")
}
