package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kefu/core"
)

const (
	notifyEvery = 3 * time.Second  // it is looked who waits
	notifyPause = 10 * time.Second // between two messages of one channel: robots take twenty a minute
	notifyMost  = 200              // who wait, and who are held, that one look considers
	notifyNamed = 5                // that a message names
	notifyAgain = 30 * time.Second // until a message that did not arrive is tried again; twice that until the next
	notifySlow  = 15 * time.Minute
	notifyKept  = 7 * 24 * time.Hour // that it is known that one was sent
)

// alerts is what this process remembers of messages that did not arrive. All of it may
// be lost.
type alerts struct {
	fails map[string]int       // by channel, in a row; of the one call at a time
	quiet map[string]time.Time // by channel: nothing before then
}

// overdue is a conversation that somebody should look at.
type overdue struct {
	c      core.Conversation
	since  time.Time
	unread bool
}

// key names this wait, and no other of the same visitor.
func (o overdue) key(channel string) string {
	return fmt.Sprintf("told:%s:%s:%d:%d:%v", channel, o.c.ID, o.c.Session.Number, o.since.UnixMilli(), o.unread)
}

// notice is what a channel is told.
type notice struct {
	test bool
	all  []overdue
	name func(overdue) string // of the visitor
	in   func(overdue) string // the name of the group
	now  time.Time
}

// Notify tells channels of visitors who wait too long, each wait once. The host
// calls it every second or so, on Lambda every minute; it takes as long as
// receivers do. Which waits were told is in the store: another node, or this one
// after a restart, does not tell them again, and tells what did not arrive.
func (d *Desk) Notify(ctx context.Context) error {
	if d.Outgoing == nil && d.Mail == nil || d.operator().NoWebhooks || !d.alertsBusy.TryLock() {
		return nil
	}
	defer d.alertsBusy.Unlock()
	now := d.Now()
	if !d.clock.notified.every(notifyEvery, now) {
		return nil
	}
	list, err := d.loadChannels(ctx)
	list = slices.DeleteFunc(list, func(c Channel) bool { return c.Off })
	if err != nil || len(list) == 0 {
		return err
	}
	soonest := slices.MinFunc(list, func(a, b Channel) int { return int(a.After - b.After) }).After
	late, err := d.overdue(ctx, now.Add(-soonest))
	if err != nil || len(late) == 0 {
		return err
	}
	for _, c := range list {
		err = errors.Join(err, d.alert(ctx, c, late, now))
	}
	return err
}

