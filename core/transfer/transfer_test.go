package transfer_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/memstore"
	"kefu/core/transfer"
)

// file is a small desk, exported.
func file(t *testing.T) []byte {
	t.Helper()
	st := memstore.New("e_1")
	if _, err := st.Secret(t.Context(), "token-keys", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	rules, _ := core.DefaultSettings().Rules("default")
	who := core.Actor{Party: core.Party{Kind: core.Visitor, ID: "v_1"}}
	for n := range uint64(20) {
		in := core.Said{Frame: core.Frame{By: who, Origin: "tab-one-1", N: n + 1}, Site: "default", Body: core.Body{Kind: core.KindText, Text: fmt.Sprint("line ", n)}}
		if _, err := core.Apply(t.Context(), st, core.Conversation{ID: "c_1"}, rules, at, in); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := transfer.Export(t.Context(), st, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A file that is not whole, or not ours, leaves the store as it was.
func TestBadFiles(t *testing.T) {
	good := file(t)
	lines := bytes.SplitAfter(good, []byte("\n"))
	without := func(i int) []byte { return bytes.Join(slices.Concat(lines[:i], lines[i+1:]), nil) }
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "cut short"},
		{"cut in a line", good[:len(good)-200], "cut short"},
		{"cut between lines", without(len(lines) - 2), "cut short"},
		{"a line missing", without(3), "digest"},
		{"a line twice", bytes.Join(slices.Concat(lines[:3], lines[2:]), nil), "digest"},
		{"another word", bytes.Replace(good, []byte("line 7"), []byte("line 8"), 1), "digest"},
		{"something behind it", append(slices.Clone(good), lines[1]...), "behind its end"},
		{"another format", bytes.Replace(good, []byte(`{"kefu":1}`), []byte(`{"kefu":2}`), 1), "format 2"},
		{"something else", []byte("SQLite format 3\x00"), "no file of kefu export"},
		{"a CSV", []byte("time,visitor\n"), "no file of kefu export"},
		{"a line without end", append([]byte("{\"kefu\":1}\n{\"block\":\""), bytes.Repeat([]byte("x"), 2<<20)...), "can not be read"},
	} {
		st := memstore.New("e_2")
		_, err := transfer.Import(t.Context(), bytes.NewReader(c.file), st)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		if s, err := st.Load(t.Context(), "c_1"); err != nil || s.Seq != 0 {
			t.Errorf("%s: it was stored: %+v, %v", c.name, s, err)
		}
	}
	if _, err := transfer.Export(t.Context(), memstore.New("e_3"), io.Discard); err == nil {
		t.Error("an empty store is a desk")
	}
}

// full is a store that fails after some commits.
type full struct {
	core.Store
	left int
}

func (f *full) Commit(ctx context.Context, c core.Change) error {
	if f.left--; f.left < 0 {
		return core.Errorf(core.Unavailable, "the disk is full")
	}
	return f.Store.Commit(ctx, c)
}

func TestStoreFails(t *testing.T) {
	_, err := transfer.Import(t.Context(), bytes.NewReader(file(t)), &full{memstore.New("e_2"), 1})
	if err == nil || !strings.Contains(err.Error(), "c_1") {
		t.Errorf("got %v", err)
	}
}

// Whoever adds something to a store decides here whether it is carried over.
func TestNothingForgotten(t *testing.T) {
	carried := "Account AccountNamed Accounts After Before Blocks Commit DeleteBlock Due Epoch Held History Known List Load Mark Marks " +
		"DeleteDocument Document Documents Forget PutDocument Profile PutAccount PutBlock PutProfile PutSettings Rearm Secret Settings Waiting "
	not := "Duty Lapsed Paced Renew Roster SetDuty " + // who is there now
		"Keep Kept " + // answers of a day
		"Ready"
	known := strings.Fields(carried + not)
	for i := range reflect.TypeFor[core.Store]().NumMethod() {
		if name := reflect.TypeFor[core.Store]().Method(i).Name; !slices.Contains(known, name) {
			t.Errorf("core.Store has %s: does an export have what it keeps?", name)
		}
	}
}

// Each kind of document that the code of a desk names is among those that are
// exported.
func TestKindsOfDocuments(t *testing.T) {
	named := regexp.MustCompile(`(?m)^\s*(?:const )?kind[A-Z]\w*\s*(?:string)?\s*= "([a-z_-]+)"`)
	var found []string
	for _, dir := range []string{"../desk", "../assist"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range named.FindAllSubmatch(text, -1) {
				found = append(found, string(m[1]))
				if !slices.Contains(transfer.Kinds(), string(m[1])) {
					t.Errorf("%s: documents of kind %q are not exported", file, m[1])
				}
			}
		}
	}
	if !slices.Contains(found, "reply") {
		t.Errorf("found are %v", found)
	}
}
