package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// AuditEntry says that somebody changed something of the desk itself.
type AuditEntry struct {
	ID        string    `json:"id"`
	At        wire.Time `json:"at"`
	By        string    `json:"by" doc:"The id of an agent; empty: whoever may start the program."`
	Name      string    `json:"name" doc:"What they were called then."`
	Operation string    `json:"operation" doc:"The operationId of what they asked for."`
	Target    string    `json:"target" doc:"The id of what was changed, or the version of the settings."`
	Changes   []Change  `json:"changes" nullable:"false" doc:"Secrets are masked."`
	Cut       bool      `json:"cut" doc:"There were more changes, or longer ones, than are kept."`
}

// AuditEntries is a page of them, the newest first.
type AuditEntries struct {
	Entries []AuditEntry `json:"entries" nullable:"false"`
	Next    string       `json:"next,omitempty" doc:"For before, to go on; absent: there are no more."`
}

type auditPage struct {
	By        string `query:"by" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id" doc:"Who did it."`
	Operation string `query:"operation" maxLength:"64" pattern:"^[a-z-]+$" patternDescription:"an operationId"`
	Before    string `query:"before" maxLength:"128" pattern:"^[!-~]+$" patternDescription:"a next" doc:"The next of the page before."`
	Limit     int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// audit registers who changed what.
func (a *api) audit() {
	staffed(a, huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: "/v1/audit", Tags: []string{"audit"}, Summary: "List who changed what",
		Description: "For admins. Changes of settings, accounts, blocks and shared replies, and what was erased; kept for 400 days.",
	}, a.listAudit)
}

func (a *api) listAudit(ctx context.Context, who core.Account, in *auditPage) (*body[AuditEntries], error) {
	list, next, err := a.Desk.Audit(ctx, who, desk.AuditQuery{By: core.AgentID(in.By), Operation: in.Operation, Before: in.Before, Limit: in.Limit})
	out := AuditEntries{Entries: make([]AuditEntry, len(list)), Next: next}
	for i, e := range list {
		out.Entries[i] = AuditEntry{e.ID, wire.Time(e.At), string(e.By), e.Name, e.Operation, e.Target, changesOf(e.Changes), e.Cut}
	}
	return &body[AuditEntries]{out}, err
}
