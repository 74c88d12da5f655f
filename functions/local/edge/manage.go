package edge

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"
)

// serveManagement is POST, GET and DELETE of @connections/id.
func (g *Gateway) serveManagement(w http.ResponseWriter, r *http.Request, escaped string) {
	id, err := url.PathUnescape(escaped)
	if err != nil {
		refuse(w, http.StatusBadRequest, "BadRequestException", "Invalid connectionId: "+escaped)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxMessage))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		refuse(w, http.StatusRequestEntityTooLarge, "PayloadTooLargeException", "Payload Too Large")
		return
	case err != nil:
		return // whoever posted broke off
	}
	if err := (Verifier{g.Credentials, "execute-api", g.Region, g.Now}).Verify(r, body); err != nil {
		g.Log.Warn("a call to @connections was not signed as it should be", "error", err)
		refuse(w, http.StatusForbidden, "ForbiddenException", "Forbidden")
		return
	}
	c := g.find(id)
	switch {
	case c == nil:
		refuse(w, http.StatusGone, "GoneException", "Gone")
	case r.Method == http.MethodPost:
		g.count(func(u *Usage) { u.Posts++ })
		g.post(w, c, body)
	case r.Method == http.MethodGet:
		reply(w, http.StatusOK, c.describe())
	case r.Method == http.MethodDelete:
		c.leave()
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowedException", "Method Not Allowed")
	}
}

// post queues a message for a connection, if the faults let it.
func (g *Gateway) post(w http.ResponseWriter, c *conn, body []byte) {
	switch {
	case g.Faults.Hit(FalseGone):
		refuse(w, http.StatusGone, "GoneException", "Gone")
	case g.Faults.Hit(TooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, "PayloadTooLargeException", "Payload Too Large")
	case g.Faults.Hit(Vanish):
		w.WriteHeader(http.StatusOK)
	case g.Faults.Hit(Throttle) || !c.send(outgoing{data: body}):
		refuse(w, http.StatusTooManyRequests, "LimitExceededException", "Too Many Requests")
	default:
		w.WriteHeader(http.StatusOK)
	}
}

// leave ends the connection behind what is queued for it; at once if the
// queue is full, for then the client does not read.
func (c *conn) leave() {
	c.g.unregister(c)
	how := &websocket.CloseError{Code: websocket.StatusNormalClosure, Reason: "Connection Closed Normally"}
	if !c.send(outgoing{end: how}) {
		_ = c.ws.CloseNow() // it is over either way
	}
}

// description is what GET answers.
type description struct {
	ConnectedAt  string   `json:"connectedAt"`
	LastActiveAt string   `json:"lastActiveAt"`
	Identity     identity `json:"identity"`
}

type identity struct {
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

func (c *conn) describe() description {
	return description{
		isoTime(c.since), isoTime(time.UnixMilli(c.active.Load())),
		identity{clientIP(c.request), c.request.UserAgent()},
	}
}

// refuse answers as the REST calls of AWS do: SDKs go by the header.
func refuse(w http.ResponseWriter, code int, kind, message string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	reply(w, code, note{Message: message, RequestID: uuid()})
}
