"""An eviction asks the Pod's budget first, has it remember, and marks the Pod."""

from __future__ import annotations

from typing import Any

import pytest

from core import models
from core.apimachinery.errors import ApiError, Conflict, NotFound, TooManyRequests
from core.apimachinery.meta import Obj, Ref, condition_of
from core.apimachinery.timestamps import timestamp
from core.apiserver.eviction import evict
from core.apiserver.registry.deletion import DeleteOptions
from core.apiserver.registry.generic import Registry
from core.apiserver.store import Store
from core.sim.settings import Settings

pytestmark = pytest.mark.django_db(transaction=True)

NOW = 1_700_000_000.0
POD = Ref("Pod", "default", "web-0")
PDB = Ref("PodDisruptionBudget", "default", "pdb")
ALLOWED = {
    "observedGeneration": 1,
    "disruptionsAllowed": 1,
    "currentHealthy": 3,
    "desiredHealthy": 2,
    "expectedPods": 3,
}
EXHAUSTED = {**ALLOWED, "disruptionsAllowed": 0, "currentHealthy": 2}


@pytest.fixture
def registry() -> Registry:
    store = Store(models.Cluster.objects.create(name="test", started=NOW, now=NOW))
    return Registry(store, Settings())


def put_pod(registry: Registry, *, ready: str = "True", phase: str = "Running", **meta: Any) -> Obj:
    conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": timestamp(NOW)}]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "web-0",
            "namespace": "default",
            "uid": "u",
            "generation": 1,
            "labels": {"app": "nginx"},
            "creationTimestamp": timestamp(NOW),
            **meta,
        },
        "spec": {"nodeName": "node-1", "containers": []},
        "status": {"phase": phase, "conditions": conditions},
    }
    return registry.store.create(pod, "test")


def put_budget(registry: Registry, status: Obj, *, name: str = "pdb", **spec: Any) -> None:
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "default", "uid": name, "generation": 1},
        "spec": {"selector": {"matchLabels": {"app": "nginx"}}, **spec},
        "status": status,
    }
    registry.store.create(budget, "test")


def refused(registry: Registry, options: DeleteOptions | None = None) -> ApiError:
    before = registry.store.revision
    with pytest.raises(ApiError) as error:
        evict(registry, POD, options or DeleteOptions(), "test")
    assert registry.store.revision == before, "refused means unchanged"
    return error.value


def cause(error: ApiError) -> str:
    assert isinstance(error, TooManyRequests)
    assert error.message == "Cannot evict pod as it would violate the pod's disruption budget."
    ((found),) = error.details["causes"]
    assert found["reason"] == "DisruptionBudget"
    return str(found["message"])


def test_a_pod_without_a_budget_is_marked_and_deleted(registry: Registry) -> None:
    """API-S4"""
    put_pod(registry)

    pod = evict(registry, POD, DeleteOptions(), "test")

    assert "deletionTimestamp" in pod["metadata"]
    assert condition_of(pod, "DisruptionTarget") == {
        "type": "DisruptionTarget",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": timestamp(NOW),
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
        "observedGeneration": 1,
    }


def test_a_budget_that_allows_it_remembers(registry: Registry) -> None:
    """API-S4"""
    put_pod(registry)
    put_budget(registry, ALLOWED)

    evict(registry, POD, DeleteOptions(), "test")

    status = registry.get(PDB)["status"]
    assert (status["disruptionsAllowed"], status["disruptedPods"]) == (0, {"web-0": timestamp(NOW)})
    (condition,) = status["conditions"]
    assert (condition["status"], condition["reason"]) == ("False", "InsufficientPods")


def test_a_budget_with_nothing_left_refuses(registry: Registry) -> None:
    """API-S4: without Retry-After"""
    put_pod(registry)
    put_budget(registry, EXHAUSTED)

    error = refused(registry)

    assert cause(error) == "The disruption budget pdb needs 2 healthy pods and has 2 currently"
    assert set(error.details) == {"causes"}


