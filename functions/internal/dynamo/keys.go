// Package dynamo is core.Store, and the table of live connections, on one
// DynamoDB table, without an index, a stream, a transaction or a Scan.
//
// # The table
//
// pk and sk are strings. Times are milliseconds since 1970; in keys, numbers
// have leading zeros, so that keys sort as what they say.
//
//	pk            sk                          item                                   written by                          after a crash
//	c#<id>        e#<seq>                     a change by its first event, with the  Commit: this Put is the slot        it is the truth
//	                                          state after its last
//	c#<id>        m                           how far each side has read             Mark                                each side is a maximum
//	open          bot#<id>                    it is with the assistant               Commit, before the slot             Due and List remove a stale one
//	open          nap#<id>                    it is snoozed, and its alarm           Commit, before the slot; Rearm      Due and List remove a stale one
//	open          line#<group>#<queued>#<id>  it waits, since when, and its alarm    Commit, before the slot; Rearm      Waiting and Due remove a stale one
//	closed        <since>#<id>                it is over                             Commit, before the slot             List removes a stale one
//	erase         <id>#<slot>#<mark>          which bodies are to be erased          Commit, before the slot             Due finishes it
//	agents        <id>                        account, presence, seats               PutAccount, SetDuty, Renew, Paced;  Due and Held give back a seat that
//	                                                                                 Commit a seat, before the slot      is nobody's
//	names         =<name>                     whose name to log in with it is        PutAccount, before the account      who wants it next takes it over
//	visitors      <id>                        profile                                PutProfile                          the last writer wins
//	users#<site>  =<external>                 which visitor that is                  Known                               the first one stays
//	blocks        <visitor>                   block                                  PutBlock                            the last writer wins
//	settings      <version>                   settings                               PutSettings                         the version is a slot too
//	secrets       =<name>                     secret                                 Secret                              the first one stays
//	kept          =<key>                      an answer, with a TTL                  Keep                                the first one stays
//	doc#<kind>    <id>                        document                               PutDocument                         the version decides
//	store         store                       epoch and schema                       Epoch                               the first one stays
//	conn#<id>     -                           a connection, with a TTL               Connections.Open, Put               Remove; the TTL
//	at#<id>       v#<conn>, w#<conn>          its visitor's, its watchers'           Connections.Put                     a push that is answered by 410; the TTL
//	at#<id>       v#-                         its visitor polls, with a short TTL    Connections.Linger                  the next poll; the TTL
//	staff         <agent>#<conn>              an agent's connection                  Connections.Put                     a push that is answered by 410; the TTL
//
// # One pointer a conversation
//
// A conversation that was ever opened is pointed at by one item, which says
// where it stands: bot, line, nap or closed, and for one that an agent holds, the
// seat. So all open ones are found without an index, and whoever looks for
// alarms (Due) loads their heads: a read unit a minute for each open session
// costs less than to move an alarm with every other message, and what is not
// written can not be wrong. A plain message writes nothing but its slot.
//
// A pointer is put before the slot that makes it true and deleted after the
// slot that makes it false. So one may be there in vain, which costs whoever
// comes upon it a read, but none is ever missing. It carries the slot it was
// put for, v, and is only ever deleted under the condition that this is still
// the one: a conversation may come back to the place it had, and then a late
// deletion must not find it.
//
// # Seats
//
// A seat is the string id@slot in a set on the agent's item, taken under the
// condition that the set is smaller than the capacity, before the slot is
// tried. A slot is decided once. So a seat whose slot was filled by a change
// that does not give the conversation to this agent is nobody's, and whoever
// notices removes it. A crash leaves a seat too many, never one too few.
//
// # Time
//
// A change is made within commitWithin of its first write, or not at all. So
// what was announced longer than announceFor ago, for a slot that is still
// empty, is not to come any more. Of clocks no more is asked than that they are
// not a minute apart, as core does too.
//
// # What it costs
//
// TestCost is the price list: a plain message is one write unit and, in a
// process that remembers the conversation, no read. An assignment is the seat,
// the slot and the place in line that ends.
package dynamo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/core"
)

// item is what DynamoDB stores.
type item = map[string]types.AttributeValue

// key is where an item is.
type key struct{ pk, sk string }

func (k key) item() item { return item{"pk": str(k.pk), "sk": str(k.sk)} }

func keyOf(it item) key { return key{getStr(it, "pk"), getStr(it, "sk")} }

const (
	partOpen     = "open"
	partClosed   = "closed"
	partErase    = "erase"
	partAgents   = "agents"
	partNames    = "names"
	partVisitors = "visitors"
	partBlocks   = "blocks"
	partSettings = "settings"
	partSecrets  = "secrets"
	partKept     = "kept"
	partStaff    = "staff"

	slotPrefix = "e#"
	botPrefix  = "bot#"
	linePrefix = "line#"
	napPrefix  = "nap#"
	last       = "\U0010ffff" // sorts behind whatever a key has there
)

func partConversation(id core.ConversationID) string { return "c#" + string(id) }
func partUsers(s core.SiteID) string                 { return "users#" + string(s) }
func partDocuments(kind string) string               { return "doc#" + kind }

func slotKey(id core.ConversationID, seq uint64) key { return key{partConversation(id), slotSK(seq)} }
func marksKey(id core.ConversationID) key            { return key{partConversation(id), "m"} }
func agentKey(id core.AgentID) key                   { return key{partAgents, string(id)} }
func visitorKey(id core.VisitorID) key               { return key{partVisitors, string(id)} }
func nameKey(name string) key                        { return key{partNames, foreign(name)} }
func storeKey() key                                  { return key{"store", "store"} }

func slotSK(seq uint64) string          { return fmt.Sprintf("%s%019d", slotPrefix, min(seq, 1<<62)) }
func settingsSK(version uint64) string  { return fmt.Sprintf("%019d", min(version, 1<<62)) }
func groupPrefix(g core.GroupID) string { return linePrefix + escaper().Replace(string(g)) + "#" }

// escaper keeps what separates the parts of a key out of them.
func escaper() *strings.Replacer { return strings.NewReplacer("%", "%25", "#", "%23") }

// placeSK sorts as places do. Times before 1970 do not occur.
func placeSK(p core.Place) string {
	var ms int64
	if !p.At.IsZero() {
		ms = p.At.UnixMilli()
	}
	return fmt.Sprintf("%015d#%s", max(ms, 0), p.ID)
}

// foreign makes a key of a string that somebody else chose, whether it is empty,
// which no key may be, or longer than the 1024 bytes that a sort key may have.
func foreign(s string) string {
	const longest = 512
	if len(s) <= longest {
		return "=" + s
	}
	sum := sha256.Sum256([]byte(s))
	return "#" + hex.EncodeToString(sum[:])
}
