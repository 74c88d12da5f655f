#!/usr/bin/env bash
# What is worth more time than every change has. Run it before a release: make test-long. With PARTS it runs only those:
# make test-long PARTS="image helm". CI asks for the parts that a change touches; see .ci/run.
#
# test-long.sh --parts lists the parts, one a line: name, minutes on two cores, heading.
# test-long.sh --touched COMMIT prints the names of the parts whose paths have changed since, the shortest first.
source "$(dirname "$0")/lib.sh"

# Storms of a minute, more seeds and a cable that is cut are for machines that have more than two cores to themselves:
# KEFU_TEST_LONG=1 make race.
export KEFU_TEST_POSTGRES=required

mode=run since=
case ${1:-} in
  --parts) mode=list ;;
  --touched) mode=touched since=${2:?of which commit} ;;
esac
listed=()

if [ $mode = run ]; then
  known=$(infra/dev/test-long.sh --parts | cut -f1)
  for name in ${PARTS:-}; do
    grep -qxF -- "$name" <<<"$known" || { echo "there is no part $name; there are:" $known >&2; exit 2; }
  done
fi

# part NAME MINUTES 'PATHS' 'HEADING' COMMAND... is one of them. PATHS are git pathspecs, of what has CI run it when it changes;
# "-" is for what CI never runs. MINUTES is what it takes on two cores, tools and all, rounded up.
part() {
  local name=$1 minutes=$2 paths=$3 heading=$4
  shift 4
  case $mode in
    list) printf '%s\t%s\t%s\n' "$name" "$minutes" "$heading" ;;
    touched)
      [ "$paths" != - ] || return 0
      set -f
      # shellcheck disable=SC2086 # a list of words
      git diff --quiet "$since" HEAD -- $paths || listed+=("$minutes $name")
      set +f
      ;;
    run)
      [ -z "${PARTS:-}" ] || [[ " $PARTS " == *" $name "* ]] || return 0
      step "$heading" "$@"
      ;;
  esac
}

# The SDK in other browsers than Chromium.
browsers() {
  infra/dev/setup.sh long || return 1
  make --no-print-directory build || return 1
  (cd sdk && KEFU_BIN=$PWD/../kefu npm run --silent e2e:engines)
}
# A thousand messages through everything that goes wrong, on both hosts.
chaos() {
  infra/dev/setup.sh || return 1
  make --no-print-directory build || return 1
  go build -o sdk/node_modules/.functions-local ./functions/local || return 1
  (
    cd sdk
    export KEFU_TEST_LONG=1
    KEFU_BIN=$PWD/../kefu npx vitest run --config e2e/vitest.config.ts e2e/chaos || return 1
    export KEFU_HOST=functions KEFU_BIN=$PWD/node_modules/.functions-local
    npx vitest run --config e2e/vitest.config.ts e2e/chaos || return 1
    npx vitest run --config console/test/vitest.config.ts real # the rest of what the console does there; make test has its work
  )
}

faults() { KEFU_TEST_LONG=1 go test -count 1 -timeout 20m -parallel 4 -run TestHostUnderFaults ./functions/local; }
# One package more at a time than there are cores: the largest wait for half of their time. CI shares its cores with others, so
# there what failed is run once more; what passed is in the cache.
race() { all_race || { [ -n "${CI:-}" ] && echo '--- once more, for CI shares its cores' && all_race; }; }
all_race() { go list ./... | grep -v /functions/local$ | xargs go test -race -timeout 20m -p $(($(nproc) + 1)); }

part aws 2 'template.yaml infra/aws infra/dev/aws-check.sh' \
  'template.yaml, as SAM and CloudFormation see it' infra/dev/aws-check.sh
part dynamodb 2 'functions/internal/dynamo infra/dev/dynamodb' \
  'the DynamoDB store on a second engine' infra/dev/dynamodb/second-opinion.sh
part browsers 6 'sdk/visitor/*.ts sdk/e2e infra/dev/setup.sh' \
  'the scenarios of bad networks in Firefox and WebKit' browsers
part chaos 6 'sdk/visitor/*.ts sdk/e2e/chaos.test.ts sdk/e2e/faults.ts' \
  'chaos, a thousand messages, on localserver and on functions/local; the console on the latter' chaos
part same-bytes 4 'infra/dev/dist.sh infra/dev/same-bytes.sh' \
  'dist/ has the same bytes wherever it is built' infra/dev/same-bytes.sh
part faults 9 - \
  'the suite of hosts on functions/local, under 20 seeds of faults' faults
part fuzz 5 'core/step.go core/wire/*.go localserver/internal/socket/*.go' \
  'fuzz, 10 s each' infra/dev/fuzz.sh 10s
part dashboards 1 'infra/dashboards infra/dev/dashboards-check.sh' \
  'dashboards and alerts, by Prometheus' infra/dev/dashboards-check.sh
part release 7 'infra/release infra/tools/release infra/dev/release.sh .github' \
  'a release, twice' infra/dev/release.sh --check
part image 2 'infra/docker infra/dev/image.sh infra/dev/image-check.sh localserver/main.go localserver/health.go' \
  'the image, unpacked and run' infra/dev/image-check.sh
part proxies 2 'infra/proxies infra/tools/proxies infra/dev/proxies-check.sh localserver/doctor.go' \
  'through nginx: kefu doctor, a restart with a thousand people' infra/dev/proxies-check.sh
part helm 4 'infra/helm infra/tools/helm infra/dev/helm-check.sh' \
  'the chart, without a cluster' infra/dev/helm-check.sh
part bench 1 'infra/bench localserver/internal/config/keys.go' \
  'the load generator, in small' go run ./infra/bench --quick --pgo=false
part race 8 'core/step.go localserver/internal/sqlstore' \
  'tests: Go, all under the race detector' race

case $mode in
  touched) [ ${#listed[@]} = 0 ] || printf '%s\n' "${listed[@]}" | sort -n | cut -d' ' -f2 ;;
  run) took ;;
esac
