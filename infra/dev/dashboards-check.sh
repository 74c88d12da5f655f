#!/usr/bin/env bash
# Checks infra/dashboards by Prometheus itself: its rules, each alert seen to fire and to be silent, every expression of the
# dashboard. That every metric they name is one of ours, go test knows.
source "$(dirname "$0")/lib.sh"

dir=infra/dashboards
tool=$(unpacked prometheus)/usr/bin/promtool

# panels are read as rules: promtool has no other way to be asked about an expression.
panels() {
  local rules rc=0
  rules=$(mktemp)
  python3 - $dir/grafana/kefu.json >"$rules" <<'PY' || return 1
import json, sys
found = [t["expr"] for p in json.load(open(sys.argv[1]))["panels"] for t in p.get("targets", [])]
assert len(found) > 30, found
print(json.dumps({"groups": [{"name": "panels", "rules": [{"record": f"panel:{i}", "expr": e.replace("$__rate_interval", "1m")} for i, e in enumerate(found)]}]}))
PY
  "$tool" check rules "$rules" || rc=1
  rm "$rules"
  return $rc
}

step 'prometheus.yaml and the rules' "$tool" check config $dir/prometheus.yaml
step 'each alert fires, and is silent' "$tool" test rules $dir/rules_test.yaml
step 'expressions of the dashboard' panels
took
