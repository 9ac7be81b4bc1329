"""A ReplicationController: what it takes from its template, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj
from core.apiserver.registry import replicationcontroller as strategy
from core.apiserver.registry.deletion import DeleteOptions, before_delete
from tests.core.registry.cast import NOW, created, refusals, update_refusals, updated

LABELS = {"app": "front"}
CONTAINERS = [{"name": "nginx", "image": "nginx"}]


def controller(**spec: Any) -> Obj:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": CONTAINERS}}
    meta = {"name": "front", "namespace": "default"}
    full = {"template": template, **spec}
    spec = {key: value for key, value in full.items() if value is not None}
    return {"apiVersion": "v1", "kind": "ReplicationController", "metadata": meta, "spec": spec}


def test_labels_and_selector_are_those_of_the_template() -> None:
    made = created(controller())

    assert made["spec"]["selector"] == made["metadata"]["labels"] == LABELS
    assert made["spec"]["replicas"] == 1
    assert made["status"] == {"replicas": 0}
    assert refusals(controller()) == []


def test_its_own_selector_stays() -> None:
    more = {"metadata": {"labels": {**LABELS, "tier": "web"}}, "spec": {"containers": CONTAINERS}}

    assert created(controller(template=more, selector=LABELS))["spec"]["selector"] == LABELS


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"template": None}, ["spec.selector: Required value", "spec.template: Required value"]),
        (
            {"replicas": -1, "minReadySeconds": -2},
            [
                "spec.minReadySeconds: Invalid value: -2: must be greater than or equal to 0",
                "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            ],
        ),
        (
            {"selector": {"app": "back"}},
            [
                'spec.template.metadata.labels: Invalid value: {"app":"front"}:'
                " `selector` does not match template `labels`"
            ],
        ),
        (
            {
                "template": {
                    "metadata": {"labels": LABELS},
                    "spec": {"containers": CONTAINERS, "restartPolicy": "Never"},
                }
            },
            ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
        ),
    ],
)
def test_what_is_refused(spec: Obj, expected: list[str]) -> None:
    assert refusals(controller(**spec)) == expected


def test_unlike_a_replica_set_its_selector_may_change() -> None:
    old = created(controller())
    relabelled = {"metadata": {"labels": {"app": "back"}}, "spec": {"containers": CONTAINERS}}
    new = controller(selector={"app": "back"}, template=relabelled)

    assert update_refusals(new, old) == []
    assert updated(new, old)["metadata"]["generation"] == 2


def test_a_name_that_is_no_label_is_warned_of() -> None:
    dotted = {**controller(), "metadata": {"name": "front.end", "namespace": "default"}}

    (warning,) = strategy.warnings(created(dotted), None)
    assert warning.endswith("a DNS label is recommended: [must not contain dots]")
    assert strategy.warnings(created(controller()), None) == []


@pytest.mark.parametrize(("propagation", "stays"), [("", True), ("Orphan", True), ("Background", False)])
def test_a_delete_that_says_nothing_leaves_its_pods(propagation: str, stays: bool) -> None:
    held = before_delete(created(controller()), DeleteOptions(propagation=propagation), NOW)

    assert (held is not None and held["metadata"]["finalizers"] == ["orphan"]) == stays


def test_a_finalizer_says_what_a_delete_does_not() -> None:
    held = created(controller())
    held["metadata"]["finalizers"] = ["foregroundDeletion"]

    going = before_delete(held, DeleteOptions(), NOW)

    assert going is not None
    assert going["metadata"]["finalizers"] == ["foregroundDeletion"]
