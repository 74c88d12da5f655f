// Package storetest checks that a core.Store keeps its word: every sentence
// of the comments in core/store.go is a line of a test here. The test file of
// a new store is five lines:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) core.Store { return memstore.New("e") })
//	}
//
// One that outlives its process passes RunReopen too. The states are those
// that core.Step makes of real inputs; a change is made by hand only where
// Step would never make it.
//
// What comes back is compared with what went in by reflect.DeepEqual: times
// are UTC and whole milliseconds, an empty slice is nil.
package storetest

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"kefu/core"
)

// Run checks the stores that open returns, each of them new and empty. Open
// registers what closes them with t.Cleanup.
func Run(t *testing.T, open func(*testing.T) core.Store) {
	for name, test := range map[string]func(*desk){
		"Conversations/AbsentIsSeqZero":         absentIsSeqZero,
		"Conversations/LoadGivesWhatCommitTook": loadGivesWhatCommitTook,
		"Conversations/OneWriterWins":           oneWriterWins,
		"Conversations/LogIsContiguous":         logIsContiguous,
		"Conversations/StaleWriterConflicts":    staleWriterConflicts,
		"Conversations/EmptyChange":             emptyChange,
		"Seats/NeverOversold":                   neverOversold,
		"Seats/LoweredCapacity":                 loweredCapacity,
		"Seats/FreeGivesBack":                   freeGivesBack,
		"Seats/SameSeatCostsNothing":            sameSeatCostsNothing,
		"Seats/FullStoresNothing":               fullStoresNothing,
		"Seats/ConflictComesBeforeFull":         conflictComesBeforeFull,
		"Seats/StrangerHasNone":                 strangerHasNone,
		"Log/Paging":                            logPaging,
		"Log/CallerOwnsEvents":                  callerOwnsEvents,
		"Lists/Due":                             due,
		"Lists/Rearm":                           rearm,
		"Lists/Waiting":                         waiting,
		"Lists/WaitingAgain":                    waitingAgain,
		"Lists/Held":                            held,
		"Lists/ListFilters":                     listFilters,
		"Lists/ListPaging":                      listPaging,
		"Lists/Snoozed":                         snoozed,
		"Lists/Tags":                            tagged,
		"Agents/Accounts":                       accounts,
		"Agents/NamesAreUnique":                 namesAreUnique,
		"Agents/OneChangeOfAccountWins":         oneChangeOfAccountWins,
		"Agents/Duty":                           duty,
		"Agents/Roster":                         roster,
		"Agents/RosterLast":                     rosterLast,
		"Agents/Lapsed":                         lapsed,
		"Log/Erase":                             erase,
		"Agents/Renew":                          renew,
		"Agents/Paced":                          paced,
		"Records/Known":                         known,
		"Records/Forget":                        forget,
		"Records/Blocks":                        blocks,
		"Records/Keep":                          keep,
		"Records/History":                       history,
		"Records/Profile":                       profile,
		"Records/Marks":                         marks,
		"Records/Settings":                      settings,
		"Records/OneChangeOfSettingsWins":       oneChangeOfSettingsWins,
		"Records/FirstSecretWins":               firstSecretWins,
		"Records/Epoch":                         epoch,
		"Documents/Versions":                    documentVersions,
		"Documents/Paging":                      documentPaging,
		"Documents/Limits":                      documentLimits,
		"Documents/OneChangeWins":               oneChangeOfDocumentWins,
		"Documents/CallerOwnsData":              callerOwnsDocument,
		"Ready":                                 ready,
	} {
		t.Run(name, func(t *testing.T) { test(newDesk(t, open(t))) })
	}
	t.Run("Transfer", func(t *testing.T) { runTransfer(t, open) })
}

var start = time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC)

// desk is a store under test with what its tests have in common. Its clock
// moves only by wait.
type desk struct {
	*testing.T
	st    core.Store
	rules core.Rules
	now   time.Time
}

func newDesk(t *testing.T, st core.Store) *desk {
	s := core.DefaultSettings()
	s.Groups = []core.Group{{ID: "sales"}, {ID: "billing"}}
	s.Sites[0].ID, s.Sites[0].Groups = "shop", []core.GroupID{"sales", "billing"}
	rules, _ := s.Rules("shop")
	return &desk{T: t, st: st, rules: rules, now: start}
}

func (d *desk) wait(by time.Duration) { d.now = d.now.Add(by) }

// load returns the stored state.
func (d *desk) load(id core.ConversationID) core.Conversation {
	d.Helper()
	return must(d.st.Load(d.Context(), id))(d)
}

// log returns everything that was said.
func (d *desk) log(id core.ConversationID) []core.Event {
	d.Helper()
	return must(d.st.After(d.Context(), id, 0, 10_000))(d)
}

// apply does what a host does, and can be called from any goroutine.
func (d *desk) apply(id core.ConversationID, in core.Input) (core.Change, error) {
	return core.Apply(d.Context(), d.st, core.Conversation{ID: id}, d.rules, d.now, in)
}

