package main

import (
	"strings"
	"syscall"
	"testing"
)

// A data directory that can not be written keeps a server from starting, and is
// named.
func TestReadOnlyData(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_RDONLY, "size=64k"); err != nil {
		t.Skip("this user may not mount a disk: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	for _, data := range []string{dir, dir + "/data"} {
		code, stdout, stderr := command(t, "--data", data)
		want := "kefu: the data directory " + data + " can not be "
		if code != exitFailed || stdout != "" || !strings.HasPrefix(stderr, want) || !strings.HasSuffix(stderr, ": read-only file system\n") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q, %q", data, code, stdout, stderr)
		}
	}
}
