// Package codec writes what stores keep as bytes, the same in every store.
//
// # Three shapes
//
//   - A header, [AppendConversation], is the folded state of a conversation.
//     It is stored with every change and read by nobody but the store, so it is
//     packed: usually 300 bytes. A DynamoDB write costs one unit per 1 KiB, and
//     a plain message with its header must fit into one.
//   - A body, [AppendBody], is what an event says. It is compact JSON, for it
//     is what a person looks for in a database, and what outlives this code.
//   - [AppendSettings] is JSON too, and the same JSON as GET and PUT
//     /v1/settings speak. [Settings] therefore tells a person what is wrong.
//
// # What survives
//
// Times are whole milliseconds in UTC, as Step makes them. An empty slice or
// map comes back as nil. Text has to be valid UTF-8, which is checked where
// it comes in; otherwise JSON puts U+FFFD for what is not.
//
// # Compatibility
//
// A reader takes every version that was ever released, see testdata, and
// refuses one from the future: what it can not read it can not fold. A new
// field of a header is a new version. A new field of a body is none: readers
// skip what they do not know, so that a release can be taken back.
package codec
