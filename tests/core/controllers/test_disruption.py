"""How many of a budget's Pods are healthy, how many may be evicted, and what is said about that."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref, condition_of
from core.apimachinery.timestamps import timestamp
from core.client.actions import NOTHING, Plan, RecordEvent, UpdateStatus
from core.client.cache import Cache
from core.controllers.disruption import DisruptionController
from core.sim.settings import Settings
from tests.core.controllers.cast import BORN, NOW, pod

KEY = Ref("PodDisruptionBudget", "default", "pdb")
CONTROLLER = DisruptionController(Settings())
LABELS = {"app": "nginx"}
ZERO = {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}
MARK = {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": timestamp(NOW - 60)}


def budget(status: Obj | None = None, *, name: str = "pdb", **spec: Any) -> Obj:
    meta = {"name": name, "namespace": "default", "uid": name, "generation": 1}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": meta,
        "spec": {"selector": {"matchLabels": LABELS}, **spec},
        "status": status or ZERO,
    }


def owner(kind: str, name: str, replicas: int, above: Obj | None = None) -> Obj:
    meta = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    if above:
        meta["ownerReferences"] = [reference(above)]
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": {"replicas": replicas}}


def reference(obj: Obj) -> Obj:
    meta = obj["metadata"]
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }


WEB = owner("StatefulSet", "web", 3)


def web(number: int, *, of: Obj | None = WEB, **fields: Any) -> Obj:
    meta: Obj = {"labels": LABELS, **fields.pop("metadata", {})}
    if of:
        meta["ownerReferences"] = [reference(of)]
    return pod(f"web-{number}", metadata=meta, **fields)


PODS = tuple(web(number) for number in range(3))


def sync(*objects: Obj, now: float = NOW, key: Ref = KEY) -> Plan:
    return CONTROLLER.sync(Cache(objects), key, now)


def status_of(plan: Plan) -> Obj:
    (write,) = [action for action in plan.actions if isinstance(action, UpdateStatus)]
    status: Obj = write.obj["status"]
    return status


def told(plan: Plan) -> list[tuple[str, str, str]]:
    return [(a.type, a.reason, a.message) for a in plan.actions if isinstance(a, RecordEvent)]


def counted(plan: Plan) -> tuple[int, int, int, int]:
    """Expected, desired, healthy, allowed."""
    names = ("expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed")
    status = status_of(plan)
    return tuple(status[name] for name in names)  # type: ignore[return-value]


def test_it_says_what_it_has_found() -> None:
    """NF16"""
    plan = sync(budget(minAvailable=2), WEB, *PODS)

    assert status_of(plan) == {
        "observedGeneration": 1,
        "expectedPods": 3,
        "desiredHealthy": 2,
        "currentHealthy": 3,
        "disruptionsAllowed": 1,
        "conditions": [
            {
                "type": "DisruptionAllowed",
                "status": "True",
                "reason": "SufficientPods",
                "message": "",
                "observedGeneration": 1,
                "lastTransitionTime": timestamp(NOW),
            }
        ],
    }
    assert plan.because == "3 Pods are healthy and 2 must be: 1 may be evicted"


@pytest.mark.parametrize(
    ("spec", "counts"),
    [
        ({"minAvailable": 3}, (3, 3, 3, 0)),
        ({"minAvailable": 5}, (3, 5, 3, 0)),
        ({"minAvailable": "50%"}, (3, 2, 3, 1)),
        ({"minAvailable": "0%"}, (3, 0, 3, 3)),
        ({"maxUnavailable": 1}, (3, 2, 3, 1)),
        ({"maxUnavailable": 9}, (3, 0, 3, 3)),
        ({"maxUnavailable": "50%"}, (3, 1, 3, 2)),
        ({"maxUnavailable": 0}, (3, 3, 3, 0)),
        ({}, (0, 0, 3, 0)),
    ],
)
def test_either_bound_counts_and_percentages_round_up(spec: Obj, counts: tuple[int, ...]) -> None:
    """NF16"""
    assert counted(sync(budget(**spec), WEB, *PODS)) == counts


def test_percentages_are_of_what_the_controllers_want() -> None:
    """One Pod of three is there yet."""
    assert counted(sync(budget(minAvailable="50%"), WEB, web(0))) == (3, 2, 1, 0)
    assert counted(sync(budget(minAvailable=1), WEB, web(0))) == (1, 1, 1, 0)


def test_the_deployment_counts_not_its_replica_set() -> None:
    deployment = owner("Deployment", "shop", 4)
    replica_set = owner("ReplicaSet", "shop-1", 3, deployment)
    pods = [web(n, of=replica_set) for n in range(2)]

    assert counted(sync(budget(maxUnavailable=1), deployment, replica_set, *pods))[0] == 4
    assert counted(sync(budget(maxUnavailable=1), replica_set, *pods))[0] == 3


def test_pods_that_are_not_ready_or_going_are_not_healthy() -> None:
    """NF16: a terminating Pod counts as expected until it is gone."""
    going = web(1, metadata={"deletionTimestamp": BORN})

    assert counted(sync(budget(minAvailable=1), web(0), going, web(2, ready="False"))) == (3, 1, 1, 0)


def test_nothing_is_written_twice() -> None:
    first = status_of(sync(budget(minAvailable=2), WEB, *PODS))

    assert sync(budget(first, minAvailable=2), WEB, *PODS, now=NOW + 9).actions == ()


def test_a_new_generation_is_told() -> None:
    first = status_of(sync(budget(minAvailable=2), WEB, *PODS))
    changed = budget(first, minAvailable=2)
    changed["metadata"]["generation"] = 2

    assert status_of(sync(changed, WEB, *PODS))["observedGeneration"] == 2


def test_without_pods_nothing_is_allowed_and_it_says_so() -> None:
    plan = sync(budget(minAvailable=0))

    assert told(plan) == [("Normal", "NoPods", "No matching pods found")]
    assert counted(plan) == (0, 0, 0, 0)
    assert [a.component for a in plan.actions if isinstance(a, RecordEvent)] == ["controllermanager"]


@pytest.mark.parametrize("selector", [None, {"matchLabels": {"app": "db"}}])
def test_it_is_about_the_pods_it_selects(selector: Obj | None) -> None:
    assert counted(sync(budget(minAvailable=1, selector=selector), WEB, *PODS))[0] == 0


def test_an_empty_selector_means_every_pod() -> None:
    assert counted(sync(budget(minAvailable=1, selector={}), WEB, *PODS))[0] == 3


def test_pods_without_a_controller_are_told_of_and_not_counted() -> None:
    selector = {"matchLabels": LABELS, "matchExpressions": [{"key": "app", "operator": "Exists"}]}
    plan = sync(budget(maxUnavailable=1, selector=selector), web(0, of=None))

    ((kind, reason, message),) = told(plan)
    assert (kind, reason) == ("Warning", "UnmanagedPods")
    assert message.startswith(
        "Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string"
        "{app: nginx,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:app,"
        "Operator:Exists,Values:[],},},}) were found to be unmanaged. As a result, the status of the PDB"
    )
    assert counted(plan) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (owner("StatefulSet", "gone", 3), 'found no controllers for pod "web-0"'),
        (
            {**owner("Node", "node-1", 0), "apiVersion": "v1"},
            "nodes does not implement the scale subresource",
        ),
        (
            {**owner("Rollout", "r", 3), "apiVersion": "example.com/v1"},
            'no matches for kind "Rollout" in version "example.com/v1"',
        ),
    ],
)
def test_while_nobody_knows_how_many_there_should_be_nothing_is_allowed(of: Obj, why: str) -> None:
    plan = sync(budget({**ZERO, "disruptionsAllowed": 2}, maxUnavailable=1), web(0, of=of))

    text = f"Failed to calculate the number of expected pods: {why}"
    assert told(plan) == [("Warning", "CalculateExpectedPodCountFailed", text)]
    status = status_of(plan)
    assert status["disruptionsAllowed"] == 0
    (condition,) = status["conditions"]
    assert (condition["status"], condition["reason"], condition["message"]) == ("False", "SyncFailed", why)
    again = sync(budget(status, maxUnavailable=1), web(0, of=of))
    assert not [action for action in again.actions if isinstance(action, UpdateStatus)]


# -- Pods whose eviction was promised --------------------------------------------------------------


def test_a_pod_that_is_about_to_be_evicted_is_not_healthy() -> None:
    promised = {**ZERO, "disruptedPods": {"web-0": timestamp(NOW - 20), "gone": timestamp(NOW)}}

    plan = sync(budget(promised, minAvailable=2), WEB, *PODS)

    assert counted(plan) == (3, 2, 2, 0)
    assert status_of(plan)["disruptedPods"] == {"web-0": timestamp(NOW - 20)}
    assert plan.requeue_after == pytest.approx(100.0, abs=0.01)


def test_after_two_minutes_nobody_believes_it_any_more() -> None:
    promised = {**ZERO, "disruptedPods": {"web-0": timestamp(NOW - 121)}}

    plan = sync(budget(promised, minAvailable=2), WEB, *PODS)

    text = "Pod was expected by PDB default/default to be deleted but it wasn't"
    assert told(plan) == [("Warning", "NotDeleted", text)]
    assert counted(plan) == (3, 2, 3, 1)
    assert "disruptedPods" not in status_of(plan)


def test_a_pod_that_goes_is_promised_no_longer() -> None:
    promised = {**ZERO, "disruptedPods": {"web-0": timestamp(NOW)}}
    going = web(0, metadata={"deletionTimestamp": BORN})

    assert "disruptedPods" not in status_of(sync(budget(promised, minAvailable=2), WEB, going, web(1)))


# -- Pods ------------------------------------------------------------------------------------------

POD = Ref("Pod", "default", "web-0")


def marked(**fields: Any) -> Obj:
    return web(0, status={"conditions": [MARK], **fields.pop("status", {})}, **fields)


def test_a_mark_that_nothing_follows_is_taken_back() -> None:
    early = sync(marked(), key=POD)
    late = sync(marked(), key=POD, now=NOW + 60)

    assert (early.actions, early.requeue_after) == ((), 60.0)
    (write,) = late.actions
    assert isinstance(write, UpdateStatus)
    assert condition_of(write.obj, "DisruptionTarget") == {
        "type": "DisruptionTarget",
        "status": "False",
        "lastProbeTime": None,
        "observedGeneration": 1,
        "lastTransitionTime": timestamp(NOW + 60),
    }


@pytest.mark.parametrize(
    "obj",
    [
        marked(metadata={"deletionTimestamp": BORN}),
        marked(status={"phase": "Failed"}),
        web(0, status={"conditions": [{**MARK, "reason": "TerminationByKubelet"}]}),
    ],
    ids=["going", "ended", "the kubelet's"],
)
def test_these_marks_stay(obj: Obj) -> None:
    assert sync(obj, key=POD, now=NOW + 999).actions == ()
    assert list(CONTROLLER.watches["Pod"](Cache(), None, obj)) == []


def test_two_budgets_for_one_pod_are_told_of() -> None:
    both = [budget(), budget(name="other")]

    refs = list(CONTROLLER.watches["Pod"](Cache(both), None, web(0)))
    plan = sync(*both, web(0), key=POD)

    assert refs == [KEY, Ref("PodDisruptionBudget", "default", "other"), POD]
    text = 'Pod "default"/"web-0" matches multiple PodDisruptionBudgets.  Chose "pdb" arbitrarily.'
    assert told(plan) == [("Warning", "MultiplePodDisruptionBudgets", text)]


def test_a_pod_concerns_its_budget_also_when_it_is_gone() -> None:
    view = Cache([budget()])

    assert list(CONTROLLER.watches["Pod"](view, web(0), None)) == [KEY]
    assert list(CONTROLLER.watches["Pod"](view, None, pod("db-0"))) == []


def test_nothing_is_to_be_said_of_what_is_gone() -> None:
    assert sync() is NOTHING
