package wire

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kefu/core"
)

// check holds a frame against the protocol.
func (f *Frame) check(lim core.Limits) error {
	if Numbered(f.Type) {
		if !validOrigin(f.Origin) {
			return core.Errorf(core.Invalid, "origin: 8 to 40 of A-Z a-z 0-9 _ - are expected")
		}
		if f.N == 0 || f.N > MaxInt {
			return core.Errorf(core.Invalid, "n: 1 to %d is expected", MaxInt)
		}
	}
	if len(f.Conversation) > maxID {
		return core.Errorf(core.Invalid, "conversation: at most %d bytes", maxID)
	}
	if f.Seq > MaxInt {
		return core.Errorf(core.Invalid, "seq: at most %d is expected", MaxInt)
	}
	switch f.Type {
	case Hello:
		return f.checkHello()
	case Send:
		if f.Body == nil {
			return core.Errorf(core.Invalid, "body: is missing")
		}
		return f.Body.check(lim)
	case Human, End, Take, Reopen, Rate, Transfer, Snooze:
		return f.checkSession(lim)
	case Typing:
		if f.Doing != "" && !slices.Contains(Doing(), f.Doing) {
			return core.Errorf(core.Invalid, "doing: one of %s is expected", strings.Join(Doing(), ", "))
		}
		return tooLong("text", f.Text, lim.Text)
	case After, Before:
		if f.Limit < 0 || f.Limit > MaxPage {
			return core.Errorf(core.Invalid, "limit: 1 to %d is expected", MaxPage)
		}
		return nil
	case Status:
		if !core.Status(f.Status).Valid() {
			return core.Errorf(core.Invalid, "status: online, away or offline is expected")
		}
		return nil
	case Ping:
		if f.Next < 0 || f.Next > 600 {
			return core.Errorf(core.Invalid, "next: 0 to 600 seconds are expected")
		}
		return nil
	case Read:
		return nil
	case Watch:
		return f.checkWatch()
	case Tagging:
		return f.checkTags()
	case Moved:
		return f.checkPage()
	case Edit, Recall:
		return f.checkAmend(lim)
	default:
		return core.Errorf(core.Invalid, "type: %.20q is not known", f.Type)
	}
}

func (f *Frame) checkAmend(lim core.Limits) error {
	switch {
	case f.Seq == 0:
		return core.Errorf(core.Invalid, "seq: which message is missing")
	case f.Type == Recall:
		return nil
	case f.Body == nil || f.Body.Kind != string(core.KindText):
		return core.Errorf(core.Invalid, "body: a text is expected")
	default:
		return f.Body.check(lim)
	}
}

// checkTags looks only at how many they are: what a tag may be is judged where
// it is cleaned, in core.
func (f *Frame) checkTags() error {
	switch {
	case len(f.Add)+len(f.Remove) == 0:
		return core.Errorf(core.Invalid, "add, remove: one tag at least is expected")
	case len(f.Add) > core.MaxTags || len(f.Remove) > core.MaxTags:
		return core.Errorf(core.TooLarge, "add, remove: at most %d tags each", core.MaxTags)
	}
	return nil
}

// MaxWatched is how many conversations an agent may watch at a time.
const MaxWatched = 20

func (f *Frame) checkWatch() error {
	if f.Conversations == nil {
		return core.Errorf(core.Invalid, "conversations: is missing")
	}
	if len(f.Conversations) > MaxWatched {
		return core.Errorf(core.Invalid, "conversations: at most %d", MaxWatched)
	}
	for _, id := range f.Conversations {
		if id == "" || len(id) > 64 {
			return core.Errorf(core.Invalid, "conversations: ids of 1 to 64 bytes are expected")
		}
	}
	return nil
}

func (f *Frame) checkHello() error {
	if f.V != Version {
		return core.Errorf(core.Unsupported, "v: only version %d is spoken here", Version)
	}
	if !validOrigin(f.Origin) {
		return core.Errorf(core.Invalid, "origin: 8 to 40 of A-Z a-z 0-9 _ - are expected")
	}
	if f.After != nil && *f.After > MaxInt {
		return core.Errorf(core.Invalid, "after: at most %d is expected", MaxInt)
	}
	if f.Page == nil {
		f.Page = &Page{}
	}
	if f.User == nil {
		f.User = &UserAuth{}
	}
	if err := f.Page.check(); err != nil {
		return err
	}
	for _, l := range []struct {
		name, value string
		max         int
	}{
		{"token", f.Token, 4096}, {"user.token", f.User.Token, 4096}, {"site", f.Site, maxID}, {"epoch", f.Epoch, maxID},
		{"lang", f.Lang, 35}, {"tag", f.Tag, 64},
	} {
		if len(l.value) > l.max {
			return core.Errorf(core.TooLarge, "%s: at most %d bytes", l.name, l.max)
		}
	}
	return nil
}

// checkPage is for page: a visitor went to another one.
func (f *Frame) checkPage() error {
	if f.Page == nil || f.Page.URL == "" {
		return core.Errorf(core.Invalid, "page: where the visitor is now is expected")
	}
	return f.Page.check()
}

func (p *Page) check() error {
	for _, s := range []*string{&p.URL, &p.Title, &p.Referrer} {
		*s = printable(*s)
	}
	for _, l := range []struct {
		name, value string
		max         int
	}{{"page.url", p.URL, 2048}, {"page.title", p.Title, 512}, {"page.referrer", p.Referrer, 2048}} {
		if len(l.value) > l.max {
			return core.Errorf(core.TooLarge, "%s: at most %d bytes", l.name, l.max)
		}
	}
	return nil
}

func (f *Frame) checkSession(lim core.Limits) error {
	if f.Session == 0 {
		return core.Errorf(core.Invalid, "session: counts from 1")
	}
	if f.Type == Rate && (f.Score < 1 || f.Score > 5) {
		return core.Errorf(core.Invalid, "score: 1 to 5 is expected")
	}
	if f.Type == Snooze && f.UntilTime().IsZero() {
		return core.Errorf(core.Invalid, "until: a time is expected, such as 2026-01-05T09:00:00.000Z")
	}
	if f.Type == Transfer && (f.To == nil || (f.To.Agent == "") == (f.To.Group == "") || len(f.To.Agent)+len(f.To.Group) > maxID) {
		return core.Errorf(core.Invalid, "to: an agent or a group is expected")
	}
	if err := tooLong("comment", f.Comment, lim.Text); err != nil {
		return err
	}
	return tooLong("note", f.Note, lim.Text)
}

func tooLong(name, s string, runes int) error {
	if len(s) > runes && utf8.RuneCountInString(s) > runes {
		return core.Errorf(core.TooLarge, "%s: at most %d characters", name, runes)
	}
	return nil
}

// printable drops control characters: in JSON they are six times as long, and
// on a page nobody sees them.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// validOrigin: 8 to 40 of [A-Za-z0-9_-].
func validOrigin(s string) bool {
	return len(s) >= 8 && len(s) <= 40 && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}) < 0
}
