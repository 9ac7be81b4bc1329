"""EVT-5: an Event goes an hour after it was last written."""

from __future__ import annotations

import pytest

from core.apimachinery.timestamps import timestamp
from core.client.cache import Cache
from core.controllers.eventttl import ALL_EVENTS, EventTTL
from core.sim.settings import Settings

NOW = 1_800_000_000.0


def event(age: float, **more: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": "web-0.1",
            "namespace": "default",
            "uid": "e1",
            "creationTimestamp": timestamp(0),
        },
        "involvedObject": {},
        "lastTimestamp": timestamp(NOW - age),
        **more,
    }


@pytest.mark.parametrize(("age", "deleted"), [(3599, 0), (3600, 1)])
def test_goes_an_hour_after_its_last_write(age: float, deleted: int):
    """EVT-5, ST-8.20"""
    plan = EventTTL(Settings()).sync(Cache([event(age)]), ALL_EVENTS, NOW)

    assert len(plan.actions) == deleted


def test_a_series_counts_from_when_it_was_last_observed():
    seen = event(9999, series={"count": 2, "lastObservedTime": timestamp(NOW - 10)})

    assert EventTTL(Settings()).sync(Cache([seen]), ALL_EVENTS, NOW).actions == ()


def test_goes_earlier_when_told_so():
    plan = EventTTL(Settings(event_ttl=600.0)).sync(Cache([event(601)]), ALL_EVENTS, NOW)

    assert len(plan.actions) == 1
    assert plan.because == "an Event is kept for 10 minutes"
