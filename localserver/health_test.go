package main

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kefu/localserver/internal/config"
)

// A health check says what the server says, wherever it listens for that.
func TestHealth(t *testing.T) {
	status, text := http.StatusOK, "ok\n"
	ops := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}))
	address := strings.TrimPrefix(ops.URL, "http://")
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	for _, listening := range []string{address, ":" + port, "0.0.0.0:" + port} {
		says(t, exitOK, "ready", "health", "--ops", listening)
	}
	status, text = http.StatusServiceUnavailable, "draining\n"
	says(t, exitFailed, "kefu: the server is not ready: draining", "health", "--ops", address)
	ops.Close()
	says(t, exitFailed, "kefu: no server answers on "+address+": ", "health", "--ops", address)
	says(t, exitMisconfigured, "--ops: expected an address", "health", "--ops", "here")
}

func TestRootIsWarned(t *testing.T) {
	for user, warned := range map[int]bool{0: true, 1000: false, -1: false} {
		var out bytes.Buffer
		say(slog.New(slog.NewTextHandler(&out, nil)), config.Default(), user)
		if got := strings.Contains(out.String(), "level=WARN"); got != warned {
			t.Errorf("user %d: %s", user, &out)
		}
	}
}
