package httpapi_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// TestDocs: a page that needs nothing but itself.
func TestDocs(t *testing.T) {
	s := newSite(t, polls(&teller{}))
	w := s.ask("GET", "/v1/docs", "", auth, "")
	page := w.Body.String()
	if w.Code != 200 {
		t.Fatal(w.Code)
	}
	wantHeader(t, w, "Content-Type", "text/html; charset=utf-8")
	wantHeader(t, w, "X-Content-Type-Options", "nosniff")
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(page)
	if style == nil {
		t.Fatal("no style")
	}
	hash := sha256.Sum256([]byte(style[1]))
	wantHeader(t, w, "Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	for _, bad := range []string{"<script", "javascript:", " src=", "<link", "@import", "url(", " style=", " on"} {
		if at := strings.Index(page, bad); at >= 0 && (bad != " on" || regexp.MustCompile(` on[a-z]+=`).MatchString(page)) {
			t.Errorf("%q is in it: %.80s", bad, page[at:])
		}
	}
	anchors, targets := map[string]bool{}, regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1)
	for _, m := range targets {
		if anchors[m[1]] {
			t.Errorf("two are #%s", m[1])
		}
		anchors[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if to, ok := strings.CutPrefix(m[1], "#"); ok && !anchors[to] || !ok && m[1] != "/v1/openapi.json" {
			t.Errorf("a link to %s", m[1])
		}
	}
	for path, methods := range openAPI(s).Paths {
		for _, op := range methods {
			if !anchors[op.OperationID] || !strings.Contains(page, path) {
				t.Errorf("%s is not on it", op.OperationID)
			}
		}
	}
}

// TestComplete: an operation of the document has all that its reader needs.
func TestComplete(t *testing.T) {
	s := newSite(t, polls(&teller{}))
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID, Summary string
			Tags                 []string
			Security             []map[string][]string
			RequestBody          struct {
				Content map[string]struct{ Example json.RawMessage }
			}
			Responses map[string]struct {
				Description string
				Content     map[string]struct{ Example, Schema json.RawMessage }
			}
		}
	}
	document := s.ask("GET", "/v1/openapi.json", "", auth, "").Body.Bytes()
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.Summary == "" || len(op.Tags) != 1 {
				t.Errorf("%s: summary %q, tags %q", op.OperationID, op.Summary, op.Tags)
			}
			want := []string{"400"}
			if len(op.Security) > 0 {
				want = append(want, "401", "403")
			}
			if len(op.RequestBody.Content) > 0 {
				want = append(want, "413")
			}
			if len(op.RequestBody.Content) == 1 {
				want = append(want, "415")
			}
			if strings.Contains(path, "{id}") {
				want = append(want, "404")
			}
			for _, status := range want {
				problem := op.Responses[status].Content["application/problem+json"]
				if !strings.Contains(string(problem.Example), `"status":`+status) {
					t.Errorf("%s: its %s is %s", op.OperationID, status, problem.Example)
				}
			}
			for status, r := range op.Responses {
				if m, ok := r.Content["application/json"]; ok && len(m.Example) == 0 || r.Description == "" {
					t.Errorf("%s: its %s has no example or description", op.OperationID, status)
				}
			}
			for kind, m := range op.RequestBody.Content {
				if len(m.Example) == 0 {
					t.Errorf("%s: no example of its request", op.OperationID)
				}
				headers := []string{"Content-Type", kind}
				w := s.ask(strings.ToUpper(method), strings.ReplaceAll(path, "{id}", "x"), string(m.Example), headers...)
				if w.Code >= 300 {
					t.Errorf("%s: its example is answered %d %s", op.OperationID, w.Code, w.Body)
				}
			}
		}
	}
}
