package desk

import (
	"context"
	"encoding/json"
	"math"

	"kefu/core"
	"kefu/core/wire"
)

// EraseVisitor erases a visitor: what is known of them, every word that was said
// in their conversation, by whomever, its tags, and the files that were sent in
// it. What is left of the log says only what happened to its sessions, so that
// reports go on counting them; nobody can read it, or write to it, any more. Who
// comes back with an old token is a new visitor.
//
// It is many writes, and may end in the middle: an error says that it has to be
// asked for again, which goes on where this ended. The conversation is closed
// with the first one. NotFound: nothing is known of them, or nothing any more.
func (d *Desk) EraseVisitor(ctx context.Context, who core.Account, id core.VisitorID) error {
	if err := allowed("erase-visitor", who); err != nil {
		return err
	}
	profile, err := d.Store.Profile(ctx, id)
	if err != nil {
		return err
	}
	conversation := core.ConversationOf(profile.Site, id)
	for _, step := range []func() error{
		func() error { return d.endForGood(ctx, conversation) },
		func() error { return d.EraseFiles(ctx, conversation) },
		func() error { return d.eraseLog(ctx, conversation) },
		func() error { return d.eraseAsked(ctx, profile.Site, conversation) },
		func() error { return d.eraseReason(ctx, id) },
		func() error { return d.eraseTrail(ctx, string(id)) },
		func() error { return d.Store.Forget(ctx, profile, userOf(id)) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	d.pollers.forget(conversation)
	d.audit(ctx, who, "erase-visitor", string(id), nil)
	return nil
}

// endForGood closes the conversation to everybody, and sends away who is there.
func (d *Desk) endForGood(ctx context.Context, id core.ConversationID) error {
	if _, err := d.tell(ctx, id, core.Erased{}); err != nil {
		return err
	}
	var there []*Peer
	d.Floor.Each(ctx, []Topic{TopicVisitor(id)}, func(p *Peer) { there = append(there, p) })
	for _, p := range there {
		p.erased()
	}
	return nil
}

// erased sends a visitor away whose conversation was erased, from any goroutine.
// Who comes back is somebody new, and what they had to say is said there. On
// another node than the one that erased it they are found with their next frame:
// a heartbeat, at the latest.
func (p *Peer) erased() { p.out.Close(wire.CloseShutdown, "erased") }

// eraseLog takes all that people said out of a log. What a change adds while it
// does so is behind the cursor, and is read too.
func (d *Desk) eraseLog(ctx context.Context, id core.ConversationID) error {
	for after := uint64(0); ; {
		events, err := d.Store.After(ctx, id, after, logPage)
		if err != nil || len(events) == 0 {
			return err
		}
		gone := core.Remains(events)
		if len(gone) == 0 {
			after = events[len(events)-1].Seq
			continue
		}
		if _, err := d.tell(ctx, id, core.Erased{Gone: gone}); err != nil {
			return err
		}
	}
}

// eraseAsked removes what was kept of them as a question to be answered.
func (d *Desk) eraseAsked(ctx context.Context, site core.SiteID, id core.ConversationID) error {
	return d.eachDocument(ctx, kindAsked, site, func(doc core.Document) error {
		var a Asked
		if err := json.Unmarshal(doc.Data, &a); err != nil || a.Conversation != id {
			return err
		}
		return d.Store.DeleteDocument(ctx, kindAsked, doc.ID)
	})
}

// eraseReason leaves a block of theirs without what somebody wrote about them.
func (d *Desk) eraseReason(ctx context.Context, id core.VisitorID) error {
	blocks, err := d.loadBlocks(ctx)
	b, blocked := blocks[id]
	if err != nil || !blocked || b.Reason == "" {
		return err
	}
	b.Reason = ""
	return d.Store.PutBlock(ctx, b)
}

// eraseTrail leaves the entries of the audit trail about them without what was
// changed, which may be a reason.
func (d *Desk) eraseTrail(ctx context.Context, target string) error {
	return d.eachDoc(ctx, kindAudit, "", math.MaxInt, func(doc core.Document) (bool, error) {
		var e AuditEntry
		if err := decodeDoc(doc, &e); err != nil || e.Target != target || len(e.Changes) == 0 {
			return true, err
		}
		e.Changes, e.Cut = nil, true
		return true, d.putDoc(ctx, kindAudit, doc.ID, doc.Version, e)
	})
}

// gone reports whether a conversation was erased: whose it was is somebody new.
func (d *Desk) gone(ctx context.Context, id core.ConversationID) (bool, error) {
	c, err := d.Store.Load(ctx, id)
	return c.Erased, err
}
