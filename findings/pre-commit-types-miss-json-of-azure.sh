#!/usr/bin/env bash
# Expected: a pre-commit hook with `types: [json]` is run on the JSON files of an infrastructure repository.
# Seen:     identify, which gives the types, has none at all for .jsonc and
#           .tfstate, which is JSON too: they do not even count as text, so hooks with `types: [text]` pass over them as well.
#           A hook has to choose by `files:` and leave `types` out.
# Versions: identify 2.6.15, Python 3.
# Output:   main.json json,text
#           main.jsonc -
#           main.tfvars.json json,text
#           terraform.tfstate -
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check identify==2.6.15
seen=$("$work/python/bin/python" - <<'PYTHON'
from identify import identify
for name in ("main.json", "main.jsonc", "main.tfvars.json", "terraform.tfstate"):
    print(name, ",".join(sorted(identify.tags_from_filename(name))) or "-")
PYTHON
)
expected='main.json json,text
main.jsonc -
main.tfvars.json json,text
terraform.tfstate -'
diff <(echo "$expected") <(echo "$seen") && echo "as described"
