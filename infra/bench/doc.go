// Command bench puts a localserver under load and prints what it did as
// Markdown, with the machine and the configuration:
//
//	make bench-load                          # everything, in less than ten minutes
//	make bench-load ARGS="--quick"           # the same in small, to see that it works
//	make bench-load ARGS="--only bots"       # people's messages, without and with 1,000 sessions of the assistant
//	go run ./infra/bench --url http://HOST:8080 --password … # another server
//
// # What is measured
//
// Visitors and agents speak kefu.v1 over real connections: hello, send, ack,
// event, ping. A message counts when its receiver on the other side has it,
// which is after the commit: an event is pushed only once it is on disk.
//
// Messages are due at fixed times, whatever came of those before, and latency
// counts from when one was due, not from when it could be sent: a server that
// stalls is charged for all who would have written meanwhile (coordinated
// omission). Half of the messages are visitors', half are agents'. Each must
// arrive; those that do not are in the table.
//
// The server has one core to itself and this program another, so the figures
// are those of one core. The client is one thread with epoll and 127.0.0.1 to
// 127.0.0.16 as its addresses, so that 10,000 connections take a fraction of it;
// if it used more than nine tenths of its core the table says so.
//
// # What is not
//
// Loopback has no latency and loses nothing; the disk is that of the machine,
// and the table begins with what a sync of it takes. Idle visitors ping every
// 45 s as those of the SDK do, spread evenly over that time from the first ping
// on, so they cost what they cost in earnest. The limits of a site are raised
// (bench.yaml and the table say to what), for one visitor here writes as often
// as a hundred people.
package main
