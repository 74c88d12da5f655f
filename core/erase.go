package core

// erasable are how many tombstones an Erased may bring: each is a write of its
// own on some stores.
const erasable = 50

// ErrErased is what anybody's word to a conversation that was erased comes to.
var ErrErased = Errorf(NotFound, "this conversation was erased")

// over decides about a conversation that was erased. Nothing is added to it any
// more; only what is left of it may still be taken out.
func (d *draft) over(in Input) error {
	switch in := in.(type) {
	case Erased:
		d.forget(in)
		return nil
	case Answered, Briefed, Offered, Left, Identified, Tick:
		return nil // what the desk itself brings is too late
	default:
		return ErrErased
	}
}

// forget ends a conversation for good with the first Erased, and takes bodies
// out with each. What remembers people or their words beside the log goes too:
// tags, and the digests of what outboxes sent last.
func (d *draft) forget(in Erased) {
	first := !d.c.Erased
	if d.c.Seq == 0 || !first && len(in.Gone) == 0 {
		return
	}
	if first && d.c.Session.Phase.Open() {
		d.close(ByErasure)
	}
	if len(d.c.Tags) > 0 {
		d.log(Party{}, Body{Kind: KindTagged, Remove: d.c.Tags}, true) // it is taken out itself, when it is read
	}
	d.c.Tags, d.c.Heard, d.c.Erased = nil, nil, true
	d.log(Party{}, Body{Kind: KindErased}, true)
	d.erase = in.Gone[:min(len(in.Gone), erasable)]
}

// Remains returns what Erased has yet to take out of these events of a log, at
// most as many as one may bring: all that people said, wrote or called each
// other. What only says what happened to a session stays, so that reports go on
// counting it.
func Remains(events []Event) (gone []Tombstone) {
	for _, e := range events {
		if !personal(e.Body) || len(gone) == erasable {
			continue
		}
		t := Tombstone{Seq: e.Seq}
		if e.Body.Kind == KindEdited {
			t.Of = e.Body.Seq
		}
		gone = append(gone, t)
	}
	return gone
}

// personal reports whether a body may name somebody. A kind that is not known
// here does.
func personal(b Body) bool {
	switch b.Kind {
	case KindRated, KindTransferred:
		return b.Text != ""
	case KindOpened, KindQueued, KindAssigned, KindReleased, KindHandoff, KindWarned, KindReopened, KindClosed, KindNoted, KindRecalled,
		KindSnoozed, KindIdentified, KindErased, KindTombstone:
		return false
	default:
		return true
	}
}
