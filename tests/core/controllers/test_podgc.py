"""Pod garbage collector against workloads.md NF10, RS10."""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj, Ref, condition_of, ref_of, replaced
from core.apimachinery.timestamps import timestamp
from core.client.actions import Delete, Plan, UpdateStatus
from core.client.cache import Cache
from core.controllers.podgc import ENDED, PodGCController
from core.sim.settings import Settings

NOW = 1_700_000_000.0
GC = PodGCController(Settings(terminated_pod_gc_threshold=2))
NODE_KEY = Ref("Node", "", "node-1")


def a_pod(
    name: str, *, node: str = "node-1", phase: str = "Running", terminating: bool = False, age: int = 0
) -> Obj:
    meta: Obj = {"name": name, "namespace": "default", "uid": f"uid-{name}", "generation": 1}
    meta["creationTimestamp"] = timestamp(NOW - age)
    if terminating:
        meta["deletionTimestamp"] = timestamp(NOW)
    spec = {"nodeName": node} if node else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": {"phase": phase}}


def a_node(*, ready: str = "True", out_of_service: bool = False) -> Obj:
    taint = {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "node-1", "uid": "uid-node"},
        "spec": {"taints": [taint]} if out_of_service else {},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def sync(key: Ref, *objects: Obj) -> Plan:
    return GC.sync(Cache(objects), key, NOW)


def deleted(plan: Plan) -> list[str]:
    return [action.ref.name for action in plan.actions if isinstance(action, Delete)]


def concerned(old: Obj | None, new: Obj | None, *others: Obj) -> list[Ref]:
    kind = (new or old or {})["kind"]
    return list(GC.watches[kind](Cache([*others, new] if new else others), old, new))


def test_a_vanished_node_takes_its_pods_along_after_the_quarantine() -> None:
    """NF10 c"""
    pod = a_pod("web-0")
    assert concerned(a_node(), None, pod) == [NODE_KEY]
    assert GC.latency == 40.0
    failed, delete = sync(NODE_KEY, pod, a_pod("far", node="node-2")).actions
    assert isinstance(failed, UpdateStatus)
    assert failed.obj["status"]["phase"] == "Failed"
    disrupted = condition_of(failed.obj, "DisruptionTarget") or {}
    assert (disrupted["reason"], disrupted["message"]) == (
        "DeletionByPodGC",
        "PodGC: node no longer exists",
    )
    assert delete == Delete(ref_of(pod), uid="uid-web-0", grace_period_seconds=0)


def test_an_ended_pod_of_a_vanished_node_keeps_its_phase() -> None:
    plan = sync(NODE_KEY, a_pod("job", phase="Succeeded"))
    assert [type(action) for action in plan.actions] == [Delete]


def test_a_node_that_came_back_in_the_quarantine_keeps_its_pods() -> None:
    assert sync(NODE_KEY, a_pod("web-0"), a_node()) == Plan()


def test_a_node_out_of_service_and_not_ready_loses_only_its_terminating_pods() -> None:
    """NF10 d"""
    pods = (a_pod("going", terminating=True), a_pod("staying"))
    plan = sync(NODE_KEY, *pods, a_node(ready="Unknown", out_of_service=True))
    assert deleted(plan) == ["going"]
    assert plan.notes == {ref_of(pods[0]): "goes because its node node-1 is out of service"}
    assert sync(NODE_KEY, *pods, a_node(ready="True", out_of_service=True)) == Plan()
    assert sync(NODE_KEY, *pods, a_node(ready="Unknown")) == Plan()


def test_a_terminating_pod_that_never_had_a_node_is_failed_and_deleted() -> None:
    pod = a_pod("p", node="", phase="Pending", terminating=True)
    assert concerned(None, pod) == [ref_of(pod)]
    assert [type(action) for action in sync(ref_of(pod), pod).actions] == [UpdateStatus, Delete]
    assert sync(ref_of(pod), a_pod("p", node="", phase="Pending")) == Plan()


def test_above_the_threshold_the_oldest_ended_pods_go() -> None:
    """RS10"""
    ended = [a_pod(f"job-{age}", phase="Failed", age=age) for age in (10, 40, 30, 20)]
    assert deleted(sync(ENDED, *ended, a_pod("web-0", age=99))) == ["job-40", "job-30"]
    assert sync(ENDED, *ended[:2]) == Plan()


def test_the_end_of_a_pod_is_news_only_above_the_threshold() -> None:
    def after(number: int) -> list[Any]:
        others = [a_node(), *(a_pod(f"job-{at}", phase="Failed") for at in range(number))]
        return concerned(a_pod("web-0"), a_pod("web-0", phase="Succeeded"), *others)

    assert after(1) == []
    assert after(2) == [ENDED]


def test_an_ordinary_change_of_a_pod_concerns_nobody() -> None:
    pod = a_pod("web-0")
    assert concerned(pod, replaced(pod, "status.podIP", "10.0.0.1"), a_node()) == []


def test_a_start_finds_the_pods_of_lost_nodes() -> None:
    gone = a_pod("q", node="", phase="Pending", terminating=True)
    assert list(GC.resync_keys(Cache([a_pod("web-0"), gone]))) == [NODE_KEY, ref_of(gone)]
    assert list(GC.resync_keys(Cache([a_pod("web-0"), a_node()]))) == []
