"""Holds JUnit reports against the schema that the xUnit plugin of Jenkins uses (junit-10), as far as reports go here.

    junit.py FILE...
"""

import sys
import xml.etree.ElementTree as tree

# Element: (required attributes, others, children).
RESULT = (set(), {"type", "message"}, set())
SHAPES = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": (
        {"name"},
        {"time", "classname", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "skipped": RESULT,
    "error": RESULT,
    "failure": RESULT,
    "system-out": (set(), set(), set()),
    "system-err": (set(), set(), set()),
}


def complaints(element, path):
    required, others, children = SHAPES[element.tag]
    given = set(element.attrib)
    if missing := required - given:
        yield f"{path}: without {sorted(missing)}"
    if unknown := given - required - others:
        yield f"{path}: has {sorted(unknown)}"
    for child in element:
        below = f"{path}/{child.tag}"
        if child.tag in children:
            yield from complaints(child, below)
        else:
            yield f"{below}: does not belong here"
    if element.tag in ("testsuite", "testsuites"):
        tests = list(element.iter("testcase"))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            counted = sum(test.find(tag) is not None for test in tests)
            if int(element.get(name, counted)) != counted:
                yield f"{path}: says {element.get(name)} {name}, has {counted}"
        if int(element.get("tests")) != len(tests):
            yield f"{path}: says {element.get('tests')} tests, has {len(tests)}"


wrong = []
for file in sys.argv[1:]:
    root = tree.parse(file).getroot()
    start = [] if root.tag == "testsuites" else [f"{root.tag} at the top"]
    wrong += [f"{file}: {line}" for line in start or complaints(root, root.tag)]
print("\n".join(wrong) or f"{len(sys.argv) - 1} JUnit reports are in shape")
sys.exit(bool(wrong))
