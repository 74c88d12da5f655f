#!/usr/bin/env bash
# fuzz.sh TIME: runs every Fuzz target of the module for that long, one after the other, as go test allows only one at a time.
# What a target finds is written to its testdata/fuzz: commit it with the repair, and it is a test for ever.
source "$(dirname "$0")/lib.sh"
time=${1:-30s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# targets prints "package target" for each.
targets() {
  go test -list '^Fuzz' ./... |
    awk '/^Fuzz/ { names[++n] = $1 } /^ok/ { for (i = 1; i <= n; i++) print $2, names[i]; n = 0 }'
}

# fuzz PACKAGE TARGET. When its time is up, go test sometimes calls that a failure ("context deadline exceeded", Go issue
# 75804, mended in Go 1.27) although nothing was found. A finding always names the file it is written to; without one the
# target gets a second try.
fuzz() {
  local try
  for try in 1 2; do
    go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" "$1" >"$log" 2>&1 && return
    grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log" || return 1
  done
  return 1
}

found=$(targets)
[ -n "$found" ] || { echo "there is no Fuzz target: something is wrong" >&2; exit 1; }
while read -r package target; do
  fuzz "$package" "$target" </dev/null || { cat "$log" >&2; exit 1; }
  printf 'ok  \t%s\t%s\t%s\n' "$package" "$target" "$(grep -o 'execs: [0-9]*' "$log" | tail -1)"
done <<<"$found"
