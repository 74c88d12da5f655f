package edge

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// HTTP puts a function behind HTTP, with events and responses of the payload
// format 2.0, which an HTTP API and a Function URL share. Function and Now are
// required.
type HTTP struct {
	Function Invoker
	Now      func() time.Time
	Log      *slog.Logger // nil: none
}

// ServeHTTP implements http.Handler.
func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload*3/4)) // an event has it in base64
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		reply(w, http.StatusRequestEntityTooLarge, note{Message: "Request Entity Too Large"})
		return
	case err != nil:
		return // the client broke off
	}
	result, err := h.Function.Invoke(r.Context(), encode(h.event(r, body)))
	if errors.Is(err, ErrThrottled) {
		reply(w, http.StatusTooManyRequests, note{Message: "Too Many Requests"})
		return
	}
	res, bad := parseResponse(result)
	if err = errors.Join(err, bad); err != nil {
		if h.Log != nil {
			h.Log.Warn("a request was not served", "path", r.URL.Path, "error", err)
		}
		reply(w, http.StatusBadGateway, note{Message: "Internal Server Error"})
		return
	}
	write(w, res)
}

// event returns a request as a function sees it: names of headers in lower
// case, several values of one name joined, cookies apart.
func (h *HTTP) event(r *http.Request, body []byte) events.APIGatewayV2HTTPRequest {
	now, request := h.Now().UTC(), token()
	_, all := headers(r)
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: r.URL.EscapedPath(), RawQueryString: r.URL.RawQuery, Headers: map[string]string{},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "$default", AccountID: account, Stage: "$default", RequestID: request, APIID: apiID,
			DomainName: r.Host, DomainPrefix: apiID, Time: now.Format(requestTime), TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: clientIP(r), UserAgent: r.UserAgent(),
			},
		},
	}
	for name, values := range all {
		if name == "Cookie" {
			e.Cookies = strings.Split(strings.Join(values, "; "), "; ")
			continue
		}
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	if q := r.URL.Query(); len(q) > 0 {
		e.QueryStringParameters = map[string]string{}
		for name, values := range q {
			e.QueryStringParameters[name] = strings.Join(values, ",")
		}
	}
	e.Body = string(body)
	if len(body) > 0 && !isText(r.Header.Get("Content-Type"), body) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return e
}

// isText reports whether a body travels as it is. All others do so in base64.
func isText(contentType string, body []byte) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || !utf8.Valid(body) {
		return false
	}
	plain := []string{"application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded"}
	return strings.HasPrefix(kind, "text/") || slices.Contains(plain, kind) || strings.HasSuffix(kind, "+json")
}

// httpResponse is a result of the payload format 2.0.
type httpResponse struct {
	events.APIGatewayV2HTTPResponse
	data []byte
}

// parseResponse reads a result. What has no status code is itself the body of
// a 200, as the format wants it.
func parseResponse(result []byte) (httpResponse, error) {
	if len(result) == 0 {
		return httpResponse{}, nil
	}
	if !json.Valid(result) {
		return httpResponse{}, errors.New("the function returned no JSON")
	}
	res, whole := decode(result)
	if !whole {
		res.StatusCode, res.Headers, res.data = http.StatusOK, map[string]string{"Content-Type": "application/json"}, result
		return res, nil
	}
	if res.StatusCode < 200 || res.StatusCode > 599 {
		return res, errors.New("the function returned a status code that is none")
	}
	res.data = []byte(res.Body)
	if res.IsBase64Encoded {
		var err error
		if res.data, err = base64.StdEncoding.DecodeString(res.Body); err != nil {
			return res, errors.New("the function returned a body that is not base64")
		}
	}
	return res, nil
}

// decode returns a result as a response, if it is one.
func decode(result []byte) (res httpResponse, ok bool) {
	ok = json.Unmarshal(result, &res.APIGatewayV2HTTPResponse) == nil && res.StatusCode != 0
	return res, ok
}

func write(w http.ResponseWriter, res httpResponse) {
	for name, value := range res.Headers {
		w.Header().Set(name, value)
	}
	for _, name := range slices.Sorted(maps.Keys(res.MultiValueHeaders)) {
		w.Header()[http.CanonicalHeaderKey(name)] = res.MultiValueHeaders[name]
	}
	for _, cookie := range res.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(res.data) // the client may have gone
}
