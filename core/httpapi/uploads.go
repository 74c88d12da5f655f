package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Uploader takes files and gives them out; desk.Desk is one.
type Uploader interface {
	// Upload stores a file, or says where it goes.
	Upload(ctx context.Context, u desk.Upload) (wire.Uploaded, error)

	// File returns a file and its content, which the caller closes, or a
	// link to it; or NotFound.
	File(ctx context.Context, key, name string) (f blob.File, content io.ReadCloser, link string, err error)
}

const (
	maxForm    = core.MaxUpload + 64<<10 // bytes of a form with the largest file
	maxField   = 4 << 10                 // bytes of one of its other fields
	fileWithin = 5 * time.Minute         // for a file to come or to be fetched, on a slow phone

	maxDrain    = 12 << 20 // bytes of a refused form that are read all the same
	drainWithin = 20 * time.Second

	// A file never changes, and its URL is known only to those who may see it.
	fileCache = "private, max-age=2592000, immutable"

	// Whatever is in a file, a browser that opens it has nothing to run it with.
	cspFile = "sandbox; default-src 'none'"
)

// uploads is POST /v1/uploads. It stands beside the operations of the API as poll
// does, and for the same reason: forms come from pages of any origin, without
// asking first, and the token is in the form.
type uploads struct {
	guard
	desk  Uploader
	agent func(ctx context.Context, bearer string) (core.Account, error)
}

func (h *uploads) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w := &writer{ResponseWriter: rw}
	info := request{id: h.newID(), addr: addrOf(r.RemoteAddr)}
	apiHeaders(w.Header(), info.id)
	crossOrigin(w.Header(), r.Header.Get("Origin"))
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, info))
	r.Pattern = "/v1/uploads" // for the log
	defer h.end(w, r, h.Now())
	switch r.Method {
	case http.MethodPost:
		answer, err := h.take(w, r)
		if err != nil {
			h.drained(w, r)
			h.refused(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(answer) // a client that is gone uploads again
	case http.MethodOptions:
		w.Header().Set("Access-Control-Allow-Methods", "POST")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		w.Header().Set("Access-Control-Max-Age", preflight)
		w.WriteHeader(http.StatusNoContent)
	default:
		notAllowed(info.id, "POST, OPTIONS").write(w)
	}
}

func notAllowed(request, methods string) *Problem {
	p := problemOf(core.Errorf(core.Invalid, "the method must be one of %s", methods), request).as(http.StatusMethodNotAllowed)
	p.allow = methods
	return p
}

// refused says no.
func (g *guard) refused(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err, requestOf(r.Context()).id)
	if p.Status >= http.StatusInternalServerError && p.Status != http.StatusNotImplemented {
		g.Log.LogAttrs(r.Context(), slog.LevelError, "file failed", slog.String("request", p.Request), slog.Any("error", err))
	}
	p.write(w)
}

// drained reads what is left of a form that was refused. A browser that is not
// through sending would not read the answer, and take it for a network that
// failed; what is a lot is not worth it.
func (h *uploads) drained(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).SetReadDeadline(h.Now().Add(drainWithin)) // as in take
	if _, err := io.CopyN(io.Discard, r.Body, maxDrain); !errors.Is(err, io.EOF) {
		w.Header().Set("Connection", "close")
	}
}

// take reads the fields of a form up to the file, and has that taken. The
// server's own deadlines are for requests that are small.
func (h *uploads) take(w http.ResponseWriter, r *http.Request) (wire.Uploaded, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return wire.Uploaded{}, core.Errorf(core.Invalid, "Content-Type: multipart/form-data is expected")
	}
	until := h.Now().Add(fileWithin)
	deadlines := http.NewResponseController(w)
	_ = errors.Join(deadlines.SetReadDeadline(until), deadlines.SetWriteDeadline(until)) // a host without such things bounds its requests by itself
	ctx, cancel := context.WithTimeout(r.Context(), fileWithin)
	defer cancel()
	u := desk.Upload{Page: r.Header.Get("Origin")}
	if token, ok := bearer(r.Header); ok {
		if u.Who, err = h.agent(ctx, token); err != nil {
			return wire.Uploaded{}, err
		}
	}
	form := multipart.NewReader(http.MaxBytesReader(w, r.Body, maxForm), params["boundary"])
	file, err := fields(form, &u)
	if err != nil {
		return wire.Uploaded{}, err
	}
	if file != nil {
		u.File = file
	}
	return h.desk.Upload(ctx, u)
}

