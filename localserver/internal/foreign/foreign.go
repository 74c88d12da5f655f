// Package foreign reads what other systems have kept of conversations: a CSV
// file that anybody can make, and a dump of go-fly's database.
//
// What comes of either is an [Archive], which [Archive.Store] adds to a desk: for
// each visitor one conversation with one session, which is closed. Their names of
// agents become accounts that are disabled, unless there are such accounts. A
// visitor whom the site knows under the same id (see core.Users) finds the
// conversation there.
//
// A conversation that a visitor has already is left alone, so the same file may
// be imported again.
package foreign

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kefu/core"
	"kefu/core/transfer"
)

// Archive is what another system has kept.
type Archive struct {
	Talks  []Talk
	Agents map[string]string // what they are called, by the name they log in with
	Passed []string          // what could not be read, and why
}

// Talk is all that was said with one visitor.
type Talk struct {
	Visitor string // the other system's id
	Name    string
	Avatar  string
	Lines   []Line // in order
}

// Line is one message.
type Line struct {
	At    time.Time
	Agent string // who said it, by the name they log in with; "": the visitor
	Text  string
}

// String says how much there is.
func (a Archive) String() string {
	lines, first, last := 0, time.Time{}, time.Time{}
	for _, t := range a.Talks {
		lines += len(t.Lines)
		if at := t.Lines[0].At; first.IsZero() || at.Before(first) {
			first = at
		}
		if at := t.Lines[len(t.Lines)-1].At; at.After(last) {
			last = at
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d conversations with %d messages and %d agents", len(a.Talks), lines, len(a.Agents))
	if lines > 0 {
		fmt.Fprintf(&b, ", from %s to %s", first.UTC().Format(time.DateTime), last.UTC().Format(time.DateTime))
	}
	b.WriteByte('\n')
	for i, why := range a.Passed {
		if i == 20 {
			fmt.Fprintf(&b, "and %d more that can not be read\n", len(a.Passed)-i)
			break
		}
		fmt.Fprintf(&b, "passed over: %s\n", why)
	}
	return b.String()
}

// pass notes what can not be read.
func (a *Archive) pass(format string, args ...any) {
	a.Passed = append(a.Passed, fmt.Sprintf(format, args...))
}

// book collects lines by visitor.
type book struct {
	talks map[string]*Talk
	order []string
}

func (b *book) talk(visitor string) *Talk {
	t := b.talks[visitor]
	if t == nil {
		t = &Talk{Visitor: visitor}
		b.talks[visitor] = t
		b.order = append(b.order, visitor)
	}
	return t
}

// into puts what was collected into an archive: those who said something.
func (b *book) into(a *Archive) {
	for _, id := range b.order {
		t := b.talks[id]
		if len(t.Lines) == 0 {
			continue
		}
		slices.SortStableFunc(t.Lines, func(x, y Line) int { return x.At.Compare(y.At) })
		a.Talks = append(a.Talks, *t)
	}
}

// Added is what came of an archive.
type Added struct{ Conversations, Events, There, Agents int }

func (a Added) String() string {
	return fmt.Sprintf("added %d conversations with %d events and %d disabled accounts; %d visitors had a conversation here and were left alone",
		a.Conversations, a.Events, a.Agents, a.There)
}

// Store adds an archive to a site of a desk.
func (a Archive) Store(ctx context.Context, st core.Store, site core.Site) (added Added, err error) {
	agents, err := a.hire(ctx, st, &added)
	if err != nil {
		return added, err
	}
	for _, t := range a.Talks {
		c, log := t.conversation(site, agents)
		known, err := st.Known(ctx, site.ID, t.Visitor, c.Visitor)
		if err != nil {
			return added, err
		}
		if known != c.Visitor { // the site knew them before
			c.Visitor, c.ID = known, core.ConversationOf(site.ID, known)
		}
		err = transfer.Commit(ctx, st, c, log)
		if core.CodeOf(err) == core.Conflict {
			added.There++
			continue
		}
		if err == nil {
			err = st.PutProfile(ctx, core.Profile{
				ID: c.Visitor, Site: site.ID, Name: clip(t.Name, 64), Avatar: link(t.Avatar), External: t.Visitor, Seen: c.At,
			})
		}
		if err != nil {
			return added, fmt.Errorf("after %d conversations: %w", added.Conversations, err)
		}
		added.Conversations++
		added.Events += len(log)
	}
	return added, nil
}

// hire finds or makes the accounts of those who answered.
func (a Archive) hire(ctx context.Context, st core.Store, added *Added) (map[string]core.AgentID, error) {
	ids := map[string]core.AgentID{}
	for name, display := range a.Agents {
		there, err := st.AccountNamed(ctx, strings.ToLower(name))
		switch {
		case err == nil:
			ids[name] = there.ID
			continue
		case core.CodeOf(err) != core.NotFound:
			return nil, err
		}
		account := core.Account{
			ID: core.AgentID(derived("a_", name)), Version: 1, Name: strings.ToLower(clip(name, 64)), Display: clip(cmp.Or(display, name), 64),
			Role: core.RoleAgent, Weight: 1, Disabled: true,
		}
		if err := st.PutAccount(ctx, account); err != nil {
			return nil, err
		}
		added.Agents++
		ids[name] = account.ID
	}
	return ids, nil
}

// maxText is how many characters a message has at most; what is longer becomes
// several.
const maxText = 4000

// conversation is a talk as a desk would have kept it.
func (t Talk) conversation(site core.Site, agents map[string]core.AgentID) (core.Conversation, []core.Event) {
	visitor := core.VisitorID(derived("v_", string(site.ID)+"\x00"+t.Visitor))
	c := core.Conversation{ID: core.ConversationOf(site.ID, visitor), Site: site.ID, Visitor: visitor}
	var log []core.Event
	add := func(at time.Time, by core.Party, body core.Body) {
		seq := uint64(len(log) + 1)
		if at = at.UTC().Truncate(time.Millisecond); at.Before(c.At) {
			at = c.At
		}
		log = append(log, core.Event{Seq: seq, Prev: seq - 1, Session: 1, At: at, By: by, Body: body})
		c.Seq, c.Public, c.At = seq, seq, at
	}
	add(t.Lines[0].At, core.Party{}, core.Body{Kind: core.KindOpened})
	for _, l := range t.Lines {
		by := core.Party{Kind: core.Visitor, ID: string(visitor)}
		if l.Agent != "" {
			by = core.AgentParty(agents[l.Agent])
			c.Last, c.LastAt = agents[l.Agent], l.At.UTC().Truncate(time.Millisecond)
		}
		for text := clean(l.Text); text != ""; {
			piece := clip(text, maxText)
			add(l.At, by, core.Body{Kind: core.KindText, Text: piece})
			text = text[len(piece):]
		}
	}
	add(c.At, core.Party{}, core.Body{Kind: core.KindClosed, Reason: core.ByRequest})
	c.Session = core.Session{Number: 1, Phase: core.Closed, Since: c.At, Spoke: c.At, Human: c.Last != ""}
	if len(site.Groups) > 0 {
		c.Session.Group = site.Groups[0]
	}
	return c, log
}

// derived makes an id of ours from one of theirs, the same each time.
func derived(prefix, theirs string) string {
	sum := sha256.Sum256([]byte("import\x00" + theirs))
	return prefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15]))
}

// clean leaves out what no text has.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
}

// clip returns so many characters of a text at most.
func clip(s string, most int) string {
	n := 0
	for i := range s {
		if n == most {
			return s[:i]
		}
		n++
	}
	return s
}

// link is a URL that a page may show.
func link(s string) string {
	if strings.HasPrefix(s, "https://") && len(s) <= 500 {
		return s
	}
	return ""
}
