"""The quota controller counts, takes over what is allowed, and hears of what goes."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref
from core.client.actions import UpdateStatus
from core.client.cache import Cache
from core.controllers.resourcequota import ResourceQuotaController
from core.sim.settings import Settings

NOW = 1_700_000_000.0
KEY = Ref("ResourceQuota", "default", "small")
CONTROLLER = ResourceQuotaController(Settings())


def obj(kind: str, name: str, *, namespace: str = "default", status: Obj | None = None, **spec: Any) -> Obj:
    meta = {"name": name, "namespace": namespace}
    return {"kind": kind, "metadata": meta, "spec": spec, "status": status or {}}


def quota(hard: Obj, status: Obj | None = None, **spec: Any) -> Obj:
    return obj("ResourceQuota", "small", status=status, hard=hard, **spec)


def pod(name: str, phase: str = "Running", **more: Any) -> Obj:
    return obj("Pod", name, status={"phase": phase, "qosClass": "BestEffort"}, containers=[], **more)


def claim(name: str, size: str) -> Obj:
    return obj("PersistentVolumeClaim", name, resources={"requests": {"storage": size}})


def written(*objects: Obj) -> Obj | None:
    plan = CONTROLLER.sync(Cache(objects), KEY, NOW)
    return next((a.obj["status"] for a in plan.actions if isinstance(a, UpdateStatus)), None)


def keys(kind: str, old: Obj | None, new: Obj | None, *objects: Obj) -> list[Ref]:
    return list(CONTROLLER.watches[kind](Cache(objects), old, new))


def test_it_counts_what_is_in_the_namespace() -> None:
    hard = {"pods": "5", "count/pods": "9", "requests.storage": "10Gi", "configmaps": "3", "cpu": "1"}
    elsewhere = obj("Pod", "c", namespace="other", containers=[])

    assert written(
        quota(hard), pod("a"), pod("b", "Succeeded"), elsewhere, claim("x", "1Gi"), claim("y", "512Mi")
    ) == {
        "hard": hard,
        "used": {"pods": "1", "count/pods": "2", "requests.storage": "1536Mi", "configmaps": "0", "cpu": "0"},
    }


def test_what_is_the_same_by_value_is_not_written_again() -> None:
    hard = {"requests.storage": "10Gi"}

    assert (
        written(quota(hard, {"hard": hard, "used": {"requests.storage": "1024Mi"}}), claim("x", "1Gi"))
        is None
    )
    assert written(quota({})) is None


def test_what_nobody_can_count_keeps_its_number_and_what_is_not_limited_goes() -> None:
    hard = {"count/webs.example.com": "5", "pods": "1"}
    status = {"hard": {"services": "1"}, "used": {"count/webs.example.com": "3", "services": "1"}}

    assert written(quota(hard, status)) == {
        "hard": hard,
        "used": {"count/webs.example.com": "3", "pods": "0"},
    }
    assert written(quota({"count/webs.example.com": "5"})) == {"hard": {"count/webs.example.com": "5"}}


def test_scopes_choose_what_is_counted() -> None:
    hard = {"pods": "5"}
    world = pod("a"), pod("b", activeDeadlineSeconds=5)

    found = written(quota(hard, scopes=["Terminating"]), *world)

    assert found is not None
    assert found["used"] == {"pods": "1"}


def test_its_reason_says_how_much_is_used() -> None:
    plan = CONTROLLER.sync(Cache((quota({"pods": "2"}), pod("a"))), KEY, NOW)

    assert plan.because == "counts 1 of 2 pods"


def test_a_new_or_changed_spec_is_looked_at_and_a_status_is_not() -> None:
    one, other = quota({"pods": "1"}), quota({"pods": "2"})

    assert keys("ResourceQuota", None, one) == [KEY]
    assert keys("ResourceQuota", one, other) == [KEY]
    assert keys("ResourceQuota", one, {**one, "status": {"hard": {"pods": "1"}}}) == []


@pytest.mark.parametrize(
    ("kind", "old", "new", "looks"),
    [
        ("Pod", None, pod("a"), False),
        ("Pod", pod("a"), None, True),
        ("Pod", pod("a", "Pending"), pod("a"), False),
        ("Pod", pod("a"), pod("a", "Failed"), True),
        ("Pod", pod("a", "Failed"), pod("a", "Failed"), False),
        ("Pod", pod("a"), pod("a", activeDeadlineSeconds=5), True),
        ("PersistentVolumeClaim", claim("a", "2Gi"), claim("a", "1Gi"), True),
        ("Service", obj("Service", "a", type="NodePort"), obj("Service", "a", type="ClusterIP"), True),
        ("Service", obj("Service", "a", type="ClusterIP"), obj("Service", "a", type="ExternalName"), False),
        ("ConfigMap", obj("ConfigMap", "a"), None, True),
        ("ConfigMap", obj("ConfigMap", "a"), obj("ConfigMap", "a"), False),
        ("Secret", obj("Secret", "a"), None, False),
    ],
)
def test_what_frees_something_of_a_quota_has_it_count_anew(
    kind: str, old: Obj | None, new: Obj | None, looks: bool
) -> None:
    counted = {"pods": "1", "requests.storage": "1", "services.nodeports": "1", "configmaps": "1"}
    there = quota(counted, {"hard": counted})

    assert keys(kind, old, new, there) == ([KEY] if looks else [])
    assert keys(kind, old, new) == []


def test_all_quotas_are_counted_now_and_then() -> None:
    assert list(CONTROLLER.resync_keys(Cache((quota({}), pod("a"))))) == [KEY]
    assert CONTROLLER.resync_period == 300.0
