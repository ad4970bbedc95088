#!/usr/bin/env bash
# Expected: serialize() of a network security group that was read from a REST answer gives that answer back.
# Seen:     the group loses its own `name` and `type` (they are read-only, so a request does not send them) while its
#           rules keep theirs, and `defaultSecurityRules` go. What is left is a group with an id and rules and no name, which
#           looks like a complete export. serialize(keep_readonly=True) keeps everything.
# Versions: azure-mgmt-network 28.1.0, Python 3.
# Output:   serialize() id properties | properties: securityRules | rule: name properties
#           serialize(keep_readonly=True) id name type properties | properties: securityRules defaultSecurityRules | rule: name properties
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check azure-mgmt-network==28.1.0
seen=$("$work/python/bin/python" - <<'PYTHON'
from azure.mgmt.network.models import NetworkSecurityGroup
rule = {"name": "deny", "properties": {"priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "*"}}
rest = {"id": "/subscriptions/0/x", "name": "web", "type": "Microsoft.Network/networkSecurityGroups",
        "properties": {"securityRules": [rule], "defaultSecurityRules": []}}
group = NetworkSecurityGroup.deserialize(rest)
for call, shown in (("serialize()", group.serialize()), ("serialize(keep_readonly=True)", group.serialize(keep_readonly=True))):
    inner = shown["properties"]
    print(call, *shown, "| properties:", *inner, "| rule:", *inner["securityRules"][0])
PYTHON
)
expected='serialize() id properties | properties: securityRules | rule: name properties
serialize(keep_readonly=True) id name type properties | properties: securityRules defaultSecurityRules | rule: name properties'
diff <(echo "$expected") <(echo "$seen") && echo "as described"