def test_a_budget_that_was_just_changed_asks_for_patience(registry: Registry) -> None:
    put_pod(registry)
    put_budget(registry, {**ALLOWED, "observedGeneration": 0})

    error = refused(registry)

    assert cause(error) == "The disruption budget pdb is still being processed by the server."
    assert error.details["retryAfterSeconds"] == 10


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("SyncFailed", "does not allow evicting pods currently because it failed sync: oh"),
        ("Other", "does not allow evicting pods currently (Other): oh"),
    ],
)
def test_a_budget_says_why_it_allows_nothing(registry: Registry, reason: str, words: str) -> None:
    condition = {"type": "DisruptionAllowed", "status": "False", "reason": reason, "message": "oh"}
    put_pod(registry)
    put_budget(registry, {**ALLOWED, "disruptionsAllowed": 0, "conditions": [condition]})

    assert cause(refused(registry)) == f"The disruption budget pdb {words}"


def test_a_budget_that_promised_too_much_promises_nothing_more(registry: Registry) -> None:
    put_pod(registry)
    put_budget(registry, {**ALLOWED, "disruptedPods": {f"p-{n}": timestamp(NOW) for n in range(2001)}})

    error = refused(registry)

    assert (error.code, error.message.partition(":")[0]) == (
        403,
        'poddisruptionbudget.policy "pdb" is forbidden',
    )


def test_two_budgets_are_one_too_many(registry: Registry) -> None:
    put_pod(registry)
    put_budget(registry, ALLOWED)
    put_budget(registry, ALLOWED, name="other")

    status = refused(registry).status()

    assert (status["code"], "reason" in status) == (500, False)
    assert status["message"] == (
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    )


@pytest.mark.parametrize(
    "pod",
    [
        {"phase": "Pending"},
        {"phase": "Succeeded"},
        {"phase": "Failed"},
        {"deletionTimestamp": timestamp(NOW + 30), "deletionGracePeriodSeconds": 30},
    ],
    ids=lambda pod: pod.get("phase", "going"),
)
def test_who_serves_nobody_may_go_whatever_the_budget(registry: Registry, pod: Obj) -> None:
    put_pod(registry, **pod)
    put_budget(registry, EXHAUSTED)

    evict(registry, POD, DeleteOptions(), "test")

    assert registry.get(PDB)["status"] == EXHAUSTED


@pytest.mark.parametrize(
    ("policy", "healthy", "goes"),
    [(None, 2, True), ("IfHealthyBudget", 2, True), (None, 1, False), ("AlwaysAllow", 1, True)],
)
def test_who_is_not_ready_may_go_when_enough_others_are(
    registry: Registry, policy: str | None, healthy: int, goes: bool
) -> None:
    """unhealthyPodEvictionPolicy"""
    put_pod(registry, ready="False")
    spec = {"unhealthyPodEvictionPolicy": policy} if policy else {}
    put_budget(registry, {**EXHAUSTED, "currentHealthy": healthy}, **spec)

    if goes:
        evict(registry, POD, DeleteOptions(), "test")
        assert "disruptedPods" not in registry.get(PDB)["status"]
    else:
        assert "needs 2 healthy pods and has 1 currently" in cause(refused(registry))


def test_its_preconditions_are_of_the_pod_as_it_was(registry: Registry) -> None:
    """API-X2"""
    version = put_pod(registry)["metadata"]["resourceVersion"]

    assert isinstance(refused(registry, DeleteOptions(resource_version="999")), Conflict)
    assert isinstance(refused(registry, DeleteOptions(uid="other")), Conflict)
    pod = evict(registry, POD, DeleteOptions(resource_version=version), "test")
    assert "deletionTimestamp" in pod["metadata"]


def test_a_pod_that_is_not_there_is_not_found(registry: Registry) -> None:
    assert isinstance(refused(registry), NotFound)
