"""A real socket that is left half read: cut off with 410, while others get every event in order."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.server import Server, running
from tests.stsviz.kubeapi.test_verbs import Space

CHANGES = 300
SIZE = 40_000  # bytes of an object: together far more than sockets hold
LONG = (
    2.0  # seconds for which others are told things while some do not read: tests.hasty has no such patience
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("data"), DJANGO_SETTINGS_MODULE="tests.hasty") as server:
        yield server


def memory(process: int) -> int:
    """Return the bytes that *process* has in memory."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096


def test_who_does_not_read_is_cut_off_and_the_others_miss_nothing(
    server: Server, namespace: str, request: pytest.FixtureRequest
):
    space = Space(server, namespace)
    body = {"metadata": {"name": "a", "annotations": {"big": "x" * SIZE}}, "spec": {"ports": [{"port": 80}]}}
    server.call("POST", f"{space.core}/services", body, Content_Type="application/json")
    made = []
    for _ in range(5):
        made.append(slow := socket.socket())
        request.addfinalizer(slow.close)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(f"GET {space.core}/services?watch=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 200")
    before = memory(server.process)

    seen: list[str] = []
    end = math.inf
    with server.watch(f"{space.core}/services?watch=1") as watch:
        watch.take(1)
        while len(seen) < CHANGES or time.monotonic() < end:
            number = len(seen)
            if number == CHANGES - 1:  # the sockets are full
                end = time.monotonic() + LONG
            server.patch(f"{space.core}/services/a", {"metadata": {"labels": {"x": str(number)}}})
            (event,) = watch.take(1)
            seen.append(event["object"]["metadata"]["labels"]["x"])
    assert seen == [str(number) for number in range(len(seen))]
    # one history for all, and not a copy for each of those who do not read
    assert memory(server.process) - before < 4 * len(seen) * SIZE

    for slow in made:
        got = b""
        while not got.endswith(b"\r\n0\r\n\r\n"):
            piece = slow.recv(1 << 16)
            assert piece, "the connection ended before its last words"
            got = (got + piece)[-2000:]
        assert b'{"type":"ERROR","object":' in got
        assert b'"reason":"Expired"' in got
        assert b'"code":410' in got
