//go:build race

package main

// raced says that the race detector is on: it makes everything some times as
// slow and as large.
const raced = true
