#!/usr/bin/env bash
# Runs the benchmarks of the packages that have some, with allocations.
source "$(dirname "$0")/lib.sh"
go test -list '^Benchmark' ./... |
  awk '/^Benchmark/ { some = 1 } /^ok/ { if (some) print $2; some = 0 }' |
  xargs go test -run '^$' -bench . -benchmem
