package sqlstore_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kefu/core"
	"kefu/localserver/internal/pgtest"
)

// crashDir tells the test binary that it is the process to be killed.
const crashDir = "KEFU_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := talkUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.Stop()
		os.Exit(code)
	}))
}

const crashWriters = 32

func crashID(i int) core.ConversationID { return core.ConversationID(fmt.Sprintf("c_%02d", i)) }

// TestKill kills a process in the middle of its batches, again and again, and
// checks that what it had acknowledged is there, once and in order.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	acked := map[core.ConversationID]map[uint64]uint64{} // conversation: n: seq
	total := 0
	for round := range 5 {
		for _, a := range killAfter(t, dir, 200+97*round) {
			if acked[a.id] == nil {
				acked[a.id] = map[uint64]uint64{}
			}
			if seq, twice := acked[a.id][a.n]; twice && seq != a.seq {
				t.Fatalf("%s: frame %d was acknowledged as event %d, now as %d", a.id, a.n, seq, a.seq)
			}
			acked[a.id][a.n] = a.seq
			total++
		}
		st := open(t, dir)
		for i := range crashWriters {
			verify(t, st, crashID(i), acked[crashID(i)])
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		intact(t, dir)
	}
	t.Logf("%d frames were acknowledged in 5 lives", total)
}

type acknowledged struct {
	id     core.ConversationID
	n, seq uint64
}

// killAfter starts a process on the directory, kills it after it has
// acknowledged so many frames, and returns all that it got out.
func killAfter(t *testing.T, dir string, frames int) (acks []acknowledged) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var a acknowledged
		if _, err := fmt.Sscanf(lines.Text(), "ack %s %d %d .", &a.id, &a.n, &a.seq); err != nil {
			continue // cut off
		}
		if acks = append(acks, a); len(acks) == frames {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(acks) < frames {
		t.Fatalf("the process ended by itself after %d frames: %v", len(acks), err)
	}
	return acks
}

// verify compares a log with what was acknowledged of it.
func verify(t *testing.T, st core.Store, id core.ConversationID, acked map[uint64]uint64) {
	t.Helper()
	events, err := st.After(t.Context(), id, 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	c, err := st.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if c.Seq != uint64(len(events)) {
		t.Fatalf("%s: the state is of event %d, the log has %d", id, c.Seq, len(events))
	}
	var n uint64
	for i, e := range events {
		if e.Seq != uint64(i+1) {
			t.Fatalf("%s: event %d has seq %d", id, i+1, e.Seq)
		}
		if e.N == 0 {
			continue
		}
		if n++; e.N != n {
			t.Fatalf("%s: frame %d is where %d belongs", id, e.N, n)
		}
		if seq, ok := acked[n]; ok && seq != e.Seq {
			t.Fatalf("%s: frame %d was acknowledged as event %d and is %d", id, n, seq, e.Seq)
		}
	}
	for sent := range acked {
		if sent > n {
			t.Fatalf("%s: frame %d was acknowledged and is gone", id, sent)
		}
	}
}

func intact(t *testing.T, dir string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "kefu.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var found string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&found); err != nil || found != "ok" {
		t.Fatalf("the database is damaged: %s, %v", found, err)
	}
}

// talkUntilKilled is the other process: it goes on where the store left off
// and prints a line for each frame after its commit returned.
func talkUntilKilled(dir string) error {
	st, err := openForKill(dir)
	if err != nil {
		return err
	}
	rules, _ := core.DefaultSettings().Rules("default")
	var printing sync.Mutex
	failed := make(chan error)
	for i := range crashWriters {
		go func() { failed <- chatter(st, crashID(i), rules, &printing) }()
	}
	return <-failed
}

func chatter(st core.Store, id core.ConversationID, rules core.Rules, printing *sync.Mutex) error {
	ctx := background()
	c, err := st.Load(ctx, id)
	if err != nil {
		return err
	}
	visitor := core.Actor{Party: core.Party{Kind: core.Visitor, ID: "v_" + string(id)}}
	for n := c.HeardOf(visitor.Party, "one-tab").N + 1; ; n++ {
		change, err := core.Apply(ctx, st, c, rules, time.Now(), core.Said{
			Frame: core.Frame{By: visitor, Origin: "one-tab", N: n},
			Site:  "default", Body: core.Body{Kind: core.KindText, Text: "hello"},
		})
		if err != nil {
			return err
		}
		c = change.Conversation
		ack := change.Effects[0].(core.Ack)
		printing.Lock()
		_, err = fmt.Printf("ack %s %d %d .\n", id, ack.N, ack.Seq)
		printing.Unlock()
		if err != nil {
			return err
		}
	}
}
