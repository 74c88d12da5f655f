// Package ddb is what a DynamoDB on this machine lacks of the real one: a
// bill, and bad days. It is a [Proxy] in front of dynalite that
//
//   - counts requests and capacity units as they are charged: what the engine
//     says that it consumed, half a unit or one for a read that found nothing,
//     and one for a condition that was not met. A refused request is free.
//   - throttles, fails, loses answers and waits, as the faults say. The
//     messages are those of AWS, for the SDK goes by them.
//   - lets weak reads lag: what is not read consistently may be answered with
//     what was true up to half a second ago.
//
// # How a read lags
//
// Every write that passes asks for what was there before, and the proxy keeps
// that for as long as a read may lag. A weak read that is to lag is sent on as
// it is; then the writes that are younger than the moment it is to speak of are
// undone in its answer, the youngest first. So the answer is not just any old
// one, but exactly what the table was at one moment, also where nobody had
// read before: a row that was put a moment ago is not there yet.
//
// Writes and lagging reads of one partition go one after the other, so that
// what is kept is in the order in which it happened.
package ddb
