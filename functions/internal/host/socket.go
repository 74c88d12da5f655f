package host

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"kefu/core"
	"kefu/core/wire"
	"kefu/functions/internal/cloudfront"
	"kefu/functions/internal/dynamo"
)

// Subprotocol is what clients may offer.
const Subprotocol = "kefu.v1"

var errNoSocket = errors.New("this is not an event of a WebSocket API")

// Socket serves $connect, $disconnect and $default of a WebSocket API. An error
// is for an event that is none of its own.
func (h *Host) Socket(ctx context.Context, ev events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
	rc := ev.RequestContext
	if rc.ConnectionID == "" {
		return events.APIGatewayProxyResponse{}, errNoSocket
	}
	switch rc.EventType {
	case "CONNECT":
		return h.connect(ctx, ev), nil
	case "DISCONNECT":
		h.disconnect(ctx, ev)
		return status(http.StatusOK), nil
	case "MESSAGE":
		return h.message(ctx, ev)
	}
	return events.APIGatewayProxyResponse{}, fmt.Errorf("%w: eventType is %q", errNoSocket, rc.EventType)
}

func status(code int) events.APIGatewayProxyResponse {
	return events.APIGatewayProxyResponse{StatusCode: code}
}

// connect notes what no later event tells: the page's origin, and where the
// client is. Whether that page may come is for the hello, which names the site.
func (h *Host) connect(ctx context.Context, ev events.APIGatewayWebsocketProxyRequest) events.APIGatewayProxyResponse {
	viewer, err := h.Door.Viewer(ev.Headers, cloudfront.Viewer{Addr: ev.RequestContext.Identity.SourceIP, Host: ev.RequestContext.DomainName})
	if err != nil {
		h.Log.WarnContext(ctx, "a connection was refused", "error", err)
		return status(http.StatusForbidden)
	}
	c := dynamo.Connection{ID: ev.RequestContext.ConnectionID, Page: header(ev.Headers, "Origin"), Addr: viewer.Addr}
	if err := h.conns.Open(ctx, c); err != nil {
		h.Log.WarnContext(ctx, "a connection could not be noted", "error", err)
		return status(http.StatusServiceUnavailable)
	}
	res := status(http.StatusOK)
	for _, offered := range strings.Split(header(ev.Headers, "Sec-WebSocket-Protocol"), ",") {
		if strings.TrimSpace(offered) == Subprotocol {
			res.Headers = map[string]string{"Sec-WebSocket-Protocol": Subprotocol}
		}
	}
	return res
}

// header returns a header, however it is written.
func header(headers map[string]string, name string) string {
	for n, value := range headers {
		if strings.EqualFold(n, name) {
			return value
		}
	}
	return ""
}

// disconnect forgets a connection, and has others told who that was. It comes
// after most connections.
func (h *Host) disconnect(ctx context.Context, ev events.APIGatewayWebsocketProxyRequest) {
	id := ev.RequestContext.ConnectionID
	h.sessions.Remove(id)
	c, err := h.conns.Fresh(ctx, id)
	switch {
	case core.CodeOf(err) == core.NotFound:
		return // a push found out before
	case err != nil:
		h.Log.WarnContext(ctx, "an end is not noted; the row lapses", "connection", id, "error", err)
		return
	}
	s := &session{conn: c, gone: true}
	s.restore()
	ctx, f := h.fly(ctx, s)
	_ = h.work(ctx, func(ctx context.Context) { // what failed is logged
		if s.peer != nil {
			h.desk.Gone(ctx, s.peer, clean(ev))
		}
		h.forget(ctx, s)
	})
	h.flush(ctx, f)
}

// clean reports whether the client ended the connection, rather than that it
// was lost.
func clean(ev events.APIGatewayWebsocketProxyRequest) bool {
	code := ev.RequestContext.DisconnectStatusCode
	return code == 1000 || code == 1001
}

// message serves one message of a connection.
func (h *Host) message(ctx context.Context, ev events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
	body := ev.Body
	if ev.IsBase64Encoded {
		data, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return events.APIGatewayProxyResponse{}, fmt.Errorf("%w: its body is not base64", errNoSocket)
		}
		body = string(data)
	}
	res := status(http.StatusOK)
	view := h.conns.View()
	s, err := h.session(ctx, view, ev.RequestContext.ConnectionID, body)
	switch {
	case core.CodeOf(err) == core.NotFound:
		h.sendBack(ctx, ev.RequestContext.ConnectionID)
		return res, nil
	case err != nil:
		h.Log.WarnContext(ctx, "a message could not be served", "error", err)
		res.Body = unserved(body, err)
		return res, nil
	}
	defer s.mu.Unlock()
	ctx, f := h.fly(ctx, s)
	f.view = view
	failed := h.work(ctx, func(ctx context.Context) {
		if s.peer != nil {
			h.desk.Refresh(ctx)
			h.desk.Serve(ctx, s.peer, []byte(body))
		}
	})
	if failed != nil {
		for _, answer := range unservedFrames(body, core.Errorf(core.Internal, "internal error")) {
			s.tray.Send(answer)
		}
	}
	h.keep(ctx, s)
	res.Body = h.flush(ctx, f)
	return res, nil
}

// sendBack closes a connection that has no row, as after a 410 that was not
// true. Its client comes back, and resumes.
func (h *Host) sendBack(ctx context.Context, id string) {
	s := &session{conn: dynamo.Connection{ID: id}, removed: true}
	s.tray.Close(wire.CloseShutdown, "this connection is not known any more")
	ctx, f := h.fly(ctx, s)
	h.flush(ctx, f)
}

// unserved is the answer to a message that was not looked at.
func unserved(body string, err error) string {
	answers := unservedFrames(body, err)
	if len(answers) == 1 {
		return string(answers[0])
	}
	parts := make([]string, len(answers))
	for i, a := range answers {
		parts[i] = string(a)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// unservedFrames answers each numbered frame, so that outboxes know to repeat
// it; if there is none, all of them at once.
func unservedFrames(body string, err error) (answers [][]byte) {
	frames, _ := wire.Decode([]byte(body), core.DefaultLimits()) // what can not be read has no number
	for _, f := range frames {
		if wire.Numbered(f.Type) && f.N > 0 {
			answers = append(answers, wire.Encode(wire.ErrorFor(f, err)))
		}
	}
	if len(answers) == 0 {
		answers = [][]byte{wire.Encode(wire.ErrorFor(wire.Frame{}, err))}
	}
	return answers
}
