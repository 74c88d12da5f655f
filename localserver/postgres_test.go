package main

import (
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

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

// bucket is one of a server that speaks the protocol of S3.
func bucket(t *testing.T) config.S3 {
	backend := s3mem.New()
	if err := backend.CreateBucket("kefu"); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(s.Close)
	return config.S3{Bucket: "kefu", Region: "us-east-1", Endpoint: s.URL, AccessKey: "kefu", SecretKey: "walnut"}
}

// TestHostOnPostgres is TestHost with PostgreSQL, and a bucket for files. Unless there is time, the
// stories are those in which the store has a part: what a limit or a timer does
// TestHost has seen, and storms come with TestKillOnPostgres.
func TestHostOnPostgres(t *testing.T) {
	var only []string
	if os.Getenv("KEFU_TEST_LONG") == "" {
		only = []string{"Resume", "Edit", "Rights", "Routing", "Uploads"}
	}
	hosttest.Run(t, func(t *testing.T) hosttest.Host {
		c := onPostgres(t, pgtest.Database(t))
		c.S3 = bucket(t)
		url := inProcess(t, c)
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
