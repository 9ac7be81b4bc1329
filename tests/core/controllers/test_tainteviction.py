"""A Pod leaves a node whose NoExecute taint it does not tolerate, at once or when its patience ends."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref
from core.apimachinery.timestamps import timestamp
from core.client.actions import NOTHING, Delete, Plan, RecordEvent, UpdateStatus
from core.client.cache import Cache
from core.controllers.tainteviction import CANCELLED, TaintEvictionController
from core.sim.settings import Settings
from tests.core.controllers.cast import BORN, NOW, node, pod, taint

KEY = Ref("Pod", "default", "web-0")
UNREACHABLE = "node.kubernetes.io/unreachable"
TAINTED = node(taints=(taint(UNREACHABLE),))
DEFAULT = {"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
controller = TaintEvictionController(Settings())


def sync(*objects: Obj, now: float = NOW, key: Ref = KEY) -> Plan:
    return controller.sync(Cache(objects), key, now)


def tolerant(*tolerations: Obj, **fields: Any) -> Obj:
    return pod(spec={"tolerations": list(tolerations)}, **fields)


def test_a_pod_that_tolerates_for_a_while_waits() -> None:
    """NF6, NF7"""
    plan = sync(tolerant(DEFAULT), TAINTED, now=NOW + 60)

    assert plan.actions == ()
    assert plan.requeue_after == 240.0
    assert plan.because == "is evicted from node-1 in 240 s unless the taint goes"


def test_then_it_is_evicted() -> None:
    """NF7, NF7a"""
    event, write, delete = sync(tolerant(DEFAULT), TAINTED, now=NOW + 300).actions

    nameless = {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "default", "name": "web-0"}}
    assert event == RecordEvent(
        nameless, "Normal", "TaintManagerEviction", "Marking for deletion Pod default/web-0"
    )
    assert isinstance(write, UpdateStatus)
    assert write.obj["status"]["conditions"][-1] == {
        "type": "DisruptionTarget",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": timestamp(NOW + 300),
        "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint",
        "observedGeneration": 1,
    }
    assert delete == Delete(KEY, uid="uid-web-0")


@pytest.mark.parametrize(
    ("tolerations", "seconds"),
    [
        pytest.param((), 0, id="NF7b: none"),
        pytest.param(({**DEFAULT, "key": "other"},), 0, id="of another key"),
        pytest.param(({**DEFAULT, "effect": "NoSchedule"},), 0, id="of another effect"),
        pytest.param(({**DEFAULT, "operator": "Equal", "value": "x"},), 0, id="of another value"),
        pytest.param(({**DEFAULT, "operator": "Equal"},), 300, id="of the same value"),
        pytest.param(({"operator": "Exists"},), None, id="of everything, for ever"),
        pytest.param(({**DEFAULT, "tolerationSeconds": 5},), 5, id="NF6: for as long as the Pod says"),
        pytest.param(({**DEFAULT, "tolerationSeconds": -1},), 0, id="negative is at once"),
    ],
)
def test_the_tolerations_say_how_long(tolerations: tuple[Obj, ...], seconds: int | None) -> None:
    before = sync(tolerant(*tolerations), TAINTED)

    assert bool(before.actions) is (seconds == 0)
    assert before.requeue_after == (seconds or None)


def test_the_first_deadline_of_several_taints_counts() -> None:
    two = node(taints=(taint(UNREACHABLE), taint("gpu", added=NOW - 20)))
    plan = sync(tolerant(DEFAULT, {"key": "gpu", "operator": "Exists", "tolerationSeconds": 60}), two)

    assert plan.requeue_after == 40.0


def test_a_pod_that_came_after_the_taint_counts_from_its_arrival() -> None:
    late = tolerant(DEFAULT)
    late["status"]["conditions"][-1]["lastTransitionTime"] = timestamp(NOW + 100)

    assert sync(late, TAINTED, now=NOW + 100).requeue_after == 300.0


@pytest.mark.parametrize(
    "world",
    [
        pytest.param((tolerant(),), id="no node"),
        pytest.param((tolerant(), node()), id="no taint"),
        pytest.param((tolerant(), node(taints=(taint("a", "NoSchedule"),))), id="NoSchedule"),
        pytest.param((tolerant(metadata={"deletionTimestamp": BORN}), TAINTED), id="NF8: terminating"),
        pytest.param((TAINTED,), id="no Pod"),
    ],
)
def test_leaves_alone(world: tuple[Obj, ...]) -> None:
    assert sync(*world) == NOTHING


def test_an_eviction_that_is_called_off_is_told() -> None:
    """NF7: taint gone before its time"""
    cancelled = Ref(CANCELLED, "default", "web-0")
    seen = Cache([node(), tolerant(DEFAULT)])

    assert list(controller.watches["Node"](seen, TAINTED, node())) == [cancelled]
    (event,) = controller.sync(seen, cancelled, NOW).actions
    assert isinstance(event, RecordEvent)
    assert event.message == "Cancelling deletion of Pod default/web-0"


def test_a_taint_wakes_all_pods_of_its_node_and_a_heartbeat_none() -> None:
    """NF7b"""
    seen = Cache([TAINTED, pod(), pod("web-1"), pod("web-2", node="node-2")])
    changed = controller.watches["Node"]

    assert list(changed(seen, node(), TAINTED)) == [KEY, Ref("Pod", "default", "web-1")]
    assert list(changed(seen, TAINTED, TAINTED)) == []
    assert list(controller.resync_keys(seen)) == [KEY, Ref("Pod", "default", "web-1")]


def test_a_pod_that_arrives_on_a_tainted_node_is_looked_at() -> None:
    changed = controller.watches["Pod"]

    assert list(changed(Cache([TAINTED]), pod(node=""), pod())) == [KEY]
    assert list(changed(Cache([node()]), pod(node=""), pod())) == []
