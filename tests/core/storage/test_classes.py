from __future__ import annotations

import pytest

from core.apimachinery.meta import name_of
from core.storage.classes import (
    get_default_class,
    is_delay_binding_mode,
    is_delay_binding_provisioning,
    persistent_volume_claim_class,
    persistent_volume_claim_has_class,
    persistent_volume_class,
)
from tests.core.storage.cast import claim, storage_class, volume

BETA = {"volume.beta.kubernetes.io/storage-class": "old"}


def test_the_beta_annotation_goes_before_the_field():
    """ST-1.60"""
    assert persistent_volume_claim_class(claim(class_="new", annotations=BETA)) == "old"
    assert persistent_volume_class(volume(class_="new", annotations=BETA)) == "old"


@pytest.mark.parametrize(
    ("class_name", "named", "has"), [(None, "", False), ("", "", True), ("fast", "fast", True)]
)
def test_a_null_class_and_an_empty_one_differ_only_in_being_stated(
    class_name: str | None, named: str, has: bool
):
    """ST-1.61"""
    asking = claim(class_=class_name)

    assert persistent_volume_claim_class(asking) == named
    assert persistent_volume_claim_has_class(asking) is has


def test_the_newest_default_wins_and_of_equals_the_first_by_name():
    """ST-1.64"""
    old = storage_class("a", default=True, created="2025-01-01T00:00:00Z")
    new = storage_class("c", default=True), storage_class("b", default=True)

    assert name_of(get_default_class([old, *new, storage_class("z")])) == "b"
    assert get_default_class([storage_class("z")]) is None


def test_the_legacy_annotation_makes_a_default_too():
    """ST-1.62"""
    legacy = storage_class("a")
    legacy["metadata"]["annotations"] = {"storageclass.beta.kubernetes.io/is-default-class": "true"}

    assert get_default_class([legacy]) is legacy


def test_a_missing_class_delays_nothing():
    """ST-3.17"""
    assert is_delay_binding_mode(storage_class("a", wait=True))
    assert not is_delay_binding_mode(storage_class("a"))
    assert not is_delay_binding_mode(None)


def test_a_selected_node_starts_the_provisioning_of_a_delayed_claim():
    assert is_delay_binding_provisioning(claim(annotations={"volume.kubernetes.io/selected-node": "n"}))
    assert not is_delay_binding_provisioning(claim())
