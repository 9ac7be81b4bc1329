from __future__ import annotations

import pytest

from core.storage.binding import get_bind_volume_to_claim, is_fully_bound, is_volume_bound_to_claim
from tests.core.storage.cast import claim, told, volume


@pytest.mark.parametrize(("ref", "bound"), [(None, False), ("name", True), ("uid", True), ("other", False)])
def test_a_volume_is_bound_by_name_or_by_name_and_uid(ref: str | None, bound: bool):
    assert is_volume_bound_to_claim(volume(ref=ref), claim()) is bound


def test_a_volume_that_remembers_an_earlier_claim_of_the_name_is_not_bound():
    """ST-2.75"""
    assert not is_volume_bound_to_claim(volume(ref="old"), claim())


@pytest.mark.parametrize(
    ("ref", "marks", "after"),
    [(None, "", "Available uid bbc"), ("name", "", "Available uid"), (None, "bbc", "Available uid bbc")],
)
def test_only_a_claim_ref_of_ours_is_marked(ref: str | None, marks: str, after: str):
    """ST-2.31, ST-2.71"""
    bound = get_bind_volume_to_claim(volume(ref=ref, marks=marks), claim())

    assert bound is not None
    assert told(bound) == after
    assert bound["spec"]["claimRef"]["resourceVersion"] == "20"


def test_nothing_is_to_be_written_when_the_volume_has_the_uid():
    assert get_bind_volume_to_claim(volume(ref="uid"), claim()) is None


def test_a_claim_is_fully_bound_before_its_phase_says_so():
    """ST-5.16"""
    assert is_fully_bound(claim(volume="pv-1", marks="bc", phase="Pending"))
    assert not is_fully_bound(claim(volume="pv-1"))
    assert not is_fully_bound(claim(marks="bc"))
