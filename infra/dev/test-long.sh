#!/usr/bin/env bash
# What is worth more time than every change has. CI adds it where .ci/run says so; run it before a release.
source "$(dirname "$0")/lib.sh"

repeated() { go test -race -count 3 -timeout 40m ./...; }

step 'fuzz, a minute each' infra/dev/fuzz.sh 60s
step 'tests: Go, three times under the race detector' repeated
took
