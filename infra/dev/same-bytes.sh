#!/usr/bin/env bash
# Builds dist/ twice, in two directories of which one has a longer name, with nothing in common but the modules, and compares.
# Whoever deploys from another machine replaces only the functions that changed.
source "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
one=$work/a two=$work/another/place
mkdir -p "$one" "$two"
git ls-files -z -- . ':!sdk/node_modules' | xargs -0 tar -cf - --ignore-failed-read | tee >(tar -xf - -C "$one") | tar -xf - -C "$two"
"$one/infra/dev/dist.sh"
GOCACHE=$work/cache "$two/infra/dev/dist.sh" >"$work/log"
for f in "$one"/dist/*/bootstrap; do
  cmp "$f" "$two/${f#"$one/"}" || { echo "dist/ depends on where or when it is built" >&2; exit 1; }
done
echo "both have the same bytes"
