package dynamo

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kefu/core"
	"kefu/core/codec"
)

// head is the state of a conversation with what the newest item of its log has
// besides.
type head struct {
	core.Conversation
	seat    uint64    // the slot whose change gave it to whom holds it; 0: nobody does
	rearmed bool      // Rearm set …
	alarm   time.Time // … this alarm in place of the state's
}

// rings is when the conversation has to be woken; zero: never.
func (h head) rings() time.Time {
	if h.rearmed {
		return h.alarm
	}
	return h.Alarm
}

// after returns the head that a change makes of h.
func (h head) after(c core.Change) head {
	next := head{Conversation: c.Conversation}
	if !c.Moved {
		next.rearmed, next.alarm = h.rearmed, h.alarm
	}
	switch next.Session.Agent {
	case "":
	case h.Session.Agent:
		next.seat = h.seat
	default:
		next.seat = c.Base() + 1
	}
	return next
}

// entry is an event as a change's item has it, in JSON. Its seq follows from
// its place.
type entry struct {
	Prev     uint64          `json:"p,omitempty"`
	Session  uint32          `json:"s"`
	At       int64           `json:"t"` // milliseconds
	ByKind   int             `json:"k,omitempty"`
	ByID     string          `json:"i,omitempty"`
	Origin   string          `json:"o,omitempty"`
	N        uint64          `json:"n,omitempty"`
	Internal bool            `json:"x,omitempty"`
	Body     json.RawMessage `json:"b"` // codec.AppendBody
}

// encode returns entries as a person can read them in the table: < stays <.
func encode(list []entry) (string, error) {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(list)
	return strings.TrimSuffix(text.String(), "\n"), err
}

// maxItem is a little less than the 400 KB that an item may have.
const maxItem = 390 << 10

// pack returns the item of a change: e its events, h the state after them, w
// the mark that tells its writer from others who try the same slot, s the slot
// of the seat, r the alarm that Rearm set.
func pack(c core.Change, next head, mark []byte) (item, error) {
	list := make([]entry, len(c.Events))
	for i, e := range c.Events {
		list[i] = entry{
			Prev: e.Prev, Session: e.Session, At: e.At.UnixMilli(), ByKind: int(e.By.Kind), ByID: e.By.ID,
			Origin: string(e.Origin), N: e.N, Internal: e.Internal, Body: codec.AppendBody(nil, e.Body),
		}
	}
	events, err := encode(list)
	if err != nil {
		return nil, err
	}
	bare := c.Conversation
	bare.ID = "" // it is in the key
	state := codec.AppendConversation(nil, bare)
	if len(events)+len(state) > maxItem {
		return nil, core.Errorf(core.TooLarge, "this is more than fits into one change")
	}
	it := item{"e": str(events), "h": bin(state), "w": bin(mark)}
	if next.seat != 0 {
		it["s"] = num(next.seat)
	}
	if next.rearmed {
		it["r"] = when(next.alarm)
	}
	return it, nil
}

// slotOf reads the seq of the first event of a change's item.
func slotOf(it item) (seq uint64, err error) {
	_, err = fmt.Sscanf(getStr(it, "sk"), slotPrefix+"%d", &seq)
	return seq, err
}

// unpack returns the conversation after a change.
func unpack(id core.ConversationID, it item) (head, error) {
	c, err := codec.Conversation(getBin(it, "h"))
	c.ID = id
	if err != nil {
		return head{Conversation: core.Conversation{ID: id}}, errDamaged(it, err)
	}
	return head{Conversation: c, seat: uint64(getNum(it, "s")), rearmed: it["r"] != nil, alarm: getTime(it, "r")}, nil
}

// entries returns what an item has of events, and the seq of the first.
func entries(it item) (list []entry, first uint64, err error) {
	if first, err = slotOf(it); err == nil {
		err = json.Unmarshal([]byte(getStr(it, "e")), &list)
	}
	if err != nil {
		return nil, 0, errDamaged(it, err)
	}
	return list, first, nil
}

// events returns those of a change.
func events(it item) ([]core.Event, error) {
	list, first, err := entries(it)
	if err != nil {
		return nil, err
	}
	out := make([]core.Event, len(list))
	for i, x := range list {
		body, err := codec.Body(x.Body)
		if err != nil {
			return nil, errDamaged(it, err)
		}
		out[i] = core.Event{
			Seq: first + uint64(i), Prev: x.Prev, Session: x.Session, At: time.UnixMilli(x.At).UTC(),
			By: core.Party{Kind: core.PartyKind(x.ByKind), ID: x.ByID}, Origin: core.Origin(x.Origin), N: x.N,
			Internal: x.Internal, Body: body,
		}
	}
	return out, nil
}
