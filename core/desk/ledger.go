package desk

import (
	"context"
	"slices"
	"strings"

	"kefu/core"
)

// Ledger is what a process has counted of the assistant's work and not stored
// yet, in JSON's terms: a host whose processes end without a Tick hands it to one
// that stores it.
type Ledger struct {
	Days   []LedgerDay  `json:"days,omitempty"`
	Handed []LedgerHand `json:"handed,omitempty"`
}

// LedgerDay is what was counted of a day of a site.
type LedgerDay struct {
	Site    core.SiteID `json:"site"`
	Day     string      `json:"day"`
	Figures Figures     `json:"figures"`
}

// LedgerHand is a question that was left to a person.
type LedgerHand struct {
	Conversation core.ConversationID `json:"conversation"`
	Seq          uint64              `json:"seq"`
	Reason       core.Reason         `json:"reason"`
}

// Empty reports whether there is nothing in it.
func (l Ledger) Empty() bool { return len(l.Days) == 0 && len(l.Handed) == 0 }

// TakeLedger returns what this process has counted, which it forgets. Who can
// not hand it on gives it back by Enter.
func (d *Desk) TakeLedger() (l Ledger) {
	d.books.mu.Lock()
	open, list := d.books.open, d.books.handed
	d.books.open, d.books.handed = nil, nil
	d.books.mu.Unlock()
	for at, f := range open {
		l.Days = append(l.Days, LedgerDay{at.site, at.day, *f})
	}
	slices.SortFunc(l.Days, func(a, b LedgerDay) int { return strings.Compare(string(a.Site)+" "+a.Day, string(b.Site)+" "+b.Day) })
	for _, h := range list {
		l.Handed = append(l.Handed, LedgerHand{h.id, h.seq, h.reason})
	}
	return l
}

// Enter adds what another process has counted to what this one has.
func (d *Desk) Enter(l Ledger) {
	d.books.mu.Lock()
	defer d.books.mu.Unlock()
	for _, day := range l.Days {
		d.books.openLocked(daybook{day.Site, day.Day}).add(day.Figures)
	}
	for _, h := range l.Handed {
		if len(d.books.handed) < maxHanded {
			d.books.handed = append(d.books.handed, handed{h.Conversation, h.Seq, h.Reason})
		}
	}
}

// WriteBooks stores what this process has counted of the assistant's work, now. Tick does so by
// itself; a process that ends without one calls this.
func (d *Desk) WriteBooks(ctx context.Context) {
	if err := d.tickBooks(ctx); err != nil {
		d.Log.WarnContext(ctx, "what the assistant did is not counted yet", "error", err)
	}
}
