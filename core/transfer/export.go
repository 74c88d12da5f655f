package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"kefu/core"
	"kefu/core/codec"
)

const (
	page      = 200 // conversations and events of one read
	perLine   = 8   // events: as many as a change may have
	mostSince = 100 // versions of the settings, as many as every store keeps
)

// Export writes all that is in a store. Each conversation is as it is at one
// moment, the whole is not: what is said meanwhile may be missing. Export from a
// copy, or with the server stopped, what has to be complete.
func Export(ctx context.Context, from core.Store, to io.Writer) (Summary, error) {
	x := &exporter{ctx: ctx, from: from, to: to, seen: map[core.ConversationID]bool{}}
	for _, step := range []func() error{x.head, x.accounts, x.settings, x.secrets, x.blocks, x.documents, x.conversations} {
		if err := step(); err != nil {
			return Summary{}, err
		}
	}
	s := x.summary()
	text, err := json.Marshal(line{End: &s})
	if err == nil {
		err = x.write(text)
	}
	return s, err
}

type exporter struct {
	sum
	ctx  context.Context
	from core.Store
	to   io.Writer
	seen map[core.ConversationID]bool
}

func (x *exporter) write(text []byte) error {
	_, err := x.to.Write(append(text, '\n'))
	return err
}

func (x *exporter) put(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	x.add(l, text)
	return x.write(text)
}

func (x *exporter) head() error { return x.write(fmt.Appendf(nil, `{"kefu":%d}`, format)) }

func (x *exporter) accounts() error {
	list, err := x.from.Accounts(x.ctx)
	if err != nil {
		return err
	}
	for _, a := range list {
		a.Version = 0
		if err := x.put(line{Account: &a}); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) settings() error {
	list, err := x.from.History(x.ctx, 0, mostSince)
	if err != nil {
		return err
	}
	list = list[:min(len(list), mostSince)]
	for _, s := range slices.Backward(list) {
		s.Version = 0
		if err := x.put(line{Settings: codec.AppendSettings(nil, s)}); err != nil {
			return err
		}
	}
	return nil
}

// secrets writes those that are there. Asking for one makes it, so it is asked
// with nothing; what then comes back empty was not there.
func (x *exporter) secrets() error {
	for _, name := range secrets() {
		value, err := x.from.Secret(x.ctx, name, nil)
		if err != nil {
			return err
		}
		if len(value) == 0 {
			return fmt.Errorf("there is no desk in it yet: no secret %q", name)
		}
		if err := x.put(line{Secret: &secret{name, value}}); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) blocks() error {
	list, err := x.from.Blocks(x.ctx)
	if err != nil {
		return err
	}
	for _, b := range list {
		if err := x.put(line{Block: &b}); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) documents() error {
	for _, kind := range Kinds() {
		after := ""
		for {
			list, err := x.from.Documents(x.ctx, kind, after, page)
			if err != nil {
				return err
			}
			for _, d := range list {
				after, d.Version = d.ID, 0
				if err := x.put(line{Document: &d}); err != nil {
					return err
				}
			}
			if len(list) < page {
				break
			}
		}
	}
	return nil
}

// conversations goes through the list until it finds nothing new: one that
// moves meanwhile goes to the front of it, past the place that was read.
func (x *exporter) conversations() error {
	for {
		fresh := 0
		q := core.Query{Limit: page}
		for {
			list, err := x.from.List(x.ctx, q)
			if err != nil {
				return err
			}
			for _, c := range list {
				if x.seen[c.ID] {
					continue
				}
				x.seen[c.ID] = true
				fresh++
				if err := x.conversation(c.ID); err != nil {
					return err
				}
			}
			if len(list) < page {
				break
			}
			last := list[len(list)-1]
			q.Before = core.Place{At: last.Session.Since, ID: last.ID}
		}
		if fresh == 0 {
			return nil
		}
	}
}

func (x *exporter) conversation(id core.ConversationID) error {
	c, err := x.from.Load(x.ctx, id)
	if err != nil || c.Seq == 0 {
		return err
	}
	out := conversation{Header: codec.AppendConversation(nil, c)}
	if out.Marks, err = x.from.Marks(x.ctx, id); err != nil {
		return err
	}
	p, err := x.from.Profile(x.ctx, c.Visitor)
	switch {
	case err == nil:
		out.Profile = &p
	case core.CodeOf(err) != core.NotFound:
		return err
	}
	if err := x.put(line{Conversation: &out}); err != nil {
		return err
	}
	return x.events(c)
}

var errHole = errors.New("a conversation has a hole in its log")

func (x *exporter) events(c core.Conversation) error {
	for seq := uint64(0); seq < c.Seq; {
		list, err := x.from.After(x.ctx, c.ID, seq, page)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fmt.Errorf("%w: %s after %d", errHole, c.ID, seq)
		}
		for some := range slices.Chunk(list, perLine) {
			out := events{Conversation: c.ID}
			for _, e := range some {
				if e.Seq > c.Seq { // said since
					break
				}
				if e.Seq != seq+1 {
					return fmt.Errorf("%w: %s after %d", errHole, c.ID, seq)
				}
				seq = e.Seq
				out.List = append(out.List, packed(e))
			}
			if len(out.List) == 0 {
				return nil
			}
			if err := x.put(line{Events: &out}); err != nil {
				return err
			}
		}
	}
	return nil
}
