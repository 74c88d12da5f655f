package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"
)

// proxy stands before a server; change spoils what goes by, and answers itself
// if it returns true.
func proxy(t *testing.T, server string, change func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	p := httputil.NewSingleHostReverseProxy(u)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !change(w, r) {
			p.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	n := &nemesis{t: t, dir: t.TempDir()}
	n.start()
	defer n.stop()
	here := *n.url.Load()
	examine := func(name, address string, code int, words ...string) {
		t.Run(name, func(t *testing.T) {
			got, stdout, stderr := cli(t, "", "doctor", address, "--quick")
			if got != code || stderr != "" || code == exitOK == strings.Contains(stdout, "WRONG") {
				t.Errorf("exit %d, %s%s", got, stdout, stderr)
			}
			for _, w := range words {
				if !strings.Contains(stdout, w) {
					t.Errorf("no word of %q in\n%s", w, stdout)
				}
			}
		})
	}
	examine("nothing between", here, exitOK, "ok    the pages are served", "the address is not HTTPS", "ok    the clocks agree",
		"ok    metrics and profiles are not public", "ok    a WebSocket is let through", "ok    answers over WebSocket come within",
		"ok    a long-poll is held for", "ok    a WebSocket stays open through 2s of silence")
	examine("a good proxy", proxy(t, here, func(http.ResponseWriter, *http.Request) bool { return false }), exitOK)
	examine("no upgrades", proxy(t, here, func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Del("Upgrade")
		r.Header.Del("Connection")
		return false
	}), exitFailed, "the proxy does not pass the headers Upgrade and Connection on", "ok    a long-poll is held")
	examine("short patience", proxy(t, here, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/poll" || r.ContentLength < 100 { // the first one has no token
			return false
		}
		w.WriteHeader(http.StatusGatewayTimeout)
		return true
	}), exitFailed, "ok    a WebSocket is let through", "a long-poll was cut after 0s: the proxy must let a request take 30 s (it is answered with 504 Gateway Timeout)")
	examine("open operations", proxy(t, here, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/metrics" {
			return false
		}
		_, _ = w.Write([]byte("kefu_build_info 1\n"))
		return true
	}), exitFailed, "/metrics is open to everybody")
	examine("a wrong clock", proxy(t, here, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/kefu.js" {
			return false
		}
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "text/javascript")
		return true
	}), exitFailed, "the clocks differ by 1h0m")
	examine("another site", proxy(t, here, func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write([]byte("<h1>It works</h1>"))
		return true
	}), exitFailed, "what is there is no kefu, or the proxy sends /kefu.js elsewhere")
	examine("nobody there", "http://127.0.0.1:1", exitFailed, "can not be reached: ", "refused")
	examine("no such host", "https://kefu.invalid", exitFailed, "can not be reached: ")

	n.token = n.login("admin")
	var settings map[string]any
	n.call(http.MethodGet, "/v1/settings", nil, &settings)
	site, _ := settings["sites"].([]any)[0].(map[string]any)
	site["origins"] = []string{"https://shop.example"}
	n.call(http.MethodPut, "/v1/settings", settings, nil)
	within := time.Now().Add(10 * time.Second) // the settings are looked at again every few seconds
	for {
		code, stdout, _ := cli(t, "", "doctor", here, "--quick", "--origin", "https://other.example")
		if code == exitFailed && strings.Contains(stdout, "a visitor on https://other.example is turned away over WebSocket: the site does not allow that origin") {
			break
		}
		if time.Now().After(within) {
			t.Fatalf("another origin: %s", stdout)
		}
	}
	if code, stdout, _ := cli(t, "", "doctor", here, "--quick", "--origin", "https://shop.example"); code != exitOK {
		t.Errorf("its origin: %s", stdout)
	}
}
