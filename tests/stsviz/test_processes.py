"""Two processes serve one database: exactly one steps, both show the same, either may die.

Always on SQLite, where a process finds the other's writes at its next look. Also on PostgreSQL with
Redis, when STSVIZ_TEST_DATABASE_URL (an empty database) and STSVIZ_TEST_REDIS_URL name them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stsviz.driver import LEASE
from stsviz.pages.examples import EXAMPLES
from tests.stsviz.processes import PATIENCE, Server, until

WEB = ["web-0", "web-1"]
POSTGRES = os.environ.get("STSVIZ_TEST_DATABASE_URL", "")
REDIS = os.environ.get("STSVIZ_TEST_REDIS_URL", "")
BACKENDS = {
    "sqlite": {},
    "postgres and redis": {"DATABASE_URL": POSTGRES, "REDIS_URL": REDIS},
}


@pytest.fixture(params=BACKENDS)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Two servers that start at the same moment on one database."""
    environment = BACKENDS[request.param]
    if not all(environment.values()):
        pytest.skip("STSVIZ_TEST_DATABASE_URL and STSVIZ_TEST_REDIS_URL name no servers")
    servers = Server(tmp_path, PACE="10", **environment), Server(tmp_path, PACE="10", **environment)
    for server in servers:
        until(server.is_up, "the site")
    servers[0].post("/c/lab/reset")  # on a database that outlives this test
    servers[0].post("/c/lab/clock", do="play", pace="1")
    yield servers
    for server in servers:
        server.kill()


def test_a_verb_in_one_process_is_carried_out_and_seen_in_both(pair: tuple[Server, Server]) -> None:
    leader, other = pair
    assert leader.post("/c/lab/clock", do="settle") == 204  # who steers leads
    assert other.post("/c/lab/apply", text=EXAMPLES["web"].text) == 200

    for server in pair:
        until(lambda server=server: server.ready() == WEB, "both Pods")
    assert leader.objects("pods").keys() == other.objects("pods").keys()
    assert leader.objects("persistentvolumes") == other.objects("persistentvolumes")


def test_who_asks_a_process_to_settle_is_served_there(pair: tuple[Server, Server]) -> None:
    one, two = pair
    one.post("/c/lab/clock", do="pause")
    one.post("/c/lab/apply", text=EXAMPLES["web"].text)
    for server in (two, one):
        server.post("/c/lab/clock", do="settle")
        until(lambda server=server: server.ready() == WEB, "both Pods")
        server.post("/c/lab/do/delete", kind="Pod", namespace="default", name="web-0")


def test_the_other_takes_over_when_the_leader_is_killed(pair: tuple[Server, Server]) -> None:
    leader, other = pair
    leader.post("/c/lab/clock", do="settle")
    leader.post("/c/lab/apply", text=EXAMPLES["web"].text)
    until(lambda: other.objects("pods"), "a Pod")
    leader.kill()

    until(lambda: other.ready() == WEB, "both Pods", patience=LEASE + PATIENCE)


def test_a_follower_says_why_things_are_as_they_are(pair: tuple[Server, Server]) -> None:
    leader = pair[0]
    leader.post("/c/lab/clock", do="settle")
    claim = "kind: PersistentVolumeClaim\napiVersion: v1\nmetadata: {name: alone}\n" + (
        "spec: {accessModes: [ReadWriteOnce], storageClassName: no, resources: {requests: {storage: 1Gi}}}"
    )
    assert leader.post("/c/lab/apply", text=claim) == 200
    picked = "/c/lab/object?what=PersistentVolumeClaim/default/alone"

    for server in pair:
        until(lambda server=server: "waits" in server.get(picked), "the reason")


def test_a_cluster_made_or_destroyed_elsewhere_comes_and_goes(pair: tuple[Server, Server]) -> None:
    one, two = pair
    one.post("/clusters", name="second")
    until(lambda: 'href="/c/second/"' in two.get("/c/lab/"), "the other cluster")
    assert "kubernetes" in two.get("/c/second/tables.txt")
    two.post("/c/second/destroy")
    until(lambda: 'href="/c/second/"' not in one.get("/c/lab/"), "its end")
