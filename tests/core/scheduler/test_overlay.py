"""The cluster without some Pods."""

from __future__ import annotations

from core.api.resources import Usage
from core.client.cache import Cache
from core.scheduler.overlay import Overlay
from tests.core.scheduler.cast import node, pod

STAYS, GOES = (pod(name, nodeName="node-1", requests={"cpu": "1"}) for name in ("stays", "goes"))
VIEW = Cache([node("node-1"), STAYS, GOES])


def test_shows_no_trace_of_those_who_are_hidden():
    overlay = Overlay(VIEW, [GOES])

    assert overlay.list("Pod") == overlay.indexed("pods-by-node", "node-1") == [STAYS]
    assert overlay.count("pods-by-node", "node-1") == 1
    assert overlay.get("Pod", "default", "goes") is None
    assert overlay.get("Pod", "default", "stays") == STAYS
    assert overlay.usage("node-1") == Usage(1, 1000)
    assert [one["metadata"]["name"] for one in overlay.list("Node")] == ["node-1"]


def test_is_the_cluster_again_when_they_are_shown():
    overlay = Overlay(VIEW, [GOES])
    overlay.show(GOES)

    assert overlay.list("Pod") == VIEW.list("Pod")
    assert overlay.usage("node-1") == VIEW.usage("node-1")
