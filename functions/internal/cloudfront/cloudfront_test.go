package cloudfront

import (
	"maps"
	"strings"
	"testing"

	"kefu/core"
)

var key = strings.Repeat("k", shortestKey)

func open(t *testing.T, value string) Door {
	t.Helper()
	d, err := Open(func(name string) string { return map[string]string{KeyVariable: value}[name] })
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// direct is what the events of the origins say: CloudFront is their peer.
var direct = Viewer{Addr: "130.176.0.1", Host: "abc.lambda-url.eu-central-1.on.aws"}

// through returns the headers of a request that came through CloudFront.
func through(change map[string]string) map[string]string {
	h := map[string]string{"kefu-edge": key, "kefu-viewer": "203.0.113.7", "kefu-host": "chat.example", "accept": "*/*"}
	maps.Copy(h, change)
	return h
}

func TestViewer(t *testing.T) {
	behind := open(t, key)
	for name, c := range map[string]struct {
		headers map[string]string
		want    Viewer
	}{
		"an HTTP request": {through(nil), Viewer{"203.0.113.7", "chat.example"}},
		"IPv6":            {through(map[string]string{"kefu-viewer": "2001:db8::7"}), Viewer{"2001:db8::7", "chat.example"}},
		"a $connect, which keeps letters as sent": {map[string]string{"Kefu-Edge": key, "KEFU-VIEWER": "203.0.113.7", "Kefu-host": "chat.example"}, Viewer{"203.0.113.7", "chat.example"}},
		"who says to be somebody else":            {through(map[string]string{"x-forwarded-for": "127.0.0.1", "x-forwarded-host": "evil.example"}), Viewer{"203.0.113.7", "chat.example"}},
	} {
		if got, err := behind.Viewer(c.headers, direct); got != c.want || err != nil {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}

// TestAround: who does not come through CloudFront is nobody, whatever they
// claim.
func TestAround(t *testing.T) {
	behind := open(t, key)
	for name, c := range map[string]struct {
		headers map[string]string
		want    core.Code
	}{
		"no key":       {map[string]string{"kefu-viewer": "203.0.113.7", "kefu-host": "chat.example"}, core.Forbidden},
		"an empty key": {through(map[string]string{"kefu-edge": ""}), core.Forbidden},
		"another key":  {through(map[string]string{"kefu-edge": key + "k"}), core.Forbidden},
		"no address":   {through(map[string]string{"kefu-viewer": ""}), core.Internal},
		"two":          {through(map[string]string{"kefu-viewer": "203.0.113.7,203.0.113.8"}), core.Internal},
		"no host":      {through(map[string]string{"kefu-host": ""}), core.Internal},
	} {
		if got, err := behind.Viewer(c.headers, direct); core.CodeOf(err) != c.want || got != (Viewer{}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestNoCloudFront: on one machine nothing that a client writes counts.
func TestNoCloudFront(t *testing.T) {
	if got, err := open(t, "").Viewer(through(nil), direct); got != direct || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestShortKey(t *testing.T) {
	_, err := Open(func(string) string { return "swordfish" })
	if err == nil || !strings.HasPrefix(err.Error(), KeyVariable) || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("got %v", err)
	}
}

func TestStrip(t *testing.T) {
	h := through(map[string]string{"Kefu-Edge": key})
	Strip(h)
	if len(h) != 1 || h["accept"] == "" {
		t.Errorf("left %v", h)
	}
}
