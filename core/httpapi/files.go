package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// What may be kept, and for how long. The loader of a shop's page is asked for
// often and may be five minutes old; what has a hash of its content in its
// name never changes; all else is asked for again, at the price of a 304.
const (
	cacheLoader = "public, max-age=300, stale-while-revalidate=86400"
	cacheHashed = "public, max-age=31536000, immutable"
	cacheAsk    = "no-cache"
)

// files serves assets by their exact path. It is read-only after newFiles.
type files struct {
	assets map[string]*asset // by URL path
}

// asset is a file as it is sent. Header is shared by all answers.
type asset struct {
	plain  []byte
	packed func() []byte // gzip, made when it is first asked for; nil: not worth it
	etag   func() string // without quotes
	header http.Header
}

// newFiles reads what is served of fsys: the SDK (kefu.js, kefu.mjs, and the
// kefu-*.mjs that those load when they need them), and everything in demo and
// console that is not hidden. What else it holds is not served.
func newFiles(fsys fs.FS, bucket string) (*files, error) {
	f := &files{assets: map[string]*asset{}}
	if fsys == nil {
		return f, nil
	}
	hashed := regexp.MustCompile(`-[A-Z2-7]{8}\.[a-z0-9]+$`) // as esbuild names them
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular() || !served(name):
			return nil
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		f.assets["/"+name] = newAsset(name, data, hashed.MatchString(name), bucket)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("files to serve: %w", err)
	}
	return f, nil
}

// served is the list of what may be seen, so that a build which leaves other
// things beside it publishes none of them.
func served(name string) bool {
	switch name {
	case "kefu.js", "kefu.es2017.js", "kefu.mjs", "kefu-ui.mjs", "kefu-core.mjs", "kefu-poll.mjs",
		"kefu-panel.mjs", "kefu-extras.mjs", "kefu-menu.mjs", "kefu-notice.mjs":
		return true
	default:
		return strings.HasPrefix(name, "demo/") || strings.HasPrefix(name, "console/")
	}
}

// newAsset makes what a file is served as; name is its path in the file
// system.
func newAsset(name string, data []byte, hashed bool, bucket string) *asset {
	part, _, inPart := strings.Cut(name, "/")
	if !inPart {
		part = ""
	}
	kind, text := contentType(path.Ext(name))
	a := &asset{plain: data, header: fileHeaders(part, bucket), etag: sync.OnceValue(func() string {
		sum := sha256.Sum256(data)
		return base64.RawURLEncoding.EncodeToString(sum[:12])
	})}
	a.header.Set("Content-Type", kind)
	switch {
	case part == "":
		a.header.Set("Cache-Control", cacheLoader)
	case hashed:
		a.header.Set("Cache-Control", cacheHashed)
	default:
		a.header.Set("Cache-Control", cacheAsk)
	}
	a.packed = func() []byte { return nil }
	if text {
		a.packed = sync.OnceValue(func() []byte { return pack(data) })
		a.header.Set("Vary", "Accept-Encoding")
	}
	return a
}

// pack returns data compressed, or nil if that is not worth it. To do so at the
// start would take a Lambda longer than all else together.
func pack(data []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(data)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil || b.Len() >= len(data) {
		return nil
	}
	return b.Bytes()
}

// contentType is a table of our own, since that of package mime depends on the
// machine. text says that it is worth compressing.
func contentType(ext string) (kind string, text bool) {
	switch ext {
	case ".html":
		return "text/html; charset=utf-8", true
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8", true
	case ".css":
		return "text/css; charset=utf-8", true
	case ".json":
		return "application/json", true
	case ".webmanifest":
		return "application/manifest+json", true
	case ".svg":
		return "image/svg+xml", true
	case ".txt":
		return "text/plain; charset=utf-8", true
	case ".png":
		return "image/png", false
	case ".jpg", ".jpeg":
		return "image/jpeg", false
	case ".webp":
		return "image/webp", false
	case ".ico":
		return "image/x-icon", false
	case ".woff2":
		return "font/woff2", false
	default:
		return "application/octet-stream", false
	}
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, to := f.find(r.URL.Path)
	switch {
	case a == nil && to == "":
		plainly(w, http.StatusNotFound, "404 not found")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		plainly(w, http.StatusMethodNotAllowed, "405 method not allowed")
	case a == nil:
		w.Header().Set("Location", to)
		plainly(w, http.StatusFound, "302 see "+to)
	default:
		a.serve(w, r)
	}
}

// find returns the asset at a path, or where to go instead, or neither. A
// directory is its index.html; there are no listings.
func (f *files) find(at string) (a *asset, to string) {
	if at == "/" {
		at = "/console"
	}
	if strings.HasSuffix(at, "/") {
		return f.assets[at+"index.html"], ""
	}
	if a := f.assets[at]; a != nil {
		return a, ""
	}
	if f.assets[at+"/index.html"] != nil {
		return nil, at + "/"
	}
	return nil, ""
}

// serve answers GET and HEAD. There are no ranges: nothing here is long enough
// to be resumed.
func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	data, etag := a.plain, `"`+a.etag()+`"`
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		if packed := a.packed(); packed != nil {
			data, etag = packed, `"`+a.etag()+`-gzip"` // other bytes, other tag
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Etag", etag)
	if a.known(r.Header.Values("If-None-Match")) {
		h.Del("Content-Encoding")
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) // a client that is gone needs no answer
	}
}

// known reports whether an If-None-Match names what the asset holds, packed or
// not.
func (a *asset) known(header []string) bool {
	for _, tag := range list(header) {
		tag = strings.TrimPrefix(tag, "W/")
		if tag == "*" || tag == `"`+a.etag()+`"` || tag == `"`+a.etag()+`-gzip"` {
			return true
		}
	}
	return false
}

// acceptsGzip reads an Accept-Encoding. A weight of 0 is a no.
func acceptsGzip(header []string) bool {
	rest := false // what * says of the encodings that are not named
	for _, item := range list(header) {
		name, params, _ := strings.Cut(item, ";")
		weight, given := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		wanted := !given || (err == nil && q > 0)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return wanted
		case "*":
			rest = wanted
		}
	}
	return rest
}

// list splits a header whose values are lists.
func list(values []string) []string {
	var out []string
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// plainly answers with a line of text.
func plainly(w http.ResponseWriter, status int, line string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", cspNothing)
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(line + "\n")) // a client that is gone needs no answer
}
