// Command restart has a thousand people talk to a server through a proxy, tells
// the server to leave in the middle of it, starts it again, and prints as
// Markdown what they noticed. infra/dev/proxies-check.sh calls it with an nginx;
// for a proxy of yours, which leads to 127.0.0.1:18475:
//
//	go run ./infra/proxies/restart --url https://chat.example.com
//
// # Who they are
//
// Visitors say something every few seconds, at times that were fixed before;
// agents hold their conversations. All behave as the SDK does: after a bye they
// come back at a random moment within its window, after a connection that ended
// without one, or could not be made, with full jitter from half a second on, and
// they say again what was not acknowledged, under the number it had.
//
// # What is judged
//
// Afterwards the log of each conversation is read: what was acknowledged is in
// it once, in the order in which it was said. The time of a message counts from
// when it was due, so those that were due while its author was away have waited
// for that too. No half second of the window may get more than three times its share
// of those who try to come back, and nobody may be away for longer than the
// window and what the back-off adds.
package main
