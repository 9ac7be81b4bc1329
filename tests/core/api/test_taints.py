"""Taints and tolerations."""

from __future__ import annotations

import pytest

from core.api.taints import find_untolerated_taint, tolerates

TAINT = {"key": "disk", "value": "slow", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("toleration", "answers"),
    [
        ({"key": "disk", "operator": "Equal", "value": "slow", "effect": "NoSchedule"}, True),
        ({"key": "disk", "value": "slow"}, True),
        ({"key": "disk", "value": "fast"}, False),
        ({"key": "disk", "operator": "Exists"}, True),
        ({"key": "disk", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "zone", "operator": "Exists"}, False),
        ({"operator": "Exists"}, True),
        ({}, False),
    ],
)
def test_which_toleration_answers_a_taint(toleration, answers):
    assert tolerates(toleration, TAINT) is answers


def test_the_first_untolerated_taint_of_an_effect():
    taints = [{"key": "a", "effect": "PreferNoSchedule"}, {"key": "b", "effect": "NoExecute"}, TAINT]

    assert find_untolerated_taint(taints, (), ("NoSchedule", "NoExecute")) == taints[1]
    assert find_untolerated_taint(taints, [{"operator": "Exists"}], ("NoSchedule", "NoExecute")) is None
