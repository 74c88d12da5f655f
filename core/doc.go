// Package core decides what happens at a customer-service desk: who answers a
// visitor, what is said, and when it ends.
//
// # The model
//
// A [Conversation] is everything ever said between one visitor and one site.
// It is an append-only log of [Event]s 1, 2, 3 …; what it is now is a fold of
// that log. A session is one episode of service in it: opened, perhaps
// answered by the assistant, waiting, held by an agent, closed.
//
// The log is the truth, and the slot is the lock: to append after n is to win
// slot n+1, and two writers that both read n can not both win. So Seq is also
// the version, and compare-and-swap needs no other field.
//
// # Three rules
//
//   - Time, identifiers, rosters and settings arrive as arguments. Nothing here
//     reads a clock, draws a random number, does I/O or starts a goroutine.
//   - A [Change] is stored whole or not at all. Its events are delivered and its
//     effects performed only once it is stored.
//   - Push is a hint. A lost delivery is found again by the cursor every client
//     keeps; a lost Ask or Seek is found again by [Due], a [Tick] and [Owed].
//
// # The loop a host runs
//
//	change, err := core.Apply(ctx, store, remembered, rules, now, input)
//	if err == nil {
//		deliver(change.Events)           // to the visitor, the holder, watchers
//		for _, e := range change.Effects {
//			switch e := e.(type) {
//			case core.Ack:  // tell the sender: it is on disk
//			case core.Ask:  // the assistant; its answer comes back as Answered
//			case core.Seek: // the roster of the group; it comes back as Offered
//			case core.Room: // look at the lines of that agent's groups
//			case core.Paced: // store.Paced: advice for routing
//			}
//		}
//	}
//
// [Amend] takes the place of Apply for an edit and a recall. And, for what only
// time brings, every second or so: for each [Place] in
// Lists.Due a [Tick], and Rearm where the tick came too early.
//
// # Idempotency, twice
//
// What people send is numbered by the sender, see [Frame]: a repeat is
// acknowledged again and not stored. What the core asked for is fenced: an
// answer counts only while its question is open, an offer only while the
// session waits, and a late tick changes nothing.
//
// # Routing
//
// [Pick] has three tiers: who last answered this visitor, the least loaded of
// the shard that the tag hashes to, the least loaded of the group. The record
// of [Why] is stored with every assignment.
package core
