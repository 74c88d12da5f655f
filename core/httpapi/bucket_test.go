package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kefu/core/httpapi"
)

// Pages may bring files to the bucket, and show them from there, if there is one;
// nothing else may go anywhere else.
func TestBucketOfPages(t *testing.T) {
	const bucket = "https://files.s3.eu-central-1.amazonaws.com"
	files := fstest.MapFS{"console/index.html": {Data: []byte("<p>")}, "demo/index.html": {Data: []byte("<p>")}, "kefu.js": {Data: []byte("0")}}
	for _, at := range []string{"", bucket} {
		h, err := httpapi.New(httpapi.Options{Files: files, Bucket: at, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range []string{"/console/", "/demo/", "/kefu.js"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, page, nil))
			policy, want := w.Header().Get("Content-Security-Policy"), 0
			if at != "" && page != "/kefu.js" {
				want = 2
			}
			if w.Code != http.StatusOK || strings.Count(policy, bucket) != want || want > 0 && !strings.Contains(policy, "connect-src 'self' "+bucket+" ") {
				t.Errorf("%s with the bucket %q: %d %s", page, at, w.Code, policy)
			}
		}
	}
}
