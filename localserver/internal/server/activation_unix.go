//go:build unix

package server

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// activated returns the listeners that systemd has opened for us, by the name of
// the address that they take the place of: FileDescriptorName=listen, ops or
// tls.redirect in the .socket unit; without names the first is listen. So a
// restart refuses nobody: who connects meanwhile waits in the queue of the
// socket. See sd_listen_fds(3).
func activated(getenv func(string) string, pid int) (map[string]net.Listener, error) {
	if getenv("LISTEN_PID") != strconv.Itoa(pid) {
		return nil, nil // for another process, or for nobody
	}
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || n < 1 || n > len(doorKeys()) {
		return nil, fmt.Errorf("systemd hands over %q sockets; there are at most %d: %s", getenv("LISTEN_FDS"), len(doorKeys()), strings.Join(doorKeys(), ", "))
	}
	names := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	all := map[string]net.Listener{}
	const first = 3
	for i := range n {
		name := "listen"
		if i < len(names) && (n > 1 || contains(names[i])) {
			name = names[i]
		}
		if !contains(name) || all[name] != nil {
			return nil, fmt.Errorf("systemd hands over a socket called %q; FileDescriptorName= is one of %s, each once", name, strings.Join(doorKeys(), ", "))
		}
		syscall.CloseOnExec(first + i)
		f := os.NewFile(uintptr(first+i), name)
		l, err := net.FileListener(f)
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return nil, fmt.Errorf("the socket %q of systemd can not be used: %w", name, cause(err))
		}
		all[name] = l
	}
	return all, nil
}

func contains(name string) bool {
	for _, key := range doorKeys() {
		if name == key {
			return true
		}
	}
	return false
}
