"""A quota refuses what it does not leave, and is charged in the write that it lets through."""

from __future__ import annotations

from typing import Any

import pytest

from core import models
from core.apimachinery.errors import AlreadyExists, Forbidden
from core.apimachinery.meta import Obj, Ref
from core.apiserver.registry.generic import Registry
from core.apiserver.store import Store
from core.client.actions import NOTHING, Create
from core.performer import perform
from core.sim.settings import Settings

pytestmark = pytest.mark.django_db(transaction=True)

NOW = 1_700_000_000.0
SMALL = Ref("ResourceQuota", "default", "small")
PODS = {"pods": "2"}


@pytest.fixture
def registry() -> Registry:
    store = Store(models.Cluster.objects.create(name="test", started=NOW, now=NOW))
    store.create({"kind": "Namespace", "metadata": {"name": "default"}, "spec": {}}, "test")
    return Registry(store, Settings())


def put_quota(registry: Registry, hard: Obj, used: Obj, *, name: str = "small", **spec: Any) -> None:
    meta = {"name": name, "namespace": "default"}
    status = {"hard": hard, "used": used}
    spec = {"hard": hard, **spec}
    registry.store.create({"kind": "ResourceQuota", "metadata": meta, "spec": spec, "status": status}, "test")


def used(registry: Registry, name: str = "small") -> Obj:
    found: Obj = registry.get(Ref("ResourceQuota", "default", name))["status"]["used"]
    return found


def make(registry: Registry, kind: str, name: str, *, dry_run: bool = False, **spec: Any) -> Obj:
    obj = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "default"}}
    return registry.create({**obj, **({"spec": spec} if spec else {})}, "test", dry_run=dry_run)


def make_pod(registry: Registry, name: str, resources: Obj | None = None, *, dry_run: bool = False) -> Obj:
    container = {"name": "nginx", "image": "nginx", "resources": resources or {}}
    return make(registry, "Pod", name, dry_run=dry_run, containers=[container])


def test_pods_are_charged_one_by_one_until_the_quota_is_used_up(registry: Registry) -> None:
    put_quota(registry, PODS, {"pods": "0"})

    make_pod(registry, "a")
    made = make_pod(registry, "b")

    assert used(registry) == {"pods": "2"}
    (change,) = registry.store.changes_since(int(made["metadata"]["resourceVersion"]) - 2)[:1]
    assert (change.ref, change.actor, change.because) == (SMALL, "kube-apiserver", "counts Pod b")
    revision = registry.store.revision
    with pytest.raises(Forbidden) as refused:
        make_pod(registry, "c")
    assert refused.value.message == (
        'pods "c" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2'
    )
    assert registry.store.revision == revision


def test_only_what_is_exceeded_is_told_in_order_of_names(registry: Registry) -> None:
    hard = {"requests.memory": "1Gi", "pods": "5", "limits.cpu": "500m"}
    put_quota(registry, hard, {"requests.memory": "512Mi", "pods": "1", "limits.cpu": "0"})

    with pytest.raises(Forbidden, match=r"requested: limits.cpu=1,requests.memory=768Mi, used: limits"):
        make_pod(registry, "a", {"requests": {"memory": "768Mi", "cpu": "1"}, "limits": {"cpu": "1"}})


def test_every_quota_is_asked_and_none_is_charged_when_one_refuses(registry: Registry) -> None:
    put_quota(registry, PODS, {"pods": "0"})
    put_quota(registry, {"count/pods": "1"}, {"count/pods": "1"}, name="full")

    with pytest.raises(Forbidden, match="exceeded quota: full, requested: count/pods=1"):
        make_pod(registry, "a")

    assert used(registry) == {"pods": "0"}


def test_a_pod_must_state_what_is_counted_and_the_count_must_be_known(registry: Registry) -> None:
    put_quota(registry, {"requests.cpu": "1"}, {})

    with pytest.raises(Forbidden, match=r"failed quota: small: must specify requests.cpu for: nginx$"):
        make_pod(registry, "a")
    with pytest.raises(Forbidden, match=r"status unknown for quota: small, resources: requests.cpu$"):
        make_pod(registry, "a", {"requests": {"cpu": "1"}})


def test_a_quota_that_does_not_concern_an_object_lets_it_be(registry: Registry) -> None:
    put_quota(registry, PODS, {"pods": "2"}, scopes=["NotBestEffort"])
    put_quota(registry, {"services": "0"}, {"services": "0"}, name="other")

    make_pod(registry, "a")
    make(registry, "ConfigMap", "a")

    assert used(registry) == {"pods": "2"}


def test_a_quota_nobody_has_looked_at_yet_refuses_nothing(registry: Registry) -> None:
    make(registry, "ResourceQuota", "small", hard={"pods": "0"})

    make_pod(registry, "a")

    assert registry.get(SMALL)["status"] == {}


def test_a_dry_run_is_judged_and_not_charged(registry: Registry) -> None:
    put_quota(registry, {"pods": "1"}, {"pods": "0"})

    make_pod(registry, "a", dry_run=True)
    assert used(registry) == {"pods": "0"}
    make_pod(registry, "a")
    with pytest.raises(Forbidden):
        make_pod(registry, "b", dry_run=True)


def test_a_name_that_is_taken_charges_nothing(registry: Registry) -> None:
    put_quota(registry, PODS, {"pods": "0"})
    make_pod(registry, "a")

    with registry.store.transaction(), pytest.raises(AlreadyExists):
        make_pod(registry, "a")  # the transaction goes on

    assert used(registry) == {"pods": "1"}


def test_a_pod_that_is_there_already_is_no_failure_for_a_controller_that_wants_it(registry: Registry) -> None:
    put_quota(registry, {"pods": "1"}, {"pods": "0"})
    there = make_pod(registry, "a")

    assert perform(registry, Create(there, exists_ok=True), "test", NOTHING, {}) == ""
    assert "exceeded quota" in perform(registry, Create(there), "test", NOTHING, {})


def test_a_claim_that_grows_is_charged_for_the_growth(registry: Registry) -> None:
    meta = {"name": "fast"}
    registry.store.create({"kind": "StorageClass", "metadata": meta, "allowVolumeExpansion": True}, "test")
    put_quota(registry, {"requests.storage": "3Gi"}, {"requests.storage": "0"})
    asked = {"requests": {"storage": "1Gi"}}
    modes = ["ReadWriteOnce"]
    made = make(
        registry,
        "PersistentVolumeClaim",
        "www",
        resources=asked,
        accessModes=modes,
        storageClassName="fast",
    )
    bound = registry.store.update({**made, "status": {"phase": "Bound"}}, "", "test")

    def ask(size: str) -> None:
        registry.update({**bound, "metadata": {**meta_of(bound)}, "spec": sized(bound, size)}, "test")

    ask("3Gi")
    assert used(registry) == {"requests.storage": "3Gi"}
    with pytest.raises(Forbidden, match=r"requested: requests.storage=1Gi, used: requests.storage=3Gi"):
        ask("4Gi")


def meta_of(obj: Obj) -> Obj:
    return {key: value for key, value in obj["metadata"].items() if key != "resourceVersion"}


def sized(claim: Obj, size: str) -> Obj:
    return {**claim["spec"], "resources": {"requests": {"storage": size}}}
