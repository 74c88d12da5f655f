package desk

import (
	"cmp"
	"context"
	"time"

	"kefu/core"
	"kefu/core/blob"
)

const (
	sweepEvery = time.Minute
	sweepPage  = 100
	sweepMost  = 1000 // files that one sweep looks at: the rest comes with the next
	logPage    = 200

	// clocksDiffer is by how much an event may seem older than the file it
	// names: they may have their times from two nodes.
	clocksDiffer = time.Hour
)

// tickUploads deletes the files of messages that were taken back, and those that
// were uploaded and not sent. Deleting twice does no harm, so every node may.
func (d *Desk) tickUploads(ctx context.Context) error {
	if d.Files == nil {
		return nil
	}
	failed := d.Discard(ctx)
	if now := d.Now(); d.uploads.sweepNow(now) {
		failed = cmp.Or(failed, d.sweep(ctx, now))
	}
	return failed
}

// Discard deletes the files that this node knows have to go at once: of messages
// that were taken back, and such that are not what their sender said. Tick does
// it too; a host that has no Tick where it serves calls it when it has served.
// What can not be deleted is left for the next call, or for any node's Tick.
func (d *Desk) Discard(ctx context.Context) (failed error) {
	for _, x := range d.uploads.takeDoomed() {
		if err := d.discard(ctx, x); err != nil {
			d.uploads.doom(x)
			failed = cmp.Or(failed, err)
		}
	}
	return failed
}

// discard deletes a file, and then the note that it has to go.
func (d *Desk) discard(ctx context.Context, x blob.Doubt) error {
	if err := d.Files.Delete(ctx, x.Key); err != nil {
		return err
	}
	return d.Files.Settle(ctx, x)
}

func (d *Desk) sweep(ctx context.Context, now time.Time) error {
	for range sweepMost / sweepPage {
		doubts, failed := d.Files.Doubts(ctx, now, sweepPage)
		for _, x := range doubts { // one that can not be judged does not keep the others
			failed = cmp.Or(failed, d.judge(ctx, x))
		}
		if failed != nil || len(doubts) < sweepPage {
			return failed
		}
	}
	return nil
}

// judge holds a file against the log.
func (d *Desk) judge(ctx context.Context, x blob.Doubt) error {
	f, err := d.Files.Stat(ctx, x.Key)
	if core.CodeOf(err) == core.NotFound {
		return d.discard(ctx, x)
	}
	if err != nil {
		return err
	}
	sent, err := d.sent(ctx, f)
	switch {
	case err != nil:
		return err
	case sent:
		return d.Files.Settle(ctx, x)
	default:
		return d.discard(ctx, x)
	}
}

// sent reports whether a message has the file, by the log from its end back to
// when the file came.
func (d *Desk) sent(ctx context.Context, f blob.File) (bool, error) {
	c, err := d.Store.Load(ctx, f.Conversation)
	if err != nil {
		return false, err
	}
	url := f.URL()
	for before := c.Seq + 1; before > 1; {
		events, err := d.Store.Before(ctx, f.Conversation, before, logPage)
		if err != nil {
			return false, err
		}
		for i := len(events) - 1; i >= 0; i-- {
			switch e := events[i]; {
			case e.Body.File.URL == url:
				return true, nil
			case e.At.Before(f.At.Add(-clocksDiffer)):
				return false, nil
			}
		}
		if len(events) == 0 {
			return false, nil
		}
		before = events[0].Seq
	}
	return false, nil
}

// EraseFiles deletes all files of a conversation that its log names. Who erases
// a conversation calls it before the log goes, for nobody finds them afterwards;
// what was never sent goes by itself within a day.
func (d *Desk) EraseFiles(ctx context.Context, id core.ConversationID) error {
	if d.Files == nil {
		return nil
	}
	for after := uint64(0); ; {
		events, err := d.Store.After(ctx, id, after, logPage)
		if err != nil {
			return err
		}
		for _, e := range events {
			if key := blob.KeyOf(e.Body.File.URL); key != "" {
				if err := d.Files.Delete(ctx, key); err != nil {
					return err
				}
			}
			after = e.Seq
		}
		if len(events) < logPage {
			return nil
		}
	}
}
