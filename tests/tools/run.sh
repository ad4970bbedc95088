#!/usr/bin/env bash
# run.sh: everything that is shown with tools of others: the workflows, the action, the hooks and the formats. Installs what
# it needs below target/tools. Linux only; the program itself is tested everywhere by `cargo test`.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools=$PWD/target/tools
wanted=$(cksum <tests/tools/requirements.txt)
if [[ $(cat "$tools/installed" 2>/dev/null) != "$wanted" ]]; then
  rm -rf "$tools"
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --requirement tests/tools/requirements.txt
  echo "$wanted" >"$tools/installed"
fi
export PATH=$tools/bin:$PATH
cargo build --locked --quiet
program=$PWD/target/debug/aznetlint

echo "-- workflows and manifests"
zizmor --offline --no-progress --quiet --persona auditor action.yml .github/workflows
check-jsonschema --builtin-schema vendor.github-actions action.yml
check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
pre-commit validate-manifest .pre-commit-hooks.yaml
examples=$(mktemp -d)
trap 'rm -rf "$examples"' EXIT
python3 tests/tools/readme.py "$examples"
pre-commit validate-config "$examples/.pre-commit-config.yaml"
check-jsonschema --builtin-schema vendor.github-workflows "$examples/network.yml"
check-jsonschema --builtin-schema vendor.azure-pipelines "$examples/azure-pipelines.yml"

echo "-- the action"
python3 tests/tools/action.py "$program"

echo "-- the hooks"
bash tests/tools/hook.sh

echo "-- the formats"
bash tests/tools/formats.sh "$program"
