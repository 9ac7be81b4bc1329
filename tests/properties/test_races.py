"""Races on purpose: whatever lags, in whatever order the queues are worked, the laws hold.

``make races`` plays thousands: RACES of them, from seed RACES_FROM. What fails names its seed, and RACE=seed
plays that one alone.
"""

from __future__ import annotations

import os

import pytest

from tests.properties.racelaws import LawBroken
from tests.properties.racing import Race, Script

if one := os.environ.get("RACE"):
    SEEDS = range(int(one), int(one) + 1)
else:
    FIRST = int(os.environ.get("RACES_FROM", "0"))
    SEEDS = range(FIRST, FIRST + int(os.environ.get("RACES", "300")))
A_TEST = 10
COMPARED = 3  # of so many races one is run again without lag


@pytest.mark.django_db
@pytest.mark.parametrize("first", SEEDS[::A_TEST])
def test_the_laws_hold_and_the_end_is_the_same_as_without_lag(first: int) -> None:
    """INV1, INV2, INV3, INV4, INV6, INV8, INV9, INV12, INV15"""
    for seed in range(first, min(first + A_TEST, SEEDS.stop)):
        script = Script.of(seed)
        try:
            outcome = Race(script).play()
        except (LawBroken, AssertionError) as broken:
            raise AssertionError(f"RACE={seed}: {broken}") from broken
        if seed % COMPARED == 0 or len(SEEDS) == 1:
            assert outcome == Race(script, lags=False).play(), f"RACE={seed}"


def test_a_seed_is_a_race() -> None:
    """SIM5"""
    assert Script.of(7) == Script.of(7)
    assert Script.of(7) != Script.of(8)
