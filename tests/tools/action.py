"""Runs the steps of action.yml as a GitHub runner would: inputs as environment, outputs and paths as files.

    action.py PROGRAM

PROGRAM is the built aznetlint. A release is made of it on a server of our own, so that the download and its check run too.
"""

import functools
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
PROGRAM = pathlib.Path(sys.argv[1]).resolve()
VERSION = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
FAILING = "examples/inbound-44224-blocked"
PASSING = "examples/secure-workspace"


class Job:
    """One job: a workspace, a temporary folder, and what the steps wrote."""

    def __init__(self, folder, system_path=None):
        self.folder = pathlib.Path(folder)
        self.workspace = self.folder / "work"
        shutil.copytree(ROOT / "examples", self.workspace / "examples")
        self.temp = self.folder / "temp"
        self.temp.mkdir()
        self.summary = self.folder / "summary.md"
        self.path = system_path or "/usr/local/bin:/usr/bin:/bin"

    def run(self, **given):
        """Runs the action with these inputs: (status of the first step that failed or 0, log, outputs)."""
        names = {name.replace("_", "-"): value for name, value in given.items()}
        unknown = names.keys() - ACTION["inputs"].keys()
        assert not unknown, f"action.yml has no input {unknown}"
        inputs = {name: names.get(name, spec.get("default", "")) for name, spec in ACTION["inputs"].items()}
        steps, log, status = {}, "", 0
        for step in ACTION["runs"]["steps"]:
            resolve = functools.partial(self.resolve, inputs=inputs, steps=steps)
            if status or not self.holds(step.get("if", "true"), inputs):
                continue
            output = self.folder / "output"
            added = self.folder / "path"
            output.write_text("")
            added.write_text("")
            script = self.folder / "step.sh"
            script.write_text(step["run"])
            environment = {name: resolve(value) for name, value in step["env"].items()} | {
                "PATH": self.path,
                "HOME": os.environ["HOME"],
                "GITHUB_ACTIONS": "true",
                "CI": "true",
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_PATH": str(added),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_TEMP": str(self.temp),
                "RUNNER_OS": "Linux",
                "RUNNER_ARCH": "X64",
            }
            assert step["shell"] == "bash"
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
                cwd=self.workspace, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
            log += done.stdout
            status = done.returncode
            lines = output.read_text().splitlines()
            steps[step["id"]] = dict(line.split("=", 1) for line in lines)
            self.path = ":".join([*added.read_text().split(), self.path])
        resolve = functools.partial(self.resolve, inputs=inputs, steps=steps)
        return status, log, {name: resolve(spec["value"]) for name, spec in ACTION["outputs"].items()}

    @staticmethod
    def resolve(text, inputs, steps):
        def value(match):
            kind, *rest = match[1].strip().split(".")
            if kind == "inputs":
                return str(inputs[rest[0]])
            step, _, name = rest
            return steps.get(step, {}).get(name, "")

        return re.sub(r"\$\{\{(.*?)\}\}", value, text)

    @staticmethod
    def holds(condition, inputs):
        if condition == "true":
            return True
        name, value = re.fullmatch(r"inputs\.([a-z-]+) != '(.*)'", condition).groups()
        return str(inputs[name]) != value


def release(folder):
    """A folder as a release has it."""
    archive = folder / f"aznetlint-{VERSION}-x86_64-unknown-linux-musl.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(PROGRAM, "aznetlint")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_name(archive.name + ".sha256").write_text(f"{digest}  {archive.name}\n")
    return digest


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "release").mkdir()
        digest = release(scratch / "release")
        serve = functools.partial(Quiet, directory=scratch / "release")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mirror = f"http://127.0.0.1:{server.server_port}"
        jobs = 0

        def job(**inputs):
            nonlocal jobs
            jobs += 1
            (scratch / str(jobs)).mkdir()
            one = Job(scratch / str(jobs))
            return one, *one.run(mirror=mirror, **inputs)

        one, status, log, outputs = job(path=FAILING, sarif_file="out/aznetlint.sarif")
        assert status == 1, log
        assert outputs == {"version": VERSION, "exit-code": "1", "sarif-file": "out/aznetlint.sarif", "diff-file": ""}, outputs
        place = f"file={FAILING}/nsg-training.json,line=27"
        assert re.search(rf"^::error {re.escape(place)}\b.*::", log, re.M), log
        assert "azureml/inbound-44224-blocked" in one.summary.read_text()
        results = json.loads((one.workspace / "out/aznetlint.sarif").read_text())["runs"][0]["results"]
        assert any(result["ruleId"] == "azureml/inbound-44224-blocked" for result in results), results
        print("a download that is checked, findings: annotations, summary and SARIF, status 1")

        one, status, log, outputs = job(path=PASSING, checksum=digest)
        assert (status, outputs["exit-code"], outputs["sarif-file"]) == (0, "0", ""), log
        assert "::error" not in log, log
        assert one.summary.exists()
        print("no finding: status 0")

        _, status, log, outputs = job(path=FAILING, fail_on="never", summary="false", format="text")
        assert (status, outputs["exit-code"]) == (0, "0"), log
        assert "::error" not in log, log
        print("fail-on never: status 0")

        one, status, log, outputs = job(path=f"{PASSING}\n{FAILING}\n", args="--min-level=error\n--undecided=error")
        assert status == 1 and FAILING in log, log
        print("several paths and more arguments")

        _, status, log, outputs = job(path="nowhere")
        assert (status, outputs["exit-code"]) == (2, "2"), log
        print("a path that leads nowhere: status 2")

        _, status, log, _ = job(path=PASSING, checksum="0" * 64)
        assert status == 2 and "::error title=aznetlint::the SHA-256" in log, log
        print("a download that is not what it should be is not used")

        _, status, log, _ = job(path=PASSING, version="9.9.9")
        assert status == 2 and "cannot download" in log, log
        _, status, log, _ = job(path=PASSING, version="1; id")
        assert status == 2 and "is no version" in log, log
        print("a version that is not there, or is none: status 2")

        (scratch / "own").mkdir()
        (scratch / "own/bin").mkdir()
        (scratch / "own/bin/aznetlint").symlink_to(PROGRAM)
        one = Job(scratch / "own", f"{scratch}/own/bin:/usr/bin:/bin")
        status, log, outputs = one.run(path=FAILING, version="installed", mirror="http://127.0.0.1:9")
        assert status == 1 and "is there" in log, log
        status, log, outputs = one.run(install_only="true", mirror="http://127.0.0.1:9")
        assert (status, outputs["version"], outputs["exit-code"]) == (0, VERSION, ""), log
        print("an aznetlint that is there is used; install-only lints nothing")
        server.shutdown()


main()