// overdue returns who waits since the given time or longer.
func (d *Desk) overdue(ctx context.Context, since time.Time) (list []overdue, err error) {
	line, err := d.Store.Waiting(ctx, "", notifyMost)
	if err != nil {
		return nil, err
	}
	for _, p := range line {
		if p.At.After(since) {
			break // in order
		}
		c, err := d.Store.Load(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		if c.Session.Phase == core.Waiting {
			list = append(list, overdue{c: c, since: c.Session.Queued})
		}
	}
	held, err := d.Store.List(ctx, core.Query{Phases: []core.Phase{core.Held}, Limit: notifyMost})
	if err != nil {
		return nil, err
	}
	for _, c := range held {
		if c.Session.Owing.IsZero() || c.Session.Owing.After(since) {
			continue
		}
		marks, err := d.Store.Marks(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		if marks.Agent < c.Public { // there is something they have not seen
			list = append(list, overdue{c: c, since: c.Session.Owing, unread: true})
		}
	}
	return list, nil
}

// alert tells one channel of those of the list that are its business and that
// it was not told of.
func (d *Desk) alert(ctx context.Context, c Channel, late []overdue, now time.Time) error {
	if now.Before(d.alerts.quiet[c.ID]) {
		return nil
	}
	var mine []overdue
	for _, o := range late {
		if o.since.After(now.Add(-c.After)) || o.unread && !c.Unread || !o.unread && !c.Waiting || len(c.Groups) > 0 && !slices.Contains(c.Groups, o.c.Session.Group) {
			continue
		}
		if ok, err := d.claimed(ctx, o.key(c.ID), c, now); err != nil {
			return err
		} else if ok {
			mine = append(mine, o)
		}
	}
	if len(mine) == 0 {
		return nil
	}
	slices.SortStableFunc(mine, func(a, b overdue) int { return a.since.Compare(b.since) })
	return d.told(ctx, c, mine, now)
}

// claimed reports whether it is this node's to tell. The claim ends by itself:
// whoever dies with it told nobody.
func (d *Desk) claimed(ctx context.Context, key string, c Channel, now time.Time) (bool, error) {
	_, err := d.Store.Kept(ctx, key, now)
	if core.CodeOf(err) != core.NotFound {
		return false, err
	}
	wait := min(notifyAgain<<min(d.alerts.fails[c.ID], 8), notifySlow)
	me := fmt.Appendf(nil, "%s %d", d.deliverer.name, now.UnixNano())
	kept, err := d.Store.Keep(ctx, key+":try", me, now, now.Add(wait))
	return err == nil && string(kept) == string(me), err
}

// told sends one message about them all, and notes that it arrived.
func (d *Desk) told(ctx context.Context, c Channel, mine []overdue, now time.Time) error {
	settings, err := d.settings.get(ctx, now)
	if err != nil {
		return err
	}
	sent := d.send(ctx, c, notice{
		all: mine, now: now, name: func(o overdue) string { return d.visitorName(ctx, o.c.Visitor) },
		in: func(o overdue) string {
			if i := indexOf(settings.Groups, o.c.Session.Group); i >= 0 && settings.Groups[i].Name != "" {
				return settings.Groups[i].Name
			}
			return string(o.c.Session.Group)
		},
	})
	if d.alerts.quiet == nil {
		d.alerts.quiet, d.alerts.fails = map[string]time.Time{}, map[string]int{}
	}
	d.alerts.quiet[c.ID] = now.Add(notifyPause)
	state := ChannelState{Sent: now.UTC()}
	if sent != nil {
		d.alerts.fails[c.ID]++
		state = ChannelState{Last: clipped(sent.Error(), 200)}
		d.Log.WarnContext(ctx, "a notification did not arrive; it is tried again", "channel", c.ID, "kind", c.Kind, "error", sent)
	} else {
		delete(d.alerts.fails, c.ID)
		for _, o := range mine {
			if _, err := d.Store.Keep(context.WithoutCancel(ctx), o.key(c.ID), []byte("sent"), now, now.Add(notifyKept)); err != nil {
				return err
			}
		}
	}
	return d.noteChannel(ctx, c.ID, state)
}

func (d *Desk) noteChannel(ctx context.Context, id string, state ChannelState) error {
	var was ChannelState
	doc, err := d.readDoc(ctx, kindChannelState, id, &was)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	if state.Sent.IsZero() {
		state.Sent = was.Sent
	}
	if err = d.putDoc(ctx, kindChannelState, id, doc.Version, state); core.CodeOf(err) == core.Conflict {
		return nil // another node's is as good
	}
	return err
}

func (d *Desk) visitorName(ctx context.Context, id core.VisitorID) string {
	p, err := d.Store.Profile(ctx, id)
	if err != nil {
		return ""
	}
	return p.Name
}

// words is the notice as people read it, the first line first.
func (n notice) words(c Channel) (first, rest string) {
	zh := c.Lang == "zh"
	pick := func(a, b string) string {
		if zh {
			return a
		}
		return b
	}
	if n.test {
		return pick("Kefu 客服：这是一条测试消息", "Kefu: this is a test"), c.Link
	}
	longest := n.now.Sub(n.all[0].since)
	first = fmt.Sprintf(pick("客服：%d 位访客在等待，最久 %s", "Kefu: visitors waiting: %d, the longest for %s"), len(n.all), spoken(longest, zh))
	var lines []string
	for _, o := range n.all[:min(len(n.all), notifyNamed)] {
		who := n.name(o)
		if who == "" {
			who = pick("访客", "A visitor")
		}
		what := pick("等待接待", "waits in line")
		if o.unread {
			what = pick("消息未读", "unread message")
		}
		// What a visitor calls themselves is text, and one line of it.
		lines = append(lines, fmt.Sprintf("· %s (%s) %s %s", clipped(strings.Join(strings.Fields(who), " "), 40), n.in(o), what, spoken(n.now.Sub(o.since), zh)))
	}
	if more := len(n.all) - notifyNamed; more > 0 {
		lines = append(lines, fmt.Sprintf(pick("· 还有 %d 位", "· and %d more"), more))
	}
	if c.Link != "" {
		lines = append(lines, c.Link)
	}
	return first, strings.Join(lines, "\n")
}

// spoken is a duration, roughly.
func spoken(d time.Duration, zh bool) string {
	n, unit, chinese := int(d/time.Second), "s", "秒"
	switch {
	case d >= 2*time.Hour:
		n, unit, chinese = int(d/time.Hour), "h", "小时"
	case d >= 2*time.Minute:
		n, unit, chinese = int(d/time.Minute), "min", "分钟"
	}
	if zh {
		return fmt.Sprint(n, chinese)
	}
	return fmt.Sprint(n, " ", unit)
}
