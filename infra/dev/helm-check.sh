#!/usr/bin/env bash
# Checks the chart in infra/helm without a cluster: helm lint --strict, what it makes of each infra/helm/testdata/*.yaml beside
# golden files and the schemas of Kubernetes, what the server says to the configuration in there, and that wrong values are
# refused with their path. REWRITE=1 writes the golden files anew; read the difference.
#
# The tools are built from their pinned sources the first time, five minutes; Kubernetes' own schemas come from its Go module.
source "$(dirname "$0")/lib.sh"

chart=infra/helm/kefu
kubernetes=k8s.io/kubernetes@v1.34.2
operator=github.com/prometheus-operator/prometheus-operator@v0.85.0

helm() { HELM_CACHE_HOME=$work HELM_CONFIG_HOME=$work HELM_DATA_HOME=$work "$work/helm" "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tools() {
  local tool
  echo 'helm and kubeconform; where they were never built before this takes minutes'
  for tool in helm.sh/helm/v4/cmd/helm github.com/yannh/kubeconform/cmd/kubeconform kefu/infra/tools/helm/schemas; do
    (cd infra/tools/helm && go build -o "$work/" $tool) || return 1
  done
  go build -o "$work/kefu" ./localserver
}

# dir_of MODULE downloads one, and prints where it is.
dir_of() { (cd "$work" && GOFLAGS=-mod=mod go mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }

schemas=${XDG_CACHE_HOME:-$HOME/.cache}/kefu/schemas-$(printf %s "$kubernetes$operator$(cat infra/tools/helm/schemas/main.go)" | sha256sum | cut -c1-12)
make_schemas() {
  [ ! -e "$schemas" ] || return 0
  mkdir -p "$(dirname "$schemas")"
  rm -rf "$schemas.new"
  "$work/schemas" -kubernetes "$(dir_of $kubernetes)" -crds "$(dir_of $operator)/example/prometheus-operator-crd" -out "$schemas.new" &&
    mv "$schemas.new" "$schemas"
}

conform() {
  "$work/kubeconform" -strict -summary -schema-location "$schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "$@"
}

# control shows that conform finds what is wrong.
control() {
  helm template kefu $chart | sed 's/revisionHistoryLimit/revisionHistoryLimits/' >"$work/wrong.yaml"
  if conform "$work/wrong.yaml" >"$work/said" || ! grep -q "additional.*revisionHistoryLimits" "$work/said"; then
    echo "a misspelt field is not found:" >&2
    cat "$work/said" >&2
    return 1
  fi
}

render() { helm template kefu $chart --namespace chat --values "$1"; }

goldens() {
  local values golden name bad=0
  for values in infra/helm/testdata/*.yaml; do
    [[ $values != *.golden.yaml ]] || continue
    name=$(basename "$values" .yaml) golden=${values%.yaml}.golden.yaml
    render "$values" >"$work/$name.yaml"
    [ -z "${REWRITE:-}" ] || cp "$work/$name.yaml" "$golden"
    diff -u "$golden" "$work/$name.yaml" || bad=1
    conform "$work/$name.yaml" || return 1
    configuration "$work/$name.yaml" || { echo "the server refuses what $values makes of its configuration" >&2; return 1; }
  done
  [ $bad = 0 ] || { echo "the chart makes something else than the golden files say; REWRITE=1 writes them anew" >&2; return 1; }
}

# configuration asks the server whether it takes what the ConfigMap and the arguments of the container say.
configuration() {
  python3 - "$1" "$work" <<'PY'
import subprocess, sys, re
text = open(sys.argv[1]).read()
config = re.search(r"\n  kefu\.yaml: \|\n((?:    .*\n|\n)+)", text).group(1)
open(sys.argv[2] + "/kefu.yaml", "w").write(re.sub(r"(?m)^    ", "", config))
args = re.findall(r"- (--\S+=\S*)", text)
args = ["--config=" + sys.argv[2] + "/kefu.yaml" if a.startswith("--config=") else a for a in args]
assert len(args) >= 6, args
env = {"KEFU_DATABASE": "postgres://x"} if "--store=postgres" in args else {}
sys.exit(subprocess.run([sys.argv[2] + "/kefu", "config", "check", *args], env=env).returncode)
PY
}

lint() {
  local values
  for values in infra/helm/testdata/*.yaml; do
    [[ $values == *.golden.yaml ]] || helm lint --strict --quiet $chart --values "$values" || return 1
  done
  cmp infra/dashboards/rules.yaml $chart/rules.yaml || { echo "the chart has other alerts: cp infra/dashboards/rules.yaml $chart/" >&2; return 1; }
}

# refusals: the first line of each wrong file is what helm must say.
refusals() {
  local values want
  for values in infra/helm/testdata/bad/*.yaml; do
    want=$(sed -n '1s/^# expected: //p' "$values")
    if render "$values" >/dev/null 2>"$work/said"; then
      echo "$values is taken" >&2; return 1
    fi
    grep -qF -- "$want" "$work/said" || { printf '%s: not refused with "%s" but\n' "$values" "$want" >&2; cat "$work/said" >&2; return 1; }
    printf '%s\t%s\n' "$(basename "$values")" "$(grep -F -- "$want" "$work/said")"
  done
}

# promises are what readers of the chart look for; a golden file that is rewritten without a thought does not lose them.
promises() {
  local name
  for name in sqlite postgres postgres-full; do
    for want in 'automountServiceAccountToken: false' 'readOnlyRootFilesystem: true' 'runAsNonRoot: true' 'drop: \[ALL\]' 'type: RuntimeDefault' \
      'terminationMessagePolicy: FallbackToLogsOnError' 'path: /startupz' 'path: /readyz' 'path: /livez' 'kind: NetworkPolicy' 'maxUnavailable: 1'; do
      grep -q "$want" "$work/$name.yaml" || { echo "$name: no $want" >&2; return 1; }
    done
    ! grep -q '^ *subPath:\|checksum/' "$work/$name.yaml" || { echo "$name: a change of the configuration would not reach the server, or restart it" >&2; return 1; }
    awk -v name="$name" '/^      window: /{ window = $2 + 0 } /terminationGracePeriodSeconds: /{ grace = $2 } END { if (grace <= window + 5) { print name ": the pod is given " grace " s for a window of " window; exit 1 } }' "$work/$name.yaml" || return 1
  done
  grep -q 'kind: StatefulSet' "$work/sqlite.yaml" && grep -q 'replicas: 1 ' "$work/sqlite.yaml" && grep -q 'kind: Deployment' "$work/postgres.yaml" &&
    grep -q 'stabilizationWindowSeconds: 600' "$work/postgres-full.yaml"
}

# notes are what helm install prints; --dry-run=client renders them without a cluster.
notes() {
  local name
  for name in sqlite postgres-full; do
    helm install kefu $chart --namespace chat --dry-run=client --values infra/helm/testdata/$name.yaml >"$work/notes" || return 1
    sed -n '/^NOTES:/,$p' "$work/notes"
    grep -q 'helm -n chat test kefu' "$work/notes" || return 1
  done
}

step 'tools' tools
step 'schemas of Kubernetes' make_schemas
step 'helm lint --strict' lint
step 'a misspelt field is found' control
step 'golden files, schemas, the configuration' goldens
# keys: what a server takes over while it runs is what config in values.yaml may have, but for drain (drainSeconds) and tls.
keys() {
  diff <({ "$work/kefu" --help | sed -nE 's/.* KEFU_([A-Z_]+) .*\*$/\1/p' | tr 'A-Z' 'a-z'; } | grep -v '^tls_\|^drain_' | sort) \
    <(python3 - $chart/values.schema.json <<'PY'
import json, sys
config = json.load(open(sys.argv[1]))["properties"]["config"]["properties"]
print("\n".join(sorted(f"{k}_{leaf}" if leaf else k for k, v in config.items() for leaf in v.get("properties", {"": 0}))))
PY
    ) || { echo 'what the server takes over while it runs (<) is not what config in values.schema.json has (>)' >&2; return 1; }
}

step 'keys of the configuration' keys
step 'promises' promises
step 'wrong values are refused' refusals
step 'notes' notes
took
