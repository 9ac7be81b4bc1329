"""A ResourceQuota: names it can count, amounts, scopes that fit them, a status of its own."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj
from core.apiserver.registry import resourcequota as strategy
from tests.core.registry.cast import context, created, refusals, texts, update_refusals, updated

PATH = "spec.scopeSelector.matchExpressions"


def quota(*, status: Obj | None = None, **spec: Any) -> Obj:
    meta = {"name": "small", "namespace": "default"}
    found = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": spec}
    return found if status is None else {**found, "status": status}


def selected(scope: str, operator: str, *values: str) -> Obj:
    one = {"scopeName": scope, "operator": operator, **({"values": list(values)} if values else {})}
    return quota(hard={"pods": "1"}, scopeSelector={"matchExpressions": [one]})


def test_amounts_become_canonical_and_the_status_is_nobodys_to_give() -> None:
    made = created(quota(hard={"pods": 2, "cpu": "0.5"}, status={"hard": {"pods": "9"}}))

    assert made == quota(hard={"pods": "2", "cpu": "500m"}, status={})
    old = quota(hard={"pods": "2"}, status={"hard": {"pods": "2"}})
    assert updated(quota(hard={"pods": "3"}), old)["status"] == old["status"]


@pytest.mark.parametrize(
    ("name", "amount", "expected"),
    [
        ("pods", "1", []),
        ("count/widgets.example.com", "1", []),
        ("gold.storageclass.storage.k8s.io/requests.storage", "1Gi", []),
        ("requests.hugepages-2Mi", "1Gi", []),
        ("limits.cpu", "500m", []),
        ("storage", "1", ['Invalid value: "storage": must be a standard resource for quota']),
        (
            "apples",
            "1",
            [
                'Invalid value: "apples": must be a standard resource type or fully qualified',
                'Invalid value: "apples": must be a standard resource for quota',
            ],
        ),
        ("cpu", "-1", ['Invalid value: "-1": must be greater than or equal to 0']),
        ("pods", "1500m", ['Invalid value: "1500m": must be an integer']),
    ],
)
def test_names_and_amounts_are_judged(name: str, amount: str, expected: list[str]) -> None:
    assert refusals(quota(hard={name: amount})) == [f"spec.hard[{name}]: {text}" for text in expected]


@pytest.mark.parametrize(
    ("scopes", "hard", "expected"),
    [
        (["BestEffort"], {"pods": "1"}, []),
        (["NotBestEffort"], {"pods": "1", "limits.cpu": "1", "count/pods": "1"}, []),
        (["BestEffort"], {"cpu": "1"}, ["unsupported scope applied to resource"]),
        (["Terminating"], {"services": "1"}, ["unsupported scope applied to resource"]),
        (["VolumeAttributesClass"], {"requests.storage": "1"}, []),
        (["Sunny"], {"services": "1"}, ["unsupported scope"]),
        (["Terminating", "NotTerminating"], {"pods": "1"}, ["conflicting scopes"]),
    ],
)
def test_scopes_must_fit_what_is_counted(scopes: list[str], hard: Obj, expected: list[str]) -> None:
    shown = "[" + ",".join(f'"{scope}"' for scope in scopes) + "]"

    assert refusals(quota(hard=hard, scopes=scopes)) == [
        f"spec.scopes: Invalid value: {shown}: {text}" for text in expected
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (selected("PriorityClass", "In", "high"), []),
        (selected("PriorityClass", "DoesNotExist"), []),
        (
            selected("PriorityClass", "In"),
            [
                f"{PATH}.values: Required value: must be at least one value when `operator` is 'In' or"
                " 'NotIn' for scope selector"
            ],
        ),
        (
            selected("PriorityClass", "Exists", "high"),
            [
                f'{PATH}.values: Invalid value: ["high"]: must be no value when `operator` is'
                " 'Exist' or 'DoesNotExist' for scope selector"
            ],
        ),
        (
            selected("PriorityClass", "Near"),
            [f'{PATH}.operator: Invalid value: "Near": not a valid selector operator'],
        ),
        (selected("Sunny", "Exists"), [f'{PATH}.scopeName: Invalid value: "Sunny": unsupported scope']),
        (
            selected("BestEffort", "DoesNotExist"),
            [f'{PATH}.operator: Invalid value: "DoesNotExist": {strategy._MUST_EXIST}'],
        ),
    ],
)
def test_a_scope_selector_must_make_sense(asked: Obj, expected: list[str]) -> None:
    assert refusals(asked) == expected


def test_scopes_stay_in_any_order() -> None:
    old = quota(hard={"pods": "1"}, scopes=["BestEffort", "Terminating"])

    assert update_refusals(quota(hard={"pods": "2"}, scopes=["Terminating", "BestEffort"]), old) == []
    assert update_refusals(quota(hard={"pods": "1"}, scopes=["BestEffort"]), old) == [
        'spec.scopes: Invalid value: ["BestEffort"]: field is immutable'
    ]


def test_a_status_is_judged_as_the_spec_is() -> None:
    new = quota(status={"hard": {"apples": "1"}, "used": {"pods": "-1"}})
    strategy.prepare_for_status_update(new, quota(), context())

    assert texts(strategy.validate_status_update(new, quota())) == [
        'status.hard[apples]: Invalid value: "apples": must be a standard resource type or fully qualified',
        'status.hard[apples]: Invalid value: "apples": must be a standard resource for quota',
        'status.used[pods]: Invalid value: "-1": must be greater than or equal to 0',
    ]


def test_a_new_quota_is_told_that_requests_exceed_limits() -> None:
    odd = quota(hard={"cpu": "2", "limits.cpu": "1", "requests.memory": "1Gi", "limits.memory": "1Gi"})

    assert strategy.warnings(odd, None) == ["ResourceQuota cpu (2) should be less than limits.cpu (1)"]
    assert strategy.warnings(odd, odd) == []
