"""sync of a claim: the tables of section 9.5 and 9.7, as upstream's TestSync runs them.

A row: volumes and claim before, then how they are told afterwards (see :func:`told`), then the Event.
"""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj, ref_of
from core.client.cache import Cache
from core.controllers.persistentvolume import PersistentVolumeController
from core.sim.settings import Settings
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
TWO_LABELS = {"labels": {"foo": "true", "bar": "false"}}
SELECTOR = {"selector": {"matchLabels": {"foo": "true", "bar": "false"}}}
FAILED_BINDING = "Normal FailedBinding"
MISMATCH = "Warning VolumeMismatch"
GOT_1GI = "Bound pv-1 bc 1Gi"
MISBOUND = "Warning ClaimMisbound"
TAKEN = "Warning FailedBinding"
GROWING = {"volume.alpha.kubernetes.io/pre-resize-capacity": "1Gi"}
NODE_CHOSEN = {"volume.kubernetes.io/selected-node": "node-a1"}


def named(size: str = "1Gi", modes: str = "RWO", **more: object) -> Obj:
    return claim(size, modes, volume="pv-1", **more)


def was_bound(**more: object) -> Obj:
    return claim(**{"volume": "pv-1", "marks": "bc", "phase": "Bound", **more})


UNBOUND = [
    ("1-1", [volume()], claim(), ["Bound uid bbc"], "Bound pv-1 bc bbc 1Gi", ""),
    ("1-2", [volume()], claim("10Gi"), ["Available"], "Pending", FAILED_BINDING),
    ("1-3", [volume()], claim("10Gi", phase="Bound"), ["Available"], "Pending", FAILED_BINDING),
    (
        "1-4",
        [volume(size="10Gi"), volume("pv-2")],
        claim(),
        ["Available", "Bound uid bbc"],
        "Bound pv-2 bc bbc 1Gi",
        "",
    ),
    (
        "1-5",
        [volume(size="10Gi", ref="name"), volume("pv-2")],
        claim(),
        ["Bound uid", "Available"],
        "Bound pv-1 bc bbc 10Gi",
        "",
    ),
    (
        "1-6",
        [volume(size="10Gi", ref="uid"), volume("pv-2")],
        claim(),
        ["Bound uid", "Available"],
        "Bound pv-1 bc bbc 10Gi",
        "",
    ),
    ("1-7", [volume(ref="old")], claim(), ["Available old"], "Pending", FAILED_BINDING),
    ("1-8", [volume(ref="uid", marks="bbc")], claim(), ["Bound uid bbc"], "Bound pv-1 bc bbc 1Gi", ""),
    (
        "1-9",
        [volume(ref="uid", marks="bbc", phase="Bound")],
        claim(),
        ["Bound uid bbc"],
        "Bound pv-1 bc bbc 1Gi",
        "",
    ),
    (
        "1-10",
        [volume(ref="uid", marks="bbc", phase="Bound")],
        named(marks="bc bbc"),
        ["Bound uid bbc"],
        "Bound pv-1 bc bbc 1Gi",
        "",
    ),
    (
        "1-11",
        [volume(), volume("pv-2", **TWO_LABELS)],
        claim(**SELECTOR),
        ["Available", "Bound uid bbc"],
        "Bound pv-2 bc bbc 1Gi",
        "",
    ),
    ("1-12", [volume()], claim(**SELECTOR), ["Available"], "Pending", FAILED_BINDING),
    (
        "1-13",
        [volume(class_="wait")],
        claim(class_="wait"),
        ["Available"],
        "Pending",
        "Normal WaitForFirstConsumer",
    ),
    (
        "1-14",
        [volume(class_="wait", ref="name")],
        claim(class_="wait"),
        ["Bound uid"],
        "Bound pv-1 bc bbc 1Gi",
        "",
    ),
    (
        "1-17",
        [volume(f"pv-{p}", phase=p) for p in ("Pending", "Failed", "Released", "")],
        claim(),
        ["Pending", "Failed", "Released", ""],
        "Pending",
        FAILED_BINDING,
    ),
    (
        "1-18",
        [volume(class_="wait", ref="uid")],
        claim(class_="wait", annotations=NODE_CHOSEN),
        ["Bound uid"],
        "Bound pv-1 bc bbc 1Gi",
        "",
    ),
    (
        "13-1",
        [volume(size="10Gi", class_="gold"), volume("pv-2")],
        claim(class_="gold"),
        ["Bound uid bbc", "Available"],
        "Bound pv-1 bc bbc 10Gi",
        "",
    ),
    (
        "13-2",
        [volume(size="10Gi"), volume("pv-2", class_="gold")],
        claim(),
        ["Bound uid bbc", "Available"],
        "Bound pv-1 bc bbc 10Gi",
        "",
    ),
    (
        "13-3",
        [volume(size="10Gi", class_="gold"), volume("pv-2", class_="silver")],
        claim(class_="gold"),
        ["Bound uid bbc", "Available"],
        "Bound pv-1 bc bbc 10Gi",
        "",
    ),
    (
        "13-4",
        [volume(), volume("pv-2", class_="gold")],
        claim(class_=""),
        ["Bound uid bbc", "Available"],
        "Bound pv-1 bc bbc 1Gi",
        "",
    ),
    (
        "14-1",
        [volume(volumeMode="Block")],
        claim(volumeMode="Block"),
        ["Bound uid bbc"],
        "Bound pv-1 bc bbc 1Gi",
        "",
    ),
    ("14-2", [volume(volumeMode="Filesystem")], claim(), ["Bound uid bbc"], "Bound pv-1 bc bbc 1Gi", ""),
    ("14-3", [volume(volumeMode="Block")], claim(), ["Available"], "Pending", FAILED_BINDING),
    ("14-4", [volume()], claim(volumeMode="Block"), ["Available"], "Pending", FAILED_BINDING),
    (
        "14-5",
        [volume(volumeMode="Block", class_="gold")],
        claim(class_="gold"),
        ["Available"],
        "Pending",
        "Warning ProvisioningFailed",
    ),
    (
        "14-8-1",
        [volume(volumeMode="Block", ref="name")],
        claim(),
        ["Available name"],
        "Pending",
        FAILED_BINDING,
    ),
    (
        "D08",
        [volume(class_="manual")],
        claim(class_="manual"),
        ["Bound uid bbc"],
        "Bound pv-1 bc bbc 1Gi",
        "",
    ),
    ("D09", [volume(ref="old", phase="Released")], claim(), ["Released old"], "Pending", FAILED_BINDING),
    (
        "D16",
        [volume(source={"local": {"path": "/d"}}, class_="gold")],
        claim(class_="gold"),
        ["Bound uid bbc"],
        "Bound pv-1 bc bbc 1Gi",
        "",
    ),
]

