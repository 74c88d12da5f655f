package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"kefu/core"
	"kefu/core/identity"
)

// AuditEntry says that somebody changed something of the desk itself: the
// settings, an account, a block, a shared reply, what was erased. What happens
// in a conversation is in its log.
type AuditEntry struct {
	ID        string       `json:"-"`
	At        time.Time    `json:"at"`
	By        core.AgentID `json:"by"`        // empty: whoever may start the program
	Name      string       `json:"name"`      // what they were called then
	Operation string       `json:"operation"` // its operationId
	Target    string       `json:"target"`    // of what: an id, or a version
	Changes   []Difference `json:"changes"`   // in what it differs now; secrets masked
	Cut       bool         `json:"cut"`       // there were more, or longer ones
}

// AuditQuery selects entries. Zero fields select all.
type AuditQuery struct {
	By        core.AgentID
	Operation string
	Before    string // the ID of the last entry seen
	Limit     int
}

const (
	auditFor     = 400 * 24 * time.Hour // entries are kept
	auditChanges = 100                  // differences an entry
	auditBytes   = 32 << 10             // an entry; longer, it has no differences
	auditLooked  = 5000                 // entries that one question looks at
	auditTidied  = 1000                 // entries that one tick removes
)

// auditID orders entries by time, the newest first.
func auditID(at time.Time) string {
	return fmt.Sprintf("%019d", math.MaxInt64-max(at.UnixNano(), 0))
}

// audit notes what was done. The deed is done: a note that can not be stored
// is in the log of this process instead, whole.
func (d *Desk) audit(ctx context.Context, who core.Account, operation, target string, changes []Difference) {
	ctx = context.WithoutCancel(ctx)
	e := AuditEntry{At: d.Now().UTC().Truncate(time.Millisecond), By: who.ID, Name: who.Name, Operation: operation, Target: target, Changes: changes}
	if len(e.Changes) > auditChanges {
		e.Changes, e.Cut = e.Changes[:auditChanges], true
	}
	if data, err := json.Marshal(e); err != nil || len(data) > auditBytes {
		e.Changes, e.Cut = nil, true
	}
	id, err := identity.NewID(d.Random, auditID(d.Now()))
	if err == nil {
		err = d.putDoc(ctx, kindAudit, id, 0, e)
	}
	if err != nil {
		d.Log.ErrorContext(ctx, "an audit entry is not stored", "by", e.By, "operation", operation, "target", target, "changes", e.Changes, "error", err)
	}
}

// Audit returns entries, the newest first, and where to go on; "": these are
// the last. Only admins may.
func (d *Desk) Audit(ctx context.Context, who core.Account, q AuditQuery) (list []AuditEntry, next string, err error) {
	if err := allowed("list-audit", who); err != nil {
		return nil, "", err
	}
	looked, last := 0, ""
	err = d.eachDoc(ctx, kindAudit, q.Before, auditLooked, func(doc core.Document) (bool, error) {
		var e AuditEntry
		if err := decodeDoc(doc, &e); err != nil {
			return false, err
		}
		if len(list) == q.Limit {
			next = last
			return false, nil
		}
		looked, last = looked+1, doc.ID
		if (q.By == "" || e.By == q.By) && (q.Operation == "" || e.Operation == q.Operation) {
			e.ID = doc.ID
			list = append(list, e)
		}
		return true, nil
	})
	if err == nil && next == "" && looked == auditLooked {
		next = last
	}
	return list, next, err
}

// tickAudit forgets what is older than auditFor, now and then.
func (d *Desk) tickAudit(ctx context.Context) error {
	now := d.Now()
	if !d.clock.audited.every(time.Hour, now) {
		return nil
	}
	return d.eachDoc(ctx, kindAudit, auditID(now.Add(-auditFor)), auditTidied, func(doc core.Document) (bool, error) {
		err := d.Store.DeleteDocument(ctx, kindAudit, doc.ID)
		if core.CodeOf(err) == core.NotFound {
			err = nil // another node was faster
		}
		return err == nil, err
	})
}

// accountChanges says what of an account is different, never a password.
func accountChanges(was, is core.Account) (list []Difference) {
	add := func(path string, before, after any, differ bool) {
		if differ {
			list = append(list, Difference{path, before, after})
		}
	}
	number := func(n int) json.Number { return json.Number(strconv.Itoa(n)) }
	add("name", was.Name, is.Name, was.Name != is.Name)
	add("display", was.Display, is.Display, was.Display != is.Display)
	add("role", string(was.Role), string(is.Role), was.Role != is.Role)
	add("groups", was.Groups, is.Groups, fmt.Sprint(was.Groups) != fmt.Sprint(is.Groups))
	add("capacity", number(was.Capacity), number(is.Capacity), was.Capacity != is.Capacity)
	add("weight", was.Weight, is.Weight, was.Weight != is.Weight)
	add("avatar", was.Avatar, is.Avatar, was.Avatar != is.Avatar)
	add("disabled", was.Disabled, is.Disabled, was.Disabled != is.Disabled)
	add("password", maskStart, maskStart, was.Password != is.Password)
	return list
}
