package ddb

import (
	"encoding/json"
	"slices"
	"time"
)

// change is a write that was done.
type change struct {
	at  time.Time
	key key
	old json.RawMessage // the item before; nil: there was none
}

// keep remembers a write, for as long as a read may lag behind it.
func (p *Proxy) keep(c *call, answer []byte) {
	if !c.old {
		return // the caller asked for something else: nobody knows what was there
	}
	var before struct{ Attributes json.RawMessage }
	if json.Unmarshal(answer, &before) != nil {
		return
	}
	ch := change{p.Now(), c.key(), before.Attributes}
	p.mu.Lock()
	defer p.mu.Unlock()
	young := slices.IndexFunc(p.past, func(x change) bool { return ch.at.Sub(x.at) <= maxLag })
	if young < 0 {
		young = len(p.past)
	}
	p.past = append(slices.Delete(p.past, 0, young), ch)
}

// since returns what changed of what a call is about after some moment, the
// youngest first. A page that begins in the middle is left as it is.
func (p *Proxy) since(c *call, moment time.Time) (undo []change) {
	s, ok := c.span()
	if _, continued := c.fields["ExclusiveStartKey"]; continued || !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ch := range slices.Backward(p.past) {
		if ch.at.After(moment) && s.has(ch.key) {
			undo = append(undo, ch)
		}
	}
	return undo
}
