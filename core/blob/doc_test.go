package blob_test

import (
	"strings"
	"testing"

	"kefu/core/blob"
)

func TestKeyOf(t *testing.T) {
	for u, want := range map[string]string{
		"/v1/files/f_7zk3/a.png": "f_7zk3", "/v1/files/f_7zk3/": "f_7zk3", "/v1/files/f_7zk3": "", "/v1/files/../a": "", "/v1/files/f_A/a": "",
		"https://evil.example/v1/files/f_7zk3/a.png": "", "/v1/files/f_/a": "", "": "", "/v1/files/f_" + strings.Repeat("x", 39) + "/a": "",
	} {
		if got := blob.KeyOf(u); got != want {
			t.Errorf("KeyOf(%q) = %q, want %q", u, got, want)
		}
	}
}
