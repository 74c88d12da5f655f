#!/usr/bin/env bash
# Installs the DynamoDB that tests and functions/local run on, from its lock file, without install scripts.
source "$(dirname "$0")/../lib.sh"
cd infra/dev/dynamodb

stamp=node_modules/.installed
cmp -s package-lock.json $stamp && exit
echo "installing the npm packages of infra/dev/dynamodb/package-lock.json"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
cp package-lock.json $stamp
