package dynamo

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/core"
	"kefu/core/desk"
)

// Connection is a live connection as all functions know it: each frame of it
// may come to another process.
type Connection struct {
	ID     string // as API Gateway names it
	Page   string // the HTTP Origin of the page, which only $connect is told
	Addr   string // of the client
	Who    core.Party
	Outbox core.Origin
	Topics []desk.Topic // what it is found under; none before its hello
	Data   []byte       // what else the host wants to know of it again
	Joined time.Time    // when it was first put under topics

	opened bool   // it has an item of its own
	mark   []byte // of the Put that it was read from
	rows   []key  // others that it has
}

// connectionLife is when a connection is certainly over: API Gateway ends it
// after two hours. DynamoDB deletes what is older, some time after.
const connectionLife = 2*time.Hour + 10*time.Minute

// Connections is the table of live connections. It is all hints: a row may
// outlive its connection until a push to it is answered by 410, and whoever is
// not found asks again with the next heartbeat.
type Connections struct{ st *Store }

// Connections returns the connections that are kept in the store's table.
func (st *Store) Connections() *Connections { return &Connections{st} }

const connectionSK = "-"

func connectionKey(id string) key { return key{"conn#" + id, connectionSK} }

// A conversation's visitors and watchers stand side by side, for both are told
// of its events. All agents stand in one place, each one's connections
// together.
func atConversation(id string) string { return "at#" + id }

const visitorPrefix, watchPrefix = "v#", "w#"

func agentPrefix(id string) string { return escaper().Replace(id) + "#" }

// row returns the key under which a connection is found for a topic.
func (c Connection) row(t desk.Topic) key {
	switch kind, id := split(t); kind {
	case desk.TopicVisitor(""):
		return key{atConversation(id), visitorPrefix + c.ID}
	case desk.TopicWatch(""):
		return key{atConversation(id), watchPrefix + c.ID}
	default:
		return key{partStaff, agentPrefix(c.Who.ID) + c.ID}
	}
}

// split parts a topic into its kind, the topic of an empty id, and the id.
func split(t desk.Topic) (kind desk.Topic, id string) {
	for _, kind := range []desk.Topic{desk.TopicVisitor(""), desk.TopicWatch(""), desk.TopicAgent(""), desk.TopicGroup("")} {
		if id, ok := strings.CutPrefix(string(t), string(kind)); ok {
			return kind, id
		}
	}
	return t, ""
}

// Open notes a connection when it begins: what $connect knows and later frames
// do not. One write unit.
func (cs *Connections) Open(ctx context.Context, c Connection) error {
	it := cs.item(c)
	it["w"] = bin(newMark())
	_, err := cs.st.put(ctx, connectionKey(c.ID), it, condition{})
	return err
}

// LingerID is the ID of what Linger leaves behind. Nobody can push to it.
const LingerID = "-"

// Linger has a visitor found under their topic until then, without a
// connection: between two polls. There is one such a row a conversation, and
// the last one counts. One write unit.
func (cs *Connections) Linger(ctx context.Context, c Connection, until time.Time) error {
	c.ID, c.Joined = LingerID, cs.st.Now().UTC()
	it := cs.item(c)
	it["ttl"] = num(until.Unix() + 1)
	_, err := cs.st.put(ctx, c.row(c.Topics[0]), it, condition{})
	return err
}

// Lingers returns what Linger was given last for a visitor's topic, and until
// when it counts; NotFound if it does no longer. Half a read unit.
func (cs *Connections) Lingers(ctx context.Context, t desk.Topic) (c Connection, until time.Time, err error) {
	k := Connection{ID: LingerID}.row(t)
	found := false
	err = cs.st.each(ctx, span{pk: k.pk, from: k.sk, to: k.sk, weak: true}, func(it item) (bool, error) {
		c, until, found = connection(it), time.Unix(getNum(it, "ttl")-1, 0), cs.lives(it)
		return true, nil
	})
	if err == nil && !found {
		err = core.Errorf(core.NotFound, "nobody polls here")
	}
	return c, until, err
}

// Get returns a connection, or NotFound. It costs half a read unit; a whole
// one more for a connection so young that the first answer may be old.
func (cs *Connections) Get(ctx context.Context, id string) (Connection, error) {
	c, err := cs.read(ctx, id, true)
	if err == nil && len(c.Topics) > 0 {
		return c, nil
	}
	return cs.Fresh(ctx, id)
}

// Fresh is Get for who is going to Put the connection under other topics: it
// has to know all that it is found under now.
func (cs *Connections) Fresh(ctx context.Context, id string) (Connection, error) {
	return cs.read(ctx, id, false)
}

func (cs *Connections) read(ctx context.Context, id string, weak bool) (Connection, error) {
	c := Connection{}
	s := span{pk: connectionKey(id).pk, from: connectionSK, to: connectionSK, weak: weak}
	err := cs.st.each(ctx, s, func(it item) (bool, error) {
		if cs.lives(it) {
			c = connection(it)
			c.opened, c.mark, c.rows = true, getBin(it, "w"), c.keys()
		}
		return true, nil
	})
	if err == nil && !c.opened {
		err = core.Errorf(core.NotFound, "there is no such connection")
	}
	return c, err
}

