#!/usr/bin/env bash
# What is worth more time than every change has. CI adds it where .ci/run says so; run it before a release.
source "$(dirname "$0")/lib.sh"

# Storms of a minute, more seeds and a cable that is cut are for machines that have more than two cores to themselves:
# KEFU_TEST_LONG=1 make race.
export KEFU_TEST_POSTGRES=required

again() { go list ./... | grep -v /functions/local$ | xargs go test -race -count 1 -timeout 20m; }

step 'template.yaml, as SAM and CloudFormation see it' infra/dev/aws-check.sh
step 'the DynamoDB store on a second engine' infra/dev/dynamodb/second-opinion.sh
step 'fuzz, 10 s each' infra/dev/fuzz.sh 10s
step 'tests: Go, once more under the race detector' again
took
