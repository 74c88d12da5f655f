#!/usr/bin/env bash
# Writes dist/<function>/bootstrap for every function: what template.yaml uploads and functions/local runs. The same bytes for
# the same source, wherever and whenever, so that a deployment replaces only functions that changed.
#
# GOARCH says for which processor; arm64, which is what the template asks for, unless it is set.
source "$(dirname "$0")/lib.sh"

# limit NAME prints how many MB a function may have, for AWS loads it at each cold start; other processors than AWS's do not
# count. http has the pages in it, and what reads requests by the schemas of the OpenAPI document; assist has the client of models.
# -tags lambda.norpc leaves out what only the retired go1.x runtime needs, 2.5 MB, nethttpomithttp2 what no service of AWS that we
# call speaks.
limit() {
  case $GOARCH/$1 in
    arm64/http) echo 14 ;;
    arm64/assist) echo 11 ;;
    arm64/*) echo 9 ;;
    *) echo 99 ;;
  esac
}
export CGO_ENABLED=0 GOOS=linux GOARCH=${GOARCH:-arm64}

found=(functions/*/main.go)
functions=()
for main in "${found[@]}"; do
  name=$(basename "$(dirname "$main")")
  [ "$name" = local ] || [ ! -e "$main" ] || functions+=("$name")
done
[ ${#functions[@]} -gt 0 ] || { echo "there is no functions/<name>/main.go to build" >&2; exit 1; }

rm -rf dist
large=()
for name in "${functions[@]}"; do
  go build -buildvcs=false -trimpath -tags lambda.norpc,nethttpomithttp2 -ldflags '-s -w' -o "dist/$name/bootstrap" "./functions/$name"
  size=$(wc -c <"dist/$name/bootstrap")
  printf 'dist/%s/bootstrap\t%s\t%d.%02d MB\n' "$name" "$GOARCH" $((size / 1000000)) $((size / 10000 % 100))
  [ "$size" -le $(($(limit "$name") * 1000000)) ] || large+=("dist/$name/bootstrap has more than $(limit "$name") MB, which makes cold starts slow: look at what functions/$name imports")
done
[ ${#large[@]} = 0 ] || { printf '%s\n' "${large[@]}" >&2; exit 1; }
