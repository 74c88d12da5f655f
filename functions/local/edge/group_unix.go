//go:build unix

package edge

import (
	"os/exec"
	"syscall"
)

// apart puts a process into a group of its own, so that a Ctrl-C in the
// terminal is ours to act on, and not the death of all functions at once.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
