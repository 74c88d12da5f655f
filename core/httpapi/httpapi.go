// Package httpapi is the HTTP surface of a desk as one http.Handler: the API
// under /v1/, and the files that pages load (the SDK, the console, the demo).
// Both hosts serve it; a host that has routes of its own, such as /ws, puts
// them on a mux in front of it. Long-polls, at /v1/poll, are no part of the API
// but of the protocol; see poll.go for what holds for them instead. Files that
// people send, at /v1/uploads and /v1/files/, are neither; see uploads.go.
//
//	h, err := httpapi.New(httpapi.Options{Desk: desk, Files: sdk.Files(), Now: time.Now, Log: log})
//
// # The API
//
// JSON in and out, a token in the Authorization header and nowhere else. The
// operations are in the files named after what they are about (session,
// agents, groups, conversations, integration, blocks, settings, replies, totp, audit, webhooks, channels, reports); what they are
// is described, from the same types, by the OpenAPI 3.1 document at
// /v1/openapi.json, and for people at /v1/docs, made from that. An operation
// that desk.Allows does not give to the role behind the token is refused
// before its input is looked at; what else a right depends on, the [Desk]
// judges, which every operation hands the account to.
//
// What can not be done is answered with a [Problem] (RFC 9457), whose code is
// one of the protocol's and decides the status: see statusOf. A message
// reaches the client only if it was written for it; whatever else went wrong
// is "internal error" with a request id, under which the log has the cause.
//
// Before an operation sees a request, these hold: its body is JSON of at most
// 64 KiB, in UTF-8, not nested deeper than 16, with no field twice; fields and
// query parameters are all known and in range; it was not sent by a page of
// another origin (if it changes something); its context ends with
// Options.Timeout.
//
// # Files
//
// They are read once, compressed once and then served from memory by exact
// name, so no request ever reaches a file system. See files.go for what may
// be cached for how long, and headers.go for what a browser may do with them.
package httpapi

