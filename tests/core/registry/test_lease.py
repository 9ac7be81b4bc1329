"""A lease says for how long; an update of it says what it has seen."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj
from tests.core.registry.cast import created, refusals, update_refusals


def lease(**spec: Any) -> Obj:
    meta = {"name": "node-1", "namespace": "default"}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec}


@pytest.mark.parametrize(
    ("spec", "refusal"),
    [
        (
            {"leaseDurationSeconds": 0},
            "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
        ),
        (
            {"leaseTransitions": -1},
            "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            {"strategy": "Mine"},
            'spec.strategy.strategy: Unsupported value: "Mine": supported values: "OldestEmulationVersion"',
        ),
        (
            {"preferredHolder": "me"},
            "spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined",
        ),
    ],
)
def test_what_it_says_is_checked(spec: Obj, refusal: str) -> None:
    """VAL-K5"""
    assert refusals(lease(**spec)) == [refusal]
    assert update_refusals(lease(**spec), created(lease())) == [refusal]


def test_these_are_fine() -> None:
    assert refusals(lease()) == []
    assert refusals(lease(holderIdentity="me", leaseDurationSeconds=40)) == []
    assert refusals(lease(strategy="example.com/mine", preferredHolder="me")) == []