// Put has a connection found under its topics, and no longer under those it
// had when it was read. It returns others with the same author and outbox that
// joined before it: they are replaced, and the caller closes and removes them.
// A connection that was opened and has ended meanwhile is NotFound; one that
// somebody else has put since it was read, as another process may that serves
// another frame of it, is Conflict. Two write units and one read unit; one more
// write unit for each conversation watched.
func (cs *Connections) Put(ctx context.Context, c Connection) (replaced []Connection, err error) {
	c.Joined = cs.st.Now().UTC().Truncate(time.Millisecond)
	if err := cs.claim(ctx, c); err != nil {
		return nil, err
	}
	rows := c.keys()
	for _, k := range rows {
		if _, err := cs.st.put(ctx, k, cs.item(c), condition{}); err != nil {
			return nil, err
		}
	}
	for _, k := range c.rows {
		if !slices.Contains(rows, k) {
			cs.st.tidy(ctx, k, condition{})
		}
	}
	return cs.replaced(ctx, c)
}

// Note stores what else the host wants to know of a connection, and leaves
// alone where it is found. It gives what Put does for one that has ended or
// changed since it was read. One write unit.
func (cs *Connections) Note(ctx context.Context, c Connection) error { return cs.claim(ctx, c) }

// claim writes the item of a connection's own.
func (cs *Connections) claim(ctx context.Context, c Connection) error {
	it, mark, was := cs.item(c), newMark(), condition{}
	it["w"] = bin(mark)
	if c.opened {
		was = condition{text: "w = :w", values: item{":w": bin(c.mark)}}
	}
	r, err := cs.st.put(ctx, connectionKey(c.ID), it, was)
	if r.ok || err != nil {
		return err
	}
	there, err := r.instead(ctx)
	switch {
	case err != nil || bytes.Equal(getBin(there, "w"), mark): // it met itself: the first answer was lost
		return err
	case there == nil:
		return core.Errorf(core.NotFound, "the connection has ended")
	default:
		return core.Errorf(core.Conflict, "another frame of this connection came first")
	}
}

// replaced finds those that c replaces. Of two that join at once each sees the
// other, so there is an order of them.
func (cs *Connections) replaced(ctx context.Context, c Connection) ([]Connection, error) {
	home := slices.IndexFunc(c.Topics, func(t desk.Topic) bool { kind, _ := split(t); return kind != desk.TopicWatch("") })
	if home < 0 {
		return nil, nil
	}
	k := c.row(c.Topics[home])
	mine := strings.TrimSuffix(k.sk, c.ID) // the rows of the same agent, or of the same conversation's visitor
	var out []Connection
	err := cs.st.each(ctx, all(k.pk, mine), func(it item) (bool, error) {
		o := connection(it)
		older := cmp.Or(o.Joined.Compare(c.Joined), cmp.Compare(o.ID, c.ID)) < 0
		if o.ID != c.ID && o.ID != LingerID && older && o.Who == c.Who && o.Outbox == c.Outbox && cs.lives(it) {
			out = append(out, o)
		}
		return false, nil
	})
	return out, err
}

// Remove forgets a connection that has ended. Connection{ID: id} is enough;
// one that Find returned is also removed from where it was found, whatever
// became of the rest of it.
func (cs *Connections) Remove(ctx context.Context, c Connection) error {
	now, err := cs.Fresh(ctx, c.ID)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	rows := append(slices.Clone(c.rows), now.rows...)
	slices.SortFunc(rows, func(a, b key) int { return cmp.Or(cmp.Compare(a.pk, b.pk), cmp.Compare(a.sk, b.sk)) })
	for _, k := range slices.Compact(rows) {
		if err := cs.st.remove(ctx, k, condition{}); err != nil {
			return err
		}
	}
	if !now.opened {
		return nil
	}
	return cs.st.remove(ctx, connectionKey(c.ID), condition{}) // the last, for it names the others
}

// keys are the rows of a connection besides its own.
func (c Connection) keys() []key {
	var out []key
	for _, t := range c.Topics {
		if k := c.row(t); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// lives: DynamoDB deletes what is over only after hours.
func (cs *Connections) lives(it item) bool { return getNum(it, "ttl") > cs.st.Now().Unix() }

func (cs *Connections) item(c Connection) item {
	return item{
		"c": str(c.ID), "p": str(c.Page), "a": str(c.Addr), "k": num(int(c.Who.Kind)), "i": str(c.Who.ID), "o": str(string(c.Outbox)),
		"t": list(c.Topics, func(t desk.Topic) types.AttributeValue { return str(string(t)) }),
		"d": bin(c.Data), "j": when(c.Joined), "ttl": num(cs.st.Now().Add(connectionLife).Unix()),
	}
}

func connection(it item) Connection {
	return Connection{
		ID: getStr(it, "c"), Page: getStr(it, "p"), Addr: getStr(it, "a"),
		Who: core.Party{Kind: core.PartyKind(getNum(it, "k")), ID: getStr(it, "i")}, Outbox: core.Origin(getStr(it, "o")),
		Topics: getList(it, "t", func(it item, name string) desk.Topic { return desk.Topic(getStr(it, name)) }),
		Data:   getBin(it, "d"), Joined: getTime(it, "j"),
	}
}