import (
	"context"
	"crypto/rand"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Desk is what the API asks of a desk. Each method returns an error with a
// code of package core, and refuses with Forbidden whatever who has no right
// to.
type Desk interface {
	// Authenticate returns the account a token stands for, or Unauthorized.
	Authenticate(ctx context.Context, bearer string) (core.Account, error)

	// Login returns a token for a name and its password, and the code of a
	// second factor if there is one, or Unauthorized, or RateLimited. The
	// address is the client's, for throttling.
	Login(ctx context.Context, name, password, code, addr string) (token string, account core.Account, err error)

	// Logout voids all tokens of the account.
	Logout(ctx context.Context, who core.Account) error

	// Agents returns the accounts that who may see.
	Agents(ctx context.Context, who core.Account) ([]core.Account, error)

	// Agent returns one account, or NotFound.
	Agent(ctx context.Context, who core.Account, id core.AgentID) (core.Account, error)

	// CreateAgent makes an account; a name that is taken is Conflict.
	CreateAgent(ctx context.Context, who core.Account, a desk.NewAgent) (core.Account, error)

	// ChangeAgent changes what the patch names and returns the result, or
	// Conflict if the account no longer has the version of the patch.
	ChangeAgent(ctx context.Context, who core.Account, id core.AgentID, p desk.AgentPatch) (core.Account, error)

	// DisableAgent ends an account for good; it stays readable.
	DisableAgent(ctx context.Context, who core.Account, id core.AgentID) error

	// Groups returns the groups of the desk.
	Groups(ctx context.Context, who core.Account) ([]core.Group, error)

	// CreateGroup makes a group; an ID that is taken is Conflict.
	CreateGroup(ctx context.Context, who core.Account, g core.Group) (core.Group, error)

	// ChangeGroup has a group changed and returns the result, or Conflict if
	// it no longer has the given desk.GroupVersion; "": any. change may be
	// called more than once.
	ChangeGroup(ctx context.Context, who core.Account, id core.GroupID, version string, change func(*core.Group) error) (core.Group, error)

	// DeleteGroup removes a group; one that is in use is Conflict.
	DeleteGroup(ctx context.Context, who core.Account, id core.GroupID) error

	// Settings returns the settings as who may see them.
	Settings(ctx context.Context, who core.Account) (core.Settings, error)

	// ChangeSettings stores s as the version after s.Version, or returns
	// Conflict, or Invalid with a fault in each line.
	ChangeSettings(ctx context.Context, who core.Account, s core.Settings) (core.Settings, error)

	// PreviewSettings returns what ChangeSettings would change.
	PreviewSettings(ctx context.Context, who core.Account, s core.Settings) ([]desk.Difference, error)

	// SettingsHistory returns versions smaller than before (0: all), the
	// newest first, and whether there are more.
	SettingsHistory(ctx context.Context, who core.Account, before uint64, limit int) (list []desk.SettingsChange, more bool, err error)

	// RollbackSettings stores the content of a version as a new one.
	RollbackSettings(ctx context.Context, who core.Account, version uint64) (core.Settings, error)

	// Blocks returns the blocks that are in force, the newest first.
	Blocks(ctx context.Context, who core.Account) ([]core.Block, error)

	// Block keeps a visitor out.
	Block(ctx context.Context, who core.Account, b core.Block) error

	// Unblock ends a block, or returns NotFound.
	Unblock(ctx context.Context, who core.Account, id core.VisitorID) error

	// Replies returns those that who may use and that fit a search.
	Replies(ctx context.Context, who core.Account, search string) ([]desk.Reply, error)

	// CreateReply makes a reply; a shortcut that is taken is Conflict.
	CreateReply(ctx context.Context, who core.Account, r desk.Reply) (desk.Reply, error)

	// ChangeReply changes what the patch names, or returns Conflict unless
	// the reply has the version; 0: any.
	ChangeReply(ctx context.Context, who core.Account, id string, version uint64, p desk.ReplyPatch) (desk.Reply, error)

	// DeleteReply removes a reply, or returns NotFound.
	DeleteReply(ctx context.Context, who core.Account, id string) error

	// TOTP returns the state of who's second factor; BeginTOTP, ConfirmTOTP
	// and EndTOTP change it, ResetTOTP that of somebody else.
	TOTP(ctx context.Context, who core.Account) (desk.TOTP, error)
	BeginTOTP(ctx context.Context, who core.Account, current string) (desk.Enrolment, error)
	ConfirmTOTP(ctx context.Context, who core.Account, code string) (recovery []string, err error)
	EndTOTP(ctx context.Context, who core.Account, current, code string) error
	ResetTOTP(ctx context.Context, who core.Account, id core.AgentID) error

	// Audit returns who changed what, the newest first, and where to go on.
	Audit(ctx context.Context, who core.Account, q desk.AuditQuery) (list []desk.AuditEntry, next string, err error)

	// Webhooks returns them; the others make one, end one, and try one again.
	Webhooks(ctx context.Context, who core.Account) ([]desk.Webhook, error)
	CreateWebhook(ctx context.Context, who core.Account, h desk.Webhook) (desk.Webhook, error)
	DeleteWebhook(ctx context.Context, who core.Account, id string) error
	ResumeWebhook(ctx context.Context, who core.Account, id string) error

	// Channels returns them; the others make or change one, remove one, and
	// send a test over one.
	Channels(ctx context.Context, who core.Account) ([]desk.Channel, error)
	PutChannel(ctx context.Context, who core.Account, c desk.Channel) (desk.Channel, error)
	DeleteChannel(ctx context.Context, who core.Account, id string) error
	TestChannel(ctx context.Context, who core.Account, id string) error

	// Reports counts sessions.
	Reports(ctx context.Context, who core.Account, q desk.ReportQuery) (desk.Report, error)

	// Visitor returns what is known of a visitor, or NotFound.
	Visitor(ctx context.Context, who core.Account, id core.VisitorID) (desk.VisitorRecord, error)

	// LiveVisitors returns who is on the pages and in no session, and whether
	// there are more, or Unsupported.
	LiveVisitors(ctx context.Context, who core.Account) (list []desk.LiveVisitor, more bool, err error)

	// Invite shows a visitor on a page of a site a text, or returns NotFound
	// or Conflict.
	Sites(ctx context.Context, who core.Account) ([]core.Site, error)
	SearchMessages(ctx context.Context, who core.Account, q core.Query, text string) (desk.Search, error)
	EraseVisitor(ctx context.Context, who core.Account, id core.VisitorID) error
	Invite(ctx context.Context, who core.Account, site core.SiteID, id core.VisitorID, text string) error

	// FloorNow returns the floor.
	FloorNow(ctx context.Context, who core.Account) (desk.FloorView, error)

	// Why returns what keeps a conversation waiting, or Conflict.
	Why(ctx context.Context, who core.Account, id core.ConversationID) (wire.Why, error)

	// Post stores a message of who's, once under one key.
	Post(ctx context.Context, who core.Account, id core.ConversationID, e desk.NewEvent) (desk.Posted, error)

	// Conversations returns a page of those that q selects and who may see,
	// the newest phase first, and the place behind which the next page
	// begins; the zero Place: there is none.
	Conversations(ctx context.Context, who core.Account, q core.Query) ([]wire.Head, core.Place, error)

	// Find is the same of those that show text; a page may have fewer than
	// were asked for though there are more.
	Find(ctx context.Context, who core.Account, q core.Query, text string) ([]wire.Head, core.Place, error)

	// Conversation returns one head, or NotFound.
	Conversation(ctx context.Context, who core.Account, id core.ConversationID) (wire.Head, error)

	// Events returns events newer than after or older than before, or with
	// neither the newest, oldest first.
	Events(ctx context.Context, who core.Account, id core.ConversationID, after, before *uint64, limit int) (wire.Events, error)
}

var _ Desk = (*desk.Desk)(nil)

// Options are what New needs: Desk and Now, and where Random and Timeout are
// left out, the defaults they name.
type Options struct {
	Desk    Desk
	Uploads Uploader // takes files; nil: there are none
	Poll    Poller   // serves /v1/poll; nil: it is not there
	Bucket  string   // https://host that our pages bring files to and fetch them from; "": this one alone
	Files   fs.FS    // holds what the SDK builds, see files.go; nil: no files are served
	Now     func() time.Time
	Random  io.Reader     // for request ids; nil: crypto/rand
	Log     *slog.Logger  // nil: none
	Timeout time.Duration // for one request of the API; 0: 15 s
}

// handler sends requests to the API or to the files.
type handler struct{ api, poll, uploads, stored, files http.Handler }

// New returns the handler. It fails if the files can not be read.
func New(o Options) (http.Handler, error) {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Second
	}
	files, err := newFiles(o.Files, o.Bucket)
	if err != nil {
		return nil, err
	}
	api := later(func() http.Handler { return newAPI(o) })
	h := &handler{api: api, poll: api, uploads: api, stored: api, files: files}
	if o.Poll != nil {
		h.poll = &poll{guard{Options: o}, o.Poll}
	}
	if o.Uploads != nil {
		h.uploads, h.stored = &uploads{guard{Options: o}, o.Uploads, o.Desk.Authenticate}, &stored{guard{Options: o}, o.Uploads}
	}
	return h, nil
}

// later is a handler that takes longer to make than all else together: it is
// begun with, and waited for by who asks for it. A long-poll that has a Lambda
// started does not.
func later(build func() http.Handler) http.Handler {
	made := sync.OnceValue(build)
	go made()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { made().ServeHTTP(w, r) })
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch p := r.URL.Path; {
	case p == "/v1/poll":
		h.poll.ServeHTTP(w, r)
	case p == "/v1/uploads":
		h.uploads.ServeHTTP(w, r)
	case strings.HasPrefix(p, blob.Prefix):
		h.stored.ServeHTTP(w, r)
	case p == "/v1" || strings.HasPrefix(p, "/v1/"):
		h.api.ServeHTTP(w, r)
	default:
		h.files.ServeHTTP(w, r)
	}
}
