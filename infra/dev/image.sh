#!/usr/bin/env bash
# Makes the container image without Docker: dist/image (an OCI layout, amd64 and arm64) and dist/kefu-<arch>.tar for docker
# load. image.sh --push REGISTRY/NAME:TAG sends it to a registry, with the credentials of docker login.
source "$(dirname "$0")/lib.sh"

image() { go run -C infra/docker/image . "$@"; }
out=$PWD/dist/image
rm -rf "$out" dist/kefu-*.tar
mkdir -p dist/bin

binaries=()
for arch in amd64 arm64; do
  CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -buildvcs=auto -trimpath -ldflags '-s -w' -o "dist/bin/kefu-$arch" ./localserver
  binaries+=("$arch=$PWD/dist/bin/kefu-$arch")
done
version=$(go version -m dist/bin/kefu-amd64 | awk '$1 == "mod" { print $3 }')
image -out "$out" -version "$version" -revision "$(git rev-parse HEAD 2>/dev/null || true)" \
  -created "$(TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null || echo 1970-01-01T00:00:00Z)" "${binaries[@]}"
for arch in amd64 arm64; do
  image -tar "$PWD/dist/kefu-$arch.tar" -arch $arch -name kefu:latest -from "$out"
done
if [ "${1:-}" = --push ]; then
  image -push "${2:?where to: REGISTRY/NAME:TAG}" -from "$out"
else
  echo "docker load <dist/kefu-$(go env GOARCH).tar"
fi
