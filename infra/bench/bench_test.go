//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Frames come back whole however the stream is cut, and a library of others
// understands ours.
func TestFrames(t *testing.T) {
	for _, size := range []int{0, 5, 125, 126, 300, 65_535, 65_536} {
		payload := bytes.Repeat([]byte("x"), size)
		theirs := appendFrame(nil, opText, payload)
		theirs = append(theirs[:len(theirs)-size-4], payload...) // a server masks nothing
		theirs[1] &^= 0x80
		for _, cut := range []int{1, 2, 3, len(theirs) - 1} {
			if _, _, n, err := cutFrame(theirs[:min(cut, len(theirs)-1)]); n != 0 || err != nil {
				t.Errorf("%d bytes of %d are a frame: %d, %v", cut, len(theirs), n, err)
			}
		}
		op, got, n, err := cutFrame(append(theirs, 0x81))
		if op != opText || !bytes.Equal(got, payload) || n != len(theirs) || err != nil {
			t.Errorf("%d bytes: op %d, %d bytes, %d, %v", size, op, len(got), n, err)
		}
	}
	if _, _, _, err := cutFrame([]byte{0x81, 0x85, 0, 0, 0, 0}); err == nil {
		t.Error("a masked frame of a server is taken")
	}
}

// One loop talks to a real server over several connections.
func TestLoop(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		for {
			_, message, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), websocket.MessageText, message) != nil {
				return
			}
		}
	}))
	defer server.Close()
	to, host, err := address(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	l, err := newLoop(func() int64 { return int64(time.Since(begun)) }, host, to)
	if err != nil {
		t.Fatal(err)
	}
	long, back := strings.Repeat("0123456789", 50_000), map[string]int{}
	for i := range 20 {
		c := &conn{
			ready:   func(c *conn) { l.send(c, []byte("hello")); l.send(c, fmt.Appendf(nil, "%d%s", i, long[:i*500])) },
			message: func(_ *conn, m []byte) { back[string(m)]++ },
		}
		if err := l.dial(c); err != nil {
			t.Fatal(err)
		}
	}
	ok, err := l.until(int64(20*time.Second), func() bool { return back["hello"] == 20 && len(back) == 21 }, nil)
	if !ok || err != nil || l.failed > 0 {
		t.Errorf("%v, %v, %v: %d kinds came back, %d hellos", ok, err, l.errs, len(back), back["hello"])
	}
	for _, c := range l.conns {
		if c != nil {
			l.close(c)
		}
	}
}

// Who is refused is told so, not waited for.
func TestRefused(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	to, host, err := address(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	l, err := newLoop(func() int64 { return int64(time.Since(begun)) }, host, to)
	if err != nil {
		t.Fatal(err)
	}
	cr := newCrowd(l)
	if _, err := cr.crowdIn(3); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("got %v", err)
	}
}

// A message counts from when it was due: who could not be sent in time is late.
func TestLate(t *testing.T) {
	now := int64(5e9)
	cr := newCrowd(&loop{now: func() int64 { return now }})
	cr.receive([]byte(`{"type":"event","body":{"kind":"text","text":"due 4000000000 hello"}}`))
	cr.receive([]byte(`[{"body":{"text":"due 4999000000 a"}},{"body":{"text":"due 5000000000 b"}},{"body":{"text":"due to rain"}}]`))
	if cr.got != 3 || cr.late[0] != 1e9 || cr.late[1] != 1e6 || cr.late[2] != 0 {
		t.Errorf("%d, %v", cr.got, cr.late)
	}
	var all latencies
	for i := range 1000 {
		all = append(all, int64(i))
	}
	if all.at(.5) != 500 || all.at(.999) != 999 || all.at(1) != 999 || latencies(nil).at(.5) != 0 {
		t.Errorf("%v %v", all.at(.5), all.at(.999))
	}
}

func TestHistogram(t *testing.T) {
	text := "# TYPE x histogram\nx_bucket{le=\"0.001\"} %d\nx_bucket{le=\"0.01\"} %d\nx_bucket{le=\"+Inf\"} %d\nxy_bucket{le=\"9\"} 9\n"
	before := histogramIn(fmt.Sprintf(text, 3, 4, 4), "x")
	if len(before) != 3 || before[math.Inf(1)] != 4 {
		t.Fatalf("%v", before)
	}
	for _, c := range []struct {
		counts  [3]int
		longest time.Duration
	}{{[3]int{3, 4, 4}, 0}, {[3]int{9, 10, 10}, time.Millisecond}, {[3]int{9, 11, 11}, 10 * time.Millisecond}} {
		n, longest := histogramIn(fmt.Sprintf(text, c.counts[0], c.counts[1], c.counts[2]), "x").since(before)
		if n != c.counts[2]-4 || longest != c.longest {
			t.Errorf("%v: %d, %s", c.counts, n, longest)
		}
	}
}

func TestAddress(t *testing.T) {
	to, host, err := address("http://127.0.0.1:8080")
	if err != nil || to.Port != 8080 || to.Addr != [4]byte{127, 0, 0, 1} || host != "127.0.0.1:8080" {
		t.Errorf("%v %q %v", to, host, err)
	}
	if _, _, err := address("https://chat.example"); err == nil {
		t.Error("TLS is not spoken here")
	}
}
