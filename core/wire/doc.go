// Package wire is the protocol kefu.v1 in Go: the frames that clients and the
// desk exchange, and the codes a connection is closed with.
//
// A message on the wire is one frame, a JSON object with a type, or an array
// of frames (a batch). [Decode] turns what a client sent into [Frame]s and
// says which of them are malformed; it never panics and never drops one in
// silence. What the desk answers are the types of server.go, encoded by
// [Encode]. [Render] turns an event of the log into what one receiver may see
// of it.
//
// Times travel as RFC 3339 in UTC with milliseconds. Unknown fields are
// ignored, an unknown type is invalid.
//
// Where the protocol's page is silent, this is what holds:
//
//   - Of a key that is given twice the last one counts, null is as if left
//     out, and a seq left out is 0. Half of a surrogate pair reads as U+FFFD;
//     U+0000 is refused.
//   - error names origin and n also for a type that is not known.
//   - A recalled message stays in its place, by its author, with the body
//     {kind: tombstone}; so does each edit of it, with the seq of the message.
//   - The ack of a visitor's frame that left nothing they may see, such as an
//     end after the end, has no prev, like that of a repeat.
//   - error carries the conversation of the frame it answers, since agents
//     number each conversation on its own.
//   - more in welcome and in the answer to after means that newer events
//     follow; in the answer to before, that older ones do.
//   - Agents in an event are {id, name, avatar?}; closed.by is a party like by.
//   - A form is not held against the one that the site has now, which may be
//     another one than the visitor saw. The last of a head has its first field.
//   - Of an image or a file only the url is the sender's; what else is known of
//     it comes from what was stored.
//   - tag {add, remove} and snooze {session, until} are numbered frames of
//     agents. Tags are kept in lower case, without white space at their ends,
//     1 to 40 characters, at most 20 a conversation. until is at most 30 days
//     away. Their events, tagged {add?, remove?} and snoozed {agent, until}, are
//     internal; head.tags, until and back (an agent's id) go to agents only.
//     To a visitor a snoozed session is one that waits.
//   - page {page {url, title?, referrer?}} says that the visitor went to
//     another page without a new hello. It is not answered.
//   - invite {text, by} comes to a visitor who is in no session: an agent offers
//     help. It is never stored. What they send next opens a session that is
//     offered to that agent first.
//   - To visitors, why and the note of a transfer are left out, and so is the
//     whole event if it is internal.
package wire
