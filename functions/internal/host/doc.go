// Package host is a desk on AWS Lambda: the ports of core/desk on a DynamoDB
// table and on @connections, and the handlers of the functions socket, http and
// sweep.
//
//	h, err := host.Open(ctx, host.Options{Getenv: os.Getenv, Now: time.Now, Out: os.Stdout})
//	lambda.Start(h.Socket) // or h.HTTP, or h.Sweep
//
// # An invocation
//
// Each frame of a connection may come to another process, several of one
// connection at the same time, in any order. So nothing that must not be lost
// is kept in a process. What hello learnt of a connection stands in its row
// (desk.Peer.Memory), and who is to hear something is read from the table, as
// desk.Peers that are made for this one occasion.
//
// What an invocation has to say is collected while it works, by connection,
// and leaves at its end: a flight. It travels in the context, for the desk's
// ports have to know whose invocation they are called in. At the end, groups
// that the desk wants looked at are looked at; then all others are pushed to,
// at once, and what is for the connection itself is returned as the response
// of the route, which saves a post. Nothing runs on after that: Lambda stops
// the process.
//
// A push is a hint. One that is answered by 410 removes the row of the
// connection; should it be alive after all, its next ping finds no row, and it
// is asked to come back.
//
// # Closing
//
// API Gateway has no close codes of ours, and a response may be overtaken by
// the close. So who is closed is pushed everything, the error or bye that says
// why included, and then closed: DELETE comes behind what was posted.
//
// # What a process remembers
//
// Heads of conversations, copies of accounts, settings and blocks for five
// seconds, and the peers of visitors, whose hello never changes: so a message
// of theirs reads nothing. Agents may have said elsewhere what they watch, so
// theirs are held against the list in which their own messages look for whoever
// else hears them; the row of whoever pings is read. All of it may be lost at any
// time.
//
// # Polls
//
// They are answered at once. Between two of them a row with a short life says
// that the visitor is there, and keeps what their hello said; it is rewritten
// about once a minute, so that an idle poll is one read.
//
// # No authorizer
//
// The Origin of a page, which only $connect is told, is kept in a row: one write
// unit a connection. An authorizer could hand it on in every event instead, but
// the subprotocol must be echoed by an integration, so each connect would be two
// invocations. They cost half of the write unit they save, and every connect
// would wait for one more function. It does not earn that.
package host
