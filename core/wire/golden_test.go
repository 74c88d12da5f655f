package wire_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"kefu/core"
	"kefu/core/wire"
)

// The files in testdata are the protocol by example, shared with the SDK:
// client/<type>.json has frames that pass and frames that are refused, each
// with the error that answers it; server/<type>.json has what the desk sends.
var rewrite = flag.Bool("rewrite", false, "write what the code does now into testdata; read the diff before you commit it")

type clientFile struct {
	Valid   []example `json:"valid"`
	Invalid []example `json:"invalid"`
}

type example struct {
	Name  string          `json:"name"`
	Frame json.RawMessage `json:"frame"`
	Error json.RawMessage `json:"error,omitempty"` // the answer, without retry
}

// clientTypes is every type of client frame in protocol.md.
var clientTypes = []string{
	wire.Hello, wire.Send, wire.Typing, wire.Read, wire.Human, wire.End, wire.Rate, wire.Take, wire.Transfer, wire.Reopen,
	wire.Edit, wire.Recall, wire.Tagging, wire.Snooze, wire.Moved, wire.Status, wire.Watch, wire.After, wire.Before, wire.Ping,
}

func TestClientGolden(t *testing.T) {
	eachFile(t, "client", clientTypes, func(t *testing.T, typ string, data []byte) []byte {
		var f clientFile
		unmarshal(t, data, &f)
		if len(f.Valid) == 0 || len(f.Invalid) == 0 {
			t.Errorf("%d valid and %d invalid examples", len(f.Valid), len(f.Invalid))
		}
		for _, e := range f.Valid {
			got := decodeOne(t, e.Frame)
			if got.Bad != nil || got.Type != typ {
				t.Errorf("%s: %s %v", e.Name, got.Type, got.Bad)
				continue
			}
			if want, have := members(t, e.Frame), members(t, encode(t, got)); !reflect.DeepEqual(want, have) {
				t.Errorf("%s: read as %v, not %v", e.Name, have, want)
			}
		}
		for i, e := range f.Invalid {
			got := decodeOne(t, e.Frame)
			if got.Bad == nil || !core.Definite(got.Bad) {
				t.Errorf("%s: refused with %v", e.Name, got.Bad)
				continue
			}
			f.Invalid[i].Error = wire.Encode(wire.ErrorFor(got, got.Bad))
		}
		return indented(t, f)
	})
}

// members returns the members of a JSON object that say something.
func members(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var m map[string]any
	unmarshal(t, data, &m)
	return pruned(m)
}

// pruned leaves out what is null, zero or empty, for a frame that is read and
// written again has all the fields of its type.
func pruned(m map[string]any) map[string]any {
	for k, v := range m {
		if inner, ok := v.(map[string]any); ok {
			v = pruned(inner)
		}
		if v == nil || reflect.ValueOf(v).IsZero() || reflect.ValueOf(v).Kind() == reflect.Map && len(v.(map[string]any)) == 0 {
			delete(m, k)
		}
	}
	return m
}

// kinds maps each server file to the Go types that its frames are read with.
var kinds = map[string][]any{
	"welcome":      {wire.VisitorWelcome{}, wire.AgentWelcome{}},
	"ack":          {wire.Ack{}},
	"event":        {wire.Event{}},
	"events":       {wire.Events{}},
	"conversation": {wire.Conversation{}},
	"typing":       {wire.TypingNow{}},
	"invite":       {wire.Invitation{}},
	"read":         {wire.ReadUpTo{}},
	"presence":     {wire.Presence{}},
	"error":        {wire.Error{}},
	"pong":         {wire.VisitorPong{}, wire.AgentPong{}},
	"bye":          {wire.Bye{}},
	"next":         {wire.Next{}},
}

func TestServerGolden(t *testing.T) {
	types := make([]string, 0, len(kinds))
	for typ := range maps.Keys(kinds) {
		types = append(types, typ)
	}
	frames := serverFrames()
	eachFile(t, "server", types, func(t *testing.T, typ string, _ []byte) []byte {
		var out []example
		for _, f := range frames[typ] {
			data := wire.Encode(f.frame)
			if back := readBack(data, kinds[typ]); !bytes.Equal(back, data) {
				t.Errorf("%s: written as\n%s\nread and written again as\n%s", f.name, data, back)
			}
			if got := members(t, data)["type"]; got != typ {
				t.Errorf("%s: type %v", f.name, got)
			}
			out = append(out, example{Name: f.name, Frame: data})
		}
		if len(out) == 0 {
			t.Errorf("no example")
		}
		return indented(t, out)
	})
}

// readBack decodes strictly into the one of the types that takes it, and
// encodes again.
func readBack(data []byte, into []any) []byte {
	for _, v := range into {
		p := reflect.New(reflect.TypeOf(v))
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if dec.Decode(p.Interface()) == nil {
			return wire.Encode(p.Interface())
		}
	}
	return nil
}

// eachFile runs make for each type with what its file holds, and compares or
// rewrites the file. There must be no other files.
func eachFile(t *testing.T, dir string, types []string, made func(*testing.T, string, []byte) []byte) {
	known := map[string]bool{}
	for _, typ := range types {
		file := filepath.Join("testdata", dir, typ+".json")
		known[file] = true
		t.Run(typ, func(t *testing.T) {
			old, err := os.ReadFile(file)
			if err != nil && !*rewrite {
				t.Fatal(err)
			}
			now := made(t, typ, old)
			switch {
			case t.Failed():
			case *rewrite:
				if err := os.WriteFile(file, now, 0o644); err != nil {
					t.Fatal(err)
				}
			case !bytes.Equal(old, now):
				t.Errorf("%s holds\n%s\nand this happens now (go test ./core/wire -rewrite):\n%s", file, old, now)
			}
		})
	}
	found, err := filepath.Glob(filepath.Join("testdata", dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		if !known[file] {
			t.Errorf("%s belongs to no frame type", file)
		}
	}
}

func decodeOne(t *testing.T, data []byte) wire.Frame {
	t.Helper()
	frames, err := wire.Decode(data, core.DefaultLimits())
	if err != nil || len(frames) != 1 {
		t.Fatalf("Decode(%.200s) = %d frames, %v", data, len(frames), err)
	}
	return frames[0]
}

func unmarshal(t *testing.T, data []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%v: %.200s", err, data)
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func indented(t *testing.T, v any) []byte {
	t.Helper()
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}
