package desk

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/assist"
)

// Figures are what the assistant of a site did on a day (UTC).
type Figures struct {
	Sessions int64            `json:"sessions"` // that it was asked in
	Resolved int64            `json:"resolved"` // of them, ended without a person
	Answers  int64            `json:"answers"`
	Cited    int64            `json:"cited"` // of them, from knowledge
	Handed   map[string]int64 `json:"handed"`
	First    int64            `json:"first,omitempty"` // ms until the first words, of all that were Timed
	Timed    int64            `json:"timed,omitempty"`
	In       int64            `json:"in"` // tokens
	Out      int64            `json:"out"`
	Cost     float64          `json:"cost"`
}

func (f *Figures) add(g Figures) {
	f.Sessions += g.Sessions
	f.Resolved += g.Resolved
	f.Answers += g.Answers
	f.Cited += g.Cited
	f.First += g.First
	f.Timed += g.Timed
	f.In += g.In
	f.Out += g.Out
	f.Cost += g.Cost
	if f.Handed == nil {
		f.Handed = map[string]int64{}
	}
	for reason, n := range g.Handed {
		f.Handed[reason] += n
	}
}

// books counts in memory, and writes that to the store now and then: a node's
// counts of a second are lost if it dies.
type books struct {
	mu     sync.Mutex
	open   map[daybook]*Figures // guarded by mu, as the rest: not stored yet
	stored map[daybook]known    // as last read
	handed []handed             // questions that have not been noted yet
}

// daybook is a day of a site.
type daybook struct {
	site core.SiteID
	day  string
}

type known struct {
	tokens int64
	until  time.Time
}

// handed is a session that the assistant gave up.
type handed struct {
	id     core.ConversationID
	seq    uint64 // of the hand-off
	reason core.Reason
}

const (
	kindUsage = "assist-usage"
	maxHanded = 1000
)

func dayOf(now time.Time) string { return now.UTC().Format("2006-01-02") }

func (p daybook) id() string { return string(p.site) + ":" + p.day }

func (b *books) count(site core.SiteID, now time.Time, f func(*Figures)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(b.openLocked(daybook{site, dayOf(now)}))
}

// openLocked returns the figures of a day that are not stored yet.
func (b *books) openLocked(at daybook) *Figures {
	if b.open == nil {
		b.open = map[daybook]*Figures{}
	}
	if b.open[at] == nil {
		b.open[at] = &Figures{Handed: map[string]int64{}}
	}
	return b.open[at]
}

// answered counts what an answer took.
func (b *books) answered(site core.SiteID, now time.Time, a assist.Answer) {
	b.spent(site, now, a.Usage)
	if a.Text != "" {
		b.count(site, now, func(f *Figures) { f.First, f.Timed = f.First+a.First.Milliseconds(), f.Timed+1 })
	}
}

// spent counts what a model took.
func (b *books) spent(site core.SiteID, now time.Time, u assist.Usage) {
	if u != (assist.Usage{}) {
		b.count(site, now, func(f *Figures) { f.In, f.Out, f.Cost = f.In+u.In, f.Out+u.Out, f.Cost+u.Cost })
	}
}