// fields reads a form up to the file, which it returns, or nil at its end. A
// field that is not known is a later release's.
func fields(form *multipart.Reader, u *desk.Upload) (io.Reader, error) {
	for range 10 {
		part, err := form.NextPart()
		if err == io.EOF { //nolint:errorlint // one that is wrapped is a form that ends too early
			return nil, nil
		}
		if err != nil {
			return nil, brokenForm(err)
		}
		if part.FormName() == "file" {
			if u.Name == "" {
				u.Name = part.FileName()
			}
			if u.MIME == "" {
				u.MIME = part.Header.Get("Content-Type")
			}
			return part, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField+1))
		switch {
		case err != nil:
			return nil, brokenForm(err)
		case len(value) > maxField:
			return nil, core.Errorf(core.TooLarge, "a field of a form may have %d bytes", maxField)
		}
		if err := fill(u, part.FormName(), string(value)); err != nil {
			return nil, err
		}
	}
	return nil, core.Errorf(core.Invalid, "a form has at most 10 fields, and the file last")
}

func fill(u *desk.Upload, name, value string) (err error) {
	switch name {
	case "token":
		if u.Who.ID == "" { // or the header would not count
			u.Token = value
		}
	case "conversation":
		u.Conversation = core.ConversationID(value)
	case "name":
		u.Name = value
	case "mime":
		u.MIME = value
	case "size":
		if u.Size, err = strconv.ParseInt(value, 10, 64); err != nil {
			err = core.Errorf(core.Invalid, "size: a number of bytes is expected")
		}
	}
	return err
}

func brokenForm(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return core.Errorf(core.TooLarge, "a file may have %d bytes", core.MaxUpload)
	}
	return &core.Error{Code: core.Invalid, Message: "this is no whole form", Cause: err}
}

// stored is GET and HEAD of /v1/files/{key}/{name}.
type stored struct {
	guard
	desk Uploader
}

func (h *stored) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w := &writer{ResponseWriter: rw}
	info := request{id: h.newID(), addr: addrOf(r.RemoteAddr)}
	apiHeaders(w.Header(), info.id)
	w.Header().Set("Content-Security-Policy", cspFile)
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, info))
	r.Pattern = blob.Prefix // for the log, which is not to have keys
	defer h.end(w, r, h.Now())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		notAllowed(info.id, "GET, HEAD").write(w)
		return
	}
	if err := h.give(w, r); err != nil {
		h.refused(w, r, err)
	}
}

func (h *stored) give(w http.ResponseWriter, r *http.Request) error {
	key, name, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, blob.Prefix), "/")
	if !ok {
		return core.Errorf(core.NotFound, "there is no such file")
	}
	f, content, link, err := h.desk.File(r.Context(), key, name)
	switch {
	case err != nil:
		return err
	case content == nil:
		w.Header().Set("Cache-Control", "private, max-age=60") // a link counts for a few minutes
		w.Header().Set("Location", link)
		w.WriteHeader(http.StatusFound)
		return nil
	}
	defer content.Close()
	_ = http.NewResponseController(w).SetWriteDeadline(h.Now().Add(fileWithin)) // see take
	fileGiven(w.Header(), f)
	if seeker, ok := content.(io.ReadSeeker); ok {
		http.ServeContent(w, r, "", time.Time{}, seeker) // a video is fetched in parts
		return nil
	}
	w.Header().Set("Content-Length", strconv.FormatInt(f.Size, 10))
	if r.Method == http.MethodGet {
		_, _ = io.Copy(w, content) // what is cut off is shorter than was said, and so noticed
	}
	return nil
}

// fileGiven are the headers of a file. Only what was made here is shown in a
// page of its own; the rest is saved.
func fileGiven(h http.Header, f blob.File) {
	kind := f.MIME
	if strings.HasPrefix(kind, "text/") {
		kind = "text/plain; charset=utf-8"
	}
	how := "attachment"
	if f.Clean {
		how = "inline"
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", how+"; filename*=UTF-8''"+strings.ReplaceAll(url.PathEscape(f.Name), "'", "%27"))
	h.Set("Cache-Control", fileCache)
	h.Set("ETag", `"`+f.Key+`"`)
}
