"""The scheduling queue: which change wakes which Pod."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Ref, replaced
from core.client.cache import Cache
from core.scheduler import queueing
from tests.core.scheduler.cast import IMMEDIATE, NODES, claim, node, pod, volume

WEB_0 = Ref("Pod", "default", "web-0")


def refused(message: str):
    condition = {"type": "PodScheduled", "status": "False", "message": message}
    return pod("web-0", "www", status={"conditions": [condition]})


UNBOUND = refused("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found")
NO_VOLUMES = refused("0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.")
FULL = refused("0/2 nodes are available: 2 Insufficient cpu.")
TAINTED = refused("0/2 nodes are available: 2 node(s) had untolerated taint(s).")
UNWANTED = refused("0/2 nodes are available: 2 node(s) were unschedulable.")
TAINT = {"key": "k", "effect": "NoSchedule"}
CORDONED = node("node-1", unschedulable=True)
SHUT = node("node-1", unschedulable=True, taints=[TAINT])
TAINT_LEFT = node("node-1", taints=[TAINT])
NEAR_NOBODY = refused("0/2 nodes are available: 2 node(s) didn't match pod affinity rules.")
NEAR_NOBODY["spec"]["affinity"] = {"podAffinity": {}}
GONE = pod("old", nodeName="node-1", status={"phase": "Running"})
RESERVED = {"namespace": "default", "name": "www", "uid": "uid-www"}


@pytest.mark.parametrize(
    ("waiting", "handler", "old", "new", "woken"),
    [
        pytest.param(UNBOUND, queueing.on_pod, None, UNBOUND, True, id="a new Pod"),
        pytest.param(
            pod("web-0", "www"), queueing.on_pod, pod("web-0", "www"), UNBOUND, False, id="own status"
        ),
        pytest.param(
            UNBOUND, queueing.on_claim, claim("www"), claim("www", volume="pv"), True, id="claim: W3"
        ),
        pytest.param(
            UNBOUND,
            queueing.on_claim,
            claim("www"),
            claim("www", annotations={"volume.kubernetes.io/storage-provisioner": "x"}),
            True,
            id="claim: provisioner noted",
        ),
        pytest.param(
            UNBOUND, queueing.on_volume, None, volume("pv", claim_ref=RESERVED), True, id="its volume"
        ),
        pytest.param(NO_VOLUMES, queueing.on_volume, None, volume("pv"), True, id="a free volume"),
        pytest.param(TAINTED, queueing.on_volume, None, volume("pv"), False, id="a volume, not what lacks"),
        pytest.param(UNBOUND, queueing.on_class, None, IMMEDIATE, True, id="a class"),
        pytest.param(FULL, queueing.on_pod, GONE, None, True, id="a Pod makes room"),
        pytest.param(
            FULL, queueing.on_pod, GONE, replaced(GONE, "status.phase", "Succeeded"), True, id="a Pod ends"
        ),
        pytest.param(
            NEAR_NOBODY, queueing.on_pod, pod("old"), GONE, True, id="a Pod comes to where one wants to be"
        ),
        pytest.param(UNBOUND, queueing.on_pod, pod("old"), GONE, False, id="a Pod comes, not what lacks"),
        pytest.param(TAINTED, queueing.on_pod, GONE, None, False, id="a Pod goes, not what lacks"),
        pytest.param(
            TAINTED, queueing.on_node, node("node-1", taints=[TAINT]), NODES[0], True, id="untainted"
        ),
        pytest.param(
            TAINTED,
            queueing.on_node,
            NODES[0],
            replaced(NODES[0], "status.conditions", [{"type": "Ready"}]),
            False,
            id="a heartbeat",
        ),
        pytest.param(
            TAINTED, queueing.on_claim, claim("www"), claim("www", volume="pv"), False, id="claim: no matter"
        ),
        pytest.param(
            UNBOUND,
            queueing.on_volume,
            volume("pv", claim_ref=RESERVED),
            replaced(volume("pv", claim_ref=RESERVED), "status.phase", "Bound"),
            True,
            id="its volume is Bound, the claim not yet",
        ),
        pytest.param(UNBOUND, queueing.on_node, None, NODES[0], True, id="a node, also when claims lack"),
        pytest.param(NO_VOLUMES, queueing.on_node, NODES[0], CORDONED, False, id="cordoned"),
        pytest.param(
            NO_VOLUMES, queueing.on_node, CORDONED, SHUT, True, id="volumes lack: any change of taints"
        ),
        pytest.param(TAINTED, queueing.on_node, CORDONED, SHUT, False, id="one taint more"),
        pytest.param(UNWANTED, queueing.on_node, CORDONED, SHUT, False, id="the taint that follows a cordon"),
        pytest.param(
            UNWANTED, queueing.on_node, SHUT, TAINT_LEFT, True, id="uncordoned, the taint still there"
        ),
        pytest.param(
            UNWANTED, queueing.on_node, TAINT_LEFT, NODES[0], False, id="the taint follows the cordon"
        ),
        pytest.param(FULL, queueing.on_node, node("node-1", cpu="1"), NODES[0], True, id="a larger node"),
        pytest.param(
            UNBOUND, queueing.on_node, node("node-1", cpu="1"), NODES[0], False, id="larger, no matter"
        ),
        pytest.param(
            NO_VOLUMES, queueing.on_node, node("node-1", labels={"a": "b"}), NODES[0], True, id="labels"
        ),
        pytest.param(
            FULL, queueing.on_node, node("node-1", labels={"a": "b"}), NODES[0], False, id="no label"
        ),
        pytest.param(FULL, queueing.on_node, NODES[0], None, False, id="a node goes"),
    ],
)
def test_wakes_the_pods_that_a_change_may_help(waiting, handler, old, new, woken):
    """ST-5.58"""
    view = Cache([waiting, *NODES])

    assert list(handler(view, old, new)) == ([WEB_0] if woken else [])


def test_every_handler_leaves_pods_with_a_node_alone():
    """ST-5.58"""
    placed = pod("web-0", "www", nodeName="node-1")

    assert list(queueing.on_claim(Cache([placed]), None, claim("www"))) == []


def test_the_more_important_are_woken_first():
    """PrioritySort"""
    later = replaced(replaced(FULL, "metadata.name", "later"), "metadata.uid", "later")
    urgent = replaced(
        replaced(replaced(FULL, "metadata.name", "urgent"), "metadata.uid", "u"), "spec.priority", 9
    )
    view = Cache([FULL, later, urgent])

    for woken in (
        queueing.unscheduled(view),
        queueing.on_pod(view, GONE, None),
        queueing.on_node(view, node("node-1", cpu="1"), NODES[0]),
    ):
        assert next(ref.name for ref in woken) == "urgent"
    assert [ref.name for ref in queueing.on_pod(view, GONE, None)] == ["urgent", "web-0", "later"]


def test_a_nominated_pod_that_is_deleted_leaves_its_room_to_others():
    nominated = replaced(pod("vip"), "status.nominatedNodeName", "node-1")
    view = Cache([FULL, *NODES])

    assert list(queueing.on_pod(view, nominated, None)) == [WEB_0]
    assert list(queueing.on_pod(view, pod("vip"), None)) == []
    assert list(queueing.on_pod(view, nominated, replaced(nominated, "spec.nodeName", "node-1"))) == []


def test_who_waits_for_bindings_is_looked_at_once_a_second_and_not_woken():
    """ST-5.31"""
    waits = replaced(pod("web-0", "www"), "status.nominatedNodeName", "node-1")
    bound = claim("www", volume="pv", bound=True)

    assert list(queueing.on_claim(Cache([waits, bound]), claim("www"), bound)) == []
    assert list(queueing.on_claim(Cache([pod("web-0", "www"), bound]), claim("www"), bound)) == [WEB_0]


def test_who_awaits_victims_is_not_woken_by_its_claims():
    bound = claim("www", volume="pv", bound=True)
    waits = replaced(FULL, "status.nominatedNodeName", "node-1")

    assert list(queueing.on_claim(Cache([waits]), claim("www"), bound)) == []
