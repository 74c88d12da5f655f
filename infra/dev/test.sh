#!/usr/bin/env bash
# Everything that must hold before a change lands, on a machine that has Go and Node.js and perhaps nothing else. What fails
# soonest comes first; the Go tests come last, so that their lines are the last thing to be read.
source "$(dirname "$0")/lib.sh"

# A test that needs PostgreSQL fails where there is none, rather than be left out.
export KEFU_TEST_POSTGRES=required

# CI shares its cores with others, and what fails twice is no starved process: there, what failed is run once more. What passed is
# in the cache.
again() { "$@" || { [ -n "${CI:-}" ] && echo "--- once more, for CI shares its cores: $*" && "$@"; }; }

all_go() { go list ./... | grep -v /functions/local$ | xargs go test -timeout 15m; }
go_tests() { again all_go; }
# Where goroutines share what they know. Everything under the race detector is a part of make test-long: it takes as long as all
# of this.
race_tests() { again go test -race -timeout 15m ./core/desk ./core/memstore ./localserver/internal/hub ./localserver/internal/socket; }
# The functions are processes of their own, so there is nothing for the race detector to see, and their tests measure time: they
# run alone, three seeds of faults at a time.
functions_tests() { again go test -timeout 20m -parallel 3 ./functions/local; }
sdk_tests() { again all_sdk; }
all_sdk() { (cd sdk && npm run --silent test); }
sdk_size() { (cd sdk && npm run --silent size); }
browser() { again all_pages; }
all_pages() { (cd sdk && KEFU_BIN=$PWD/../kefu npm run --silent e2e); }
# The same pages on the other host: the functions as they are deployed.
browser_functions() { again pages_on_functions; }
pages_on_functions() {
  go build -o sdk/node_modules/.functions-local ./functions/local || return 1 # `set -e` is off left of `||`
  (
    cd sdk
    export KEFU_HOST=functions KEFU_BIN=$PWD/node_modules/.functions-local
    npx vitest run --config e2e/vitest.config.ts e2e/talk e2e/chaos || return 1
    npx vitest run --config console/test/vitest.config.ts work
  )
}

step 'set-up' infra/dev/setup.sh
step 'lint: SDK' infra/dev/lint.sh sdk
step 'tests: SDK' sdk_tests
step 'size: SDK' sdk_size
step 'sdk/dist is fresh' infra/dev/sdk.sh fresh
step 'build ./kefu' make --no-print-directory build
step 'lint: Go' infra/dev/lint.sh go
step 'browser' browser
step 'browser, on functions/local' browser_functions
step 'fuzz, 3 s each' infra/dev/fuzz.sh 3s
step 'tests: the suite of hosts on functions/local' functions_tests
step 'tests: Go, where goroutines meet, under the race detector' race_tests
step 'tests: Go' go_tests
took
