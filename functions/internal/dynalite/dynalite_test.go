package dynalite_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"kefu/functions/internal/dynalite"
)

func TestStart(t *testing.T) {
	s, err := dynalite.Start(t.Context(), filepath.Join("../../..", dynalite.Dir))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.Endpoint, "http://127.0.0.1:") {
		t.Errorf("it listens at %s, not only for this machine", s.Endpoint)
	}
	if err := s.Close(); err != nil {
		t.Errorf("it did not end by itself: %v", err)
	}
	res, err := http.Get(s.Endpoint)
	if err == nil {
		_ = res.Body.Close()
		t.Error("it still answers")
	}
}

// TestNotInstalled: whoever has not installed it is told how to.
func TestNotInstalled(t *testing.T) {
	_, err := dynalite.Start(t.Context(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "make setup") {
		t.Fatalf("the error is %v", err)
	}
}
