"""sync of a volume: phases (9.5), and what becomes of it when its claim is gone (9.6)."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj, Ref, ref_of
from core.client.actions import Plan
from core.client.cache import Cache
from core.controllers.persistentvolume import PersistentVolumeController
from core.sim.settings import Settings
from core.storage.backend import backend_key
from tests.core.storage.cast import claim, claim_ref, events, file, perform, pod, told, volume, writes

CONTROLLER = PersistentVolumeController(Settings())
BY_HOST_PATH = {"annotations": {"pv.kubernetes.io/provisioned-by": "kubernetes.io/host-path"}}
BY_CSI = {"annotations": {"pv.kubernetes.io/provisioned-by": "ebs.csi.aws.com"}}
BOTH = ["kubernetes.io/pv-controller", "kubernetes.io/pv-protection"]


def synced(cache: Cache, name: str = "pv-1") -> Plan:
    plan = CONTROLLER.sync(cache, Ref("PersistentVolume", "", name), 0.0)
    perform(cache, plan)
    return plan


def after(volume_before: Obj, *others: Obj) -> str:
    cache = Cache([volume_before, *others])
    synced(cache)
    return told(cache.list("PersistentVolume")[0])


TAKES_IT, TOOK_ANOTHER = claim(volume="pv-1"), claim(volume="pv-2")


@pytest.mark.parametrize(
    ("before", "others", "expected"),
    [
        pytest.param(volume(phase="Pending"), [], "Available", id="4-1"),
        pytest.param(volume(phase="Pending", ref="name"), [], "Available name", id="4-2"),
        pytest.param(volume(phase="Bound", ref="uid"), [], "Released uid", id="4-3"),
        pytest.param(volume(phase="Bound", ref="old"), [claim()], "Released old", id="4-4"),
        pytest.param(volume(ref="uid"), [claim()], "Available uid", id="4-5"),
        pytest.param(volume(ref="uid"), [TAKES_IT], "Bound uid", id="4-6"),
        pytest.param(volume(ref="uid", marks="bbc", phase="Bound"), [TOOK_ANOTHER], "Available", id="4-7"),
        pytest.param(volume(ref="uid", phase="Bound"), [TOOK_ANOTHER], "Available name", id="4-8"),
        pytest.param(volume(ref="uid", policy="Delete"), [TAKES_IT], "Bound uid", id="4-9"),
        pytest.param(volume(phase="Released", ref="uid"), [], "Released uid", id="ST-2.80"),
        pytest.param(
            volume(phase="Failed", ref="uid"), [], "Failed uid", id="ST-2.69 Failed with Retain stays"
        ),
        pytest.param(volume(phase="Released", marks="bbc"), [], "Available bbc", id="ST-2.71"),
        pytest.param(volume(phase="Released", ref="name"), [], "Available name", id="ST-2.72"),
        pytest.param(volume(phase="Bound", ref="uid", deleting=True), [TAKES_IT], "Bound uid", id="ST-2.64"),
        pytest.param(
            volume(phase="Bound", ref="uid", policy="Delete", **BY_CSI),
            [TOOK_ANOTHER],
            "Released uid",
            id="8-12",
        ),
    ],
)
def test_a_volume_gets_the_phase_that_its_claim_ref_implies(before: Obj, others: list[Obj], expected: str):
    """ST-1.1, ST-2.60"""
    assert after(before, *others) == expected


def test_a_freed_volume_loses_its_message():
    """ST-2.76"""
    failed = volume(phase="Failed")
    failed["status"]["message"] = "no"
    cache = Cache([failed])
    synced(cache)

    assert cache.list("PersistentVolume")[0]["status"] == {"phase": "Available"}


def test_a_half_bound_pair_of_different_modes_is_told_to_both():
    """14-13, V4"""
    plan = synced(Cache([volume(ref="uid", volumeMode="Block"), claim()]))

    assert [text for _, _, text in events(plan)] == [
        'Cannot bind PersistentVolume to requested PersistentVolumeClaim "www" due to incompatible '
        "volumeMode.",
        'Cannot bind PersistentVolume "pv-1" to requested PersistentVolumeClaim due to incompatible '
        "volumeMode.",
    ]
    assert writes(plan) == []


# -- whom does a change concern? --------------------------------------------------------------------------


def heard(kind: str, cache: Cache, old: Obj | None, new: Obj | None) -> list[Ref]:
    return list(CONTROLLER.watches[kind](cache, old, new))


CLAIM_KEY, VOLUME_KEY = ref_of(claim()), ref_of(volume())


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        (None, volume(), [VOLUME_KEY]),
        (volume(phase="Pending"), volume(), [VOLUME_KEY]),
        (volume(), volume(ref="uid"), [VOLUME_KEY, CLAIM_KEY]),
        (volume(), volume(ref="uid", volumeMode="Block"), [VOLUME_KEY]),
        (volume(ref="uid"), None, [CLAIM_KEY]),
        (volume(), None, []),
    ],
)
def test_a_volume_wakes_only_the_claim_that_it_refers_to(old: Obj | None, new: Obj | None, keys: list[Ref]):
    """ST-2.62: a Pending claim finds a new volume at its next resync"""
    assert heard("PersistentVolume", Cache([claim()]), old, new) == keys


def test_a_deleted_claim_wakes_its_volume():
    """ST-2.62"""
    assert heard("PersistentVolumeClaim", Cache(), claim(volume="pv-1"), None) == [VOLUME_KEY]
    assert heard("PersistentVolumeClaim", Cache(), claim(), None) == []
    assert heard("PersistentVolumeClaim", Cache(), None, claim()) == [CLAIM_KEY]


@pytest.mark.parametrize("kind", ["StorageClass", "Pod", "VolumeFile"])
def test_a_class_or_a_pod_wakes_nobody(kind: str):
    """ST-2.41, ST-3.7"""
    assert heard(kind, Cache([claim(), volume()]), None, pod("web-0")) == []


def test_the_beat_reaches_volumes_before_claims():
    """ST-0.2, ST-0.3"""
    assert list(CONTROLLER.resync_keys(Cache([claim(), volume()]))) == [VOLUME_KEY, CLAIM_KEY]
    assert CONTROLLER.resync_period == 15.0


# -- reclaim ----------------------------------------------------------------------------------------------


def released(**more: object) -> Obj:
    return volume(**{"phase": "Released", "ref": "uid", **more})


def test_a_retained_volume_keeps_its_data_and_remembers_its_claim():
    """ST-2.80"""
    kept = released()
    plan = synced(Cache([kept, file(backend_key(kept))]))

    assert plan.actions == ()
    assert plan.because == "still remembers claim default/www: an operator must clear claimRef"


def test_a_deleted_volume_is_released_wiped_and_deleted_write_by_write():
    """8-2, ST-2.77, 8-1"""
    made = volume(phase="Bound", ref="uid", policy="Delete", finalizers=BOTH, **BY_HOST_PATH)
    cache = Cache([made, file(backend_key(made)), file("hostpath-other", "kept")])

    assert writes(synced(cache)) == ["UpdateStatus PersistentVolume"]
    assert cache.list("PersistentVolume")[0]["metadata"]["finalizers"] == BOTH
    plan = synced(cache)

    assert writes(plan) == ["Delete VolumeFile", "Update PersistentVolume", "Delete PersistentVolume"]
    assert plan.actions[1].obj["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]
    assert [f["metadata"]["name"] for f in cache.list("VolumeFile")] == ["kept"]
    assert synced(cache).actions == ()


def test_a_volume_deleted_before_its_claim_still_loses_its_data():
    """ST-2.86, ST-4.28, 8-13"""
    dying = released(policy="Delete", deleting=True, finalizers=BOTH[:1], **BY_HOST_PATH)
    plan = synced(Cache([dying, file(backend_key(dying))]))

    assert writes(plan) == ["Delete VolumeFile", "Update PersistentVolume"]
    assert "finalizers" not in plan.actions[1].obj["metadata"]


@pytest.mark.parametrize(
    ("before", "message"),
    [
        pytest.param(
            {"source": {"nfs": {"server": "s", "path": "/d"}}},
            'error getting deleter volume plugin for volume "pv-1": no deletable volume plugin matched',
            id="ST-2.83",
        ),
        pytest.param(
            {"source": {"fc": {"targetWWNs": ["a"], "lun": 0}}},
            'error getting deleter volume plugin for volume "pv-1": no volume plugin matched',
            id="no plugin in this process",
        ),
        pytest.param(
            {"source": {"hostPath": {"path": "/data/x"}}},
            "host_path deleter only supports /tmp/.+ but received provided /data/x",
            id="ST-2.68",
        ),
        pytest.param(
            {"annotations": {"pv.kubernetes.io/provisioned-by": "kubernetes.io/aws-ebs"}},
            "no volume plugin matched name: kubernetes.io/aws-ebs",
            id="8-3",
        ),
    ],
)
def test_a_volume_that_cannot_be_deleted_is_failed_and_keeps_its_data(before: Obj, message: str):
    """ST-8.9, 8-5, D2, D3, 4-10"""
    cache = Cache([released(policy="Delete", **before)])

    plan = synced(cache)

    assert events(plan) == [("Warning", "VolumeFailedDelete", message)]
    assert cache.list("PersistentVolume")[0]["status"] == {"phase": "Failed", "message": message}
    assert synced(cache).actions == ()


@pytest.mark.parametrize(
    "more",
    [
        BY_CSI,
        {"source": {"csi": {"driver": "d", "volumeHandle": "h"}}},
        {"annotations": {"pv.kubernetes.io/migrated-to": "ebs.csi.aws.com"}},
    ],
)
def test_a_volume_of_another_deleter_is_left_alone(more: Obj):
    """D1, 8-10, ST-2.65"""
    assert synced(Cache([released(policy="Delete", **more)])).actions == ()


def test_a_volume_of_a_former_claim_of_the_name_is_deleted():
    """8-9, ST-2.66"""
    made = released(policy="Delete", ref="old", **BY_HOST_PATH)
    assert writes(synced(Cache([made, claim()])))[-1] == "Delete PersistentVolume"


def test_nothing_is_deleted_when_the_claim_is_there():
    """ST-2.66, 8-7"""
    assert after(released(policy="Delete"), TAKES_IT) == "Bound uid"


@pytest.mark.parametrize(
    ("marks", "expected"),
    [pytest.param("bbc", "Available", id="6-1"), pytest.param("", "Available name", id="6-2")],
)
def test_a_recycled_volume_is_wiped_and_offered_again(marks: str, expected: str):
    """ST-2.84, ST-8.11, R5"""
    before = released(policy="Recycle", marks=marks)
    cache = Cache([before, file(backend_key(before))])

    plan = synced(cache)

    assert told(cache.list("PersistentVolume")[0]) == expected
    assert events(plan) == [("Normal", "VolumeRecycled", "Volume recycled")]
    assert cache.list("VolumeFile") == []


@pytest.mark.parametrize("phase", ["Running", "Pending"])
def test_a_volume_whose_claim_a_pod_still_names_is_not_recycled(phase: str):
    """ST-8.11, 6-11, 6-12"""
    plan = synced(Cache([released(policy="Recycle"), pod("b", phase=phase), pod("a", phase=phase)]))

    assert events(plan) == [("Normal", "VolumeFailedRecycle", "Volume is used by pods: default/a,default/b")]
    assert writes(plan) == []


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([pod("a", phase="Succeeded")], id="6-13 the Pod has ended"),
        pytest.param([pod("a"), claim(name="www", volume="pv-9") | {}], id="R2 the Pod uses a new claim"),
    ],
)
def test_a_volume_is_recycled_when_no_pod_can_use_it(others: list[Obj]):
    assert after(released(policy="Recycle", ref="old", marks="bbc"), *others) == "Available"


@pytest.mark.parametrize(
    ("more", "reason", "message"),
    [
        ({"policy": "Recycle", "source": {"local": {"path": "/d"}}}, "VolumeFailedRecycle",
         "No recycler plugin found for the volume!"),
        ({"policy": "unknown"}, "VolumeUnknownReclaimPolicy",
         "Volume has unrecognized PersistentVolumeReclaimPolicy"),
    ],
    ids=["6-3", "6-10"],
)  # fmt: skip
def test_a_volume_that_cannot_be_reclaimed_is_failed(more: Obj, reason: str, message: str):
    """ST-8.12"""
    assert events(synced(Cache([released(**more)]))) == [("Warning", reason, message)]


def test_a_failed_volume_with_a_repaired_policy_is_reclaimed():
    """ST-2.69, 9-1"""
    assert after(volume(phase="Failed", ref="uid", policy="Recycle", marks="bbc")) == "Available"


def test_a_volume_made_in_vain_is_deleted():
    """8-11, V7"""
    spare = volume(
        phase="Bound", ref="uid", policy="Delete", finalizers=BOTH[:1], marks="bbc", **BY_HOST_PATH
    )
    cache = Cache([spare, TOOK_ANOTHER])

    synced(cache)
    synced(cache)

    assert cache.list("PersistentVolume") == []


# -- the deleter's finalizer ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "finalizers"),
    [
        ({"policy": "Delete", **BY_HOST_PATH}, [*reversed(BOTH)]),
        ({"policy": "Retain", "finalizers": BOTH, **BY_HOST_PATH}, BOTH[1:]),
        ({"policy": "Delete"}, BOTH[1:]),
        ({"policy": "Delete", **BY_CSI}, BOTH[1:]),
        ({"policy": "Delete", "deleting": True, **BY_HOST_PATH}, BOTH[1:]),
    ],
    ids=["added", "removed", "ST-4.27 static", "external", "not while deleting"],
)
def test_the_finalizer_follows_the_policy_of_an_in_tree_volume(more: Obj, finalizers: list[str]):
    """ST-4.25"""
    cache = Cache([volume(phase="Bound", ref="uid", **more), TAKES_IT])
    synced(cache)

    assert cache.list("PersistentVolume")[0]["metadata"]["finalizers"] == finalizers


def test_a_claim_in_another_namespace_is_another_claim():
    elsewhere = volume(phase="Bound", ref=claim_ref("www", "uid-www", "other"))

    assert after(elsewhere, TAKES_IT).startswith("Released")
