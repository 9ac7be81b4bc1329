"""What DELETE does, written to a store: at once, with grace, held by finalizers; once and again."""

from __future__ import annotations

from typing import Any

import pytest

from core import models
from core.apimachinery.errors import AlreadyExists, NotFound
from core.apimachinery.meta import Obj, Ref, without
from core.apimachinery.timestamps import timestamp
from core.apiserver.registry.deletion import DeleteOptions
from core.apiserver.registry.generic import Registry
from core.apiserver.store import Store
from core.sim.settings import Settings

pytestmark = pytest.mark.django_db(transaction=True)

NOW = 1_700_000_000.0
POD = Ref("Pod", "default", "web-0")
CLAIM = Ref("PersistentVolumeClaim", "default", "www")
SET = Ref("StatefulSet", "default", "web")


@pytest.fixture
def registry() -> Registry:
    store = Store(models.Cluster.objects.create(name="test", started=NOW, now=NOW))
    registry = Registry(store, Settings())
    registry.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}, "you")
    return registry


def put_pod(registry: Registry, *, node: str = "node-1", phase: str = "Running", **meta: Any) -> Obj:
    spec: Obj = {"containers": [{"name": "c", "image": "nginx"}], **({"nodeName": node} if node else {})}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "default", **meta},
        "spec": spec,
    }
    made = registry.create(pod, "you")
    return registry.update_status({**made, "status": {**made["status"], "phase": phase}}, "kubelet")


def put_claim(registry: Registry) -> Obj:
    return registry.create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "www", "namespace": "default"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        },
        "you",
    )


def delete(registry: Registry, ref: Ref, grace: int | None = None, propagation: str = "") -> Obj:
    return registry.delete(ref, DeleteOptions(grace_period_seconds=grace, propagation=propagation), "you")


@pytest.mark.parametrize(("asked", "grace"), [(None, 30), (7, 7), (-5, 1)])
def test_a_running_pod_goes_at_the_end_of_its_grace(
    registry: Registry, asked: int | None, grace: int
) -> None:
    """PL60, PL61, API-X4"""
    before = put_pod(registry)
    meta = delete(registry, POD, asked)["metadata"]
    assert meta["deletionTimestamp"] == timestamp(NOW + grace)
    assert meta["deletionGracePeriodSeconds"] == grace
    assert meta["generation"] == before["metadata"]["generation"] + 1


@pytest.mark.parametrize(
    ("pod", "asked"),
    [
        pytest.param({"node": ""}, None, id="no node"),
        pytest.param({"phase": "Succeeded"}, None, id="succeeded"),
        pytest.param({"phase": "Failed"}, 30, id="failed"),
        pytest.param({}, 0, id="force"),
    ],
)
def test_a_pod_without_grace_is_gone_at_once(
    registry: Registry, pod: dict[str, Any], asked: int | None
) -> None:
    """PL61, PL65, API-X4"""
    put_pod(registry, **pod)
    delete(registry, POD, asked)
    with pytest.raises(NotFound):
        registry.get(POD)


@pytest.mark.parametrize("node", ["node-1", ""])
def test_a_pod_that_is_removed_at_once_is_seen_terminating_before(registry: Registry, node: str) -> None:
    """PL65, PL63: watchers get MODIFIED, with the moment and grace 0, then DELETED"""
    before = put_pod(registry, node=node)
    head = registry.store.revision
    delete(registry, POD, 0)
    changes = registry.store.changes_since(head)
    assert [change.type for change in changes] == ["MODIFIED", "DELETED"]
    for meta in (change.obj["metadata"] for change in changes):
        assert meta["deletionTimestamp"] == timestamp(NOW)
        assert meta["deletionGracePeriodSeconds"] == 0
        assert meta["generation"] == before["metadata"]["generation"] + 1


