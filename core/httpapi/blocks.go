package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Block keeps a visitor out.
type Block struct {
	Visitor string     `json:"visitor" doc:"An id, or net: and a range of addresses; to end the block by."`
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
	Visitor string   `json:"visitor,omitempty" minLength:"1" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Network string   `json:"network,omitempty" minLength:"2" maxLength:"49" doc:"Instead of a visitor: an address or a range of them, such as 203.0.113.0/24 or 2001:db8::/32."`
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
	created := operation("create-block", http.MethodPost, "/v1/blocks", "Block a visitor or a network",
		"For supervisors and admins. It takes the place of an earlier block; connections are closed within 5 seconds. Whom a network names is judged by the address that a trusted proxy tells.")
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

// whom returns what the block is about.
func (in newBlock) whom() (core.VisitorID, error) {
	switch id := desk.NetworkOf(in.Network); {
	case (in.Visitor == "") == (in.Network == ""):
		return "", core.Errorf(core.Invalid, "body: a visitor or a network is expected")
	case in.Network == "" && !strings.HasPrefix(in.Visitor, core.NetPrefix):
		return core.VisitorID(in.Visitor), nil
	case id == "":
		return "", core.Errorf(core.Invalid, "body.network: an address or a range is expected, such as 203.0.113.7 or 203.0.113.0/24")
	default:
		return id, nil
	}
}

func (a *api) createBlock(ctx context.Context, who core.Account, in *body[newBlock]) (*createdBlock, error) {
	id, err := in.Body.whom()
	if err != nil {
		return nil, err
	}
	b := core.Block{Visitor: id, By: who.ID, Reason: in.Body.Reason, At: a.Now()}
	if in.Body.Minutes > 0 {
		b.Until = b.At.Add(time.Duration(in.Body.Minutes) * time.Minute)
	}
	err = a.Desk.Block(ctx, who, b)
	return &createdBlock{Location: "/v1/blocks/" + url.PathEscape(string(id)), Body: blockOf(b)}, err
}

func (a *api) deleteBlock(ctx context.Context, who core.Account, in *byID) (*nothing, error) {
	return nil, a.Desk.Unblock(ctx, who, core.VisitorID(in.ID))
}
