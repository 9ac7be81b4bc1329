"""sync of a claim, held to the tables in rows.py; the words of its Events; the order of its writes."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj, ref_of
from core.client.cache import Cache
from core.controllers.persistentvolume import PersistentVolumeController
from core.sim.settings import Settings
from tests.core.controllers.persistentvolume.rows import FAILED_BINDING, ROWS, named, was_bound
from tests.core.storage.cast import (
    claim,
    claim_ref,
    events,
    perform,
    pod,
    storage_class,
    told,
    volume,
    writes,
)

CONTROLLER = PersistentVolumeController(Settings())
CLASSES = [storage_class("wait", wait=True), storage_class("nobody"), storage_class("gold")]


@pytest.mark.parametrize(("volumes", "asking", "volumes_after", "claim_after", "event"), ROWS)
def test_a_claim_is_synced_as_upstream_does(
    volumes: list[Obj], asking: Obj, volumes_after: list[str], claim_after: str, event: str
):
    cache = Cache([*CLASSES, *volumes, asking])

    plan = CONTROLLER.sync(cache, ref_of(asking), 0.0)
    perform(cache, plan)

    assert [told(v) for v in cache.list("PersistentVolume")] == volumes_after
    assert told(cache.list("PersistentVolumeClaim")[0]) == claim_after
    assert [f"{type_} {reason}" for type_, reason, _ in events(plan)] == ([event] if event else [])


@pytest.mark.parametrize(("volumes", "asking", "volumes_after", "claim_after", "event"), ROWS)
def test_a_second_sync_of_a_claim_writes_nothing(
    volumes: list[Obj], asking: Obj, volumes_after: list[str], claim_after: str, event: str
):
    """ST-2.47"""
    cache = Cache([*CLASSES, *volumes, asking])
    perform(cache, CONTROLLER.sync(cache, ref_of(asking), 0.0))

    assert writes(CONTROLLER.sync(cache, ref_of(asking), 15.0)) == []


def test_binding_is_four_writes_volume_first():
    """ST-2.30"""
    asking = claim()

    plan = CONTROLLER.sync(Cache([volume(), asking]), ref_of(asking), 0.0)

    assert writes(plan) == [
        "Update PersistentVolume",
        "UpdateStatus PersistentVolume",
        "Update PersistentVolumeClaim",
        "UpdateStatus PersistentVolumeClaim",
    ]
    first, second, third, fourth = (action.obj for action in plan.actions)
    assert first["spec"]["claimRef"] == {
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "namespace": "default",
        "name": "www",
        "uid": "uid-www",
        "resourceVersion": "20",
    }
    assert second["status"] == {"phase": "Bound"}
    assert third["spec"]["volumeName"] == "pv-1"
    assert fourth["status"] == {
        "phase": "Bound",
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "1Gi"},
    }


@pytest.mark.parametrize("done", [1, 2, 3])
def test_a_binding_interrupted_after_any_write_is_completed(done: int):
    """ST-2.30"""
    asking = claim()
    cache = Cache([volume(), asking])
    plan = CONTROLLER.sync(cache, ref_of(asking), 0.0)
    perform(cache, type(plan)(plan.actions[:done]))

    rest = CONTROLLER.sync(cache, ref_of(asking), 15.0)
    perform(cache, rest)

    assert len(rest.actions) == 4 - done
    assert told(cache.list("PersistentVolumeClaim")[0]) == "Bound pv-1 bc bbc 1Gi"


def test_the_claim_shows_the_wider_modes_and_capacity_of_its_volume():
    """ST-2.34"""
    asking = claim()

    status = (
        CONTROLLER.sync(Cache([volume(size="10Gi", modes="RWO,RWX"), asking]), ref_of(asking), 0.0)
        .actions[3]
        .obj["status"]
    )

    assert status["capacity"] == {"storage": "10Gi"}
    assert status["accessModes"] == ["ReadWriteOnce", "ReadWriteMany"]


@pytest.mark.parametrize(
    ("asking", "volumes", "message"),
    [
        (claim(), [], "no persistent volumes available for this claim and no storage class is set"),
        (named("2Gi"), [volume()], 'Cannot bind to requested volume "pv-1": requested PV is too small'),
        (
            named(class_="gold"),
            [volume()],
            'Cannot bind to requested volume "pv-1": storageClassName does not match',
        ),
        (
            named(volumeAttributesClassName="b"),
            [volume()],
            'Cannot bind to requested volume "pv-1": volumeAttributesClassName does not match',
        ),
        (
            named(volumeMode="Block"),
            [volume()],
            'Cannot bind to requested volume "pv-1": incompatible volumeMode',
        ),
        (
            named(modes="RWX"),
            [volume()],
            'Cannot bind to requested volume "pv-1": incompatible accessMode',
        ),
        (
            named("2Gi"),
            [volume(deleting=True)],
            'Cannot bind to requested volume "pv-1": the volume is marked for deletion "pv-1"',
        ),
        (named(), [volume(ref="other")], 'volume "pv-1" already bound to a different claim.'),
        (
            claim(marks="bc"),
            [],
            "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!",
        ),
        (was_bound(), [], "Bound claim has lost its PersistentVolume. Data on the volume is lost!"),
        (
            was_bound(),
            [volume(ref="other")],
            "Two claims are bound to the same volume, this one is bound incorrectly",
        ),
        (claim(class_="wait"), [], "waiting for first consumer to be created before binding"),
        (
            claim(class_="wait"),
            [pod("b", node="n"), pod("c", phase="Failed")],
            "waiting for first consumer to be created before binding",
        ),
        (claim(class_="wait"), [pod("b")], "waiting for pod b to be scheduled"),
        (claim(class_="wait"), [pod("b"), pod("a")], "waiting for pods a,b to be scheduled"),
    ],
)
def test_events_have_the_exact_words(asking: Obj, volumes: list[Obj], message: str):
    """ST-8.4, ST-8.5, ST-2.20, ST-2.40, ST-2.41, ST-2.50"""
    plan = CONTROLLER.sync(Cache([*CLASSES, *volumes, asking]), ref_of(asking), 0.0)

    assert [text for _, _, text in events(plan)] == [message]


def test_a_default_class_is_given_to_a_claim_without_class_when_no_volume_fits():
    """ST-1.65, D06"""
    asking = claim()
    cache = Cache([volume(class_="slow"), storage_class("fast", default=True), asking])

    plan = CONTROLLER.sync(cache, ref_of(asking), 0.0)

    assert writes(plan) == ["Update PersistentVolumeClaim"]
    assert events(plan) == []
    assert plan.actions[0].obj["spec"]["storageClassName"] == "fast"


@pytest.mark.parametrize(
    ("volumes", "asking", "event"),
    [
        pytest.param([volume()], claim(), "", id="D07 a class-less volume fits first"),
        pytest.param([], claim(class_=""), FAILED_BINDING, id="ST-1.61 the empty class never gets one"),
    ],
)
def test_no_default_class_is_given(volumes: list[Obj], asking: Obj, event: str):
    cache = Cache([*volumes, storage_class("fast", default=True), asking])

    plan = CONTROLLER.sync(cache, ref_of(asking), 0.0)
    perform(cache, plan)

    assert cache.list("PersistentVolumeClaim")[0]["spec"].get("storageClassName") in (None, "")
    assert [f"{type_} {reason}" for type_, reason, _ in events(plan)] == ([event] if event else [])


@pytest.mark.parametrize("class_", [pytest.param("", id="11-15"), pytest.param(None, id="11-16")])
def test_a_claim_without_class_and_volume_says_so_at_every_resync(class_: str | None):
    """ST-2.42, ST-8.1"""
    asking = claim() if class_ is None else claim(class_=class_)
    cache = Cache([storage_class("gold"), asking])
    for now in (0.0, 15.0):
        plan = CONTROLLER.sync(cache, ref_of(asking), now)
        perform(cache, plan)
        assert [f"{type_} {reason}" for type_, reason, _ in events(plan)] == [FAILED_BINDING]


NONE = "no volume fits and no class is asked to make one"
WAITS = "waits for a Pod that uses it: class wait binds when the Pod's node is known"


@pytest.mark.parametrize(
    ("asking", "volumes", "because"),
    [
        (claim("5Gi"), [volume()], f"{NONE}; pv-1 is too small: 1Gi of 5Gi asked"),
        (claim(), [], NONE),
        (
            claim(),
            [volume(ref="old", phase="Released")],
            f"{NONE}; pv-1 still remembers an earlier claim of this "
            "name: an operator must clear its claimRef",
        ),
        (claim(), [volume(class_="slow")], f"{NONE}; pv-1 is of class slow"),
        (claim(class_="wait"), [], WAITS),
        (claim(class_="wait"), [pod("web-0")], "waits for pod web-0 to be given a node"),
        (
            claim("5Gi", class_="manual"),
            [volume(class_="manual")],
            "no volume fits and class manual does not exist; pv-1 is too small: 1Gi of 5Gi asked",
        ),
        (
            claim(modes="RWX", class_="gold"),
            [volume(class_="gold")],
            "no volume fits and class gold makes none; pv-1 does not offer ReadWriteMany",
        ),
        (named(), [], "names volume pv-1, which does not exist"),
        (named("2Gi"), [volume()], "names volume pv-1, which is too small: 1Gi of 2Gi asked"),
        (named(), [volume(ref="other")], "names volume pv-1, which belongs to claim default/other"),
        (was_bound(), [], "its volume pv-1 was deleted under it"),
        (was_bound(), [volume(ref="other")], "its volume pv-1 remembers another claim: default/other"),
    ],
)  # fmt: skip
def test_says_in_plain_words_why_a_claim_is_not_bound(asking: Obj, volumes: list[Obj], because: str):
    assert CONTROLLER.sync(Cache([*CLASSES, *volumes, asking]), ref_of(asking), 0.0).because == because


def test_a_bound_pair_costs_nothing():
    pair = [volume(ref="uid", marks="bbc", phase="Bound"), was_bound(marks="bc bbc")]
    cache = Cache(pair)

    assert [CONTROLLER.sync(cache, ref_of(obj), 0.0).actions for obj in pair] == [(), ()]


def test_two_claims_never_share_a_volume():
    cache = Cache([volume(), claim(name="a"), claim(name="b")])

    for asking in cache.list("PersistentVolumeClaim"):
        perform(cache, CONTROLLER.sync(cache, ref_of(asking), 0.0))

    assert [told(c) for c in cache.list("PersistentVolumeClaim")] == ["Bound pv-1 bc bbc 1Gi", "Pending"]
    assert (
        cache.get("PersistentVolume", "", "pv-1")["spec"]["claimRef"]["uid"] == claim_ref("a", "uid-a")["uid"]
    )
