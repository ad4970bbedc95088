#!/usr/bin/env bash
# How the work grows with the input: instructions of a run at 1, 10 and 100 times the size, and the exponent of each step (1.0:
# ten times the input is ten times the work; what every run costs is taken off first):
#
#   bash tests/bench/growth.sh [files resources rules peers spokes writings]
#
# files: templates with a group each. resources: groups in one export. rules: of one group. peers: networks peered with a hub.
# spokes: the same with a compute in each. writings: of one group, a rule in each. MOST is the largest factor (100).
# Needs cargo, python3 and valgrind.
set -euo pipefail

cd "$(dirname "$0")/../.."
cargo build --release --quiet
program=$(realpath "${CARGO_TARGET_DIR:-target}/release/aznetlint")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

make() {
  python3 - "$1" "$2" "$work/in" <<'PYTHON'
import json, os, shutil, sys

what, count, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
network = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"
learning = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices"


def rule(at):
    return {"name": f"r{at}", "properties": {
        "priority": 100 + at % 3900, "direction": "Inbound", "access": ["Allow", "Deny"][at % 2], "protocol": "Tcp",
        "sourceAddressPrefix": f"10.{at >> 8 & 255}.{at & 255}.0/24", "sourcePortRange": "*",
        "destinationAddressPrefix": "*", "destinationPortRange": str(1 + at % 60000)}}


def resource(kind, name, properties, base=network):
    return {"type": f"{base.rsplit('/', 1)[1]}/{kind}", "name": name, "location": "westeurope",
            "id": f"{base}/{kind}/{name}", "properties": properties}


def group(name, rules):
    return resource("networkSecurityGroups", name, {"securityRules": rules})


def vnet(at, peers):
    subnet = {"name": "s", "id": f"{network}/virtualNetworks/v{at}/subnets/s", "properties": {
        "addressPrefix": f"10.{at >> 8}.{at & 255}.0/25",
        "networkSecurityGroup": {"id": f"{network}/networkSecurityGroups/nsg"}}}
    peerings = [{"name": f"to{other}", "properties": {
        "peeringState": "Connected", "remoteVirtualNetwork": {"id": f"{network}/virtualNetworks/v{other}"}}}
        for other in peers]
    return resource("virtualNetworks", f"v{at}", {
        "addressSpace": {"addressPrefixes": [f"10.{at >> 8}.{at & 255}.0/24"]},
        "subnets": [subnet], "virtualNetworkPeerings": peerings})


def hub():
    return [group("nsg", []), vnet(0, range(1, count + 1))] + [vnet(at, [0]) for at in range(1, count + 1)]


def spokes():
    endpoint = resource("privateEndpoints", "pe", {
        "subnet": {"id": f"{network}/virtualNetworks/v0/subnets/s"},
        "privateLinkServiceConnections": [{"name": "c", "properties": {
            "privateLinkServiceId": f"{learning}/workspaces/w", "groupIds": ["amlworkspace"],
            "privateLinkServiceConnectionState": {"status": "Approved"}}}],
        "customDnsConfigs": [{"fqdn": "x.api.azureml.ms", "ipAddresses": ["10.0.0.5"]}]})
    computes = [{
        "type": "Microsoft.MachineLearningServices/workspaces/computes", "name": f"w/c{at}", "location": "westeurope",
        "id": f"{learning}/workspaces/w/computes/c{at}", "properties": {"computeType": "AmlCompute", "properties": {
            "subnet": {"id": f"{network}/virtualNetworks/v{at}/subnets/s"}, "enableNodePublicIp": False}}}
        for at in range(1, count + 1)]
    workspace = resource("workspaces", "w", {"publicNetworkAccess": "Disabled"}, learning)
    return hub() + [endpoint, workspace] + computes


def template(at):
    return {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "parameters": {"name": {"type": "string"}},
            "resources": [{"type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01",
                           "name": "[parameters('name')]", "location": "westeurope",
                           "properties": {"securityRules": [rule(at)]}}]}


one = {
    "resources": lambda: [group(f"n{at}", [rule(at)]) for at in range(count)],
    "rules": lambda: [group("nsg", [rule(at) for at in range(count)])],
    "peers": hub,
    "spokes": spokes,
    "writings": lambda: [group("nsg", [rule(at)]) for at in range(count)],
}
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
texts = [template(at) for at in range(count)] if what == "files" else [one[what]()]
for at, text in enumerate(texts):
    with open(f"{folder}/{at}.json", "w") as file:
        json.dump(text, file)
PYTHON
}

count() {
  local said
  # The exit status tells findings; only the count is of interest.
  said=$(RAYON_NUM_THREADS=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" check "$work/in" 2>&1 >/dev/null || true)
  awk '/Collected/ { print $4 }' <<<"$said"
}

[ $# -gt 0 ] || set -- files resources rules peers spokes writings
for what in "$@"; do
  case $what in
    rules | spokes) least=10 ;;
    *) least=20 ;;
  esac
  make "$what" 0
  empty=$(count)
  before=
  for factor in 1 10 100; do
    [ "$factor" -le "${MOST:-100}" ] || continue
    make "$what" $((least * factor))
    now=$(($(count) - empty))
    exponent=$([ -z "$before" ] || awk "BEGIN { printf \"%.2f\", log($now / $before) / log(10) }")
    printf '%-10s %6d %10.1f M %s\n' "$what" $((least * factor)) "$(awk "BEGIN { print $now / 1e6 }")" "$exponent"
    before=$now
  done
done
