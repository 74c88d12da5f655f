package main

import (
	"os"
	"testing"
	"time"

	"kefu/core/hosttest"
	"kefu/localserver/internal/config"
	"kefu/localserver/internal/pgtest"
)

// onPostgres is a configuration of a node on a database.
func onPostgres(t *testing.T, db string) config.Config {
	c := config.Default()
	c.Listen, c.Ops, c.Data, c.Drain.Window = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()+"/data", 2*time.Second
	c.AdminPassword, c.Database = adminPassword, db
	return c
}

// TestHostOnPostgres is TestHost with PostgreSQL. Unless there is time, the
// stories are those in which the store has a part: what a limit or a timer does
// TestHost has seen, and storms come with TestKillOnPostgres.
func TestHostOnPostgres(t *testing.T) {
	var only []string
	if os.Getenv("KEFU_TEST_LONG") == "" {
		only = []string{"Resume", "Edit", "Rights", "Routing"}
	}
	hosttest.Run(t, func(t *testing.T) hosttest.Host {
		url := inProcess(t, onPostgres(t, pgtest.Database(t)))
		return hosttest.Host{URL: url, Admin: "admin", Password: adminPassword, Profile: profile(), Only: only}
	})
}

// TestKillOnPostgres kills a node, and every other time restarts the database
// under it in immediate mode before that, while visitors and agents talk: see
// hosttest.Crashes.
func TestKillOnPostgres(t *testing.T) {
	kills := 3
	if os.Getenv("KEFU_TEST_LONG") != "" {
		kills = 12
	}
	s := pgtest.Start(t)
	n := &nemesis{t: t, dir: t.TempDir(), env: []string{"KEFU_DATABASE=" + s.Database(t)}}
	n.start()
	host, times := n.host(), 0
	kill := host.Restart
	host.Restart = func(t *testing.T) string {
		if times++; times%2 == 0 {
			s.Stop(t)
			<-time.After(300 * time.Millisecond) // in which the node says unavailable
			s.Start(t)
			<-time.After(700 * time.Millisecond) // and in which it goes on
		}
		return kill(t)
	}
	hosttest.Crashes(t, host, kills)
	n.stop()
}
