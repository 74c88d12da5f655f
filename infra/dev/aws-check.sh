#!/usr/bin/env bash
# Checks template.yaml with the tools of AWS, as far as they go without an account: nothing leaves this machine but the
# downloads from the package index, the first time, 340 MB. What the template has to do with our code, go test knows.
source "$(dirname "$0")/lib.sh"

here=infra/aws
venv=${XDG_CACHE_HOME:-$HOME/.cache}/kefu/aws-$(sha256sum <$here/requirements.txt | cut -c1-12)
install() {
  [ ! -e "$venv/.installed" ] || return 0
  python3 -m venv "$venv" || { echo "the tools of AWS need Python 3 with venv (Debian: python3-venv)" >&2; return 1; }
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r $here/requirements.txt
  touch "$venv/.installed"
}

# tool COMMAND... runs one of them without telemetry, credentials or the settings of whoever runs this. They want a region
# to know what there is to choose from, and call nobody there.
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
tool() {
  env -i PATH="$PATH" HOME="$home" LANG=C.UTF-8 AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true \
    SAM_CLI_TELEMETRY=0 PYTHONDONTWRITEBYTECODE=1 "$venv/bin/$1" "${@:2}"
}

step 'tools of AWS' install
step 'sam validate' tool sam validate --lint --template-file template.yaml
step 'cfn-lint' tool cfn-lint --regions us-east-1 eu-central-1 ap-southeast-1 -- template.yaml
step 'what SAM makes of it' tool python $here/transform.py template.yaml
took
