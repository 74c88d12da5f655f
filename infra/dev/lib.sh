# What the scripts beside this one share. Source it; it also goes to the root of the repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

steps=()

# step NAME COMMAND... runs a command under a heading and remembers how long it took.
step() {
  local name=$1 start=$SECONDS
  shift
  printf '\n==> %s\n' "$name"
  "$@" || { local rc=$?; printf '\n!!! %s failed after %d s\n' "$name" $((SECONDS - start)) >&2; exit "$rc"; }
  steps+=("$(printf '%5d s  %s' $((SECONDS - start)) "$name")")
}

# took prints what the steps took.
took() {
  printf '\n==> time\n'
  printf '%s\n' "${steps[@]}" "$(printf '%5d s  all' "$SECONDS")"
}

# unpacked PACKAGE prints a directory with the files of a Debian package, which is neither installed nor started: what a check
# needs one program of. The first time it is downloaded.
unpacked() {
  local dir as=()
  dir=${XDG_CACHE_HOME:-$HOME/.cache}/kefu/debian/$1
  if [ ! -e "$dir" ]; then
    command -v apt-get >/dev/null || { echo "this is no Debian or Ubuntu: the check needs programs of its package $1" >&2; return 1; }
    mkdir -p "$(dirname "$dir")"
    rm -rf "$dir.new"
    mkdir "$dir.new"
    if ! (cd "$dir.new" && apt-get -qq download "$1") >/dev/null 2>&1; then
      [ "$(id -u)" = 0 ] || as=(sudo)
      "${as[@]}" apt-get -qq update >&2 </dev/null || return 1
      (cd "$dir.new" && apt-get -qq download "$1") >&2 || return 1
    fi
    dpkg -x "$dir.new"/*.deb "$dir.new" && rm "$dir.new"/*.deb && mv "$dir.new" "$dir" || return 1
  fi
  echo "$dir"
}
