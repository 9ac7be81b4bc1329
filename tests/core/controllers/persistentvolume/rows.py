"""The tables of section 9.5 and 9.7, as upstream's TestSync runs them (binder_test.go).

A row: its number; volumes and claim before; how they are told afterwards (see ``cast.told``); the Event.
"""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj
from tests.core.storage.cast import claim, volume

TWO_LABELS = {"labels": {"foo": "true", "bar": "false"}}
SELECTOR = {"selector": {"matchLabels": {"foo": "true", "bar": "false"}}}
FAILED_BINDING = "Normal FailedBinding"
MISMATCH = "Warning VolumeMismatch"  # ST-8.3
GOT_1GI = "Bound pv-1 bc 1Gi"
MISBOUND = "Warning ClaimMisbound"  # ST-8.4
TAKEN = "Warning FailedBinding"  # ST-8.2
GROWING = {"volume.alpha.kubernetes.io/pre-resize-capacity": "1Gi"}
NODE_CHOSEN = {"volume.kubernetes.io/selected-node": "node-a1"}


def named(size: str = "1Gi", modes: str = "RWO", **more: object) -> Obj:
    return claim(size, modes, volume="pv-1", **more)


def was_bound(**more: object) -> Obj:
    return claim(**{"volume": "pv-1", "marks": "bc", "phase": "Bound", **more})


_NEW = claim()
DYING = {
    **_NEW,
    "metadata": {**_NEW["metadata"], "deletionTimestamp": "2027-01-15T08:00:00Z", "finalizers": ["x/y"]},
}

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
        "13-5",
        [volume(), volume("pv-2", class_="gold")],
        claim(),
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
    (  # ST-1.66
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
    ("2-1", [], named(), [], "Pending pv-1", ""),  # ST-2.44
    ("2-2", [], named(phase="Bound"), [], "Pending pv-1", ""),
    ("2-3", [volume()], named(), ["Bound uid bbc"], GOT_1GI, ""),
    ("2-4", [volume(ref="name")], named(), ["Bound uid"], GOT_1GI, ""),
    ("2-5", [volume(ref="uid")], named(), ["Bound uid"], GOT_1GI, ""),
    # ST-2.46: its capacity is gone
    ("2-6", [volume(ref="other")], named(phase="Bound"), ["Available other"], "Pending pv-1", TAKEN),
    (
        "2-7",
        [volume(ref="other")],
        named(marks="bbc", phase="Bound"),
        ["Available other"],
        "Bound pv-1 bbc 1Gi",
        TAKEN,
    ),
    ("2-8", [volume()], named(**SELECTOR), ["Bound uid bbc"], GOT_1GI, ""),  # ST-2.21
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
    ("D14", [volume(phase="Failed")], named(), ["Bound uid bbc"], GOT_1GI, ""),  # ST-2.21
    # ST-2.22, ST-2.45
    ("D15", [volume(ref="name", class_="x")], named("2Gi"), ["Bound uid"], GOT_1GI, ""),
    ("ST-2.43", [volume()], DYING, ["Bound uid bbc"], "Bound pv-1 bc bbc 1Gi", ""),
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
    (  # ST-2.33
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
