#!/usr/bin/env bash
# Makes the pictures in README anew, into infra/shots: kefu --demo, a visitor and an agent who talk, a browser that looks.
# Look at them before you commit them. KEFU_SHOTS_PNG=DIR keeps them as PNG too.
source "$(dirname "$0")/lib.sh"

most=600000 # bytes of all pictures: everybody who clones has them
made() {
  local bin
  bin=$(mktemp -d)
  go build -o "$bin/kefu" ./localserver || return 1
  mkdir -p infra/shots
  (cd sdk && node e2e/shots.mjs "$bin/kefu" ../infra/shots) || { rm -rf "$bin"; return 1; }
  rm -rf "$bin"
  [ "$(cat infra/shots/*.webp | wc -c)" -le $most ] || { echo "the pictures are larger than $most bytes" >&2; return 1; }
}

step 'what it needs' infra/dev/setup.sh
step 'pictures' made
took
