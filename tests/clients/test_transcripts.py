"""BLD-3: the transcripts of the specification, each with every kubectl on a cluster of its own.

`make test` plays them with the oldest kubectl and with the server's own; STSVIZ_TEST_KUBECTL="1.31 1.34" or
STSVIZ_TEST_KUBECTL=all says otherwise.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.clients import kubectl_binary
from tests.clients.playing import Shell
from tests.clients.server import Server
from tests.clients.transcript import read

FOLDER = Path(__file__).parent / "transcripts"
_numbers = itertools.count(1)
USUAL = "1.30 1.36"
CONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: it, cluster: {server: %s}}]
contexts: [{name: it, context: {cluster: it, user: ""}}]
current-context: it
"""


def minors() -> list[int]:
    """Return the minor versions of kubectl to play with."""
    asked = os.environ.get("STSVIZ_TEST_KUBECTL") or USUAL
    if asked == "all":
        return list(kubectl_binary.PACKAGES)
    return [int(version.removeprefix("1.")) for version in asked.split()]


@pytest.fixture(scope="module", params=minors(), ids=lambda minor: f"1.{minor}")
def minor(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def programs(minor: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with that kubectl in it, or a skip that says why there is none."""
    folder = tmp_path_factory.mktemp(f"kubectl-1.{minor}")
    try:
        (folder / "kubectl").symlink_to(kubectl_binary.find(minor))
    except kubectl_binary.Unavailable as exc:
        pytest.skip(str(exc))
    return folder


@pytest.fixture
def shell(server: Server, programs: Path, tmp_path: Path) -> Iterator[Shell]:
    name = f"transcript-{next(_numbers)}"
    server.make_cluster(name)
    url = f"{server.url}/clusters/{name}"
    folder = tmp_path / "work"
    shutil.copytree(FOLDER / "files", folder)
    (tmp_path / "config").write_text(CONFIG % url)
    environment = {
        "HOME": str(programs),  # what kubectl caches is of use to the next transcript
        "KUBECONFIG": str(tmp_path / "config"),
        "PATH": f"{programs}:/usr/bin:/bin",
        "SERVER": url,
    }
    shell = Shell(folder, environment, url, partial(server.set_pace, name), {"server": url})
    yield shell
    shell.close()
    server.destroy_cluster(name)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_prints_what_the_specification_says(name: str, minor: int, shell: Shell) -> None:
    """BLD-3"""
    for step in read((FOLDER / f"{name}.txt").read_text(), minor):
        trouble = shell.play(step)
        if trouble:
            pytest.fail(f"{name}.txt:{step.line}: {step.sort} {step.command}\n{trouble}", pytrace=False)
