# Everything a developer does, in one place. CI runs the same targets.
# The steps that are longer than a line live in infra/dev.

SHELL := /bin/bash
# How long each Fuzz target of `make fuzz` runs.
FUZZTIME ?= 30s
GOLANGCI := go tool -modfile=infra/tools/go.mod golangci-lint

.DEFAULT_GOAL := help
.PHONY: help run build dist release image test test-long aws-check helm-check image-check release-check dashboards-check proxies-check edge edge-bench bench-load race fuzz bench lint fmt sdk shots setup

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
		while IFS=$$'\t' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

run: ## start the server here; flags in ARGS, as in: make run ARGS="--listen :8080"
	go run ./localserver $(ARGS)

build: ## write ./kefu: one static binary, the same bytes for the same commit
	CGO_ENABLED=0 go build -buildvcs=auto -trimpath -ldflags "-s -w" -o kefu ./localserver

dist: ## write dist/<function>/bootstrap, what `sam deploy` uploads; GOARCH=amd64 for a machine of that kind
	infra/dev/dist.sh

test: ## everything that must hold; installs what it needs, then formats, lints, tests, fuzzes, opens a browser
	infra/dev/test.sh

test-long: setup ## what takes longer, or some of it: PARTS="aws fuzz"; infra/dev/test-long.sh --parts lists them
	@PARTS="$(PARTS)" infra/dev/test-long.sh

aws-check: ## template.yaml as AWS would read it: sam validate, cfn-lint, what SAM makes of it; no account, installs them the first time
	infra/dev/aws-check.sh

helm-check: ## the chart without a cluster: lint, golden files, the schemas of Kubernetes, wrong values refused
	infra/dev/helm-check.sh

dashboards-check: ## dashboards and alerts by Prometheus: each alert is seen to fire
	infra/dev/dashboards-check.sh

proxies-check: ## kefu behind an nginx: what doctor says, and a restart with 1,000 people connected; ARGS="--clients 5000"
	ARGS="$(ARGS)" infra/dev/proxies-check.sh

release: ## make a release of the tag that is checked out, and a draft of it on GitHub
	infra/dev/release.sh

release-check: ## a release of all targets, twice: the same bytes, checksums, SBOMs, the version, the systemd unit
	infra/dev/release.sh --check

image: ## write the container image to dist/image, and dist/kefu-<arch>.tar for docker load; no Docker needed
	infra/dev/image.sh

image-check: ## the image: the same digest twice, unpacked and run as nobody on a read-only root
	infra/dev/image-check.sh

edge: ## start on this machine what template.yaml deploys; flags in ARGS, as in: make edge ARGS="--faults all=0.02"
	infra/dev/dynamodb/install.sh
	go run ./functions/local $(ARGS)

edge-bench: ## sizes, times and what a million messages cost on AWS, as Markdown; ARGS=--check fails if a figure is missed
	go run ./functions/local/bench $(ARGS)

race: ## the Go tests under the race detector
	go test -race ./...

fuzz: ## each Fuzz target for FUZZTIME (30s)
	infra/dev/fuzz.sh $(FUZZTIME)

bench: ## the benchmarks: ns and allocations of the core, frames/s, durable commits/s
	infra/dev/bench.sh

bench-load: ## 10,000 connections and thousands of messages a second on one core, as Markdown; ARGS="--quick", ARGS="--url http://HOST:8080 --password …"
	go run ./infra/bench $(ARGS)

lint: ## gofmt, go vet, golangci-lint; the SDK's linter and type checker
	infra/dev/lint.sh go
	infra/dev/sdk.sh install
	infra/dev/lint.sh sdk

fmt: ## format Go and TypeScript
	$(GOLANGCI) fmt ./...
	infra/dev/sdk.sh install
	cd sdk && npm run --silent fmt

sdk: ## rebuild sdk/dist, which is committed
	infra/dev/sdk.sh install
	cd sdk && npm run --silent build

shots: ## make the pictures in README anew; look at them
	infra/dev/shots.sh

setup: ## install what the tests need and this machine lacks: Chromium, a C compiler, npm packages
	infra/dev/setup.sh
