#!/usr/bin/env bash
# The tests of the DynamoDB store on another engine than dynalite: ministack (PyPI, MIT), which among others answers a failed
# condition with the item that is there. It is slower, so make test-long runs this and make test does not.
source "$(dirname "$0")/../lib.sh"

here=infra/dev/dynamodb
venv=${XDG_CACHE_HOME:-$HOME/.cache}/kefu/ministack-$(sha256sum <$here/requirements.txt | cut -c1-12)
if [ ! -e "$venv/.installed" ]; then
  python3 -m venv "$venv" || { echo "a second DynamoDB needs Python 3 with venv (Debian: python3-venv)" >&2; exit 1; }
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r $here/requirements.txt
  touch "$venv/.installed"
fi

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
log=$(mktemp)
BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 GATEWAY_PORT=$port "$venv/bin/ministack" >"$log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null || true; rm -f "$log"' EXIT

deadline=$((SECONDS + 30))
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
  kill -0 $server 2>/dev/null && [ $SECONDS -lt $deadline ] || { echo "ministack does not start:" >&2; tail -20 "$log" >&2; exit 1; }
  sleep 0.2
done
KEFU_TEST_DYNAMODB=http://127.0.0.1:$port go test -count 1 -timeout 20m ./functions/internal/dynamo "$@"
