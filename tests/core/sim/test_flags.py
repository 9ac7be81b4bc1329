"""Flags as Kubernetes writes them."""

from __future__ import annotations

import pytest

from core.sim import flags


@pytest.mark.parametrize(
    ("flag", "text", "value"),
    [
        ("pvclaimbinder-sync-period", "2s", 2.0),
        ("pvclaimbinder-sync-period", "1m30s", 90.0),
        ("watch-lag", "250ms", 0.25),
        ("watch-lag", "0", 0.0),
        ("max-pods", "250", 250),
        ("max-unavailable-stateful-set", "true", True),
        ("wording", "W33", "W33"),
    ],
)
def test_reads_a_flag_as_its_component_does(flag: str, text: str, value: object):
    """VAL-T3"""
    assert flags.value(flag, text) == value


@pytest.mark.parametrize(
    ("flag", "text", "words"),
    [
        ("pvclaimbinder-sync-period", "2", "is no duration"),
        ("pvclaimbinder-sync-period", "soon", "is no duration"),
        ("max-pods", "-1", "is no whole number"),
        ("max-unavailable-stateful-set", "maybe", "neither true nor false"),
    ],
)
def test_says_what_is_wrong_with_a_flag(flag: str, text: str, words: str):
    with pytest.raises(ValueError, match=words):
        flags.value(flag, text)
