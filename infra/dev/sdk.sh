#!/usr/bin/env bash
# sdk.sh install: the npm packages of the lock file, without their install scripts.
# sdk.sh fresh:   sdk/dist is what its sources make of it now.
source "$(dirname "$0")/lib.sh"
cd sdk

install() {
  local stamp=node_modules/.installed
  cmp -s package-lock.json "$stamp" && return
  echo "installing the npm packages of sdk/package-lock.json"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
  cp package-lock.json "$stamp"
}

fresh() {
  before=$(mktemp -d)
  trap 'rm -rf "$before"' EXIT
  cp -r dist "$before/dist"
  npm run --silent build
  # -r finds changed, missing and new files alike, whether git knows them or not.
  diff -rq "$before/dist" dist || {
    echo "sdk/dist was not what its sources make of it; it is now: look at it and commit it" >&2
    return 1
  }
}

"$1"
