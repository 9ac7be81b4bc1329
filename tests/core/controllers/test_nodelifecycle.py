"""A silent node becomes Unknown, then tainted; its Pods become not ready and are later evicted."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref, replaced
from core.apimachinery.timestamps import timestamp
from core.client.actions import NOTHING, Plan, RecordEvent, Update, UpdateStatus
from core.client.cache import Cache
from core.controllers.nodelifecycle import NodeLifecycleController, NodeTaintController
from core.sim.settings import Settings
from tests.core.controllers.cast import BORN, NOW, node, pod, taint

KEY = Ref("Node", "", "node-1")
OTHER = node("node-2")
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNKNOWN_TAINTS = [taint(UNREACHABLE), taint(UNREACHABLE, "NoSchedule")]
controller = NodeLifecycleController(Settings())


def sync(*objects: Obj, now: float = NOW) -> Plan:
    return controller.sync(Cache(objects), KEY, now)


def test_leaves_a_node_that_answers_alone() -> None:
    """NF1"""
    assert sync(node(heard=NOW - 12), OTHER) == NOTHING


def test_times_a_node_that_has_missed_heartbeats() -> None:
    """NF2"""
    assert sync(node(heard=NOW - 30), OTHER).requeue_after == 21.0
    assert sync(node(heard=NOW - 50), OTHER).actions == ()


def test_a_silent_node_becomes_unknown() -> None:
    """SW6, NF2"""
    silent = node(heard=NOW - 51)

    (write,) = sync(silent, OTHER).actions

    assert isinstance(write, UpdateStatus)
    conditions = {c["type"]: c for c in write.obj["status"]["conditions"]}
    assert conditions["Ready"] == {
        "type": "Ready",
        "status": "Unknown",
        "lastHeartbeatTime": timestamp(NOW - 51),
        "lastTransitionTime": timestamp(NOW),
        "reason": "NodeStatusUnknown",
        "message": "Kubelet stopped posting node status.",
    }
    assert conditions["MemoryPressure"]["status"] == "Unknown"
    assert conditions["PIDPressure"]["reason"] == "NodeStatusNeverUpdated"
    assert conditions["PIDPressure"]["lastHeartbeatTime"] == BORN


def unknown(**fields: Any) -> Obj:
    """Return node-1 after it was found silent."""
    silent = node(heard=NOW - 60)
    (write,) = sync(silent, OTHER).actions
    assert isinstance(write, UpdateStatus)
    spec = {"taints": fields["taints"]} if "taints" in fields else {}
    return {**write.obj, "spec": spec}


def test_an_unknown_node_is_tainted_and_its_pods_are_not_ready() -> None:
    """NF2, NF3, NF4"""
    down = unknown()

    plan = sync(down, OTHER, pod(), pod("web-1", node="node-2"), pod("web-2", ready="False"))

    not_ready = pod(ready="False")
    not_ready["status"]["conditions"][0]["lastTransitionTime"] = timestamp(NOW)
    assert plan.actions == (
        Update(replaced(down, "spec.taints", UNKNOWN_TAINTS)),
        RecordEvent(down, "Normal", "NodeNotReady", "Node node-1 status is now: NodeNotReady"),
        UpdateStatus(not_ready),
        RecordEvent(pod(), "Warning", "NodeNotReady", "Node is not ready"),
    )


def test_a_node_is_called_not_ready_once() -> None:
    assert sync(unknown(taints=UNKNOWN_TAINTS), OTHER, pod(ready="False")).actions == ()


def test_a_node_that_says_it_is_not_ready_gets_the_other_taint() -> None:
    """NF4, NF5"""
    (write, event) = sync(node(ready="False"), OTHER).actions

    assert isinstance(write, Update)
    assert write.obj["spec"]["taints"] == [taint(NOT_READY), taint(NOT_READY, "NoSchedule")]
    assert isinstance(event, RecordEvent)
    assert event.reason == "NodeNotReady"


def test_nothing_is_evicted_when_no_node_is_ready() -> None:
    down = node(ready="False", taints=(taint(NOT_READY), taint(NOT_READY, "NoSchedule")))

    (write, *_) = sync(down, node("node-2", ready="Unknown")).actions

    assert isinstance(write, Update)
    assert write.obj["spec"]["taints"] == [taint(NOT_READY, "NoSchedule")]


def test_a_node_that_is_back_loses_our_taints_and_keeps_the_users() -> None:
    """NF11"""
    own = taint("maintenance")
    back = node(taints=(*UNKNOWN_TAINTS, own))

    assert sync(back, OTHER).actions == (Update(node(taints=(own,))),)


def test_a_new_node_loses_the_taint_it_registered_with() -> None:
    registered = node(taints=({"key": NOT_READY, "effect": "NoSchedule"},))

    assert sync(registered, OTHER).actions == (Update(node()),)


def test_a_cordoned_node_is_tainted() -> None:
    """NF13a"""
    cordoned = node(spec={"unschedulable": True})

    (write,) = sync(cordoned, OTHER).actions

    assert isinstance(write, Update)
    assert write.obj["spec"]["taints"] == [taint("node.kubernetes.io/unschedulable", "NoSchedule")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            node(spec={"unschedulable": True}),
            [taint("node.kubernetes.io/unschedulable", "NoSchedule")],
            id="cordoned",
        ),
        pytest.param(node(ready="False"), [taint(NOT_READY, "NoSchedule")], id="not for NoExecute"),
        pytest.param(
            node(taints=(*UNKNOWN_TAINTS, taint("own"))),
            [taint(UNREACHABLE), taint("own")],
            id="takes away its own only",
        ),
    ],
)
def test_taints_for_noschedule_follow_at_once(before: Obj, after: list[Obj]) -> None:
    """NF4, NF13a"""
    (write,) = NodeTaintController(Settings()).sync(Cache([before]), KEY, NOW).actions

    assert isinstance(write, Update)
    assert write.obj["spec"]["taints"] == after


def test_nothing_is_written_when_the_noschedule_taints_are_right() -> None:
    quick = NodeTaintController(Settings())

    assert quick.sync(Cache([node(taints=[taint("own")])]), KEY, NOW) == NOTHING
    assert quick.sync(Cache([]), KEY, NOW) == NOTHING


@pytest.mark.parametrize(
    ("old", "new", "woken"),
    [
        pytest.param(None, node(), True, id="appears"),
        pytest.param(node(heard=NOW - 10), node(), False, id="heartbeat"),
        pytest.param(node(), node(ready="False"), True, id="another word"),
        pytest.param(node(), node(spec={"unschedulable": True}), True, id="cordon"),
    ],
)
def test_a_heartbeat_without_news_wakes_nobody(old: Obj | None, new: Obj, woken: bool) -> None:
    assert list(controller.watches["Node"](Cache([new]), old, new)) == ([KEY] if woken else [])


def test_a_pod_that_says_ready_on_a_node_that_is_not_wakes_the_node() -> None:
    """NF3"""
    changed = controller.watches["Pod"]

    assert list(changed(Cache([unknown(taints=UNKNOWN_TAINTS)]), None, pod())) == [KEY]
    assert list(changed(Cache([node()]), None, pod())) == []
