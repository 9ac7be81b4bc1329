"""Runs Kubernetes' own end-to-end tests against servers of ours, and prints what failed.

    python -m tests.upstream [WORDS …]       specs whose names hold all of the words; all of specs.txt without

Needs Go and its module proxy; builds the suite once, into .tools (ten minutes, then a minute to start).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.clients import kubectl_binary
from tests.clients.server import running

VERSION = "v1.36.3"
STAGING = "v0.36.3"  # the same release of the modules that the suite takes from its own tree
SIDE_BY_SIDE = 5
HERE = Path(__file__).parent
TOOLS = HERE.parents[1] / ".tools" / f"e2e-{VERSION}"
KUBECONFIG = """apiVersion: v1
kind: Config
clusters: [{name: lab, cluster: {server: "http://127.0.0.1:%d"}}]
users: [{name: me, user: {}}]
contexts: [{name: lab, context: {cluster: lab, user: me}}]
current-context: lab
"""
DEFAULT_CLASS = {
    "metadata": {
        "name": "standard",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": "kubernetes.io/host-path",
}
"""Without one, the specs of claims skip themselves."""


def specs(words: Sequence[str] = ()) -> list[str]:
    lines = (HERE / "specs.txt").read_text().splitlines()
    return [line for line in lines if line and line[0] != "#" and all(word in line for word in words)]


def suite() -> Path:
    """Return the suite, built if it is not there. Raises: SystemExit without Go."""
    binary = TOOLS / "e2e.test"
    if binary.exists():
        return binary
    if shutil.which("go") is None:
        raise SystemExit("the suite is built with Go, and there is none")
    TOOLS.mkdir(parents=True, exist_ok=True)
    found = json.loads(_go("mod", "download", "-json", f"k8s.io/kubernetes@{VERSION}"))
    upstream = Path(found["GoMod"]).read_text()
    staged = re.findall(r"^\s*(k8s\.io/[\w-]+) => \./staging", upstream, re.MULTILINE)
    version = re.search(r"^go (\S+)", upstream, re.MULTILINE)
    assert version is not None
    replaced = "".join(f"replace {module} => {module} {STAGING}\n" for module in staged)
    head = f"module e2e\n\ngo {version[1]}\n\nrequire k8s.io/kubernetes {VERSION}\n\n"
    (TOOLS / "go.mod").write_text(head + replaced)
    (TOOLS / "suite.go").write_text(
        'package main\n\nimport _ "k8s.io/kubernetes/test/e2e"\n\nfunc main() {}\n'
    )
    _go("mod", "tidy", "-e")
    _go("test", "-c", "-o", str(binary), "k8s.io/kubernetes/test/e2e")
    return binary


def _go(*words: str) -> str:
    return subprocess.run(["go", *words], cwd=TOOLS, check=True, stdout=subprocess.PIPE, text=True).stdout


def play(names: Sequence[str]) -> dict[str, str]:
    """Run the specs *names* against a server of their own; return what was said of each: "" is passed."""
    with tempfile.TemporaryDirectory(prefix="stsviz-e2e-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        with running(folder / "data", PACE="1") as server:
            created = server.call(
                "POST",
                "/apis/storage.k8s.io/v1/storageclasses",
                DEFAULT_CLASS,
                Content_Type="application/json",
            )
            assert created.code == 201, created.message
            config = folder / "kubeconfig"
            config.write_text(KUBECONFIG % server.port)
            command = [
                str(suite()),
                f"--kubeconfig={config}",
                "--provider=skeleton",
                f"--report-dir={folder}",
            ]
            command += [f"--kubectl-path={kubectl_binary.find()}", "--allowed-not-ready-nodes=1"]
            command += ["--ginkgo.focus=" + "|".join(re.escape(spec).replace("\\ ", " ") for spec in names)]
            with (folder / "log").open("w") as log:
                subprocess.run(command, cwd=folder, stdout=log, stderr=log, check=False)
        return _verdicts(folder / "junit_01.xml", names)


def _verdicts(report: Path, names: Sequence[str]) -> dict[str, str]:
    said = dict.fromkeys(names, "was not run")
    for case in ET.parse(report).iter("testcase") if report.exists() else ():
        spec = next((name for name in names if name in case.get("name", "")), None)
        if spec is not None and case.get("status") != "skipped":
            failure = case.find("failure")
            said[spec] = "" if failure is None else (failure.get("message") or "failed").strip()[:300]
    return said


def main(words: Sequence[str]) -> int:
    names = specs(words)
    suite()
    shares = [names[at::SIDE_BY_SIDE] for at in range(SIDE_BY_SIDE)]
    failed = 0
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for said in pool.map(play, filter(None, shares)):
            for spec, why in said.items():
                failed += bool(why)
                print(
                    f"{'FAILED' if why else 'passed'}  {spec}" + (f"\n        {why}" if why else ""),
                    flush=True,
                )
    print(f"{len(names) - failed} of {len(names)} passed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
