#!/usr/bin/env bash
# Expected: as_dict() of a model of azure-mgmt-network (Python) keeps its shape between releases, as the REST answer does.
# Seen:     as_dict() of one and the same network security group is flat and in snake case in 28.1.0
#           (security_rules), and is the REST answer with `properties` and camel case in 33.1.0 (securityRules). The
#           class methods serialize() and deserialize() are gone there. A file that a script writes with as_dict()
#           changes its shape when the script's environment is renewed; a reader has to know both.
# Versions: azure-mgmt-network 28.1.0 and 33.1.0, Python 3.
# Output:   28.1.0 id name properties=False security_rules=True deserialize=True
#           33.1.0 id name properties=True security_rules=False deserialize=False
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/ask.py" <<'PYTHON'
import sys
from azure.mgmt.network.models import NetworkSecurityGroup
rest = {"id": "/subscriptions/0/x", "name": "web", "properties": {"securityRules": []}}
old = hasattr(NetworkSecurityGroup, "deserialize")
group = NetworkSecurityGroup.deserialize(rest) if old else NetworkSecurityGroup(rest)
shown = group.as_dict()
first = " ".join(list(shown)[:2])
print(sys.argv[1], first, f"properties={'properties' in shown} security_rules={'security_rules' in shown} deserialize={old}")
PYTHON
seen=$(for version in 28.1.0 33.1.0; do
  python3 -m venv "$work/$version"
  "$work/$version/bin/pip" install --quiet --disable-pip-version-check "azure-mgmt-network==$version"
  "$work/$version/bin/python" "$work/ask.py" "$version"
done)
expected='28.1.0 id name properties=False security_rules=True deserialize=True
33.1.0 id name properties=True security_rules=False deserialize=False'
diff <(echo "$expected") <(echo "$seen") && echo "as described"
