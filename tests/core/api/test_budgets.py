"""Which Pods a disruption budget is about, and what its condition says."""

from __future__ import annotations

from core.api.budgets import budgets_of, condition_is_up_to_date, with_allowed_condition
from core.apimachinery.meta import Obj

POD = {"metadata": {"name": "web-0", "labels": {"app": "nginx"}}}


def budget(selector: Obj | None, **status: object) -> Obj:
    return {"spec": {"selector": selector} if selector is not None else {}, "status": status}


def test_an_empty_selector_means_every_pod_and_none_means_no_pod() -> None:
    everything, nothing = budget({}), budget(None)
    mine, others = budget({"matchLabels": {"app": "nginx"}}), budget({"matchLabels": {"app": "db"}})

    assert budgets_of([everything, nothing, mine, others], POD) == [everything, mine]


def test_the_condition_follows_from_the_number() -> None:
    allowed = with_allowed_condition({"disruptionsAllowed": 1, "observedGeneration": 3}, "then")
    refused = with_allowed_condition({**allowed, "disruptionsAllowed": 0}, "later")

    assert allowed["conditions"] == [
        {
            "type": "DisruptionAllowed",
            "status": "True",
            "reason": "SufficientPods",
            "message": "",
            "observedGeneration": 3,
            "lastTransitionTime": "then",
        }
    ]
    (condition,) = refused["conditions"]
    assert (condition["status"], condition["reason"]) == ("False", "InsufficientPods")
    assert condition["lastTransitionTime"] == "later"


def test_a_condition_that_says_otherwise_is_out_of_date() -> None:
    status = with_allowed_condition({"disruptionsAllowed": 1}, "then")

    assert condition_is_up_to_date({"status": status})
    assert not condition_is_up_to_date({"status": {**status, "disruptionsAllowed": 0}})
    assert not condition_is_up_to_date({"status": {"disruptionsAllowed": 0}})
