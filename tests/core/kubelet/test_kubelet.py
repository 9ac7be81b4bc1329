"""The kubelet as a component: heartbeats, and which change concerns which key."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Ref, replaced
from core.client.cache import Cache
from core.kubelet.kubelet import Kubelet
from core.sim.settings import Settings
from tests.core.kubelet.cast import NOW, OFF, WEB_0, Bench, bound_claim, container, node, pod

NODE_1 = Ref("Node", "", "node-1")


def handled(kind, view, old, new):
    return list(Kubelet(Settings(container_start_jitter=0.0)).watches[kind](view, old, new))


def test_beats_every_ten_seconds_and_not_before():
    """NF1"""
    bench = Bench(node())
    bench.now = NOW + 9
    assert bench.look(NODE_1).actions == ()

    bench.now = NOW + 10
    bench.look(NODE_1)
    conditions = bench.statuses[-1]["conditions"]
    assert {c["lastHeartbeatTime"] for c in conditions} == {"2027-01-15T08:00:10Z"}
    ready = next(c for c in conditions if c["type"] == "Ready")
    assert ready["lastTransitionTime"] == "2027-01-15T05:30:00Z"
    assert bench.events == []


def test_a_node_that_is_off_is_silent():
    """NF2"""
    bench = Bench(node(metadata=OFF))
    bench.now = NOW + 100

    assert bench.look(NODE_1).actions == ()


def test_a_node_that_was_given_up_reports_at_once():
    """NF11"""
    bench = Bench(node(ready="Unknown"))

    bench.look(NODE_1)

    ready = next(c for c in bench.statuses[-1]["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["reason"], ready["message"]) == (
        "True",
        "KubeletReady",
        "kubelet is posting ready status",
    )
    assert bench.events == ["NodeReady: Node node-1 status is now: NodeReady"]


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        pytest.param(node(metadata=OFF), node(), [NODE_1, WEB_0], id="switched on"),
        pytest.param(node(ready="Unknown"), node(), [NODE_1, WEB_0], id="heard again"),
        pytest.param(node(), replaced(node(), "status.images", []), [], id="images"),
        pytest.param(node(), node(volumesAttached=[{"name": "v"}]), [WEB_0], id="a volume was attached"),
        pytest.param(node(), None, [], id="deleted"),
    ],
)
def test_which_changes_of_a_node_concern_its_pods(old, new, keys):
    assert handled("Node", Cache([pod()]), old, new) == keys


def test_a_bound_claim_wakes_the_pod_that_waits_for_it():
    claim, volume = bound_claim("www")
    waiting = Cache([pod(claims=("www",))])
    running = Cache([replaced(pod(claims=("www",)), "status.podIP", "10.0.0.1")])

    assert handled("PersistentVolumeClaim", waiting, None, claim) == [WEB_0]
    assert handled("PersistentVolume", waiting, None, volume) == [WEB_0]
    assert handled("PersistentVolumeClaim", running, None, claim) == []


def test_a_pod_without_a_node_is_none_of_its_business():
    assert handled("Pod", Cache(), None, replaced(pod(), "spec.nodeName", "")) == []


@pytest.mark.parametrize(
    ("subject", "seconds", "again"),
    [
        pytest.param(pod(), 0, True, id="not yet up"),
        pytest.param(pod(), 5, False, id="runs and is ready"),
        pytest.param(pod(container(command=["sleep", "99"])), 5, True, id="will end some day"),
        pytest.param(pod(container(command=["true"]), restartPolicy="Never"), 5, False, id="has ended"),
    ],
)
def test_a_beat_looks_at_the_pods_that_time_may_change(subject, seconds, again):
    bench = Bench(node(), subject)
    if seconds:
        bench.run(seconds)

    assert (WEB_0 in list(bench.kubelet.resync_keys(bench.view))) is again
