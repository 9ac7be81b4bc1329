"""PriorityClasses, and what admission makes of a Pod that names one or none."""

from __future__ import annotations

from typing import Any

import pytest

from core.api.priorities import SYSTEM_CLASSES
from core.apimachinery.errors import Forbidden
from core.apimachinery.meta import Obj
from core.apiserver import admission
from tests.core.registry.cast import context, created, refusals, update_refusals


def priority_class(name: str = "high", value: int = 1000, **fields: Any) -> Obj:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": value,
        "preemptionPolicy": "PreemptLowerPriority",
        **fields,
    }


def pod(**spec: Any) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "default"},
        "spec": {"containers": [{"name": "c", "image": "nginx"}], **spec},
    }


HIGH = priority_class()
MEEK = priority_class("meek", 500, preemptionPolicy="Never")
DEFAULT = priority_class("usual", 10, globalDefault=True)


def test_a_class_preempts_unless_told_otherwise() -> None:
    stored = created({**priority_class(), "preemptionPolicy": None, "value": None})

    assert (stored["preemptionPolicy"], stored["value"]) == ("PreemptLowerPriority", 0)
    assert stored["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (priority_class(value=1_000_000_000), []),
        (
            priority_class(value=1_000_000_001),
            ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"],
        ),
        (
            priority_class("system-mine"),
            [
                "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system"
                " use only. error: system-mine is not a known system priority class"
            ],
        ),
        (
            priority_class("system-node-critical"),
            [
                "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system"
                " use only. error: value of system-node-critical PriorityClass must be 2000001000"
            ],
        ),
        (
            priority_class("system-node-critical", 2_000_001_000, globalDefault=True),
            [
                "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system"
                " use only. error: globalDefault of system-node-critical PriorityClass must be false"
            ],
        ),
        (
            priority_class(preemptionPolicy="Sometimes"),
            [
                'preemptionPolicy: Unsupported value: "Sometimes": supported values: "PreemptLowerPriority",'
                ' "Never"'
            ],
        ),
        (priority_class(preemptionPolicy=""), ["preemptionPolicy: Required value"]),
        *((one, []) for one in SYSTEM_CLASSES),
    ],
)
def test_refuses_with_every_finding(given: Obj, expected: list[str]) -> None:
    assert refusals(given) == expected


def test_number_and_policy_stay_as_they_are() -> None:
    found = update_refusals(priority_class(value=7, preemptionPolicy="Never", description="new"), HIGH)

    assert found == [
        "value: Forbidden: may not be changed in an update.",
        'preemptionPolicy: Invalid value: "Never": field is immutable',
    ]
    assert update_refusals({**HIGH, "description": "new", "globalDefault": True}, HIGH) == []


@pytest.mark.parametrize(
    ("spec", "classes", "name", "priority", "policy"),
    [
        ({}, [HIGH], None, 0, "PreemptLowerPriority"),
        ({}, [HIGH, DEFAULT], "usual", 10, "PreemptLowerPriority"),
        ({"priorityClassName": "high"}, [HIGH, DEFAULT], "high", 1000, "PreemptLowerPriority"),
        ({"priorityClassName": "meek"}, [MEEK], "meek", 500, "Never"),
        ({"priorityClassName": "high", "priority": 1000}, [HIGH], "high", 1000, "PreemptLowerPriority"),
    ],
)
def test_a_pods_priority_follows_from_its_class(
    spec: Obj, classes: list[Obj], name: str | None, priority: int, policy: str
) -> None:
    """STS-D11"""
    made = created(pod(**spec), *classes)["spec"]

    assert (made.get("priorityClassName"), made["priority"], made["preemptionPolicy"]) == (
        name,
        priority,
        policy,
    )


def test_of_two_default_classes_the_lower_counts() -> None:
    made = created(pod(), DEFAULT, priority_class("other", 3, globalDefault=True))

    assert made["spec"]["priorityClassName"] == "other"


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"priorityClassName": "none"}, "no PriorityClass with name none was found"),
        (
            {"priorityClassName": "high", "priority": 7},
            "the integer value of priority (7) must not be provided in pod spec; priority admission"
            " controller computed 1000 from the given PriorityClass name",
        ),
        (
            {"preemptionPolicy": "Never"},
            "the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority"
            " admission controller computed PreemptLowerPriority from the given PriorityClass name",
        ),
    ],
)
def test_a_pod_may_not_say_what_its_class_says(spec: Obj, why: str) -> None:
    with pytest.raises(Forbidden) as refused:
        created(pod(**spec), HIGH)

    assert str(refused.value) == f'pods "p" is forbidden: {why}'


def test_an_update_that_leaves_the_priority_out_keeps_it() -> None:
    old = created(pod(priorityClassName="meek"), MEEK)
    new = pod(priorityClassName="meek")

    admission.admit("UPDATE", new, old, context(MEEK))

    assert (new["spec"]["priority"], new["spec"]["preemptionPolicy"]) == (500, "Never")


def test_there_is_one_default_class() -> None:
    second = priority_class("second", globalDefault=True)
    for verb, given, old in (("CREATE", second, None), ("UPDATE", second, priority_class("second"))):
        with pytest.raises(Forbidden) as refused:
            admission.validate(verb, given, old, context(DEFAULT))
        assert str(refused.value) == (
            'priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass usual is already marked'
            " as default. Only one default can exist"
        )

    assert admission.validate("UPDATE", {**DEFAULT, "description": "x"}, DEFAULT, context(DEFAULT)) == []


def test_the_classes_of_the_system_stay() -> None:
    with pytest.raises(Forbidden) as refused:
        admission.validate("DELETE", SYSTEM_CLASSES[0], SYSTEM_CLASSES[0], context())

    assert str(refused.value) == (
        'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority'
        " class and cannot be deleted"
    )
    assert admission.validate("DELETE", HIGH, HIGH, context()) == []
