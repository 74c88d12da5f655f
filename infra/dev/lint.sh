#!/usr/bin/env bash
# lint.sh go: gofmt, go vet, golangci-lint (pinned in infra/tools/go.mod; the first run builds it, which takes minutes).
# lint.sh sdk: the linter and the type checker of the SDK.
source "$(dirname "$0")/lib.sh"

lint_go() {
  local unformatted
  unformatted=$(go list -f '{{.Dir}}' ./... | xargs -I{} find {} -maxdepth 1 -name '*.go' -print0 | xargs -0 gofmt -l)
  [ -z "$unformatted" ] || { printf 'not formatted, run make fmt:\n%s\n' "$unformatted" >&2; return 1; }
  go vet ./...
  # The code for other systems is compiled nowhere else.
  local os
  for os in darwin windows; do
    GOOS=$os CGO_ENABLED=0 go vet ./localserver/...
  done
  echo 'golangci-lint; where it was never run before, it is built first, for two or three minutes'
  go tool -modfile=infra/tools/go.mod golangci-lint run ./...
}

lint_sdk() {
  cd sdk
  npm run --silent lint
  npm run --silent check
}

"lint_$1"
