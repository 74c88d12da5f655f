// Package sqlstore keeps the desk in an SQL database: SQLite, in a directory
// of its own, or PostgreSQL, named by a URL. They share all SQL but the
// migrations. What is special about each is in sqlite.go and postgres.go, and in
// how it is written to: single.go and lanes.go.
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
// A write is answered after it is synced. On SQLite, WAL with synchronous=FULL,
// all writes go through one goroutine, and those that come while one is synced
// share the next transaction, each with a savepoint; see single. On PostgreSQL,
// messages share a statement and all else has a transaction by itself; see
// lanes. Reads have connections of their own, which see all that was ever
// answered, on any node.
//
// If the database fails, the answer is Unavailable. The connection is given
// up and the next batch tries again with a new one.
//
// # PostgreSQL
//
// Version 13 or newer, UTF8, fsync on; a user who may make tables in the first
// schema of the search_path, and a database that is nobody else's. Any number of
// nodes may share it. What the URL says of TLS (sslmode) and of the session
// (statement_timeout, lock_timeout, search_path) counts. A pooler before it has
// to give each connection a session of its own. Each node has at most 16
// connections. The store goes to a server that lets write, and only to the one
// it was opened on: see identity for what begins an epoch.
//
// A node that starts waits for another one that is making tables. There is no
// copy before a migration: that is pg_dump's.
//
// Durable commits of messages a second and their latency (p50, p99), by so many
// conversations at once, on a machine with two cores that the database shares;
// the best of three runs of BenchmarkCommit, for the machine had neighbours:
//
//	              SQLite                     PostgreSQL 15
//	  1    1,800/s  0.4 ms   4 ms    1,200/s  0.7 ms   3 ms
//	 16    7,500/s  1.5 ms  10 ms    6,900/s  1.9 ms   8 ms
//	256    7,400/s   26 ms 130 ms   15,400/s   15 ms  39 ms
//
// # Erasure
//
// What is erased becomes a tombstone in its row. SQLite overwrites the bytes
// (secure_delete), the log's with its next checkpoint. PostgreSQL does not: they
// stay in the old version of the row until VACUUM, in the free space of its page
// until that is used again, in the log until its segments are recycled, and in
// what was archived of it. VACUUM FULL event writes the table anew, and locks it
// meanwhile; CHECKPOINT lets segments go.
//
// # The drivers
//
// modernc.org/sqlite is SQLite itself, translated to Go: no cgo, so one build
// machine makes every binary. On the same engine zombiezen.com/go/sqlite does
// 2 to 9 % more rows a second than database/sql. That is given up, for goose
// needs database/sql, and PostgreSQL has it by pgx: one adapter instead of two.
package sqlstore
