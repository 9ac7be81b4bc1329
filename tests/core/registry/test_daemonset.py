"""A DaemonSet: its defaults, the generation of its template, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, copied
from tests.core.registry.cast import created, refusals, update_refusals, updated

LABELS = {"app": "agent"}
CONTAINERS = [{"name": "agent", "image": "agent"}]
GENERATION = "deprecated.daemonset.template.generation"
STRATEGY = "spec.updateStrategy.rollingUpdate"


def agent(**spec: Any) -> Obj:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": CONTAINERS}}
    meta = {"name": "agent", "namespace": "default"}
    full = {"selector": {"matchLabels": LABELS}, "template": template, **spec}
    spec = {key: value for key, value in full.items() if value is not None}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta, "spec": spec}


def test_one_pod_may_be_missing_and_none_too_many_unless_it_says_so() -> None:
    made = created(agent())

    rolling = {"maxUnavailable": 1, "maxSurge": 0}
    assert made["spec"]["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}
    assert made["spec"]["revisionHistoryLimit"] == 10
    assert made["status"] == {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    }
    assert refusals(agent()) == []
    assert (
        "rollingUpdate" not in created(agent(updateStrategy={"type": "OnDelete"}))["spec"]["updateStrategy"]
    )


def test_only_a_new_template_counts_as_one() -> None:
    old = created(agent())
    assert (old["metadata"]["generation"], old["metadata"]["annotations"]) == (1, {GENERATION: "1"})

    patient = updated(agent(minReadySeconds=5), old)
    assert (patient["metadata"]["generation"], patient["metadata"]["annotations"]) == (2, {GENERATION: "1"})

    image = copied(patient)
    image["spec"]["template"]["spec"]["containers"][0]["image"] = "agent:2"
    new = updated(image, patient)
    assert (new["metadata"]["generation"], new["metadata"]["annotations"]) == (3, {GENERATION: "2"})


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {"selector": None},
            [
                'spec.template.metadata.labels: Invalid value: {"app":"agent"}:'
                " `selector` does not match template `labels`"
            ],
        ),
        (
            {"selector": {}},
            ["spec.selector: Invalid value: {}: empty selector is invalid for daemonset"],
        ),
        (
            {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": "10%"}}},
            [f'{STRATEGY}.maxSurge: Invalid value: "10%": may not be set when maxUnavailable is non-zero'],
        ),
        (
            {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 0}}},
            [f"{STRATEGY}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"],
        ),
        (
            {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": "101%"}}},
            [f'{STRATEGY}.maxSurge: Invalid value: "101%": must not be greater than 100%'],
        ),
        (
            {"minReadySeconds": -1, "revisionHistoryLimit": -1},
            [
                "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
                "spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
            ],
        ),
    ],
)
def test_what_is_refused(spec: Obj, expected: list[str]) -> None:
    assert refusals(agent(**spec)) == expected


def test_a_pod_that_ends_is_none_for_a_daemon() -> None:
    meta = {"labels": LABELS}
    ends = {"metadata": meta, "spec": {"containers": CONTAINERS, "restartPolicy": "Never"}}
    assert refusals(agent(template=ends)) == [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'
    ]


def test_the_selector_stays() -> None:
    old = created(agent())
    other = agent(
        selector={"matchLabels": LABELS, "matchExpressions": [{"key": "app", "operator": "Exists"}]}
    )
    assert "field is immutable" in update_refusals(other, old)[0]
