package core

import (
	"context"
	"time"
)

// Conversations is what Apply needs of a store.
type Conversations interface {
	// Load returns the newest state of a conversation, read strongly: what
	// any node committed before is in it. One that was never written comes
	// back as Conversation{ID: id}.
	Load(ctx context.Context, id ConversationID) (Conversation, error)

	// Commit stores c whole or not at all, durably: when it returns nil, a
	// power cut loses nothing of it. It returns Conflict unless the last
	// event stored is c.Base(), and Full, nothing being stored, unless the
	// agent in c.Take then holds fewer sessions than their capacity.
	// Taking a seat that the same conversation already has costs nothing.
	// Any other error leaves the outcome unknown (Unavailable).
	Commit(ctx context.Context, c Change) error
}

// Log reads what was committed, strongly. The caller owns what it gets.
type Log interface {
	// After returns events with a seq above the given one, oldest first, at
	// most limit of them. There are none for an unknown conversation.
	After(ctx context.Context, id ConversationID, seq uint64, limit int) ([]Event, error)

	// Before returns the newest events with a seq below the given one,
	// oldest first, at most limit of them.
	Before(ctx context.Context, id ConversationID, seq uint64, limit int) ([]Event, error)
}

// Place is a conversation in a list that is ordered by time, then ID. It also
// serves as the cursor behind which a listing goes on.
type Place struct {
	At time.Time
	ID ConversationID
}

// Less orders places as lists do.
func (p Place) Less(q Place) bool {
	if !p.At.Equal(q.At) {
		return p.At.Before(q.At)
	}
	return p.ID < q.ID
}

// Query selects conversations. Zero fields select all.
type Query struct {
	Phases []Phase
	Agent  AgentID // who holds it
	Groups []GroupID
	Site   SiteID
	Tag    string // one of its Tags; a store that has no index for it returns Unsupported
	Before Place  // only those after this place of the list
	Limit  int    // at most 200
}

// Lists finds conversations by their state. A list may show a conversation
// that has just moved on; who acts on one loads it first.
type Lists interface {
	// Waiting returns the line of a group, its head first: by
	// Session.Queued, then ID. An empty group means all groups.
	Waiting(ctx context.Context, g GroupID, limit int) ([]Place, error)

	// Held returns what an agent holds, in no particular order.
	Held(ctx context.Context, id AgentID) ([]ConversationID, error)

	// List returns the conversations that q selects, the newest
	// Session.Since first.
	List(ctx context.Context, q Query) ([]Conversation, error)

	// Due returns alarms that are not after until, soonest first, going on
	// behind the given place.
	Due(ctx context.Context, after Place, until time.Time, limit int) ([]Place, error)

	// Rearm sets the alarm of a conversation whose last event is seq; zero:
	// never. If the log has moved on it changes nothing and returns
	// Conflict. It leaves the state as Load returns it alone.
	Rearm(ctx context.Context, id ConversationID, seq uint64, alarm time.Time) error
}

// Agents keeps accounts of staff and their presence.
type Agents interface {
	// Account returns the account with the given ID, or NotFound.
	Account(ctx context.Context, id AgentID) (Account, error)

	// AccountNamed returns the account with the given Name, or NotFound.
	AccountNamed(ctx context.Context, name string) (Account, error)

	// Accounts returns all accounts, disabled ones too, by ID.
	Accounts(ctx context.Context) ([]Account, error)

	// PutAccount stores an account under a.Version. It returns Conflict
	// unless the stored version is a.Version-1, or if another account has
	// the name.
	PutAccount(ctx context.Context, a Account) error

	// SetDuty records what an agent says of themselves; the last one wins.
	// An unknown agent is NotFound.
	SetDuty(ctx context.Context, id AgentID, d Duty) error

	// Duty returns what SetDuty recorded last; at first Offline, no lease.
	Duty(ctx context.Context, id AgentID) (Duty, error)

	// Renew lengthens the lease of an agent, and leaves the status alone. A
	// lease that already ends later stays. An unknown agent is NotFound.
	Renew(ctx context.Context, id AgentID, lease time.Time) error

	// Paced notes how long a visitor waited for an agent's first answer. The
	// mean of the recent ones is Agent.Pace in a Roster: each moves it by a
	// fifth of the way. It is advice for routing, so a lost one does no harm.
	Paced(ctx context.Context, id AgentID, took time.Duration) error

	// Roster returns the members of a group, or with an empty group
	// everybody, as they are at the given time: whoever has no lease then is
	// Offline. Disabled accounts are left out. The order is by ID. Held
	// counts committed seats.
	Roster(ctx context.Context, g GroupID, at time.Time) (Roster, error)

	// Lapsed returns agents whose lease ended before the given time and who
	// still hold something.
	Lapsed(ctx context.Context, before time.Time) ([]AgentID, error)
}

