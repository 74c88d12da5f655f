package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/wire"
)

// Block keeps a visitor out.
type Block struct {
	Visitor string     `json:"visitor"`
	Reason  string     `json:"reason" doc:"For agents; the visitor is not told."`
	By      string     `json:"by" doc:"The id of an agent."`
	At      wire.Time  `json:"at"`
	Until   *wire.Time `json:"until,omitempty" doc:"Absent: for good."`
}

// Blocks is a list of blocks, the newest first.
type Blocks struct {
	Blocks []Block `json:"blocks" nullable:"false"`
}

type newBlock struct {
	_       struct{} `json:"-" additionalProperties:"false"`
	Visitor string   `json:"visitor" minLength:"1" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Reason  string   `json:"reason,omitempty" maxLength:"200"`
	Minutes int      `json:"minutes,omitempty" minimum:"0" maximum:"5256000" doc:"Without it, for good."`
}

// createdBlock says where the new block is to be found, to end it.
type createdBlock struct {
	Location string `header:"Location"`
	Body     Block
}

// blocks registers who is kept out.
func (a *api) blocks() {
	operation := func(id, method, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: about, Errors: errors, Tags: []string{"blocks"},
		}
	}
	created := operation("create-block", http.MethodPost, "/v1/blocks", "Block a visitor",
		"For supervisors and admins. It takes the place of an earlier block; connections of the visitor are closed within 5 seconds.")
	created.DefaultStatus = http.StatusCreated
	staffed(a, operation("list-blocks", http.MethodGet, "/v1/blocks", "List blocks", "For supervisors and admins. Those in force."), a.listBlocks)
	staffed(a, created, a.createBlock)
	staffed(a, operation("delete-block", http.MethodDelete, "/v1/blocks/{id}", "End a block",
		"For supervisors and admins. The id is the visitor's.", http.StatusNotFound), a.deleteBlock)
}

func blockOf(b core.Block) Block {
	out := Block{Visitor: string(b.Visitor), Reason: b.Reason, By: string(b.By), At: wire.Time(b.At)}
	if !b.Until.IsZero() {
		until := wire.Time(b.Until)
		out.Until = &until
	}
	return out
}

func (a *api) listBlocks(ctx context.Context, who core.Account, _ *nothing) (*body[Blocks], error) {
	list, err := a.Desk.Blocks(ctx, who)
	out := Blocks{Blocks: make([]Block, len(list))}
	for i, b := range list {
		out.Blocks[i] = blockOf(b)
	}
	return &body[Blocks]{out}, err
}

func (a *api) createBlock(ctx context.Context, who core.Account, in *body[newBlock]) (*createdBlock, error) {
	b := core.Block{Visitor: core.VisitorID(in.Body.Visitor), By: who.ID, Reason: in.Body.Reason, At: a.Now()}
	if in.Body.Minutes > 0 {
		b.Until = b.At.Add(time.Duration(in.Body.Minutes) * time.Minute)
	}
	err := a.Desk.Block(ctx, who, b)
	return &createdBlock{Location: "/v1/blocks/" + url.PathEscape(in.Body.Visitor), Body: blockOf(b)}, err
}

func (a *api) deleteBlock(ctx context.Context, who core.Account, in *byID) (*nothing, error) {
	return nil, a.Desk.Unblock(ctx, who, core.VisitorID(in.ID))
}
