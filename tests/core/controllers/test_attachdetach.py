"""CSI volumes go to one node at a time; others need no attaching."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj, Ref
from core.client.actions import NOTHING, Plan, RecordEvent, UpdateStatus
from core.client.cache import Cache
from core.controllers.attachdetach import AttachDetachController
from core.sim.settings import Settings
from tests.core.controllers.cast import NOW, claim, node, pod, volume

CSI = {"csi": {"driver": "csi.example.com", "volumeHandle": "v1"}}
ATTACHED = {"volumesAttached": [{"name": "kubernetes.io/csi/csi.example.com^v1", "devicePath": ""}]}
POD = Ref("Pod", "default", "web-0")
NODE_1 = Ref("Node", "", "node-1")
ERROR = 'Multi-Attach error for volume "pv-1" '
controller = AttachDetachController(Settings())


def sync(*objects: Obj, key: Ref = POD) -> Plan:
    return controller.sync(Cache(objects), key, NOW)


def test_attaches_a_csi_volume_to_the_node_of_its_pod() -> None:
    """ST-8.14, PL29, ST-5.61"""
    plan = sync(pod(), claim(), volume(spec=CSI), node())

    assert plan.actions == (
        UpdateStatus(node(status=ATTACHED)),
        RecordEvent(
            pod(), "Normal", "SuccessfulAttachVolume", 'AttachVolume.Attach succeeded for volume "pv-1" '
        ),
    )


@pytest.mark.parametrize(
    "world",
    [
        pytest.param((pod(), claim(), volume(spec={"hostPath": {"path": "/x"}}), node()), id="host path"),
        pytest.param((pod(), claim(), volume(spec={"nfs": {"server": "s"}}), node()), id="nfs"),
        pytest.param((pod(), claim(), volume(spec=CSI), node(status=ATTACHED)), id="attached already"),
        pytest.param((pod(node=""), claim(), volume(spec=CSI), node()), id="no node yet"),
        pytest.param((pod(), claim(status={"phase": "Pending"}), volume(spec=CSI), node()), id="not bound"),
        pytest.param((pod(status={"phase": "Failed"}), claim(), volume(spec=CSI), node()), id="finished"),
    ],
)
def test_has_nothing_to_attach(world: tuple[Obj, ...]) -> None:
    """ST-5.60"""
    assert sync(*world) == NOTHING


MOVED = pod(node="node-2")
HOLDER = node(status=ATTACHED)


@pytest.mark.parametrize(
    ("modes", "allowed"),
    [
        (["ReadWriteOnce"], False),
        (["ReadWriteOncePod"], False),
        (["ReadWriteMany"], True),
        (["ReadWriteOnce", "ReadOnlyMany"], True),
        ([], True),
    ],
)
def test_the_access_modes_say_whether_two_nodes_may_have_it(modes: list[str], allowed: bool) -> None:
    """ST-5.62"""
    plan = sync(MOVED, claim(), volume(spec={**CSI, "accessModes": modes}), HOLDER, node("node-2"))

    assert any(isinstance(action, UpdateStatus) for action in plan.actions) is allowed
    assert (plan.requeue_after is None) is allowed


def user(name: str, namespace: str = "default") -> Obj:
    """Return another Pod on node-1 with the claim of web-0."""
    mount = [{"name": "www", "persistentVolumeClaim": {"claimName": "www-web-0"}}]
    return pod(name, spec={"volumes": mount}, metadata={"namespace": namespace})


@pytest.mark.parametrize(
    ("others", "rest"),
    [
        ((), "Volume is already exclusively attached to one node and can't be attached to another"),
        ((user("a"), user("b")), "Volume is already used by pod(s) a, b"),
    ],
)
def test_says_once_who_holds_the_volume(others: tuple[Obj, ...], rest: str) -> None:
    """ST-8.14, PL29, ST-5.63"""
    world = (MOVED, claim(), volume(spec=CSI), HOLDER, node("node-2"), *others)
    told: Obj = {
        "kind": "Event",
        "metadata": {"name": "web-0.1", "namespace": "default"},
        "involvedObject": {"uid": "uid-web-0"},
        "reason": "FailedAttachVolume",
        "message": ERROR + rest,
    }

    first, again = sync(*world), sync(*world, told)

    assert first.actions == (RecordEvent(MOVED, "Warning", "FailedAttachVolume", ERROR + rest),)
    assert again.actions == ()
    assert again.because == "waits for volume pv-1 to be detached from node node-1"


def test_detaches_when_no_pod_there_needs_it() -> None:
    """ST-5.64"""
    plan = sync(claim(), volume(spec=CSI), HOLDER, MOVED, key=NODE_1)

    assert plan.actions == (UpdateStatus(node()),)


@pytest.mark.parametrize(
    "world",
    [
        pytest.param((pod(metadata={"deletionTimestamp": "2023-11-14T22:13:20Z"}), HOLDER), id="terminating"),
        pytest.param(
            (node(status={**ATTACHED, "volumesInUse": ["kubernetes.io/csi/csi.example.com^v1"]}),),
            id="still mounted",
        ),
    ],
)
def test_stays_attached_while_it_is_needed(world: tuple[Obj, ...]) -> None:
    """ST-5.64, NF8"""
    assert sync(claim(), volume(spec=CSI), *world, key=NODE_1) == NOTHING


def test_is_woken_by_a_pod_that_arrives_and_by_one_that_goes() -> None:
    seen = Cache([claim(), volume(spec=CSI), HOLDER])
    changed = controller.watches["Pod"]

    assert list(changed(seen, pod(node=""), pod())) == [POD]
    assert list(changed(seen, pod(), pod())) == []
    assert list(changed(seen, pod(), None)) == [NODE_1]