// Profile is what is known of a visitor besides what they said.
type Profile struct {
	ID       VisitorID
	Site     SiteID
	Name     string
	Avatar   string // URL, or empty
	Lang     string // BCP 47, or empty
	External string // the site's own id for a known visitor; empty: anonymous
	Page     Page   // where they were last seen
	Seen     time.Time

	Device string    // browser and system, as the browser says; empty: it did not
	First  time.Time // when the profile was first stored
	Pages  []Visit   // the last MaxPages they were on, oldest first
}

// Visit is a page that a visitor was on, from At on.
type Visit struct {
	Page
	At time.Time
}

// MaxPages is how many pages of a visitor are kept.
const MaxPages = 20

// Page is a page of the site.
type Page struct{ URL, Title, Referrer string }

// Block keeps a visitor out. There is at most one a visitor. One that begins
// with NetPrefix keeps out whoever comes from a range of addresses.
type Block struct {
	Visitor VisitorID // or NetPrefix and a range, such as net:203.0.113.0/24
	By      AgentID
	Reason  string // for agents
	At      time.Time
	Until   time.Time // zero: for good
}

// NetPrefix begins the Visitor of a block of addresses. No visitor's ID does.
const NetPrefix = "net:"

// Marks is how far each side has read.
type Marks struct{ Visitor, Agent uint64 }

// Records keeps what has a record of its own, beside the log.
type Records interface {
	// Profile returns a visitor's profile, or NotFound.
	Profile(ctx context.Context, id VisitorID) (Profile, error)

	// PutProfile stores a profile; the last one wins.
	PutProfile(ctx context.Context, p Profile) error

	// Mark notes that a side (Visitor or Staff) has read up to seq. A mark
	// never goes back and never passes the end of the log.
	Mark(ctx context.Context, id ConversationID, side PartyKind, seq uint64) error

	// Marks returns how far each side has read; zero at first.
	Marks(ctx context.Context, id ConversationID) (Marks, error)

	// Known returns the visitor that a site knows under its own name for
	// them. If there is none yet it is the fresh one from now on: whoever
	// comes first decides. With an empty fresh it is NotFound.
	Known(ctx context.Context, site SiteID, external string, fresh VisitorID) (VisitorID, error)

	// Forget removes the profile of a visitor, what Known says of its External
	// if that is this visitor, and what is kept under the given keys. What is
	// not there is no error: whoever erases somebody may have to begin again.
	Forget(ctx context.Context, p Profile, kept ...string) error

	// Blocks returns all blocks, those that have ended too, the newest first.
	Blocks(ctx context.Context) ([]Block, error)

	// PutBlock stores a block in place of what the visitor had.
	PutBlock(ctx context.Context, b Block) error

	// DeleteBlock removes a block, or returns NotFound.
	DeleteBlock(ctx context.Context, id VisitorID) error

	// Keep stores a value under a key until a time, unless there is one that
	// counts at now; it returns the one that is there then. What has ended
	// may be forgotten.
	Keep(ctx context.Context, key string, value []byte, now, until time.Time) ([]byte, error)

	// Kept returns the value under a key that counts at now, or NotFound.
	Kept(ctx context.Context, key string, now time.Time) ([]byte, error)

	// Settings returns the stored settings; Version 0 if there are none.
	Settings(ctx context.Context) (Settings, error)

	// PutSettings stores s under s.Version, or returns Conflict unless the
	// stored version is s.Version-1.
	PutSettings(ctx context.Context, s Settings) error

	// History returns versions of the settings that are smaller than before
	// (0: all), the newest first, at most limit. At least the last 100 are
	// there.
	History(ctx context.Context, before uint64, limit int) ([]Settings, error)

	// Secret returns the secret kept under a name. If there is none, it
	// keeps the fresh one and returns that: whoever comes first decides.
	Secret(ctx context.Context, name string, fresh []byte) ([]byte, error)

	// Epoch names the incarnation of the store. It changes whenever
	// acknowledged events may be gone, such as by a restore.
	Epoch(ctx context.Context) (string, error)
}

// Store is everything the desk keeps. Package storetest checks that an
// implementation keeps to these comments.
type Store interface {
	Conversations
	Log
	Lists
	Agents
	Records
	Documents

	// Ready returns an error if the store can not take a write now.
	Ready(ctx context.Context) error
}
