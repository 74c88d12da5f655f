package httpapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// Poller serves long-polls; desk.Desk is one.
type Poller interface {
	// Poll serves the body of a poll that a page of the given HTTP Origin
	// sent from an address, and returns the JSON that answers it. It may
	// take wire.MaxWait seconds and a few more, or until ctx ends.
	Poll(ctx context.Context, body []byte, page, addr string) ([]byte, error)
}

const (
	pollAnswer = (wire.MaxWait + 30) * time.Second // for a poll to be served and the answer to be taken
	preflight  = "7200"                            // seconds that browsers keep the answer to OPTIONS
)

// poll is POST /v1/poll. It stands beside the operations of the API, for it is
// meant for what they keep out: pages of any origin, which the desk judges by
// the site they ask for, and text/plain, which those can send without asking
// first. Nothing is lost by that: the token is in the body, and no cookie
// counts.
type poll struct {
	guard
	desk Poller
}

func (h *poll) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w := &writer{ResponseWriter: rw}
	info := request{id: h.newID(), addr: addrOf(r.RemoteAddr)}
	apiHeaders(w.Header(), info.id)
	crossOrigin(w.Header(), r.Header.Get("Origin"))
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, info))
	r.Pattern = "/v1/poll" // for the log
	defer h.end(w, r, h.Now())
	switch r.Method {
	case http.MethodPost:
		h.serve(w, r, info)
	case http.MethodOptions:
		w.Header().Set("Access-Control-Allow-Methods", "POST")
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
		w.Header().Set("Access-Control-Max-Age", preflight)
		w.WriteHeader(http.StatusNoContent)
	default:
		p := problemOf(core.Errorf(core.Invalid, "the method must be POST"), info.id)
		p.Status, p.Title, p.allow = http.StatusMethodNotAllowed, http.StatusText(http.StatusMethodNotAllowed), "POST, OPTIONS"
		p.write(w)
	}
}

// crossOrigin lets the page that asks read the answer, without cookies.
func crossOrigin(h http.Header, origin string) {
	h.Add("Vary", "Origin")
	if origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "Retry-After")
	}
}

func (h *poll) serve(w *writer, r *http.Request, info request) {
	answer, err := h.answer(w, r, info)
	if err != nil {
		h.refused(r, err, info.id)
		problemOf(err, info.id).write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answer) // a client that is gone finds the same by its next poll
}

// answer reads the body and has it served. The server's own write deadline is
// for requests that do not wait, and runs from their beginning; that for
// reading ends with the body.
func (h *poll) answer(w http.ResponseWriter, r *http.Request, info request) ([]byte, error) {
	if !isText(r.Header.Get("Content-Type")) {
		return nil, core.Errorf(core.Invalid, "Content-Type: text/plain or application/json is expected")
	}
	if r.ContentLength > maxBody {
		return nil, errTooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, errTooLarge()
	case err != nil:
		return nil, &core.Error{Code: core.Unavailable, Message: "the request did not arrive whole", Retry: time.Second}
	}
	_ = http.NewResponseController(w).SetWriteDeadline(h.Now().Add(pollAnswer)) // a host without such a thing bounds its requests by itself
	return h.desk.Poll(r.Context(), body, r.Header.Get("Origin"), info.addr)
}

// refused logs what is wrong with us, not with the request.
func (h *poll) refused(r *http.Request, err error, id string) {
	if _, known := statusOf(core.CodeOf(err)); !known {
		h.Log.LogAttrs(r.Context(), slog.LevelError, "poll failed", slog.String("request", id), slog.Any("error", err))
	}
}

// isText: what a page sends by default, or JSON; in UTF-8.
func isText(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	charset, given := params["charset"]
	return err == nil && (kind == "text/plain" || kind == "application/json") && (!given || strings.EqualFold(charset, "utf-8"))
}
