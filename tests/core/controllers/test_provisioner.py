from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj, ref_of
from core.client.actions import Plan
from core.client.cache import Cache
from core.controllers.persistentvolume import PersistentVolumeController
from core.controllers.provisioner import LocalPathProvisioner
from core.sim.settings import Settings
from core.storage.backend import backend_key
from tests.core.storage.cast import (
    claim,
    events,
    file,
    node,
    pinned,
    run,
    storage_class,
    told,
    volume,
    writes,
)

PROVISIONER = LocalPathProvisioner(Settings())
WAITING = storage_class("local-path", "rancher.io/local-path", wait=True)
WITHOUT_NODE = {"volume.kubernetes.io/storage-provisioner": "rancher.io/local-path"}
ASKED = {**WITHOUT_NODE, "volume.kubernetes.io/selected-node": "node-a1"}


def asking(*args: str, **more: object) -> Obj:
    return claim(*args, **{"class_": "local-path", "annotations": ASKED, **more})


def sync(obj: Obj, *others: Obj) -> Plan:
    return PROVISIONER.sync(Cache([*others, obj]), ref_of(obj), 0.0)


def test_makes_a_directory_on_the_chosen_node():
    """ST-3.33, ST-3.46"""
    plan = sync(asking(), WAITING, node())

    assert writes(plan) == ["Create PersistentVolume"]
    assert plan.actions[1].obj == {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": "pvc-uid-www",
            "annotations": {"pv.kubernetes.io/provisioned-by": "rancher.io/local-path"},
        },
        "spec": {
            "capacity": {"storage": "1Gi"},
            "hostPath": {
                "path": "/opt/local-path-provisioner/pvc-uid-www_default_www",
                "type": "DirectoryOrCreate",
            },
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
            "storageClassName": "local-path",
            "volumeMode": "Filesystem",
            "nodeAffinity": pinned("kubernetes.io/hostname", "node-a1"),
        },
    }


def test_tells_of_the_beginning_and_the_end():
    """ST-3.32"""
    assert events(sync(asking(), WAITING, node())) == [
        ("Normal", "Provisioning", 'External provisioner is provisioning volume for claim "default/www"'),
        ("Normal", "ProvisioningSucceeded", "Successfully provisioned volume pvc-uid-www"),
    ]


@pytest.mark.parametrize(
    ("obj", "others"),
    [
        (asking(annotations={}), [WAITING, node()]),
        (asking(annotations={"volume.kubernetes.io/storage-provisioner": "other"}), [WAITING, node()]),
        (
            asking(annotations={"volume.kubernetes.io/storage-provisioner": "rancher.io/local-path"}),
            [WAITING],
        ),
        (asking(volume="pv-1"), [WAITING, node()]),
        (asking(), [WAITING, node(), volume("pvc-uid-www")]),
        (asking(), [node()]),
    ],
    ids=["not asked", "another is asked", "no node yet", "has a volume", "made already", "class is gone"],
)
def test_leaves_other_claims_alone(obj: Obj, others: list[Obj]):
    """ST-3.31"""
    assert sync(obj, *others).actions == ()


NOT_PROVISIONED = 'failed to provision volume with StorageClass "local-path": '


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (
            asking(modes="RWX"),
            f"{NOT_PROVISIONED}NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access "
            "modes",
        ),
        (asking(selector={}), f"{NOT_PROVISIONED}claim.Spec.Selector is not supported"),
        (asking(volumeMode="Block"), "rancher.io/local-path does not support block volume provisioning"),
    ],
    ids=["ReadWriteMany", "selector", "ST-3.35 Block"],
)
def test_says_what_it_cannot_make_and_tries_again(obj: Obj, message: str):
    plan = sync(obj, WAITING, node())

    assert events(plan)[-1] == ("Warning", "ProvisioningFailed", message)
    assert writes(plan) == []
    assert plan.requeue_after == 15.0


def test_an_immediate_class_gives_it_no_node():
    immediate = storage_class("local-path", "rancher.io/local-path")

    plan = sync(asking(annotations=WITHOUT_NODE), immediate)

    assert events(plan)[-1][2] == f"{NOT_PROVISIONED}configuration error, no node was specified"


def test_gives_the_choice_back_when_the_node_is_gone():
    """ST-3.36"""
    plan = sync(asking(), WAITING)

    assert events(plan) == [
        ("Warning", "ProvisioningFailed", 'failed to get target node: node "node-a1" not found')
    ]
    assert "volume.kubernetes.io/selected-node" not in plan.actions[1].obj["metadata"]["annotations"]


def made(**more: object) -> Obj:
    by = {"pv.kubernetes.io/provisioned-by": "rancher.io/local-path"}
    return volume(**{"phase": "Released", "policy": "Delete", "ref": "uid", "annotations": by, **more})


def test_deletes_a_released_volume_with_its_files():
    """ST-3.40, ST-3.41"""
    plan = sync(made(), file(backend_key(made())), file("hostpath-other", "kept"))

    assert writes(plan) == ["Delete VolumeFile", "Delete PersistentVolume"]
    assert plan.actions[0].ref.namespace == backend_key(made())
    assert events(plan) == []


@pytest.mark.parametrize(
    "more",
    [
        {"phase": "Bound"},
        {"phase": "Failed"},
        {"policy": "Retain"},
        {"annotations": {"pv.kubernetes.io/provisioned-by": "other"}},
        {"annotations": {}},
        {"deleting": True},
    ],
)
def test_keeps_every_other_volume_and_its_files(more: Obj):
    """ST-3.40"""
    assert sync(made(**more), file(backend_key(made()))).actions == ()


def test_a_claim_lives_from_its_node_to_its_end_as_recorded():
    """ST-3.46, ST-2.77; recording 14"""
    fresh = asking(annotations={"volume.kubernetes.io/selected-node": "node-a1"})
    cache = Cache([WAITING, node(), fresh])
    both = [PersistentVolumeController(Settings()), PROVISIONER]

    born = [step for plan in run(cache, both, (None, fresh)) for step in writes(plan)]
    at_best = told(cache.list("PersistentVolumeClaim")[0]), told(cache.list("PersistentVolume")[0])
    bound = cache.drop(ref_of(fresh))
    gone = [step for plan in run(cache, both, (bound, None)) for step in writes(plan)]

    assert born == [
        "Update PersistentVolumeClaim",
        "Create PersistentVolume",
        "UpdateStatus PersistentVolume",
        "Update PersistentVolumeClaim",
        "UpdateStatus PersistentVolumeClaim",
    ]
    assert at_best == ("Bound pvc-uid-www bc bbc 1Gi", "Bound uid")
    assert gone == ["UpdateStatus PersistentVolume", "Delete PersistentVolume"]
