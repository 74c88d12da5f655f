//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver
)

// fill puts conversations and agents into the database of a server that is
// stopped, so that there are that many in all. They are copies of what the
// server itself has stored: the conversations closed, the agents online but
// without a seat, so that they are looked at for each conversation and get none.
func fill(ctx context.Context, dir string, conversations, agents int) (err error) {
	u := url.URL{Scheme: "file", Path: filepath.Join(dir, "kefu.db"), RawQuery: "_pragma=busy_timeout(5000)&_pragma=synchronous(off)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	const upTo = "WITH RECURSIVE i(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM i WHERE n < ?2) "
	const first = "(SELECT max(key) FROM conversation WHERE id NOT LIKE 'c_fill%')"
	var some, members int
	err = db.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM conversation), (SELECT count(*) FROM account)").Scan(&some, &members)
	if err != nil {
		return err
	}
	run := func(from, to int, statements ...string) error {
		for _, s := range statements {
			if from >= to {
				return nil
			}
			if _, err := db.ExecContext(ctx, upTo+s, from+1, to); err != nil {
				return err
			}
		}
		return nil
	}
	err = run(some, conversations,
		`INSERT INTO conversation (id, site, visitor, session, phase, grp, tag, since)
			SELECT 'c_fill' || n, site, 'v_fill' || n, session, 4, grp, tag, since - n FROM i, conversation WHERE key = `+first,
		`INSERT INTO event SELECT c.key, seq, prev, e.session, at, by_kind, by_id, origin, e.n, internal, body, header
			FROM i JOIN conversation c ON c.id = 'c_fill' || i.n, event e WHERE e.conversation = `+first)
	if err != nil {
		return err
	}
	return run(members, agents,
		`INSERT INTO account SELECT 'a_fill' || n, version, 'fill' || n, display, avatar, role, groups, 0, weight, password, tokens, disabled
			FROM i, account WHERE name = 'bench-0'`,
		`INSERT INTO member SELECT 'default', 'a_fill' || n FROM i`,
		`INSERT INTO presence (agent, status, lease) SELECT 'a_fill' || n, 'online', 4102444800000 FROM i`)
}
