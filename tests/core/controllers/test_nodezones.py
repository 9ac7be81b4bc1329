"""How fast lost nodes are given up."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj, Ref
from core.client.cache import Cache
from core.controllers.nodelifecycle import NodeLifecycleController
from core.controllers.nodezones import NEVER, eviction_rate, next_eviction
from core.sim.settings import Settings
from tests.core.controllers.cast import NOW, node, taint

UNREACHABLE = "node.kubernetes.io/unreachable"
KEYS = frozenset((UNREACHABLE,))
SETTINGS = Settings()


def nodes(lost: int, ready: int, zone: str = "") -> list[Obj]:
    made = [
        node(f"{zone}-{number}", ready="Unknown" if number < lost else "True")
        for number in range(lost + ready)
    ]
    for one in made:
        one["metadata"]["labels"] = {"topology.kubernetes.io/zone": zone} if zone else {}
    return made


@pytest.mark.parametrize(
    ("lost", "ready", "rate"),
    [
        pytest.param(1, 1, 0.1, id="one of two"),
        pytest.param(2, 1, 0.1, id="two are few, whatever share"),
        pytest.param(3, 3, 0.1, id="half"),
        pytest.param(3, 2, 0.0, id="most of a small zone"),
        pytest.param(30, 20, 0.0, id="most of fifty"),
        pytest.param(31, 20, 0.01, id="most of a large zone"),
        pytest.param(3, 0, 0.1, id="a whole zone, while others are well"),
    ],
)
def test_a_zone_that_is_mostly_lost_is_given_up_slowly_or_not_at_all(lost: int, ready: int, rate: float):
    """ComputeZoneState"""
    assert eviction_rate(nodes(lost, ready), SETTINGS) == rate


def test_the_flags_say_what_is_most_what_is_large_and_how_fast():
    flags = Settings(
        unhealthy_zone_threshold=0.8, large_cluster_size_threshold=4, secondary_node_eviction_rate=7.0
    )

    assert eviction_rate(nodes(3, 2), flags) == 0.1
    assert eviction_rate(nodes(4, 1), flags) == 7.0


def test_the_next_goes_when_ten_seconds_have_passed():
    lost, second, *well = nodes(2, 3)
    assert next_eviction([lost, second, *well], second, KEYS, SETTINGS) == 0.0

    lost["spec"]["taints"] = [taint(UNREACHABLE)]

    assert next_eviction([lost, second, *well], second, KEYS, SETTINGS) == NOW + 10


def test_zones_wait_for_nobody_else():
    lost, *_ = mine = nodes(3, 2, "a")
    other, *_ = theirs = nodes(1, 1, "b")
    other["spec"]["taints"] = [taint(UNREACHABLE)]

    assert next_eviction([*mine, *theirs], lost, KEYS, SETTINGS) == NEVER
    assert next_eviction([*nodes(1, 1, "a"), *theirs], nodes(1, 1, "a")[0], KEYS, SETTINGS) == 0.0


def test_a_node_that_waits_for_its_turn_takes_no_new_pods_and_keeps_those_it_has():
    lost, second, *well = nodes(2, 3)
    lost["spec"]["taints"] = [taint(UNREACHABLE), taint(UNREACHABLE, "NoSchedule")]
    key = ("Node", "", second["metadata"]["name"])
    second["status"]["conditions"][0]["status"] = "Unknown"

    plan = NodeLifecycleController(SETTINGS).sync(Cache([lost, second, *well]), Ref(*key), NOW + 4)

    assert [(t["key"], t["effect"]) for t in plan.actions[0].obj["spec"]["taints"]] == [
        (UNREACHABLE, "NoSchedule")
    ]
    assert plan.requeue_after == 6.0
    assert plan.because == "does not answer; another node is given up first"
