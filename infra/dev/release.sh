#!/usr/bin/env bash
# release.sh makes a release of the tag that is checked out, into dist/release, and as a draft on GitHub (GITHUB_TOKEN).
# release.sh --check makes one twice, in two clones at other places with a tag of their own, and publishes nothing: all
# targets, archives, checksums, SBOMs; the same bytes; the version; the systemd unit; the workflows.
source "$(dirname "$0")/lib.sh"

tool() { go tool -modfile="$PWD/infra/tools/release/go.mod" "$@"; }
if [ "${1:-}" != --check ]; then
  PWD=$PWD tool goreleaser release --clean -f infra/release/goreleaser.yaml
  exit
fi

commit=$(git rev-parse HEAD) # somebody may commit meanwhile
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tag=v1.98.76 # Go takes no v2 or later of a module whose path does not end in it

tools() {
  echo 'goreleaser, cyclonedx-gomod, actionlint; where they were never built before this takes minutes'
  local t
  for t in github.com/goreleaser/goreleaser/v2 github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod github.com/rhysd/actionlint/cmd/actionlint; do
    go build -modfile=infra/tools/release/go.mod -o "$work/" $t || return 1
  done
}

# made NAME makes a release in a clone of what is committed.
made() {
  git clone --quiet --local --no-checkout . "$work/$1/kefu" || return 1
  (
    cd "$work/$1/kefu"
    git checkout --quiet --detach "$commit" || return 1
    git -c user.name=check -c user.email=check@example.com tag -a -m check $tag
    git remote set-url origin https://example.com/kefu/kefu.git
    "$work/goreleaser" check --quiet infra/release/goreleaser.yaml || return 1
    env -u GITHUB_TOKEN -u GITLAB_TOKEN -u GITEA_TOKEN GOFLAGS= "$work/goreleaser" release --clean --skip=publish,announce -f infra/release/goreleaser.yaml
  )
}

same() {
  (cd "$work/one/kefu/dist/release" && ls -l --time-style=+ && sha256sum --check --quiet SHA256SUMS) || return 1
  grep -v 'cdx.json' "$work/one/kefu/dist/release/SHA256SUMS" | sort >"$work/1"
  grep -v 'cdx.json' "$work/two/kefu/dist/release/SHA256SUMS" | sort | diff "$work/1" - || { echo "the second time other bytes were made" >&2; return 1; }
  [ "$(wc -l <"$work/1")" = 6 ] && [ "$(grep -c cdx.json "$work/one/kefu/dist/release/SHA256SUMS")" = 6 ] || { echo "not six archives and six SBOMs" >&2; return 1; }
  python3 - "$work"/one/kefu/dist/release/*.cdx.json <<'PY' || return 1
import json, sys
for name in sys.argv[1:]:
    d = json.load(open(name))
    assert d["bomFormat"] == "CycloneDX" and len(d["components"]) > 15, name
PY
}

version() {
  local archive
  archive=$(ls "$work"/one/kefu/dist/release/kefu_*_linux_"$(go env GOARCH)".tar.gz)
  tar -tzf "$archive"
  tar -xzf "$archive" -C "$work"
  "$work/kefu" version | tee "$work/said"
  grep -q "^kefu $tag " "$work/said" || { echo "it does not say that it is $tag" >&2; return 1; }
  ! go version -m "$work/kefu" | grep -E 'CGO_ENABLED=1|vcs.modified=true' || return 1
}

# unit: what systemd says to it; 10 is as open as can be.
unit() {
  local dir level
  command -v systemd-analyze >/dev/null || { echo 'systemd-analyze is missing (Debian: systemd)' >&2; return 1; }
  dir=$work/unit
  mkdir "$dir"
  sed "s|/usr/local/bin/kefu|$work/kefu|" infra/release/kefu.service >"$dir/kefu.service"
  systemd-analyze verify --man=no "$dir/kefu.service" 2>&1 | grep -i 'kefu.service' && return 1
  level=$(systemd-analyze security --offline=yes --no-pager "$dir/kefu.service" | tail -1)
  echo "$level"
  awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^[0-9.]+$/) { found = 1; if ($i > 2.0) exit 1 } } END { if (!found) exit 1 }' <<<"$level" || { echo "systemd calls it more open than 2.0" >&2; return 1; }
  "$work/kefu" config check --config infra/release/kefu.yaml
}

step 'tools' tools
step 'workflows' "$work/actionlint" -shellcheck= -pyflakes= .github/workflows/*.yaml
step 'a release' made one
step 'and once more' made two
step 'the same bytes, checksums, SBOMs' same
step 'the version' version
step 'the systemd unit' unit
took
