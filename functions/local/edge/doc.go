// Package edge is the part of AWS that our functions live behind, on one
// machine: API Gateway and the Lambda service. It runs the bootstrap binaries
// that are deployed, unchanged, and behaves as the real one does where that
// shows: also where it hurts, for that is what the tests are for.
//
//	sockets, files ──> Gateway ──event──> Function ──> Environment (a process)
//	browsers ────────> HTTP ─────event──>    ^             │ Runtime API
//	every minute ────> Schedule ─event───────┤             │
//	                   Gateway <──POST @connections────────┤
//	                   Invocations ──event───┘ <───Invoke──┘
//
// # Gateway
//
// A WebSocket API with the routes $connect, $disconnect and others, chosen by
// a field of the message. An upgrade is pending until the function behind
// $connect has answered; posts to it meanwhile find nobody (410), and a status
// other than 2xx refuses it. Each message is an invocation of its own: those
// of one connection run at the same time and end in any order. What a function
// returns is sent back only on a route that responds; if it fails, the client
// gets {"message":"Internal server error", …}, which is none of our frames. A frame of more than
// [MaxFrame] or a message of more than [MaxMessage] ends a connection with
// 1009, a binary one with 1003; ten idle minutes or two hours end it with
// 1001. Functions write by POST /stage/@connections/id, signed: a 200 means
// that the message is in a buffer, not that anybody has it.
//
// Where the documents are silent we chose what is harder for a function: pings
// of the transport do not count as activity, a client that leaves while its
// $connect is pending causes no $disconnect, an empty answer sends nothing.
//
// # Function
//
// The Lambda service for one function. An environment is a process with a
// Runtime API of its own on a loopback port; it serves one event at a time, or
// as many as [FunctionOptions] say. One that is idle is used again, the warmest
// first; else a new one is started; beyond the limit the call is throttled, at
// once. A function that takes too long loses its environment, one that exits
// fails what it was serving. A caller who gives up does not stop the function.
//
// # Faults
//
// All that is merely rare in the real one can be made frequent: see [Fault].
// Each kind draws from a source of its own, seeded, so that the k-th decision
// of a kind is the same in every run.
//
// # Time
//
// Now is handed in; timers are those of the standard library, which a
// testing/synctest bubble makes run as fast as the test likes. Whoever can not
// be in a bubble, a test with processes say, sets shorter limits.
package edge
