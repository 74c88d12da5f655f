// Package blobtest is the suite that every blob.Store passes, and a Store in a
// map: the reference, and that of tests.
package blobtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"kefu/core"
	"kefu/core/blob"
)

// Run tells what a Store promises to a store that open makes: empty, and
// another each time.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	for name, tell := range map[string]func(*testing.T, blob.Store){
		"Put": testPut, "Absent": testAbsent, "Broken": testBroken, "Large": testLarge, "Doubts": testDoubts, "Many": testMany, "Keys": testKeys,
	} {
		t.Run(name, func(t *testing.T) { tell(t, open(t)) })
	}
}

func when() time.Time { return time.Date(2026, time.November, 23, 9, 30, 0, 250e6, time.UTC) }

// Key returns one that a store takes.
func Key(n int) string { return fmt.Sprintf("f_%026d", n) }

// file has no field that is zero but Size, which Put finds out.
func file(n int) blob.File {
	return blob.File{
		Key: Key(n), Conversation: "c_1", By: core.Party{Kind: core.Visitor, ID: "v_1"}, At: when(), Name: "账单 \"№\" 1%.png",
		MIME: "image/png", Width: 640, Height: 480, Clean: true,
	}
}

func put(t *testing.T, s blob.Store, f blob.File, content []byte) blob.File {
	t.Helper()
	got, err := s.Put(t.Context(), f, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func read(t *testing.T, s blob.Store, key string) (blob.File, []byte) {
	t.Helper()
	f, content, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(content)
	if err := errors.Join(err, content.Close()); err != nil {
		t.Fatal(err)
	}
	return f, data
}

// What was put is there, and all that is known of it.
func testPut(t *testing.T, s blob.Store) {
	want := file(1)
	got := put(t, s, want, []byte("hello"))
	if want.Size = 5; !reflect.DeepEqual(got, want) {
		t.Errorf("put %+v, want %+v", got, want)
	}
	put(t, s, file(2), []byte("another"))
	if got, err := s.Stat(t.Context(), want.Key); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("stat %+v, %v, want %+v", got, err, want)
	}
	if got, data := read(t, s, want.Key); !reflect.DeepEqual(got, want) || string(data) != "hello" {
		t.Errorf("open %+v %q", got, data)
	}
	agents := blob.File{Key: Key(3), Conversation: "c_2", By: core.AgentParty("a_1"), At: when(), Name: "a.txt", MIME: "text/plain"}
	if got := put(t, s, agents, []byte("x")); got.Size != 1 || got.Clean || got.By != agents.By {
		t.Errorf("put %+v", got)
	}
	if got, err := s.Stat(t.Context(), agents.Key); err != nil || got.By != agents.By || got.Width != 0 || got.Clean {
		t.Errorf("stat %+v, %v", got, err)
	}
}

// What is not there is NotFound, and can be deleted all the same.
func testAbsent(t *testing.T, s blob.Store) {
	ctx := t.Context()
	for range 2 {
		if _, err := s.Stat(ctx, Key(1)); core.CodeOf(err) != core.NotFound {
			t.Errorf("stat: %v", err)
		}
		if _, _, err := s.Open(ctx, Key(1)); core.CodeOf(err) != core.NotFound {
			t.Errorf("open: %v", err)
		}
		if err := s.Delete(ctx, Key(1)); err != nil {
			t.Errorf("delete: %v", err)
		}
		put(t, s, file(1), []byte("hello"))
		if err := s.Delete(ctx, Key(1)); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
}

// A reader that breaks leaves nothing, and its error comes back.
func testBroken(t *testing.T, s blob.Store) {
	broken := core.Errorf(core.TooLarge, "enough")
	r := io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), iotest.ErrReader(broken))
	if _, err := s.Put(t.Context(), file(1), r); core.CodeOf(err) != core.TooLarge {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Stat(t.Context(), Key(1)); core.CodeOf(err) != core.NotFound {
		t.Errorf("stat: %v", err)
	}
	put(t, s, file(1), []byte("and now whole"))
}

// A file that is not small, from a reader that yields a little at a time.
func testLarge(t *testing.T, s blob.Store) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 600<<10/16)
	f, err := s.Put(t.Context(), file(1), iotest.HalfReader(bytes.NewReader(want)))
	if err != nil || f.Size != int64(len(want)) {
		t.Fatalf("put %+v, %v", f, err)
	}
	if _, got := read(t, s, Key(1)); !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back, or others", len(got))
	}
}

// Doubts come by their time, and go one by one.
func testDoubts(t *testing.T, s blob.Store) {
	ctx := t.Context()
	second := when().Truncate(time.Second)
	noon := blob.Doubt{Key: Key(1), At: second.Add(3 * time.Hour)}
	soon, early := blob.Doubt{Key: Key(1), At: second.Add(time.Minute)}, blob.Doubt{Key: Key(2), At: second}
	for _, d := range []blob.Doubt{noon, soon, early, early} {
		if err := s.Doubt(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	wantDoubts(t, s, second.Add(-time.Second), 10)
	wantDoubts(t, s, second, 10, early)
	wantDoubts(t, s, second.Add(time.Hour), 1, early)
	wantDoubts(t, s, second.Add(time.Hour), 10, early, soon)
	wantDoubts(t, s, second.Add(3*time.Hour), 10, early, soon, noon)
	for range 2 {
		if err := s.Settle(ctx, soon); err != nil {
			t.Fatal(err)
		}
	}
	wantDoubts(t, s, second.Add(3*time.Hour), 10, early, noon)
}

func wantDoubts(t *testing.T, s blob.Store, until time.Time, limit int, want ...blob.Doubt) {
	t.Helper()
	got, err := s.Doubts(t.Context(), until, limit)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d doubts, %v, want %d", len(got), err, len(want))
	}
	for i, d := range got {
		if d.Key != want[i].Key || !d.At.Equal(want[i].At) {
			t.Errorf("doubt %d is %+v, want %+v", i, d, want[i])
		}
	}
}

// Many at once do not get into each other's way.
func testMany(t *testing.T, s blob.Store) {
	var all sync.WaitGroup
	for n := range 16 {
		all.Go(func() {
			content := bytes.Repeat([]byte{byte(n)}, 10_000+n)
			f, err := s.Put(t.Context(), file(n), bytes.NewReader(content))
			if err == nil {
				err = s.Doubt(t.Context(), blob.Doubt{Key: f.Key, At: when().Truncate(time.Second)})
			}
			if err != nil || f.Size != int64(len(content)) {
				t.Errorf("%+v, %v", f, err)
			}
		})
	}
	all.Wait()
	for n := range 16 {
		if _, got := read(t, s, Key(n)); len(got) != 10_000+n || got[0] != byte(n) || got[len(got)-1] != byte(n) {
			t.Errorf("file %d: %d bytes", n, len(got))
		}
	}
	if got, err := s.Doubts(t.Context(), when(), 100); err != nil || len(got) != 16 {
		t.Errorf("%d doubts, %v", len(got), err)
	}
}

// What is no key reaches nothing: it may come out of a URL.
func testKeys(t *testing.T, s blob.Store) {
	for _, key := range []string{"", ".", "..", "../f_1", "f_1/../../x", "f_", "f_A", "/etc/passwd", "f_\x00"} {
		if _, err := s.Stat(t.Context(), key); core.CodeOf(err) != core.NotFound {
			t.Errorf("stat %q: %v", key, err)
		}
		if _, _, err := s.Open(t.Context(), key); core.CodeOf(err) != core.NotFound {
			t.Errorf("open %q: %v", key, err)
		}
	}
}
