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
