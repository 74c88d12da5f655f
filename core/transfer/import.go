package transfer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"kefu/core"
	"kefu/core/codec"
)

// maxLine is how many bytes a line may have: eight events of 32 KiB and what is
// around them.
const maxLine = 1 << 20

// Check reads a file to its end and returns what is in it. The error is one
// sentence: the line that is wrong, or that the file is not whole.
func Check(r io.Reader) (Summary, error) {
	var s sum
	var end *Summary
	err := read(r, func(l line, text []byte) error {
		if end != nil {
			return errors.New("there is more behind its end")
		}
		if l.End != nil {
			end = l.End
			return nil
		}
		s.add(l, text)
		return nil
	})
	switch {
	case err != nil:
		return Summary{}, err
	case end == nil:
		return Summary{}, errors.New("the file was cut short: its last line is missing")
	case *end != s.summary():
		return Summary{}, errors.New("the file is damaged: its digest is another one than at its end")
	}
	return *end, nil
}

// read calls each for every line but the first, which it checks. An error names
// the line.
func read(r io.Reader, each func(line, []byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		var l line
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil {
			if n == 1 {
				return errors.New("this is no file of kefu export")
			}
			return fmt.Errorf("line %d can not be read: it is damaged, or of a newer Kefu, or the file was cut short", n)
		}
		if n == 1 {
			if l.Kefu != format {
				return fmt.Errorf("the file has format %d, and this Kefu reads %d", l.Kefu, format)
			}
			continue
		}
		if err := each(l, lines.Bytes()); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("the file can not be read: %w", err)
	}
	return nil
}

// atOnce is how many conversations are written at a time: what a store needs to
// share its syncs among them.
const atOnce = 32

// ErrNotEmpty says that a store has a desk already.
var ErrNotEmpty = errors.New("there is a desk in that database already; import needs an empty one")

// Import checks a file and then fills a store with it, which must be empty. If
// that fails half way, what is there is of no use: empty it and try again.
func Import(ctx context.Context, from io.ReadSeeker, to core.Store) (Summary, error) {
	s, err := Check(from)
	if err != nil {
		return Summary{}, err
	}
	if err := empty(ctx, to); err != nil {
		return Summary{}, err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return Summary{}, err
	}
	m := &importer{to: to, places: make(chan struct{}, atOnce)}
	m.ctx, m.fail = context.WithCancelCause(ctx)
	err = read(from, func(l line, _ []byte) error { return m.take(l) })
	m.finish()
	m.work.Wait()
	if failed := context.Cause(m.ctx); failed != nil {
		err = failed
	}
	m.fail(nil)
	if err == nil {
		m.ctx = ctx // the other has ended
		err = m.capacities()
	}
	return s, err
}

func empty(ctx context.Context, to core.Store) error {
	accounts, err := to.Accounts(ctx)
	if err != nil {
		return err
	}
	some, err := to.List(ctx, core.Query{Limit: 1})
	if err != nil {
		return err
	}
	settings, err := to.Settings(ctx)
	if err == nil && (len(accounts) > 0 || len(some) > 0 || settings.Version > 0) {
		return ErrNotEmpty
	}
	return err
}

type importer struct {
	ctx      context.Context
	fail     context.CancelCauseFunc // the first failure ends all
	to       core.Store
	work     sync.WaitGroup
	places   chan struct{} // taken by each conversation that is being written
	accounts []core.Account
	version  uint64 // of the settings
	talk     *talk  // whose events are being read
}

// talk is one conversation that is read.
type talk struct {
	conversation
	events []core.Event
}

func (m *importer) take(l line) error {
	if err := m.ctx.Err(); err != nil {
		return context.Cause(m.ctx)
	}
	switch {
	case l.Account != nil:
		// As many seats as are taken; how many there are comes last.
		a := *l.Account
		m.accounts = append(m.accounts, a)
		a.Version, a.Capacity = 1, 1<<20
		return m.to.PutAccount(m.ctx, a)
	case l.Settings != nil:
		s, err := codec.Settings(l.Settings)
		if err != nil {
			return err
		}
		m.version++
		s.Version = m.version
		return m.to.PutSettings(m.ctx, s)
	case l.Secret != nil:
		kept, err := m.to.Secret(m.ctx, l.Secret.Name, l.Secret.Value)
		if err == nil && !bytes.Equal(kept, l.Secret.Value) {
			return ErrNotEmpty
		}
		return err
	case l.Block != nil:
		return m.to.PutBlock(m.ctx, *l.Block)
	case l.Document != nil:
		d := *l.Document
		d.Version = 1
		return m.to.PutDocument(m.ctx, d)
	case l.Conversation != nil:
		m.finish()
		m.talk = &talk{conversation: *l.Conversation}
	case l.Events != nil:
		if m.talk == nil {
			return errors.New("events without a conversation")
		}
		for _, x := range l.Events.List {
			e, err := x.core()
			if err != nil {
				return err
			}
			m.talk.events = append(m.talk.events, e)
		}
	}
	return nil
}

// finish has the conversation that was read be written.
func (m *importer) finish() {
	if t := m.talk; t != nil {
		m.places <- struct{}{}
		m.work.Go(func() {
			defer func() { <-m.places }()
			if err := t.store(m.ctx, m.to); err != nil {
				m.fail(err)
			}
		})
	}
	m.talk = nil
}

func (t *talk) store(ctx context.Context, to core.Store) error {
	c, err := codec.Conversation(t.Header)
	if err != nil {
		return fmt.Errorf("a conversation can not be read: %w", err)
	}
	if err := Commit(ctx, to, c, t.events); err != nil {
		return fmt.Errorf("conversation %s: %w", c.ID, err)
	}
	for side, seq := range map[core.PartyKind]uint64{core.Visitor: t.Marks.Visitor, core.Staff: t.Marks.Agent} {
		if seq > 0 {
			if err := to.Mark(ctx, c.ID, side, seq); err != nil {
				return err
			}
		}
	}
	if p := t.Profile; p != nil {
		if err := to.PutProfile(ctx, *p); err != nil {
			return err
		}
		if p.External != "" {
			_, err := to.Known(ctx, p.Site, p.External, p.ID)
			return err
		}
	}
	return nil
}

// Commit stores a conversation that a store has nothing of: its whole log, a few
// events a change, and the state after the last of them. Before that its lists
// know nothing of it.
func Commit(ctx context.Context, to core.Conversations, c core.Conversation, log []core.Event) error {
	if len(log) == 0 || log[len(log)-1].Seq != c.Seq {
		return errors.New("its log does not end where its state does")
	}
	was := core.Session{}
	for len(log) > 0 {
		some := log[:min(perLine, len(log))]
		log = log[len(some):]
		change := core.Change{Conversation: c, Was: was, Events: some, Moved: true}
		if last := some[len(some)-1]; len(log) > 0 {
			public := last.Seq
			if last.Internal {
				public = last.Prev
			}
			change.Conversation = core.Conversation{
				ID: c.ID, Site: c.Site, Visitor: c.Visitor, Seq: last.Seq, Public: public, At: last.At,
				Session: core.Session{Number: last.Session, Phase: core.Closed, Since: last.At},
			}
		} else if c.Session.Phase == core.Held {
			change.Take = c.Session.Agent
		}
		if err := to.Commit(ctx, change); err != nil {
			return err
		}
		was = change.Conversation.Session
	}
	return nil
}

// capacities gives every account the seats it has.
func (m *importer) capacities() error {
	for _, a := range m.accounts {
		a.Version = 2
		if err := m.to.PutAccount(m.ctx, a); err != nil {
			return err
		}
	}
	return nil
}