NAMING = [
    (
        "1-15",
        [volume(size="10Gi"), volume("pv-2")],
        named(),
        ["Bound uid bbc", "Available"],
        "Bound pv-1 bc 10Gi",
        "",
    ),
    ("1-16", [volume()], named(modes="RWX"), ["Available"], "Pending pv-1", MISMATCH),
    ("2-1", [], named(), [], "Pending pv-1", ""),
    ("2-2", [], named(phase="Bound"), [], "Pending pv-1", ""),
    ("2-3", [volume()], named(), ["Bound uid bbc"], GOT_1GI, ""),
    ("2-4", [volume(ref="name")], named(), ["Bound uid"], GOT_1GI, ""),
    ("2-5", [volume(ref="uid")], named(), ["Bound uid"], GOT_1GI, ""),
    ("2-6", [volume(ref="other")], named(phase="Bound"), ["Available other"], "Pending pv-1", TAKEN),
    (
        "2-7",
        [volume(ref="other")],
        named(marks="bbc", phase="Bound"),
        ["Available other"],
        "Bound pv-1 bbc 1Gi",
        TAKEN,
    ),
    ("2-8", [volume()], named(**SELECTOR), ["Bound uid bbc"], GOT_1GI, ""),
    ("2-9", [volume()], named("2Gi"), ["Available"], "Pending pv-1", MISMATCH),
    ("2-10", [volume()], named(class_="gold"), ["Available"], "Pending pv-1", MISMATCH),
    (
        "2-11",
        [volume(volumeAttributesClassName="a")],
        named(volumeAttributesClassName="b"),
        ["Available"],
        "Pending pv-1",
        MISMATCH,
    ),
    (
        "2-12",
        [volume(volumeAttributesClassName="a")],
        named(volumeAttributesClassName="a"),
        ["Bound uid bbc"],
        GOT_1GI,
        "",
    ),
    ("14-8", [volume(volumeMode="Block")], named(), ["Available"], "Pending pv-1", MISMATCH),
    ("ST-2.20.1", [volume(deleting=True)], named(), ["Available"], "Pending pv-1", MISMATCH),
    ("D14", [volume(phase="Failed")], named(), ["Bound uid bbc"], GOT_1GI, ""),
    ("D15", [volume(ref="name", class_="x")], named("2Gi"), ["Bound uid"], GOT_1GI, ""),
]

BOUND = [
    ("3-1", [], claim(marks="bc", phase="Bound"), [], "Lost bc", "Warning ClaimLost"),
    ("3-2", [], was_bound(), [], "Lost pv-1 bc", "Warning ClaimLost"),
    ("3-3", [volume()], was_bound(phase="Pending"), ["Bound uid bbc"], GOT_1GI, ""),
    ("3-4", [volume(ref="old")], was_bound(), ["Available old"], "Lost pv-1 bc", MISBOUND),
    ("3-5", [volume(ref="uid")], was_bound(phase="Pending"), ["Bound uid"], GOT_1GI, ""),
    ("3-6", [volume(ref="other")], was_bound(), ["Available other"], "Lost pv-1 bc", MISBOUND),
    ("3-7", [volume()], was_bound(**SELECTOR), ["Bound uid bbc"], GOT_1GI, ""),
    ("ST-2.51", [], was_bound(phase="Lost"), [], "Lost pv-1 bc", ""),
    ("ST-2.52", [volume()], was_bound(phase="Lost"), ["Bound uid bbc"], GOT_1GI, ""),
    ("ST-2.54", [volume(ref="name")], was_bound(), ["Available name"], "Lost pv-1 bc", MISBOUND),
    (
        "5-2-3",
        [volume(size="2Gi", ref="uid", annotations=GROWING)],
        was_bound(phase="Pending"),
        ["Bound uid"],
        GOT_1GI,
        "",
    ),
    ("ST-2.30 W4", [volume(size="2Gi", ref="uid", phase="Bound")], was_bound(), ["Bound uid"], GOT_1GI, ""),
]  # fmt: skip

ROWS = [pytest.param(*row[1:], id=row[0]) for row in UNBOUND + NAMING + BOUND]


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
    """ST-2.20, ST-2.40, ST-2.41, ST-2.50"""
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
