"""Deployment, ReplicaSet and ControllerRevision strategies against workloads.md 1.2, 3 and recording 19."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, replaced
from tests.core.registry.workloads import (
    RECORDED,
    created,
    front,
    front_replicas,
    refusals_of_create,
    refusals_of_status,
    refusals_of_update,
    template,
    updated,
)

SELECTOR = {"matchLabels": {"app": "front"}}


def test_the_manifest_front_gets_every_default_that_was_recorded() -> None:
    """DP1, golden 19"""
    assert created(front())["spec"] == RECORDED["Deployment"]["spec"]


def test_a_replica_set_gets_no_strategy_and_no_history_limit() -> None:
    """DP1, golden 19"""
    bare = front_replicas(selector=SELECTOR, replicas=None)
    made = created(bare)["spec"]
    assert sorted(made) == ["replicas", "selector", "template"]
    assert made["replicas"] == 1
    recorded = RECORDED["ReplicaSet"]["spec"]
    assert created({**bare, "spec": recorded})["spec"] == recorded


@pytest.mark.parametrize(("make", "status"), [(front, {}), (front_replicas, {"replicas": 0})])
def test_is_born_with_generation_1_and_its_first_status(make: Any, status: Any) -> None:
    """STS-D12"""
    obj = created({**make(), "status": {"replicas": 9}})
    assert (obj["metadata"]["generation"], obj["status"]) == (1, status)


def test_an_annotation_is_a_generation_of_a_deployment_and_not_of_a_replica_set() -> None:
    """API-U6"""
    for make, generation in ((front, 2), (front_replicas, 1)):
        old = created(make())
        new = updated(replaced(old, "metadata.annotations", {"a": "b"}), old)
        assert new["metadata"]["generation"] == generation


@pytest.mark.parametrize(
    ("strategy", "text"),
    [
        (
            {"type": "Foo"},
            'spec.strategy: Unsupported value: {"Type":"Foo","RollingUpdate":null}: '
            'supported values: "Recreate", "RollingUpdate"',
        ),
        (
            {"type": "Recreate", "rollingUpdate": {}},
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
        ),
        (
            {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": "0%"}},
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
        ),
        (
            {"rollingUpdate": {"maxUnavailable": "101%"}},
            'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": '
            "must not be greater than 100%",
        ),
        (
            {"rollingUpdate": {"maxSurge": "many"}},
            'spec.strategy.rollingUpdate.maxSurge: Invalid value: "many": a valid percent string must be a '
            "numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is "
            "'[0-9]+%')",
        ),
    ],
)
def test_refuses_a_strategy(strategy: Any, text: str) -> None:
    assert refusals_of_create(front(strategy=strategy)) == [text]


def test_the_deadline_must_leave_time_to_be_ready() -> None:
    assert refusals_of_create(front(progressDeadlineSeconds=5, minReadySeconds=5)) == [
        "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"
    ]


def test_a_malformed_selector_hides_the_template_and_is_named_again() -> None:
    """VAL-L4"""
    selector = {"matchExpressions": [{"key": "app", "operator": "Foo"}]}
    assert refusals_of_create(front(selector=selector, template=template())) == [
        'spec.selector.matchExpressions[0].operator: Invalid value: "Foo": not a valid selector operator',
        'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Foo"}]}: '
        "invalid label selector",
    ]


@pytest.mark.parametrize("make", [front, front_replicas])
def test_the_selector_is_immutable(make: Any) -> None:
    """RS9"""
    old = created(make())
    both = replaced(old, "spec.selector", {"matchLabels": {"app": "x"}})
    both = replaced(both, "spec.template.metadata.labels", {"app": "x"})
    text = 'spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable'
    assert refusals_of_update(both, old) == [text]


@pytest.mark.parametrize("make", [front, front_replicas])
def test_a_status_counts_no_more_available_than_ready(make: Any) -> None:
    status = {"replicas": 3, "readyReplicas": 1, "availableReplicas": 2}
    text = "status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas"
    assert refusals_of_status(make(), status) == [text]


def a_revision(**fields: Any) -> Obj:
    meta = {"name": "web-1", "namespace": "default"}
    return {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": meta, **fields}


def test_a_revision_needs_data_and_a_number_of_at_least_0() -> None:
    """STS-V20"""
    assert refusals_of_create(a_revision(revision=-1)) == [
        "data: Required value: data is mandatory",
        "revision: Invalid value: -1: must be greater than or equal to 0",
    ]


def test_a_revisions_number_may_change_and_its_data_may_not() -> None:
    """STS-V20, VAL-K4"""
    old = created(a_revision(revision=1, data={"a": 1}))
    assert refusals_of_update({**old, "revision": 3}, old) == []
    assert refusals_of_update({**old, "data": {"a": 2}}, old) == [
        'data: Invalid value: {"a":2}: field is immutable'
    ]
