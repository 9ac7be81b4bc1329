"""Provisioning in-tree and asking for it outside (ST-3.20 to ST-3.29), and whole lives as recorded."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj, Ref, ref_of, replaced
from core.apimachinery.timestamps import timestamp
from core.client.actions import Plan
from core.client.cache import Cache
from core.controllers.persistentvolume import PersistentVolumeController
from core.sim.settings import Settings
from tests.core.storage.cast import claim, events, run, storage_class, told, volume, writes

CONTROLLER = PersistentVolumeController(Settings())
IN_TREE = storage_class("standard", "kubernetes.io/host-path")
ASKED = {
    "volume.beta.kubernetes.io/storage-provisioner": "kubernetes.io/host-path",
    "volume.kubernetes.io/storage-provisioner": "kubernetes.io/host-path",
}
NODE_CHOSEN = {"volume.kubernetes.io/selected-node": "node-a1"}

NODE: Obj = {"kind": "Node", "metadata": {"name": "node-a1"}}


def sync(asking: Obj, *others: Obj) -> Plan:
    return CONTROLLER.sync(Cache([*others, asking]), ref_of(asking), 0.0)


def test_the_provisioner_is_written_on_the_claim_before_anything_is_made():
    """ST-3.24"""
    plan = sync(claim(class_="standard"), IN_TREE)

    assert writes(plan) == ["Update PersistentVolumeClaim"]
    assert plan.actions[0].obj["metadata"]["annotations"] == ASKED
    assert events(plan) == []
    assert plan.because == "waits for kubernetes.io/host-path to make a volume"


def test_a_host_path_volume_has_the_recorded_shape():
    """ST-3.28, ST-3.45"""
    plan = sync(claim("2Gi", class_="standard", annotations=ASKED), IN_TREE)

    made = plan.actions[0].obj
    path = made["spec"]["hostPath"].pop("path")
    assert path.startswith("/tmp/hostpath_pv/")
    assert "uid-www" not in path
    assert made == {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": "pvc-uid-www",
            "annotations": {
                "kubernetes.io/createdby": "hostpath-dynamic-provisioner",
                "pv.kubernetes.io/bound-by-controller": "yes",
                "pv.kubernetes.io/provisioned-by": "kubernetes.io/host-path",
            },
            "finalizers": ["kubernetes.io/pv-controller"],
        },
        "spec": {
            "capacity": {"storage": "2Gi"},
            "hostPath": {"type": ""},
            "accessModes": ["ReadWriteOnce"],
            "claimRef": {
                "kind": "PersistentVolumeClaim",
                "namespace": "default",
                "name": "www",
                "uid": "uid-www",
                "apiVersion": "v1",
                "resourceVersion": "20",
            },
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": "standard",
            "volumeMode": "Filesystem",
        },
    }
    assert events(plan) == [
        (
            "Normal",
            "ProvisioningSucceeded",
            "Successfully provisioned volume pvc-uid-www using kubernetes.io/host-path",
        )
    ]


def test_two_claims_get_two_directories():
    paths = {
        sync(claim(name=name, class_="standard", annotations=ASKED), IN_TREE)
        .actions[0]
        .obj["spec"]["hostPath"]["path"]
        for name in ("www-web-0", "www-web-1")
    }

    assert len(paths) == 2


def test_a_volume_to_be_retained_gets_no_deletion_finalizer():
    """ST-3.8, ST-4.25"""
    made = sync(claim(class_="standard", annotations=ASKED), {**IN_TREE, "reclaimPolicy": "Retain"})

    assert made.actions[0].obj["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert "finalizers" not in made.actions[0].obj["metadata"]


def test_nothing_is_made_twice():
    """ST-3.27, 11-6"""
    there = volume("pvc-uid-www", "1Mi", class_="standard", ref="uid")

    assert sync(claim(class_="standard", annotations=ASKED), IN_TREE, there).actions == ()


def test_a_delayed_claim_with_a_node_is_provisioned_and_takes_no_existing_volume():
    """ST-3.14, 11-23, 11-24"""
    waiting = {**IN_TREE, "volumeBindingMode": "WaitForFirstConsumer"}
    asking = claim(class_="standard", annotations={**ASKED, **NODE_CHOSEN})

    assert writes(sync(asking, waiting, NODE, volume(class_="standard"))) == ["Create PersistentVolume"]


@pytest.mark.parametrize(
    ("classes", "more", "message"),
    [
        pytest.param([], {}, 'storageclass.storage.k8s.io "standard" not found', id="ST-3.20 11-14"),
        pytest.param(
            [storage_class("standard")],
            {},
            "no volume plugin matched name: kubernetes.io/no-provisioner",
            id="ST-3.21 11-18 11-2",
        ),
        pytest.param(
            [storage_class("standard", wait=True)],
            {"annotations": NODE_CHOSEN},
            "no volume plugin matched name: kubernetes.io/no-provisioner",
            id="ST-3.25",
        ),
        pytest.param(
            [{**IN_TREE, "mountOptions": ["ro", "hard"]}],
            {"annotations": ASKED},
            'Mount options are not supported by the provisioner but StorageClass "standard" has mount '
            "options [ro hard]",
            id="ST-3.26 11-20",
        ),
        pytest.param(
            [IN_TREE],
            {"annotations": ASKED, "volumeMode": "Block"},
            'Failed to provision volume with StorageClass "standard": kubernetes.io/host-path does not '
            "support block volume provisioning",
            id="ST-3.24 block",
        ),
        pytest.param(
            [IN_TREE],
            {"dataSource": {"kind": "PersistentVolumeClaim", "name": "other"}},
            'plugin "kubernetes.io/host-path" is not a CSI plugin. Only CSI plugin can provision a claim '
            "with a datasource",
            id="data source",
        ),
        pytest.param(
            [storage_class("standard", "kubernetes.io/host-path", wait=True)],
            {"annotations": {**ASKED, **NODE_CHOSEN}},
            'Failed to get target node: node "node-a1" not found',
            id="ST-3.26 node",
        ),
    ],
)
def test_what_cannot_be_provisioned_says_so_at_every_sync(classes: list[Obj], more: Obj, message: str):
    plan = sync(claim(class_="standard", **more), *classes)

    assert events(plan) == [("Warning", "ProvisioningFailed", message)]
    assert writes(plan) == []


def test_a_failure_gives_the_choice_of_the_node_back():
    """ST-3.24"""
    asking = claim(class_="standard", volumeMode="Block", annotations={**ASKED, **NODE_CHOSEN})
    plan = sync(asking, {**IN_TREE, "volumeBindingMode": "WaitForFirstConsumer"}, NODE)

    assert plan.actions[0].obj["metadata"]["annotations"] == ASKED


def test_what_failed_often_is_tried_less_often():
    """ST-3.26: 0.5 s after the first failure, then twice as long each time"""
    asking = claim(class_="standard", volumeMode="Block", annotations=ASKED)
    (failed,) = sync(asking, IN_TREE).actions
    told = {
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"uid": asking["metadata"]["uid"]},
        "reason": failed.reason,
        "message": failed.message,
        "lastTimestamp": timestamp(1000.0),
    }

    def tried(count: int, after: float) -> bool:
        cache = Cache([asking, IN_TREE, {**told, "count": count}])
        return bool(CONTROLLER.sync(cache, ref_of(asking), 1000.0 + after).actions)

    assert [tried(1, 2), tried(3, 2), tried(3, 4), tried(6, 15), tried(6, 30)] == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert [tried(30, 120), tried(30, 135)] == [False, True]


EXTERNAL = storage_class("ebs", "ebs.csi.aws.com")
WAITING = (
    "Waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com' or manually "
    "by the system administrator. If volume creation is delayed, please verify that the provisioner is "
    "running and correctly registered."
)


def test_an_external_provisioner_is_asked_once_and_waited_for():
    """ST-8.6, ST-3.22, ST-3.23, 11-17"""
    asking = claim(class_="ebs")
    cache = Cache([EXTERNAL, asking])

    plans = run(cache, [CONTROLLER], (None, asking))

    assert [writes(plan) for plan in plans] == [["Update PersistentVolumeClaim"], []]
    assert [events(plan) for plan in plans] == [[("Normal", "ExternalProvisioning", WAITING)]] * 2
    assert plans[-1].because == "waits for provisioner ebs.csi.aws.com, which does not run here"


def test_a_volume_that_is_there_goes_before_an_external_provisioner():
    """11-22"""
    plan = sync(claim(class_="ebs"), EXTERNAL, volume(class_="ebs"))

    assert events(plan) == []
    assert len(writes(plan)) == 4


# -- whole lives, as the recordings have them --------------------------------------------------------------


def steps(plans: list[Plan]) -> list[str]:
    return [step for plan in plans for step in writes(plan)]


def test_in_tree_from_claim_to_bound():
    """11-1, ST-3.44; recording 03"""
    asking = claim(class_="standard")
    cache = Cache([IN_TREE, asking])

    plans = run(cache, [CONTROLLER], (None, asking))

    assert steps(plans) == [
        "Update PersistentVolumeClaim",
        "Create PersistentVolume",
        "UpdateStatus PersistentVolume",
        "Update PersistentVolumeClaim",
        "UpdateStatus PersistentVolumeClaim",
    ]
    assert told(cache.list("PersistentVolume")[0]) == "Bound uid bbc"
    bound = cache.list("PersistentVolumeClaim")[0]
    assert told(bound) == "Bound pvc-uid-www bc bbc 1Gi"
    assert bound["metadata"]["annotations"].keys() - ASKED.keys() == {
        "pv.kubernetes.io/bind-completed",
        "pv.kubernetes.io/bound-by-controller",
    }


def test_in_tree_from_bound_to_gone():
    """ST-2.81; recording 12"""
    asking = claim(class_="standard")
    cache = Cache([IN_TREE, asking])
    run(cache, [CONTROLLER], (None, asking))
    bound = cache.drop(ref_of(asking))

    plans = run(cache, [CONTROLLER], (bound, None))

    assert steps(plans) == [
        "UpdateStatus PersistentVolume",
        "Update PersistentVolume",
        "Delete PersistentVolume",
    ]
    assert cache.list("PersistentVolume") == []


def test_a_claim_waits_for_its_resync_when_a_volume_appears():
    """ST-2.62; recording 01: claim, then volume"""
    asking, new = claim(), volume(phase="Pending")
    cache = Cache([asking, new])

    assert steps(run(cache, [CONTROLLER], (None, new))) == ["UpdateStatus PersistentVolume"]
    assert told(asking) == "Pending"
    assert len(writes(CONTROLLER.sync(cache, ref_of(asking), 15.0))) == 4


def test_a_released_volume_is_free_once_its_claim_ref_is_cleared():
    """D10, ST-2.71; recording 01: Released, cleared, bound"""
    held = volume(ref="old", marks="bbc", phase="Released")
    freed = replaced(held, "spec", {k: v for k, v in held["spec"].items() if k != "claimRef"})
    cache = Cache([freed, claim()])

    run(cache, [CONTROLLER], (held, freed))
    assert told(cache.list("PersistentVolume")[0]) == "Available bbc"
    first, *_ = CONTROLLER.sync(cache, Ref("PersistentVolumeClaim", "default", "www"), 15.0).actions

    assert told(first.obj) == "Available uid bbc"


def test_a_claim_that_lost_its_volume_is_bound_again_when_it_comes_back():
    """ST-2.87, ST-2.88"""
    asking = claim()
    cache = Cache([volume(finalizers=[]), asking])
    run(cache, [CONTROLLER], (None, asking))
    gone = cache.drop(Ref("PersistentVolume", "", "pv-1"))
    run(cache, [CONTROLLER], (gone, None))
    assert told(cache.list("PersistentVolumeClaim")[0]) == "Lost pv-1 bc bbc"

    cache.put(volume())
    plan = CONTROLLER.sync(cache, ref_of(asking), 15.0)

    assert writes(plan) == [
        "Update PersistentVolume",
        "UpdateStatus PersistentVolume",
        "UpdateStatus PersistentVolumeClaim",
    ]


def test_two_volumes_bound_to_one_claim_leave_it_one():
    """10-2"""
    first = volume(ref="uid", marks="bbc", phase="Bound")
    second = volume("pv-2", ref="uid", marks="bbc", phase="Bound")
    cache = Cache([first, second, claim(volume="pv-1", marks="bc", phase="Bound")])

    run(cache, [CONTROLLER], (None, first), (None, second))

    assert [told(v) for v in cache.list("PersistentVolume")] == ["Bound uid bbc", "Available"]