// do is apply where it must succeed.
func (d *desk) do(id core.ConversationID, in core.Input) core.Change {
	d.Helper()
	return must(d.apply(id, in))(d)
}

// step decides on the stored state and stores nothing.
func (d *desk) step(id core.ConversationID, in core.Input) core.Change {
	d.Helper()
	return must(core.Step(d.load(id), d.rules, d.now, in))(d)
}

// frame is the next one of an author whose outbox is named after them.
func (d *desk) frame(id core.ConversationID, by core.Actor) core.Frame {
	d.Helper()
	o := core.Origin("outbox-of-" + by.ID)
	return core.Frame{By: by, Origin: o, N: d.load(id).HeardOf(by.Party, o).N + 1}
}

func visitorOf(id core.ConversationID) core.Actor {
	return core.Actor{Party: core.Party{Kind: core.Visitor, ID: "v-" + string(id)}}
}

func agent(id core.AgentID) core.Actor {
	return core.Actor{Party: core.AgentParty(id), Role: core.RoleAgent, Groups: []core.GroupID{"sales", "billing"}}
}

func lead() core.Actor {
	return core.Actor{Party: core.AgentParty("lead"), Role: core.RoleSupervisor}
}

func words(text string) core.Body { return core.Body{Kind: core.KindText, Text: text} }

// says is the visitor saying something; the first time opens the session,
// which then waits in sales.
func (d *desk) says(id core.ConversationID, text string) core.Said {
	d.Helper()
	return core.Said{Frame: d.frame(id, visitorOf(id)), Site: d.rules.Site.ID, Tag: "shoes", Body: words(text)}
}

// answers is an agent saying something.
func (d *desk) answers(id core.ConversationID, who core.AgentID, text string) core.Said {
	d.Helper()
	return core.Said{Frame: d.frame(id, agent(who)), Body: words(text)}
}

// taken is an agent taking the session.
func (d *desk) taken(id core.ConversationID, who core.AgentID) core.Taken {
	d.Helper()
	return core.Taken{Frame: d.frame(id, agent(who)), Session: d.load(id).Session.Number}
}

// ended is the visitor closing the session.
func (d *desk) ended(id core.ConversationID) core.Ended {
	d.Helper()
	return core.Ended{Frame: d.frame(id, visitorOf(id)), Session: d.load(id).Session.Number}
}

// passed is a supervisor passing the session to a group.
func (d *desk) passed(id core.ConversationID, to core.GroupID) core.Passed {
	d.Helper()
	return core.Passed{Frame: d.frame(id, lead()), Session: d.load(id).Session.Number, Group: to, Note: "for you"}
}

// hire keeps an account of an agent in both groups.
func (d *desk) hire(id core.AgentID, capacity int) core.Account {
	d.Helper()
	a := core.Account{
		ID: id, Version: 1, Name: "name of " + string(id), Role: core.RoleAgent,
		Groups: []core.GroupID{"sales", "billing"}, Capacity: capacity, Weight: 1,
	}
	d.ok(d.st.PutAccount(d.Context(), a))
	return a
}

// online gives an agent a lease of the given length.
func (d *desk) online(id core.AgentID, lease time.Duration) {
	d.Helper()
	d.ok(d.st.SetDuty(d.Context(), id, core.Duty{Status: core.Online, Lease: d.now.Add(lease)}))
}

// onRoster returns what routing sees of an agent.
func (d *desk) onRoster(id core.AgentID) core.Agent {
	d.Helper()
	a, ok := must(d.st.Roster(d.Context(), "", d.now))(d).Find(id)
	if !ok {
		d.Fatalf("%s is not on the roster", id)
	}
	return a
}

// must unwraps a result that has to be there: must(f())(d).
func must[T any](v T, err error) func(*desk) T {
	return func(d *desk) T {
		d.Helper()
		d.ok(err)
		return v
	}
}

func (d *desk) ok(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// wants checks the code of an error.
func (d *desk) wants(err error, code core.Code) {
	d.Helper()
	if core.CodeOf(err) != code {
		d.Fatalf("the error is %v, want %s", err, code)
	}
}

// equal compares what came back with what went in.
func equal[T any](d *desk, what string, got, want T) {
	d.Helper()
	if !reflect.DeepEqual(got, want) {
		d.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// none checks that a listing is empty.
func none[T any](d *desk, what string, got []T) {
	d.Helper()
	if len(got) != 0 {
		d.Fatalf("%s: got %+v, want none", what, got)
	}
}

// race calls fn n times at once and returns how many calls returned no error.
// Any other error than the one that losers get fails the test.
func (d *desk) race(n int, losers core.Code, fn func(i int) error) (won int) {
	d.Helper()
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			errs[i] = fn(i)
		})
	}
	done.Wait()
	for i, err := range errs {
		switch {
		case err == nil:
			won++
		case losers == "" || core.CodeOf(err) != losers:
			d.Errorf("racer %d: %v", i, err)
		}
	}
	return won
}

// ids are conversations named after a number.
func numbered(i int) core.ConversationID { return core.ConversationID(fmt.Sprintf("c_%02d", i)) }
