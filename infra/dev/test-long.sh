#!/usr/bin/env bash
# What is worth more time than every change has. CI adds it where .ci/run says so; run it before a release.
source "$(dirname "$0")/lib.sh"

export KEFU_TEST_LONG=1 # longer storms, and a cable that is cut: see core/hosttest
repeated() { go test -race -count 2 -timeout 40m ./...; }

step 'fuzz, 30 s each' infra/dev/fuzz.sh 30s
step 'tests: Go, twice under the race detector, the long ones too' repeated
step 'bad input, measured' go test -count 1 -run TestBadInput ./localserver
step 'tests: the DynamoDB store on a second engine' infra/dev/dynamodb/second-opinion.sh
took