@pytest.mark.parametrize(("asked", "left"), [(0, 0), (5, 1)])
def test_an_overdue_pod_ends_now_and_not_in_the_past(registry: Registry, asked: int, left: int) -> None:
    """PL62, INV16"""
    put_pod(registry, finalizers=["example.com/hold"])
    first = delete(registry, POD)["metadata"]
    registry.store.move_clock(NOW + 500)
    late = delete(registry, POD, asked)["metadata"]
    assert late["deletionTimestamp"] == timestamp(NOW + 500)
    assert late["deletionGracePeriodSeconds"] == left
    assert late["generation"] == first["generation"]


def test_a_second_delete_without_a_period_changes_nothing(registry: Registry) -> None:
    """PL62: not even when the Pod has ended meanwhile"""
    put_pod(registry)
    first = delete(registry, POD)
    ended = registry.update_status({**first, "status": {**first["status"], "phase": "Succeeded"}}, "kubelet")
    assert delete(registry, POD, propagation="Foreground") == ended


def test_a_second_delete_can_only_shorten_the_first(registry: Registry) -> None:
    """PL62"""
    put_pod(registry)
    first = delete(registry, POD)
    assert delete(registry, POD, 60) == first
    shorter = delete(registry, POD, 5)["metadata"]
    assert shorter["deletionGracePeriodSeconds"] == 5
    assert shorter["deletionTimestamp"] < first["metadata"]["deletionTimestamp"]
    assert shorter["generation"] == first["metadata"]["generation"]


def test_a_name_is_free_when_its_pod_is_gone_and_not_before(registry: Registry) -> None:
    """PL67, STS-P11"""
    put_pod(registry)
    delete(registry, POD)
    with pytest.raises(AlreadyExists):
        put_pod(registry)
    delete(registry, POD, 0)
    assert put_pod(registry)["metadata"]["uid"]


def test_a_finalizer_holds_a_pod_without_grace(registry: Registry) -> None:
    """PL65, PL66, GC16, API-U10"""
    put_pod(registry, finalizers=["example.com/hold"])
    delete(registry, POD, 0)
    held = registry.get(POD)
    assert held["metadata"]["deletionGracePeriodSeconds"] == 0
    registry.update(without(held, "metadata.finalizers"), "you")
    with pytest.raises(NotFound):
        registry.get(POD)


def test_a_protected_claim_shows_two_changes_and_cannot_be_brought_back(registry: Registry) -> None:
    """ST-4.1, ST-4.2, ST-4.4, ST-4.5, STS-K13, GC15, GC16, API-X5"""
    made = put_claim(registry)
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    before = registry.store.revision
    held = delete(registry, CLAIM)
    assert held["metadata"]["deletionTimestamp"] == timestamp(NOW)
    assert held["metadata"]["deletionGracePeriodSeconds"] == 0
    assert "generation" not in held["metadata"]
    again = registry.update(without(held, "metadata.deletionTimestamp"), "you")
    assert again["metadata"]["deletionTimestamp"] == timestamp(NOW)
    assert delete(registry, CLAIM) == again
    registry.update(without(again, "metadata.finalizers"), "protection")
    changes = registry.store.changes_since(before)
    assert [change.type for change in changes] == ["MODIFIED", "DELETED"]
    assert changes[1].obj["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]


@pytest.mark.parametrize(
    ("propagation", "finalizers"),
    [("Background", None), ("", None), ("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"])],
)
def test_the_policy_decides_what_holds_an_owner(
    registry: Registry, propagation: str, finalizers: list[str] | None
) -> None:
    """GC2, API-X5"""
    registry.create(
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {
                "selector": {"matchLabels": {"a": "b"}},
                "template": {
                    "metadata": {"labels": {"a": "b"}},
                    "spec": {"containers": [{"name": "c", "image": "nginx"}]},
                },
            },
        },
        "you",
    )
    delete(registry, SET, propagation=propagation)
    if finalizers is None:
        with pytest.raises(NotFound):
            registry.get(SET)
    else:
        assert registry.get(SET)["metadata"]["finalizers"] == finalizers
