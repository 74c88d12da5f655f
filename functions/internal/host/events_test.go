package host_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"kefu/functions/internal/cloudfront"
	"kefu/functions/internal/host"
)

// TestOtherEvents: an event of the wrong type is refused, not panicked on.
func TestOtherEvents(t *testing.T) {
	b := newBench(t)
	for name, event := range map[string]string{
		"nothing":      `{}`,
		"a request":    `{"version":"2.0","routeKey":"$default","requestContext":{"http":{"method":"GET"}}}`,
		"a schedule":   `{"source":"aws.scheduler"}`,
		"no id":        `{"requestContext":{"eventType":"MESSAGE"}}`,
		"another type": `{"requestContext":{"eventType":"PING","connectionId":"x="}}`,
		"no base64":    `{"requestContext":{"eventType":"MESSAGE","connectionId":"x="},"isBase64Encoded":true,"body":"!"}`,
	} {
		var ev events.APIGatewayWebsocketProxyRequest
		b.must(json.Unmarshal([]byte(event), &ev))
		if res, err := b.h.Socket(t.Context(), ev); err == nil {
			t.Errorf("%s: %+v", name, res)
		}
	}
	for _, source := range []string{"", "aws.s3"} {
		if err := b.h.Sweep(t.Context(), host.Scheduled{Source: source}); err == nil {
			t.Errorf("a sweep is asked for by %q", source)
		}
	}
}

// TestBase64: a body may come encoded.
func TestBase64(t *testing.T) {
	b := newBench(t)
	b.event("CONNECT", "mei=", nil)
	ev := events.APIGatewayWebsocketProxyRequest{Body: "eyJ0eXBlIjoiaGVsbG8iLCJ2IjoxLCJvcmlnaW4iOiJvcmlnaW4tMSJ9", IsBase64Encoded: true}
	ev.RequestContext.EventType, ev.RequestContext.ConnectionID = "MESSAGE", "mei="
	res, err := b.h.Socket(t.Context(), ev)
	b.must(err)
	if !strings.Contains(res.Body, `"welcome"`) {
		t.Errorf("the answer is %+v", res)
	}
}

// TestConnect: the subprotocol is chosen if it was offered, and who does not
// come through CloudFront, where there is one, is refused.
func TestConnect(t *testing.T) {
	b := newBench(t)
	connect := func(headers map[string]string) events.APIGatewayProxyResponse {
		ev := events.APIGatewayWebsocketProxyRequest{Headers: headers}
		ev.RequestContext.EventType, ev.RequestContext.ConnectionID, ev.RequestContext.DomainName = "CONNECT", "mei=", "api.example"
		ev.RequestContext.Identity.SourceIP = "192.0.2.7"
		res, err := b.h.Socket(t.Context(), ev)
		b.must(err)
		return res
	}
	for offered, want := range map[string]string{"": "", "kefu.v1": "kefu.v1", "kefu.v2, kefu.v1": "kefu.v1", "kefu.v2": ""} {
		if res := connect(map[string]string{"sec-websocket-protocol": offered}); res.StatusCode != 200 || res.Headers["Sec-WebSocket-Protocol"] != want {
			t.Errorf("%q is answered with %+v", offered, res)
		}
	}
	const key = "a key that only CloudFront and we know"
	door, err := cloudfront.Open(func(string) string { return key })
	b.must(err)
	b.h.Door = door
	if res := connect(map[string]string{"Origin": "https://shop.example"}); res.StatusCode != 403 {
		t.Errorf("who comes around CloudFront is answered with %+v", res)
	}
	if res := connect(map[string]string{cloudfront.KeyHeader: key, cloudfront.ViewerHeader: "203.0.113.9", cloudfront.HostHeader: "chat.example"}); res.StatusCode != 200 {
		t.Errorf("who comes through CloudFront is answered with %+v", res)
	}
	c, err := b.store().Connections().Get(t.Context(), "mei=")
	b.must(err)
	if c.Addr != "203.0.113.9" {
		t.Errorf("the address is %q", c.Addr)
	}
}

// TestUnserved: a frame that could not even be looked at is answered, under
// its number, so that it is repeated.
func TestUnserved(t *testing.T) {
	b := newBench(t)
	b.event("CONNECT", "mei=", nil)
	b.say("mei=", fields{"type": "hello", "v": 1, "origin": "origin-of-mei"}, "welcome")
	b.cold()
	b.fail = func(bool) error { return errDown }
	got := b.say("mei=", fields{"type": "send", "origin": "origin-of-mei", "n": 1, "body": fields{"kind": "text", "text": "x"}}, "error")
	if got["code"] != "unavailable" || got["n"] != 1.0 || got["origin"] != "origin-of-mei" {
		t.Errorf("a frame is answered with %v", got)
	}
	if got = b.say("mei=", fields{"type": "ping"}, "error"); got["code"] != "unavailable" || got["n"] != nil {
		t.Errorf("a ping is answered with %v", got)
	}
	b.fail = nil
	b.send("mei=", "origin-of-mei", "")
}
