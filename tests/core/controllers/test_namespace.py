"""Namespace controller against api.md API-X6."""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj, Ref, replaced
from core.apimachinery.timestamps import timestamp
from core.client.actions import Delete, Patch, Plan, UpdateStatus
from core.client.cache import Cache
from core.controllers.namespace import NamespaceController
from core.sim.settings import Settings

NOW = 1_700_000_000.0
KEY = Ref("Namespace", "", "shop")
CONTROLLER = NamespaceController(Settings())


def a_namespace(*, deleted_ago: float | None = 60.0, finalizers: tuple[str, ...] = ("kubernetes",)) -> Obj:
    meta: Obj = {"name": "shop", "uid": "u"}
    if deleted_ago is not None:
        meta["deletionTimestamp"] = timestamp(NOW - deleted_ago)
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": meta,
        "spec": {"finalizers": list(finalizers)},
        "status": {"phase": "Terminating"},
    }


def a_thing(kind: str, name: str, **meta: Any) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}", **meta},
        "spec": {},
        "status": {},
    }


def a_running_pod(name: str, **meta: Any) -> Obj:
    return replaced(a_thing("Pod", name, **meta), "spec", {"nodeName": "node-1"})


def sync(*objects: Obj) -> Plan:
    return CONTROLLER.sync(Cache(objects), KEY, NOW)


def deleted(plan: Plan) -> list[str]:
    return [str(action.ref) for action in plan.actions if isinstance(action, Delete)]


def conditions(plan: Plan) -> dict[str, tuple[str, str, str]]:
    (write,) = [action for action in plan.actions if isinstance(action, UpdateStatus)]
    return {c["type"]: (c["status"], c["reason"], c["message"]) for c in write.obj["status"]["conditions"]}


def test_leaves_a_living_namespace_alone() -> None:
    assert sync(a_namespace(deleted_ago=None), a_thing("Pod", "p")) == Plan()


def test_waits_five_seconds_before_it_deletes_anything() -> None:
    plan = sync(a_namespace(deleted_ago=2), a_thing("Pod", "p"))
    assert plan.actions == ()
    assert plan.requeue_after == 3.0


def test_deletes_the_pods_before_all_else() -> None:
    """OrderedNamespaceDeletion"""
    plan = sync(a_namespace(), a_thing("StatefulSet", "web"), a_running_pod("p"), a_thing("Service", "s"))
    assert deleted(plan) == ["Pod shop/p"]
    assert plan.because == "is emptied: 3 objects remain"


def test_deletes_the_rest_when_no_pod_is_left() -> None:
    plan = sync(a_namespace(), a_thing("StatefulSet", "web"), a_thing("Service", "s"))
    assert sorted(deleted(plan)) == ["Service shop/s", "StatefulSet shop/web"]


def test_deletes_nothing_twice_and_nothing_elsewhere() -> None:
    going = a_running_pod("p", deletionTimestamp=timestamp(NOW))
    elsewhere = replaced(a_thing("Pod", "q"), "metadata.namespace", "other")
    assert deleted(sync(a_namespace(), going, elsewhere)) == []


def test_tells_what_remains_and_which_finalizers_hold_it() -> None:
    claim = a_thing("PersistentVolumeClaim", "c", finalizers=["kubernetes.io/pvc-protection"])
    told = conditions(sync(a_namespace(), claim))
    assert list(told) == [
        "NamespaceDeletionDiscoveryFailure",
        "NamespaceDeletionGroupVersionParsingFailure",
        "NamespaceDeletionContentFailure",
        "NamespaceContentRemaining",
        "NamespaceFinalizersRemaining",
    ]
    assert told["NamespaceContentRemaining"] == (
        "True",
        "SomeResourcesRemain",
        "Some resources are remaining: persistentvolumeclaims. has 1 resource instances",
    )
    assert told["NamespaceFinalizersRemaining"] == (
        "True",
        "SomeFinalizersRemain",
        "Some content in the namespace has finalizers remaining: "
        "kubernetes.io/pvc-protection in 1 resource instances",
    )


def test_does_not_count_what_its_own_delete_removes_at_once() -> None:
    told = conditions(sync(a_namespace(), a_thing("Service", "s")))
    assert told["NamespaceContentRemaining"][:2] == ("False", "ContentRemoved")


def test_writes_conditions_only_when_they_change() -> None:
    claim = a_thing("PersistentVolumeClaim", "c", finalizers=["a/b"], deletionTimestamp=timestamp(NOW))
    (write,) = sync(a_namespace(), claim).actions
    assert isinstance(write, UpdateStatus)
    assert sync(write.obj, claim).actions == ()


def test_lets_an_empty_namespace_go_and_keeps_the_finalizers_of_others() -> None:
    """API-X6"""
    plan = sync(a_namespace(finalizers=("kubernetes", "a/b")))
    assert plan.actions[-1] == Patch(KEY, {"spec": {"finalizers": ["a/b"]}}, subresource="finalize")
    assert sync(a_namespace(finalizers=("a/b",))) == Plan()


def test_what_goes_from_a_terminating_namespace_wakes_it() -> None:
    pod = a_thing("Pod", "p")
    assert list(CONTROLLER.watches["Pod"](Cache([a_namespace()]), pod, None)) == [KEY]
    assert list(CONTROLLER.watches["Pod"](Cache([a_namespace(deleted_ago=None)]), pod, None)) == []
    assert list(CONTROLLER.watches["Pod"](Cache([a_namespace()]), pod, pod)) == []
