#!/usr/bin/env bash
# Installs what the tests need and the machine lacks. It says what and why, and does nothing the second time.
# setup.sh long: what make test-long needs besides.
source "$(dirname "$0")/lib.sh"

# need PACKAGE WHY: a Debian package, as root or by sudo.
need() {
  echo "installing the Debian package $1: $2"
  command -v apt-get >/dev/null || { echo "this is no Debian or Ubuntu: please install $1 yourself" >&2; exit 1; }
  local as=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "neither root nor sudo: please install $1 yourself" >&2; exit 1; }
    as=(sudo)
  fi
  local apt=("${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  # The lists of packages may be absent or old; they are fetched only if the first try says so.
  "${apt[@]}" install -y --no-install-recommends "$1" >/dev/null 2>&1 </dev/null && return
  "${apt[@]}" update </dev/null
  "${apt[@]}" install -y --no-install-recommends "$1" >/dev/null </dev/null
}

command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] ||
  { echo "the SDK needs Node.js 20 or newer, with npm" >&2; exit 1; }
command -v "$(go env CC)" >/dev/null || need gcc "go test -race needs a C compiler; the server itself does not"
[ -e /usr/include/stdlib.h ] || [ "$(uname)" != Linux ] || need libc6-dev "go test -race compiles C, and that needs its headers"
command -v chromium >/dev/null || need chromium "the browser test opens the pages as a visitor and an agent would"
[ -n "$(find /usr/share/fonts -iname '*cjk*' -print -quit 2>/dev/null)" ] ||
  need fonts-noto-cjk "half of our pages are in Chinese, and a browser without the letters measures boxes"
command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
  need postgresql "the store's tests bring up a database of their own with it"
python3 -c 'import ensurepip, venv' 2>/dev/null || need python3-venv "make test-long runs a second DynamoDB that is written in Python"
infra/dev/sdk.sh install
infra/dev/dynamodb/install.sh
if [ "${1:-}" = long ]; then
  command -v firefox-esr >/dev/null || need firefox-esr "the scenarios of bad networks, in another browser than Chromium"
  command -v WebKitWebDriver >/dev/null || need webkit2gtk-driver "the same, in what is nearest to Safari"
  command -v Xvfb >/dev/null || need xvfb "WebKit draws on a screen, or on one that is pretended"
fi
