// Package sqlstore keeps the desk in an SQL database: SQLite, in a directory
// of its own. What PostgreSQL would do differently is in sqlite.go and the
// migrations; all else is SQL that both understand.
//
// # The directory
//
//	kefu.db             the database; with -wal and -shm beside it while in use
//	kefu.generation     tells a database from an older copy of it, see below
//	kefu-v1-20260117.db the database before it was migrated from version 1
//
// To copy it while it is in use: VACUUM INTO, or any tool that knows SQLite.
// To put a copy back: stop the server, remove kefu.db-wal and kefu.db-shm,
// replace kefu.db and leave kefu.generation alone.
//
// # The tables
//
// A message is one row of event, and nothing else is written for it. The key
// (conversation, seq) is the slot that two writers can not both win; the last
// row of a change also carries the header, which is the state after it, so
// the newest row is all that Load reads. A change of several events is several
// rows: what is read is events, and the slot is the first one's key.
//
// A row of conversation is what lists are made of. It is written only when
// Change.Moved says that they change. A seat is its column agent: counted in
// the transaction that takes one, and it can not drift from the state.
//
// Measured with 256 messages a transaction and 20,000 conversations of which
// 2,000 are active; per message the CPU, the bytes written to the log and the
// database, and the bytes that the database grows:
//
//	clustered by (conversation id, seq), the old header cleared   79 us  15,800 B  307 B
//	in order of arrival, index on (conversation id, seq)          37 us   6,960 B  629 B
//	the same, with a number for the conversation (this)           26 us   3,080 B  532 B
//	the same, headers in a table of their own                     32 us   4,940 B  254 B
//
// A clustered table writes a page of its own for each conversation, and
// splits pages all the time; in order of arrival many messages share a page
// and only a small index is random. Old headers stay where they are: to clear
// one would be a second random page, and would leave a hole that nothing
// fills. They cost some 200 bytes a message.
//
// # Durability
//
// WAL with synchronous=FULL: a write is answered after it is synced. All
// writes go through one goroutine, and those that come while one is synced
// share the next transaction, each with a savepoint. See writer. Reads have
// connections of their own, which see all that was ever answered.
//
// If the database fails, the answer is Unavailable. The connection is given
// up and the next batch tries again with a new one.
//
// # The driver
//
// modernc.org/sqlite is SQLite itself, translated to Go: no cgo, so one build
// machine makes every binary. On the same engine zombiezen.com/go/sqlite does
// 2 to 9 % more rows a second than database/sql. That is given up, for goose
// needs database/sql, and so will PostgreSQL: one adapter instead of two.
package sqlstore
