"""Writes the YAML examples of the README that say which file they are: readme.py FOLDER."""

import pathlib
import re
import sys

readme = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text()
folder = pathlib.Path(sys.argv[1])
for name, text in re.findall(r"```yaml\n# (\S+)\n(.*?)```", readme, re.S):
    (folder / pathlib.PurePath(name).name).write_text(text)
