//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: epoll and cores to one's own are Linux; run it there")
	os.Exit(1)
}
