//go:build linux

package backup

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A disk that is full leaves no file, and says so.
func TestDiskFull(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("this user may not mount a small disk: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	dir, _ := stored(t)
	if _, err := Write(t.Context(), dir, filepath.Join(disk, "copy")); err == nil || !strings.HasSuffix(err.Error(), "the disk is full") {
		t.Errorf("got %v", err)
	}
	if left := listing(t, disk); left != "" {
		t.Errorf("left is %s", left)
	}
	refusedFull := written(t, dir)
	if _, _, err := Restore(t.Context(), Options{File: refusedFull, Dir: disk, Now: at(), Try: try}); err == nil || !strings.HasSuffix(err.Error(), "the disk is full") {
		t.Errorf("got %v", err)
	}
	if left := listing(t, disk); left != "" {
		t.Errorf("left is %s", left)
	}
}
