#!/usr/bin/env bash
# First step of the action: an aznetlint of the wanted version, from the PATH or from a release, checked by its SHA-256.
set -euo pipefail

fail() {
  printf '::error title=aznetlint::%s\n' "$*"
  exit 2
}

output() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

own=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$GITHUB_ACTION_PATH/Cargo.toml" | head -n 1)
wanted=${INPUT_VERSION:-$own}
wanted=${wanted#v}
[[ $wanted == installed || $wanted =~ ^[0-9A-Za-z.+-]+$ ]] || fail "\`$wanted\` is no version"

if there=$(command -v aznetlint); then
  version=$(aznetlint --version)
  version=${version#aznetlint }
  if [[ $wanted == installed || $wanted == "$version" ]]; then
    echo "aznetlint $version is there: $there"
    output version "$version"
    output program "$there"
    exit 0
  fi
fi
[[ $wanted != installed ]] || fail "version is \`installed\`, and there is no aznetlint on the PATH"

case "$RUNNER_OS-$RUNNER_ARCH" in
  Linux-X64) target=x86_64-unknown-linux-musl ;;
  Linux-ARM64) target=aarch64-unknown-linux-musl ;;
  macOS-X64) target=x86_64-apple-darwin ;;
  macOS-ARM64) target=aarch64-apple-darwin ;;
  Windows-X64) target=x86_64-pc-windows-msvc ;;
  *) fail "there is no release for $RUNNER_OS on $RUNNER_ARCH; install aznetlint before this step and set version to installed" ;;
esac

archive=aznetlint-$wanted-$target.tar.gz
mirror=${INPUT_MIRROR:-https://github.com/aznetlint/aznetlint/releases/download/v$wanted}
folder=$RUNNER_TEMP/aznetlint-$wanted
mkdir -p "$folder"

fetch() {
  curl --fail --silent --show-error --location --retry 3 --output "$folder/$1" "${mirror%/}/$1" ||
    fail "cannot download ${mirror%/}/$1"
}
fetch "$archive"
expected=$INPUT_CHECKSUM
if [[ -z $expected ]]; then
  fetch "$archive.sha256"
  read -r expected _ <"$folder/$archive.sha256" || true
fi
if command -v sha256sum >/dev/null; then
  read -r actual _ < <(sha256sum <"$folder/$archive")
else
  read -r actual _ < <(shasum -a 256 <"$folder/$archive")
fi
[[ ${#expected} -eq 64 && $actual == "$expected" ]] ||
  fail "the SHA-256 of $archive is $actual, and should be ${expected:-known}: not used"

# From inside: to tar, a path with a drive letter is a host.
(cd "$folder" && tar -xzf "$archive")
program=$folder/aznetlint
[[ $RUNNER_OS != Windows ]] || program=$program.exe
[[ -x $program ]] || fail "$archive holds no aznetlint"
echo "$folder" >>"$GITHUB_PATH"
output version "$wanted"
output program "$program"
echo "aznetlint $wanted, checked: $actual"
