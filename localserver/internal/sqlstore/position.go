package sqlstore

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

// position is how far the log of a PostgreSQL server has come at the least, as
// this node knows it: where the log was before a commit of ours that has been
// acknowledged. That much is on disk whatever happens (the position that was
// flushed would not do, for it may lie within a record that is not whole). On one
// timeline it never goes back, so a server that has come less far is on an older
// copy of its files. The node keeps it in memory and in a file of its data
// directory; one that is behind, or lost, means nothing.
type position struct {
	path string // of the file; "": it is kept in memory alone
	last atomic.Uint64
}

const positionName = "kefu.postgres"

// read returns what the file remembers of that database, 0 if nothing.
func (p *position) read(identity string) uint64 {
	b, err := os.ReadFile(p.path)
	if err != nil {
		return 0
	}
	name, lsn, ok := strings.Cut(strings.TrimSpace(string(b)), " ")
	if !ok || name != identity {
		return 0
	}
	return parseLSN(lsn)
}

// forget is for when a new epoch has begun: what was before counts no more.
func (p *position) forget() {
	p.last.Store(0)
	_ = os.Remove(p.path) // it is written over soon
}

// note remembers how far the server is now.
func (p *position) note(identity, lsn string) error {
	now := parseLSN(lsn)
	for {
		was := p.last.Load()
		if now <= was {
			return nil
		}
		if p.last.CompareAndSwap(was, now) {
			break
		}
	}
	if p.path == "" {
		return nil
	}
	return os.WriteFile(p.path, fmt.Appendf(nil, "%s %s\n", identity, lsn), 0o600)
}

// parseLSN reads a position as PostgreSQL writes it, 16/B374D848; 0 if it is
// none.
func parseLSN(s string) uint64 {
	high, low, ok := strings.Cut(s, "/")
	h, err := strconv.ParseUint(high, 16, 32)
	l, err2 := strconv.ParseUint(low, 16, 32)
	if !ok || err != nil || err2 != nil {
		return 0
	}
	return h<<32 | l
}

// reached reads where the log is, in a transaction that is then committed.
const reached = "SELECT pg_current_wal_insert_lsn()::text"

// noted remembers what was read before a commit.
func (who identity) noted(lsn string) {
	if err := who.seen.note(who.name, lsn); err != nil {
		who.log.Warn("the position of the database could not be noted", "error", err)
	}
}
