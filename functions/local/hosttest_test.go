package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kefu/core/hosttest"
	"kefu/functions/local/edge"
	"kefu/functions/local/stack"
)

const adminPassword = "correct horse battery staple"

// sweepEvery is a minute on AWS. What is promised within two sweeps is within
// two of these here.
const sweepEvery = time.Second

// TestHost has this host keep its word: see core/hosttest. Most of the time
// stories wait, for what a function reads again every five seconds.
func TestHost(t *testing.T) {
	hosttest.Spread(t, 4, func(t *testing.T) hosttest.Host { return host(t, nil) })
}

// TestReadme: the README says of this host what it claims.
func TestReadme(t *testing.T) { hosttest.Table(t, "../../README.md", "functions", profile()) }

// TestHostUnderFaults tells the same stories while everything goes wrong that
// may: promises 1 to 14 and 22 hold, and 19 to 21 within two sweeps. As many
// seeds at a time as -parallel says; half of what each does is waiting.
func TestHostUnderFaults(t *testing.T) {
	seeds, whole := uint64(3), uint64(1)
	if os.Getenv("KEFU_TEST_LONG") != "" {
		seeds, whole = 20, 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed+1), func(t *testing.T) {
			t.Parallel()
			faults := edge.NewFaults(seed + 1)
			only, hosts := []string{"Trouble/Storm", "Routing/CapacityRaces"}, 1 // they draw the most
			if seed < whole {
				only, hosts = underFaults(), 3
			}
			trouble(faults)
			hosttest.Spread(t, hosts, func(t *testing.T) hosttest.Host {
				h := host(t, faults)
				h.Only = only
				return h
			})
			t.Log(faults.Hits())
		})
	}
}

// underFaults are the stories in which every step is one that a client may
// repeat until it sees the effect. The others ask once, and want an answer.
func underFaults() []string {
	return []string{
		"Trouble/Storm", "Session/Life", "Session/OneOwner", "Session/CapacityLowered", "Session/Away", "Session/VisitorEnds",
		"Routing/CapacityRaces", "Resume/Cursor", "Resume/ReadYourWrites", "Edit/EditAndRecall",
		"Assist/Trouble",
	}
}

// trouble switches the faults on, as often as a bad day on AWS has them, and
// somewhat more.
func trouble(f *edge.Faults) {
	f.Set(0.10, edge.Reorder, edge.Delay, edge.DBDelay)
	f.Set(0.05, edge.Duplicate, edge.DBLag)
	f.Set(0.02, edge.Vanish, edge.Throttle, edge.TooLarge, edge.ColdStart, edge.DBThrottle, edge.DBFail)
	f.Set(0.01, edge.FalseGone, edge.LostResponse, edge.Crash, edge.DBLost)
	f.Set(0.10, edge.LostDisconnect)
}

// host opens a stack of the deployable binaries.
func host(t *testing.T, faults *edge.Faults) hosttest.Host {
	t.Helper()
	s, err := stack.Open(context.WithoutCancel(t.Context()), stack.Options{
		Root: repository(t), Dist: dist(t), Password: adminPassword, Environments: 50, Sweep: sweepEvery, Faults: faults,
		Loopback: true, Now: time.Now, Output: &logs{t: t}, Level: "warn",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	h := hosttest.Host{URL: s.URL(), Admin: "admin", Password: adminPassword, Profile: profile()}
	if faults == nil { // or a question may be lost before there is anything to kill
		h.Kill = func(*testing.T) { s.Functions[stack.Assist].Kill() }
	}
	return h
}

// profile is what this host claims. A right is judged by copies that a process
// reads again every five seconds, and so are settings; what was not pushed is
// found by the next heartbeat, of which an agent's is the shortest.
func profile() hosttest.Profile {
	const cached, heartbeat = 5*time.Second + 200*time.Millisecond, 15
	return hosttest.Profile{
		Gateway: true, Heal: heartbeat * time.Second, Beat: heartbeat, Rights: 2 * cached, Lag: cached,
		Features: []hosttest.Feature{
			hosttest.Watch, hosttest.Poll, hosttest.Rate, hosttest.Edit, hosttest.Preview, hosttest.Settings, hosttest.Users, hosttest.Blocks,
			hosttest.Uploads, hosttest.Assist, hosttest.Loopback,
		},
	}
}

// logs are what the functions print, readable; go test shows them of a test
// that fails.
type logs struct {
	t  *testing.T
	mu sync.Mutex
}

func (l *logs) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return (&readable{out: l.t.Output()}).Write(line)
}

func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// dist builds the functions, once for all tests, and returns where they are.
func dist(t *testing.T) string {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// built is set by TestMain.
var built func() (string, error)

// buildTo builds the functions as they are deployed, for this machine.
func buildTo(dir string) error {
	for _, name := range stack.Names() {
		out := filepath.Join(dir, name, "bootstrap")
		cmd := exec.Command("go", "build", "-tags", "lambda.norpc,nethttpomithttp2", "-ldflags", "-s -w", "-o", out, "./functions/"+name)
		cmd.Dir, cmd.Env = filepath.Join("..", ".."), append(os.Environ(), "CGO_ENABLED=0")
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, said)
		}
	}
	return nil
}