// tokens returns how many tokens a site has used today, as far as is known: what
// other nodes used in the last five seconds is not.
func (b *books) tokens(ctx context.Context, st core.Documents, site core.SiteID, now time.Time) (int64, error) {
	at := daybook{site, dayOf(now)}
	b.mu.Lock()
	k, fresh := b.stored[at]
	mine := int64(0)
	if f := b.open[at]; f != nil {
		mine = f.In + f.Out
	}
	b.mu.Unlock()
	if fresh && now.Before(k.until) {
		return k.tokens + mine, nil
	}
	f, _, err := readFigures(ctx, st, at)
	if err != nil {
		return 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stored == nil || len(b.stored) > 1000 {
		b.stored = map[daybook]known{}
	}
	b.stored[at] = known{f.In + f.Out, now.Add(cacheFor)}
	return f.In + f.Out + mine, nil
}

func readFigures(ctx context.Context, st core.Documents, at daybook) (Figures, uint64, error) {
	doc, err := st.Document(ctx, kindUsage, at.id())
	if core.CodeOf(err) == core.NotFound {
		return Figures{}, 0, nil
	}
	var f Figures
	if err == nil {
		err = json.Unmarshal(doc.Data, &f)
	}
	return f, doc.Version, err
}

// note counts what a change says of the assistant's work.
func (b *books) note(c core.Change, now time.Time) {
	if c.Empty() {
		return
	}
	opened, was, is := false, c.Was.Phase, c.Conversation.Session.Phase
	var reason core.Reason
	for _, e := range c.Events {
		switch {
		case e.Body.Kind == core.KindOpened:
			opened = true
		case e.Body.Kind == core.KindHandoff:
			reason = e.Body.Reason
			b.mu.Lock()
			if len(b.handed) < maxHanded {
				b.handed = append(b.handed, handed{c.Conversation.ID, e.Seq, reason})
			}
			b.mu.Unlock()
		case e.By.Kind == core.Robot && !e.Internal:
			b.count(c.Conversation.Site, now, func(f *Figures) {
				if f.Answers++; len(e.Body.Sources) > 0 {
					f.Cited++
				}
			})
		}
	}
	bot := was == core.Bot && c.Was.Number == c.Conversation.Session.Number
	if began := opened && (is == core.Bot || reason != ""); began || bot && is != core.Bot {
		b.count(c.Conversation.Site, now, func(f *Figures) {
			if began {
				f.Sessions++
			}
			switch {
			case reason != "":
				f.Handed[string(reason)]++
			case bot && is == core.Held:
				f.Handed["taken"]++
			case bot && is == core.Closed:
				f.Resolved++
			}
		})
	}
}

// tickBooks writes what was counted, and notes the questions that were handed
// over. What fails stays for the next time.
func (d *Desk) tickBooks(ctx context.Context) (failed error) {
	var left Ledger
	taken := d.TakeLedger()
	for _, day := range taken.Days {
		if err := d.addFigures(ctx, daybook{day.Site, day.Day}, day.Figures); err != nil {
			failed = errors.Join(failed, err)
			left.Days = append(left.Days, day)
		}
	}
	for _, h := range taken.Handed {
		if err := d.noteQuestion(ctx, handed{h.Conversation, h.Seq, h.Reason}); err != nil {
			failed = errors.Join(failed, err)
			left.Handed = append(left.Handed, h)
		}
	}
	d.Enter(left)
	return failed
}

const bookTries = 5

func (d *Desk) addFigures(ctx context.Context, at daybook, add Figures) error {
	for range bookTries {
		f, version, err := readFigures(ctx, d.Store, at)
		if err != nil {
			return err
		}
		f.add(add)
		data, err := json.Marshal(f)
		if err != nil {
			return err
		}
		err = d.Store.PutDocument(ctx, core.Document{Kind: kindUsage, ID: at.id(), Version: version + 1, At: d.Now(), Data: data})
		if core.CodeOf(err) != core.Conflict {
			return err
		}
	}
	return core.Errorf(core.Unavailable, "too many count at once")
}

// Figures returns what the assistant of a site did on each of the last days,
// today first.
func (d *Desk) Figures(ctx context.Context, who core.Account, site core.SiteID, days int) (map[string]Figures, error) {
	if err := allowed("assist-figures", who); err != nil {
		return nil, err
	}
	out := map[string]Figures{}
	for i := range days {
		at := daybook{site, dayOf(d.Now().AddDate(0, 0, -i))}
		f, version, err := readFigures(ctx, d.Store, at)
		if err != nil {
			return nil, err
		}
		d.books.mu.Lock()
		if mine := d.books.open[at]; mine != nil {
			f.add(*mine)
		}
		d.books.mu.Unlock()
		if f.Handed = maps.Clone(f.Handed); version > 0 || f.Sessions > 0 {
			out[at.day] = f
		}
	}
	return out, nil
}
