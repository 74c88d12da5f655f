package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type noPolls struct{}

func (noPolls) Poll(context.Context, []byte, string, string) ([]byte, error) { return nil, nil }

// TestSamples holds every example of an answer against its schema.
func TestSamples(t *testing.T) {
	a := &api{Options: Options{Poll: noPolls{}, Log: slog.New(slog.DiscardHandler), Timeout: time.Second}}
	a.huma = humago.New(http.NewServeMux(), a.config())
	a.registerAll()
	a.illustrateAll()
	if _, err := a.document(); err != nil {
		t.Fatal(err)
	}
	doc, seen := a.huma.OpenAPI(), 0
	for path, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			for status, r := range op.Responses {
				for _, m := range r.Content {
					var v any
					data, err := json.Marshal(m.Example)
					if err != nil || json.Unmarshal(data, &v) != nil {
						t.Fatalf("%s %s: %v", path, status, err)
					}
					m.Schema.PrecomputeMessages()
					var found huma.ValidateResult
					huma.Validate(doc.Components.Schemas, m.Schema, huma.NewPathBuffer([]byte{}, 0), huma.ModeReadFromServer, v, &found)
					if len(found.Errors) > 0 {
						t.Errorf("%s %s: %v", op.OperationID, status, found.Errors)
					}
					seen++
				}
			}
		}
	}
	if seen < 60 {
		t.Errorf("only %d examples", seen)
	}
}

// What stands in the page is data, whatever it is.
func TestDocsEscape(t *testing.T) {
	const evil = `<img src=x onerror=alert(1)>`
	document := strings.ReplaceAll(`{"info":{"title":"E","description":"E"},"paths":{"/E":{"get":{"operationId":"E","summary":"E","description":"E","tags":["E"],
		"parameters":[{"name":"E","in":"E","description":"E","schema":{"type":"E"}}],
		"responses":{"E":{"description":"E","content":{"application/json":{"schema":{"$ref":"E"},"example":"E"}}}}}}},
		"components":{"schemas":{"E":{"properties":{"E":{"type":["E","null"],"description":"E","enum":["E"]}}}}}}`, "E", evil)
	page, err := docsPage([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page, []byte("<img")) || !bytes.Contains(page, []byte("&lt;img")) {
		t.Errorf("%s", page)
	}
	if _, err := docsPage([]byte("{")); err == nil {
		t.Error("half a document makes a page")
	}
}
