package host

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/blob"
	"kefu/core/desk"
	"kefu/core/outgoing"
	"kefu/core/wire"
	"kefu/functions/internal/cloudfront"
	"kefu/functions/internal/dynamo"
	"kefu/functions/internal/gateway"
)

// Pusher is the way out to connections; gateway.Pusher is one.
type Pusher interface {
	Push(ctx context.Context, id string, frames ...[]byte) (gateway.Outcome, error)
	Close(ctx context.Context, id string) (gateway.Outcome, error)
}

// Files is where files are kept that clients send there by themselves; s3.Store
// is one.
type Files interface {
	blob.Store
	blob.Poster
	Origin() string // scheme://host of where they are, for pages' Content-Security-Policy
}

// Parts are what a Host is made of. Store, Pusher and Now are required.
type Parts struct {
	Store  *dynamo.Store
	Pusher Pusher
	Door   cloudfront.Door // the zero one: no CloudFront
	Files  Files           // nil: no files are taken
	Media  blob.Media      // what is in them, where they are taken; nil: this function takes none
	Allow  []netip.Prefix  // networks that webhooks may lead to although they are not of the public internet
	Now    func() time.Time
	Log    *slog.Logger // nil: none

	// Assistant is the function assist, as the others call it. nil: there is none,
	// or this is the one. Models makes what it asks; in the others it is nil, and
	// they ask through it. Getenv is for keys of models.
	Assistant Assistant
	Models    func(p core.Provider, key string) assist.Model
	Getenv    func(string) string
	Name      string // of the function, for metrics
	Emit      func(line []byte)
}

// Host is one process of a function. It is safe for concurrent use: Lambda
// Managed Instances run several invocations in one process.
type Host struct {
	Parts
	desk  *desk.Desk
	conns *dynamo.Connections
	seeks seeks
	asks  asks

	sessions *lru.Cache[string, *session] // by connection
	lingers  *lru.Cache[core.ConversationID, linger]
}

// remembered is how many connections a process remembers, and pollers.
const remembered = 1000

// New returns a host. It makes the store's signing keys if there are none yet.
func New(ctx context.Context, p Parts) (*Host, error) {
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Emit == nil {
		p.Emit = func([]byte) {}
	}
	h := &Host{Parts: p, conns: p.Store.Connections(), sessions: cache[string, *session](), lingers: cache[core.ConversationID, linger]()}
	o := desk.Options{Store: counted{p.Store}, Rooms: h, Floor: h, Stays: h, Seek: h.seeks.add, Forgets: true, Beat: beat(), Now: p.Now, Log: p.Log}
	h.openAssist(&o)
	if p.Files != nil { // a request to Lambda is too small to hold a file
		o.Files, o.Poster, o.Media = p.Files, p.Files, p.Media
	}
	var err error
	out := outgoing.New(p.Allow)
	o.Outgoing = func(ctx context.Context, m desk.Outgoing) (desk.OutgoingAnswer, error) {
		a, err := out.Post(ctx, m.URL, m.Header, m.Body)
		return desk.OutgoingAnswer(a), err
	}
	h.desk, err = desk.New(ctx, o)
	return h, err
}

// beat is how often agents are heard of: each of their heartbeats is two messages
// of API Gateway and reads all that they hold, so it is as rare as promise 21 lets
// it be.
func beat() wire.Heartbeat { return wire.Heartbeat{Every: 15, Max: 16} }

// Desk is what the host serves.
func (h *Host) Desk() *desk.Desk { return h.desk }

func cache[K comparable, V any]() *lru.Cache[K, V] {
	c, err := lru.New[K, V](remembered)
	if err != nil {
		panic("host: " + err.Error()) // the size is positive
	}
	return c
}
