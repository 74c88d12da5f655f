package httpapi

import (
	"crypto/sha256"
	_ "embed" // for the page and its style
	"encoding/base64"
	"net/http"
)

// The page at /v1/docs is made from the document by a test, which also sees to
// it that it is fresh: no script, no file of another host, nothing but itself
// and a style that its policy names by hash.

//go:embed docs_page.html
var docsHTML []byte

//go:embed docs.css
var docsCSS string

// docs serves the page.
type docs struct{ policy string }

func newDocs() docs {
	style := sha256.Sum256([]byte(docsCSS))
	return docs{"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(style[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
}

func (d docs) serve(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", d.policy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(docsHTML) // a client that is gone needs no answer
}
