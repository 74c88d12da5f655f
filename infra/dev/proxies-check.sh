#!/usr/bin/env bash
# Tries infra/proxies/nginx.conf with an nginx of Debian's, on loopback: kefu doctor is a visitor through it. Then the same file
# without the lines for upgrades, of which doctor must say so; infra/proxies/Caddyfile with a Caddy; nginx again with a thousand people connected, and the server
# restarted in the middle of their talks. ARGS are those of infra/proxies/restart, such as "--clients 5000 --agents 100".
source "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
nginx=$(unpacked nginx)/usr/sbin/nginx
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
http=$(port) ops=$(port) tls=$(port) bad=$(port) many=$(port)
ulimit -n "$(ulimit -Hn)" # nginx needs two for each of them

# started CONFIG NAME PORT starts an nginx with a configuration like ours, but for addresses and names.
started() {
  mkdir "$work/$2"
  {
    echo "daemon off; worker_processes 2; pid $work/$2/pid; error_log $work/$2/error warn; events { worker_connections 4096; }"
    echo "http { access_log off; client_body_temp_path $work/$2/b; proxy_temp_path $work/$2/p; fastcgi_temp_path $work/$2/f; uwsgi_temp_path $work/$2/u; scgi_temp_path $work/$2/s;"
    sed "s|127.0.0.1:8080|127.0.0.1:$http|; s|listen 443 ssl|listen 127.0.0.1:$3|; /ssl_certificate/d" "$1"
    echo "}"
  } >"$work/$2.conf"
  "$nginx" -e "$work/$2/error" -p "$work/$2" -c "$work/$2.conf" &
  pids+=($!)
  local deadline=$((SECONDS + 20))
  until (exec 3<>"/dev/tcp/127.0.0.1/$3") 2>/dev/null; do
    kill -0 "${pids[-1]}" 2>/dev/null && [ $SECONDS -lt $deadline ] || { echo "nginx does not start:" >&2; cat "$work/$2/error" >&2; return 1; }
    sleep 0.1
  done
}

server() {
  go build -o "$work/kefu" ./localserver || return 1
  "$work/kefu" --data "$work/data" --listen "127.0.0.1:$http" --ops "127.0.0.1:$ops" --trusted_proxies 127.0.0.1/32 >"$work/out" 2>"$work/log" &
  pids+=($!)
  until "$work/kefu" health --ops "127.0.0.1:$ops" >/dev/null 2>&1; do
    kill -0 "${pids[-1]}" || { cat "$work/log" >&2; return 1; }
    sleep 0.1
  done
}

good() {
  started infra/proxies/nginx.conf good "$tls" || return 1
  "$work/kefu" doctor "http://127.0.0.1:$tls"
}

spoilt() {
  sed '/proxy_set_header Upgrade/d; /proxy_set_header Connection/d' infra/proxies/nginx.conf >"$work/without.conf"
  started "$work/without.conf" spoilt "$bad" || return 1
  if "$work/kefu" doctor "http://127.0.0.1:$bad" --quick >"$work/said"; then
    echo "doctor finds nothing" >&2
    return 1
  fi
  grep 'does not pass the headers Upgrade and Connection on' "$work/said"
}

# caddy is built from its pinned source: Debian's is too old for the file.
caddy() {
  local at deadline
  echo 'where Caddy was never built before this takes minutes'
  go build -modfile=infra/tools/proxies/go.mod -o "$work/caddy" github.com/caddyserver/caddy/v2/cmd/caddy || return 1
  at=$(port)
  {
    echo "{
	admin off
	persist_config off
	auto_https off
}"
    sed "s|^chat.example.com|http://127.0.0.1:$at|; s|127.0.0.1:8080|127.0.0.1:$http|" infra/proxies/Caddyfile
  } >"$work/Caddyfile"
  XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work "$work/caddy" run --config "$work/Caddyfile" --adapter caddyfile 2>"$work/caddy.log" &
  pids+=($!)
  deadline=$((SECONDS + 20))
  until (exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null; do
    kill -0 "${pids[-1]}" 2>/dev/null && [ $SECONDS -lt $deadline ] || { cat "$work/caddy.log" >&2; return 1; }
    sleep 0.1
  done
  "$work/kefu" doctor "http://127.0.0.1:$at"
}

restarted() {
  go build -o "$work/restart" ./infra/proxies/restart || return 1
  http=18475
  started infra/proxies/nginx.conf many "$many" || return 1
  # shellcheck disable=SC2086 # several arguments
  "$work/restart" --binary "$work/kefu" --url "http://127.0.0.1:$many" ${ARGS:-}
}

step 'a server' server
step 'nginx.conf' good
step 'the same without upgrades' spoilt
step 'Caddyfile' caddy
step 'a restart with a thousand people connected' restarted
took
