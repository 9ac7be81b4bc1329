"""kill -9 in the middle of things, start again: the end is the same as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stsviz.pages.examples import EXAMPLES
from tests.stsviz.processes import Server, run_python, until

FILE = "/usr/share/nginx/html/index.html"
WEB = ["web-0", "web-1"]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[], Server]]:
    """Start a server on this test's database, again and again."""
    started: list[Server] = []

    def start() -> Server:
        server = Server(tmp_path, PACE="10")
        started.append(server)
        until(server.is_up, "the site")
        return server

    yield start
    for server in started:
        server.kill()


def has(plural: str) -> Callable[[Server], bool]:
    return lambda server: bool(server.objects(plural))


def first_is_ready(server: Server) -> bool:
    return server.ready() == ["web-0"]


# Instants in the life of a set, from its first object to its second Pod.
INSTANTS: dict[str, Callable[[Server], bool]] = {
    "at once": lambda server: True,
    "a claim is there": has("persistentvolumeclaims"),
    "a volume is there": has("persistentvolumes"),
    "a Pod is there": has("pods"),
    "the first Pod is Ready": first_is_ready,
}


def seats(server: Server) -> dict[str, str]:
    """Return each Pod of the set with its claim's volume, for sets all of whose claims are bound."""
    claims = server.objects("persistentvolumeclaims")
    volumes = server.objects("persistentvolumes")
    assert {volume["spec"]["claimRef"]["name"] for volume in volumes.values()} == set(claims)
    return {name: claims[f"www-{name}"]["spec"]["volumeName"] for name in server.ready()}


@pytest.mark.parametrize("instant", INSTANTS)
def test_a_set_comes_up_whenever_the_site_is_killed(serve: Callable[[], Server], instant: str) -> None:
    server = serve()
    assert server.post("/c/lab/apply", text=EXAMPLES["web"].text) == 200
    until(lambda: INSTANTS[instant](server), instant)
    server.kill()

    server = serve()
    until(lambda: server.ready() == WEB, "both Pods")

    assert list(seats(server)) == WEB
    assert len(set(seats(server).values())) == 2
    assert set(server.objects("persistentvolumeclaims")) == {"www-web-0", "www-web-1"}
    assert set(server.objects("statefulsets", "/apis/apps/v1")) == {"web"}


def test_a_replaced_pod_finds_its_bytes_though_the_site_was_killed_meanwhile(
    serve: Callable[[], Server],
) -> None:
    server = serve()
    server.post("/c/lab/apply", text=EXAMPLES["web"].text)
    until(lambda: server.ready() == WEB, "both Pods")
    assert (
        server.post(
            "/c/lab/do/write",
            kind="Pod",
            namespace="default",
            name="web-0",
            path=FILE,
            content="hello from web-0",
        )
        == 200
    )
    before, uid = seats(server), server.objects("pods")["web-0"]["metadata"]["uid"]
    server.post("/c/lab/do/delete", kind="Pod", namespace="default", name="web-0")
    server.kill()

    server = serve()
    until(
        lambda: server.ready() == WEB and server.objects("pods")["web-0"]["metadata"]["uid"] != uid,
        "another web-0",
    )

    assert seats(server) == before
    assert "hello from web-0" in server.read("web-0", FILE)


def test_a_fresh_site_killed_while_it_makes_its_cluster_makes_it_whole(tmp_path: Path) -> None:
    """A cluster is there with its nodes, or not at all."""
    first = Server(tmp_path)
    until((tmp_path / "stsviz.sqlite3").exists, "the database")
    first.kill()

    second = Server(tmp_path)
    try:
        until(second.is_up, "the site")
        until(lambda: set(second.objects("nodes")) == {"node-1", "node-2"}, "the nodes")
    finally:
        second.kill()


def test_a_site_killed_between_its_tables_and_their_record_starts_again(tmp_path: Path) -> None:
    """Django records a migration after it has made the tables."""
    killed = run_python(
        tmp_path,
        "import os, django; django.setup()\n"
        "from django.db.migrations.recorder import MigrationRecorder\n"
        "MigrationRecorder.record_applied = lambda *_: os._exit(9)\n"
        "from stsviz.database import bring_up_to_date\n"
        "bring_up_to_date()",
    )
    assert killed == 9, "it came to the record"

    again = Server(tmp_path)
    try:
        until(again.is_up, "the site")
    finally:
        again.kill()
