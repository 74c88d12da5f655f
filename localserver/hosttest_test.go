package main

import (
	"context"
	"testing"
	"time"

	"kefu/core/hosttest"
	"kefu/localserver/internal/config"
	"kefu/localserver/internal/server"
)

// TestReadme: the README says of this host what it claims.
func TestReadme(t *testing.T) { hosttest.Table(t, "../README.md", "localserver", profile()) }

// TestHost has this host keep its word: see core/hosttest.
func TestHost(t *testing.T) {
	hosttest.Spread(t, 3, func(t *testing.T) hosttest.Host {
		c := config.Default()
		c.Listen, c.Ops, c.Data, c.Drain.Window = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()+"/data", 2*time.Second
		c.AdminPassword, c.Outgoing.Allow = adminPassword, "127.0.0.0/8"
		p := profile()
		p.Features = append(p.Features, hosttest.Loopback)
		return hosttest.Host{URL: inProcess(t, c), Admin: "admin", Password: adminPassword, Profile: p}
	})
}

// profile is what this host claims.
func profile() hosttest.Profile {
	return hosttest.Profile{
		CloseCodes: true, PollHeld: true, Ordered: true, Heal: 2 * time.Second, Rights: 5 * time.Second,
		Features: []hosttest.Feature{
			hosttest.Watch, hosttest.Poll, hosttest.Rate, hosttest.Edit, hosttest.Preview, hosttest.Settings, hosttest.Users, hosttest.Blocks,
			hosttest.Uploads, hosttest.Assist,
		},
	}
}

// inProcess runs a server in this process until the test ends, and returns its
// URL.
func inProcess(t *testing.T, c config.Config) string {
	t.Helper()
	s, err := server.Open(t.Context(), server.Options{Config: c, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	left := make(chan error, 1)
	go func() { left <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-left; err != nil {
			t.Error(err)
		}
	})
	return "http://" + s.Addr().String()
}
