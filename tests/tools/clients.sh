#!/usr/bin/env bash
# clients.sh PROGRAM: what Azure's own Python packages make of the example estate, held against raw REST. Installs the
# packages below target/clients; minutes, so it is for the nightly job.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$1

# The first has models with `serialize`, the second models that are mappings.
for packages in \
  "azure-mgmt-network==30.0.0 azure-mgmt-resource==23.3.0 six==1.17.0" \
  "azure-mgmt-network==31.0.0 azure-mgmt-resource==24.0.0 azure-ai-ml==1.30.0 six==1.17.0"; do
  folder=target/clients/$(cksum <<<"$packages" | cut -d' ' -f1)
  if [[ ! -f $folder/installed ]]; then
    rm -rf "$folder"
    python3 -m venv "$folder"
    # shellcheck disable=SC2086 # several packages
    "$folder/bin/pip" install --quiet $packages
    touch "$folder/installed"
  fi
  echo "-- $packages"
  "$folder/bin/python" tests/tools/clients.py "$program"
done
