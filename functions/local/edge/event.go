package edge

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/coder/websocket"
)

// requestTime is how API Gateway writes times.
const requestTime = "02/Jan/2006:15:04:05 +0000"

// event returns an event of the connection, with what every kind has; kind
// adds the rest.
func (c *conn) event(kind func(*conn, *events.APIGatewayWebsocketProxyRequest)) []byte {
	now, request := c.g.Now().UTC(), token()
	e := events.APIGatewayWebsocketProxyRequest{RequestContext: events.APIGatewayWebsocketProxyRequestContext{
		Stage: c.g.Stage, APIID: apiID, DomainName: c.request.Host,
		ConnectionID: c.id, ConnectedAt: c.since.UnixMilli(), MessageDirection: "IN",
		RequestID: request, ExtendedRequestID: request,
		RequestTime: now.Format(requestTime), RequestTimeEpoch: now.UnixMilli(),
		Identity: events.APIGatewayRequestIdentity{SourceIP: clientIP(c.request), UserAgent: c.request.UserAgent()},
	}}
	kind(c, &e)
	return encode(e)
}

// apiID is the one of every local API.
const apiID = "local"

// connectEvent: the only one that has what the client asked with.
func connectEvent(c *conn, e *events.APIGatewayWebsocketProxyRequest) {
	e.RequestContext.RouteKey, e.RequestContext.EventType = "$connect", "CONNECT"
	e.Headers, e.MultiValueHeaders = headers(c.request)
	if q := c.request.URL.Query(); len(q) > 0 {
		e.QueryStringParameters, e.MultiValueQueryStringParameters = map[string]string{}, q
		for name, values := range q {
			e.QueryStringParameters[name] = values[len(values)-1]
		}
	}
}

// headers returns the headers of a request as a load balancer passes them on.
// Of several with one name the plain map has the last.
func headers(r *http.Request) (last map[string]string, all map[string][]string) {
	all = map[string][]string{}
	for name, values := range r.Header {
		name = strings.Replace(name, "Sec-Websocket-", "Sec-WebSocket-", 1) // as clients write it, before net/http
		all[name] = slices.Clone(values)
	}
	delete(all, "Connection")
	delete(all, "Upgrade")
	port := "80"
	if _, p, ok := strings.Cut(r.Host, ":"); ok {
		port = p
	}
	all["Host"] = []string{r.Host}
	all["X-Forwarded-For"] = []string{strings.Join(append(all["X-Forwarded-For"], clientIP(r)), ", ")} // only the last is true
	all["X-Forwarded-Port"] = []string{port}
	all["X-Forwarded-Proto"] = []string{"http"}
	last = map[string]string{}
	for name, values := range all {
		last[name] = values[len(values)-1]
	}
	return last, all
}

// messageEvent: the only one that has a body and a messageId, and no header.
func messageEvent(route, request string, data []byte) func(*conn, *events.APIGatewayWebsocketProxyRequest) {
	return func(_ *conn, e *events.APIGatewayWebsocketProxyRequest) {
		e.RequestContext.RouteKey, e.RequestContext.EventType = route, "MESSAGE"
		e.RequestContext.RequestID, e.RequestContext.ExtendedRequestID = request, request
		e.RequestContext.MessageID = token()
		e.Body = string(data)
	}
}

// disconnectEvent: the only one that says how it ended. Its headers are those
// of API Gateway itself.
func disconnectEvent(how websocket.CloseError) func(*conn, *events.APIGatewayWebsocketProxyRequest) {
	return func(c *conn, e *events.APIGatewayWebsocketProxyRequest) {
		e.RequestContext.RouteKey, e.RequestContext.EventType = "$disconnect", "DISCONNECT"
		e.RequestContext.DisconnectStatusCode = int64(how.Code)
		e.RequestContext.DisconnectReason = &how.Reason
		e.Headers = map[string]string{"Host": c.request.Host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
		e.MultiValueHeaders = map[string][]string{}
		for name, value := range e.Headers {
			e.MultiValueHeaders[name] = []string{value}
		}
	}
}

// isoTime is how the REST calls of API Gateway write times.
func isoTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
