#!/usr/bin/env bash
# hook.sh: the hooks of .pre-commit-hooks.yaml with the real pre-commit, in fresh git repositories, and the wheel that the
# first of them installs. Expects pre-commit and maturin on the PATH, and aznetlint built in the dev profile.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PRE_COMMIT_HOME=$work/cache GIT_CONFIG_GLOBAL=$work/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --global user.name hook
git config --global user.email hook@example.invalid
git config --global init.defaultBranch main
git config --global safe.directory '*'

fail() {
  printf 'FAILED: %s\n' "$1"
  shift
  printf '%s\n' "$@"
  exit 1
}

echo "the wheel installs into a clean virtual environment"
(cd .github/wheel && maturin build --quiet --profile dev --out "$work/wheels")
python3 -m venv "$work/clean"
"$work/clean/bin/pip" install --quiet --no-index --find-links "$work/wheels" aznetlint
version=$("$work/clean/bin/aznetlint" --version)
grep -qx "version = \"${version#aznetlint }\"" Cargo.toml || fail "the wheel holds $version"
# What pip finds here is what it will find on PyPI once the version is out.
export PIP_FIND_LINKS=$work/wheels

repository() {
  git init --quiet "$1"
  mkdir -p "$1/infra"
  cp "$root"/examples/inbound-44224-blocked/*.json "$1/infra"
  printf '{ "name": "not of Azure" }\n' >"$1/package.json"
  git -C "$1" add .
}

# The rule that denies goes, as a user would let it go.
mend() {
  python3 - "$1/infra/nsg-training.json" <<'PYTHON'
import json, sys
path = sys.argv[1]
nsg = json.load(open(path))
rules = nsg.get("properties", nsg)["securityRules"]
rules[:] = [rule for rule in rules if rule["name"] != "deny-internet-inbound"]
json.dump(nsg, open(path, "w"), indent=2)
PYTHON
  git -C "$1" add .
}

try() { (cd "$1" && pre-commit try-repo "$root" "$2" --verbose "${@:3}" 2>&1); }

# The hook from source compiles for release; here it need not be fast.
export CARGO_TARGET_DIR=$root/target/hook CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off
mkdir "$work/bin"
ln -s "$work/clean/bin/aznetlint" "$work/bin/aznetlint"
for id in aznetlint aznetlint-system aznetlint-src; do
  echo "try-repo $id"
  path=$PATH
  [[ $id != aznetlint-system ]] || path=$work/bin:$PATH
  repository "$work/$id"
  if said=$(PATH=$path try "$work/$id" "$id"); then fail "$id lets the finding pass" "$said"; fi
  grep -q 'azureml/inbound-44224-blocked' <<<"$said" || fail "$id does not name the rule" "$said"
  mend "$work/$id"
  said=$(PATH=$path try "$work/$id" "$id") || fail "$id stops what is mended" "$said"
  grep -q Passed <<<"$said" || fail "$id says nothing" "$said"
done

echo "git commit: stopped, mended, made; other JSON is nobody's business"
repository "$work/commit"
cat >"$work/commit/.pre-commit-config.yaml" <<YAML
repos:
  - repo: $root
    rev: $(git rev-parse HEAD)
    hooks: [{ id: aznetlint }]
YAML
cd "$work/commit"
git add .
pre-commit install >/dev/null
if said=$(git commit --quiet --message one 2>&1); then fail "the commit is made" "$said"; fi
grep -q 'azureml/inbound-44224-blocked' <<<"$said" || fail "the commit is stopped by something else" "$said"
mend .
said=$(git commit --quiet --message one 2>&1) || fail "the commit is stopped" "$said"
printf '{ "name": "changed" }\n' >package.json
said=$(git commit --quiet --all --message two 2>&1) || fail "other JSON stops a commit" "$said"
echo "all hooks do as they say"
