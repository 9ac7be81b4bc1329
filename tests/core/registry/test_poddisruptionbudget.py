"""A disruption budget has one bound, a generation, and a status that the controller keeps."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj
from core.apiserver.registry import STRATEGIES
from tests.core.registry.cast import created, refusals, update_refusals, updated

ZERO = {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}
CONDITION = {
    "type": "DisruptionAllowed",
    "status": "True",
    "reason": "SufficientPods",
    "message": "",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}


def budget(**spec: Any) -> Obj:
    meta = {"name": "pdb", "namespace": "default"}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec}


def status_refusals(**status: Any) -> list[str]:
    old = created(budget())
    strategy = STRATEGIES["PodDisruptionBudget"]
    return [str(e) for e in strategy.validate_status_update({**old, "status": {**ZERO, **status}}, old)]


def test_it_begins_with_zeros_and_generation_one() -> None:
    """NF16, API-C9"""
    stored = created({**budget(minAvailable=1), "status": {"currentHealthy": 9}})

    assert stored["status"] == ZERO
    assert stored["metadata"]["generation"] == 1


def test_a_change_of_the_spec_counts_and_the_status_stays() -> None:
    """API-U6, API-U8"""
    old = created(budget(minAvailable=1))
    labelled = updated({**budget(minAvailable=1), "status": {"expectedPods": 9}}, old)
    changed = updated(budget(minAvailable=2), old)

    assert (labelled["metadata"].get("generation"), labelled["status"]) == (None, ZERO)
    assert changed["metadata"]["generation"] == 2


def test_it_has_one_bound() -> None:
    assert refusals(budget(minAvailable=1, maxUnavailable="50%", selector={"matchLabels": {"a": "b"}})) == [
        'spec: Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":{"a":"b"}},"MaxUnavailable":"50%",'
        '"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set'
    ]


@pytest.mark.parametrize(
    ("spec", "refusal"),
    [
        ({"minAvailable": -1}, "spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"),
        (
            {"maxUnavailable": "101%"},
            'spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
        ),
        (
            {"unhealthyPodEvictionPolicy": "Never"},
            'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never":'
            ' supported values: "AlwaysAllow", "IfHealthyBudget"',
        ),
        (
            {"selector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}},
            'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
        ),
    ],
)
def test_what_it_says_is_checked(spec: Obj, refusal: str) -> None:
    assert refusals(budget(**spec)) == [refusal]
    assert update_refusals(budget(**spec), created(budget())) == [refusal]


@pytest.mark.parametrize(
    "spec", [{}, {"minAvailable": 0}, {"maxUnavailable": "0%", "unhealthyPodEvictionPolicy": "AlwaysAllow"}]
)
def test_these_are_fine(spec: Obj) -> None:
    assert refusals(budget(**spec)) == []


def test_a_status_is_checked_too() -> None:
    assert status_refusals(conditions=[CONDITION]) == []
    assert status_refusals(disruptionsAllowed=-1) == [
        "status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0"
    ]
    assert status_refusals(conditions=[{"type": "a", "status": "Perhaps", "reason": "Because"}]) == [
        'status.conditions[0].status: Unsupported value: "Perhaps":'
        ' supported values: "False", "True", "Unknown"',
        "status.conditions[0].lastTransitionTime: Required value",
    ]
    assert status_refusals(conditions=[{**CONDITION, "reason": "no reason"}])[0].startswith(
        'status.conditions[0].reason: Invalid value: "no reason": a condition reason must start with'
    )
