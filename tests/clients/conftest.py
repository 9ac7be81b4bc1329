"""One server for all tests here; each test works in a namespace of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import kubectl_binary
from tests.clients.kubectl import Kubectl
from tests.clients.server import Server, running

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture(scope="session")
def binary() -> Path:
    """kubectl 1.36, or a skip that says why there is none."""
    try:
        return kubectl_binary.find()
    except kubectl_binary.Unavailable as exc:
        pytest.skip(str(exc))


@pytest.fixture
def namespace(server: Server) -> str:
    name = f"test-{next(_numbers)}"
    assert server.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}}).code == 201
    return name


@pytest.fixture
def kubectl(server: Server, binary: Path, namespace: str, tmp_path: Path) -> Kubectl:
    return Kubectl(binary, server.url, namespace, tmp_path)
