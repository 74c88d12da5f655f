package desk

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// Said is a conversation in which a text was said, and the last event that says
// it.
type Said struct {
	Head  wire.Head
	Event wire.Event
}

// Search is what SearchMessages found, and how far it looked.
type Search struct {
	Found  []Said
	Looked int        // conversations
	Since  time.Time  // those whose phase began before this were not looked at; zero: there are none
	Next   core.Place // behind which to go on; zero: there are no more
}

// What one search looks through. No host has an index of what is said: it
// reads logs, on DynamoDB as on SQLite, and says how far it came.
const (
	searchScan   = 100  // conversations
	searchEvents = 1000 // of one: its newest
	searchAtOnce = 8
	searchLeast  = 2 // characters
)

// SearchMessages looks for a text in what was said, in the newest conversations
// that q selects and who may see: messages, notes, answers in forms, names of
// files, ratings. Letters match whatever their case. A conversation is found
// once, by its newest event that has the text.
func (d *Desk) SearchMessages(ctx context.Context, who core.Account, q core.Query, text string) (Search, error) {
	if err := allowed("search-messages", who); err != nil {
		return Search{}, err
	}
	text = strings.ToLower(strings.TrimSpace(text))
	if len([]rune(text)) < searchLeast {
		return Search{}, core.Errorf(core.Invalid, "q: at least %d characters are expected", searchLeast)
	}
	out := Search{Found: []Said{}}
	if !scope(who, &q) {
		return out, nil
	}
	q.Limit = searchScan
	list, err := d.Store.List(ctx, q)
	if err != nil {
		return out, err
	}
	if out.Looked = len(list); len(list) == searchScan {
		last := list[len(list)-1]
		out.Since, out.Next = last.Session.Since, core.Place{At: last.Session.Since, ID: last.ID}
	}
	hits, err := d.lookThrough(ctx, list, text)
	if err != nil {
		return out, err
	}
	for i, c := range list {
		if hits[i].Seq == 0 {
			continue
		}
		facts, err := d.facts(ctx, c)
		if err != nil {
			return out, err
		}
		view := d.viewOf(ctx, who, c)
		out.Found = append(out.Found, Said{facts.head(view, ""), wire.Preview(wire.Render(c.ID, hits[i], view))})
	}
	return out, nil
}

// lookThrough returns for each conversation its newest event that has the text;
// Seq 0: there is none.
func (d *Desk) lookThrough(ctx context.Context, list []core.Conversation, text string) ([]core.Event, error) {
	hits, faults := make([]core.Event, len(list)), make([]error, len(list))
	var work sync.WaitGroup
	slots := make(chan struct{}, searchAtOnce)
	for i, c := range list {
		if c.Erased || ctx.Err() != nil {
			continue
		}
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			hits[i], faults[i] = d.newestWith(ctx, c, text)
		})
	}
	work.Wait()
	return hits, errors.Join(append(faults, ctx.Err())...)
}

func (d *Desk) newestWith(ctx context.Context, c core.Conversation, text string) (core.Event, error) {
	for at, seen := c.Seq+1, 0; at > 1 && seen < searchEvents; {
		page, err := d.Store.Before(ctx, c.ID, at, chunk)
		if err != nil || len(page) == 0 {
			return core.Event{}, err
		}
		for i := len(page) - 1; i >= 0; i-- {
			if says(page[i].Body, text) {
				return page[i], nil
			}
		}
		at, seen = page[0].Seq, seen+len(page)
	}
	return core.Event{}, nil
}

// says reports whether a body has a text, which is in lower case.
func says(b core.Body, text string) bool {
	has := func(s string) bool { return s != "" && strings.Contains(strings.ToLower(s), text) }
	if has(b.Text) || has(b.File.Name) {
		return true
	}
	for _, f := range b.Fields {
		if has(f.Value) {
			return true
		}
	}
	for _, o := range b.Options {
		if has(o) {
			return true
		}
	}
	return false
}
