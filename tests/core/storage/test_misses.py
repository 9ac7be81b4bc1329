from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj
from core.client.cache import Cache
from core.storage.misses import misfits, nearest_miss
from tests.core.storage.cast import claim, volume


@pytest.mark.parametrize(
    ("asking", "offered", "words"),
    [
        (claim("5Gi"), volume(), "is too small: 1Gi of 5Gi asked"),
        (claim(modes="RWX"), volume(), "does not offer ReadWriteMany"),
        (claim(), volume(class_="slow"), "is of class slow"),
        (claim(class_="fast"), volume(), "is of no class"),
        (claim(), volume(volumeMode="Block"), "is a Block volume"),
        (claim(selector={"matchLabels": {"a": "b"}}), volume(), "has not the labels that the claim selects"),
        (claim(), volume(deleting=True), "is being deleted"),
        (claim(), volume(phase="Failed"), "is Failed, not Available"),
        (claim(), volume(ref="other"), "belongs to claim default/other"),
        (
            claim(),
            volume(ref="old", phase="Released"),
            "still remembers an earlier claim of this name: an operator must clear its claimRef",
        ),
    ],
)
def test_says_what_is_wrong_with_a_volume(asking: Obj, offered: Obj, words: str):
    assert misfits(asking, offered) == [words]


def test_finds_nothing_wrong_with_a_volume_that_fits():
    assert misfits(claim(), volume()) == []


def test_names_the_volume_with_the_fewest_faults():
    asking = claim("5Gi")
    slow, plain = volume("a", class_="slow"), volume("b")

    assert nearest_miss(Cache([slow, plain, volume("c")]), asking) == "b is too small: 1Gi of 5Gi asked"
    assert nearest_miss(Cache([slow]), asking) == "a is too small: 1Gi of 5Gi asked and is of class slow"
    assert nearest_miss(Cache(), asking) == ""


def test_looks_past_volumes_that_belong_to_others():
    taken = volume("a", ref="other", phase="Bound")

    assert nearest_miss(Cache([taken, volume("b")]), claim("2Gi")).startswith("b is too small")
