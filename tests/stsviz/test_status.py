"""Pace, slider and the sentence of a rollout."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj
from core.client.cache import Cache
from stsviz.pages import status


@pytest.mark.parametrize(
    ("position", "pace"), [(-1, 0.1), (0, 1.0), (1, 10.0), (2, 100.0), (9, 100.0), (-9, 0.1), (0.3, 2.0)]
)
def test_equal_ways_of_the_slider_are_equal_factors(position: float, pace: float) -> None:
    assert status.pace_of_slider(position) == pace


@pytest.mark.parametrize(("pace", "text"), [(0.1, "0.1×"), (1.0, "1×"), (2.5, "2.5×"), (100.0, "100×")])
def test_a_pace_is_written_as_people_say_it(pace: float, text: str) -> None:
    assert status.pace_text(pace) == text


def sts(name: str, wanted: int, ready: int, there: int) -> Obj:
    return {
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "spec": {"replicas": wanted},
        "status": {"readyReplicas": ready, "replicas": there},
    }


def test_a_rollout_says_how_far_it_is_and_nothing_when_it_is_done() -> None:
    assert status.rollout(Cache([sts("web", 1000, 312, 313)])) == "web 312 of 1000 Ready"
    assert status.rollout(Cache([sts("web", 2, 2, 2)])) == ""
    assert status.rollout(Cache([sts("web", 0, 1, 3)])) == "web 1 of 0 Ready, 3 there"
