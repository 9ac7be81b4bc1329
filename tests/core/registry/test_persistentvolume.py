"""PersistentVolumes: defaults, refusals, and what stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from core.apiserver.registry import persistentvolume
from tests.core.registry.cast import (
    NOW,
    STAMP,
    context,
    created,
    node_affinity,
    refusals,
    update_refusals,
    volume,
)

LATER = "2023-11-14T22:13:30Z"


def test_starts_pending_with_the_time_of_it() -> None:
    """ST-1.2, ST-1.6"""
    stored = created(volume(persistentVolumeReclaimPolicy=None, volumeMode=None, hostPath={"path": "/x"}))

    assert stored["status"] == {"phase": "Pending", "lastPhaseTransitionTime": STAMP}
    assert stored["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert stored["spec"]["volumeMode"] == "Filesystem"
    assert stored["spec"]["hostPath"] == {"path": "/x", "type": ""}


def test_a_local_source_has_no_defaults() -> None:
    """ST-1.6"""
    local = volume(hostPath=None, local={"path": "/mnt/ssd"}, nodeAffinity=node_affinity("node-1"))

    assert created(local)["spec"]["local"] == {"path": "/mnt/ssd"}
    assert refusals(local) == []


@pytest.mark.parametrize(("phase", "stamp"), [("Available", STAMP), ("Bound", LATER)])
def test_stamps_a_change_of_phase_and_only_that(phase: str, stamp: str) -> None:
    """ST-1.2"""
    old = volume()
    new = {**old, "status": {**old["status"], "phase": phase}}
    where = context()
    where.now = NOW + 10

    persistentvolume.prepare_for_status_update(new, old, where)

    assert new["status"] == {"phase": phase, "lastPhaseTransitionTime": stamp}
    assert old == volume()


@pytest.mark.parametrize(("phase", "stamp"), [("Available", STAMP), ("Bound", LATER)])
def test_a_writer_that_tells_no_time_of_the_phase_loses_none(phase: str, stamp: str) -> None:
    """ST-1.2"""
    old, where = volume(), context()
    new = {**old, "status": {"phase": phase}}
    where.now = NOW + 10

    persistentvolume.prepare_for_status_update(new, old, where)

    assert new["status"] == {"phase": phase, "lastPhaseTransitionTime": stamp}


def test_a_reservation_is_kept_as_it_was_written() -> None:
    """ST-1.6: only the binder completes it"""
    reserved = {"namespace": "default", "name": "www-web-0"}

    assert created(volume(claimRef=reserved))["spec"]["claimRef"] == reserved


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(
            {"accessModes": None, "capacity": None, "hostPath": None},
            [
                "spec.accessModes: Required value",
                "spec.capacity: Required value",
                'spec.capacity: Unsupported value: null: supported values: "storage"',
                "spec: Required value: must specify a volume type",
            ],
            id="ST-1.50, ST-1.52, ST-1.56 in this order",
        ),
        pytest.param(
            {"accessModes": ["Sometimes"]},
            [
                'spec.accessModes: Unsupported value: "Sometimes": supported values:'
                ' "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'
            ],
            id="ST-1.51 unknown",
        ),
        pytest.param(
            {"accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]},
            ["spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"],
            id="ST-1.51 mixed",
        ),
        pytest.param(
            {"capacity": {"storage": "1Gi", "cpu": "1"}},
            ['spec.capacity: Unsupported value: {"storage":"1Gi","cpu":"1"}: supported values: "storage"'],
            id="ST-1.53",
        ),
        pytest.param(
            {"capacity": {"storage": "0"}},
            ['spec.capacity[storage]: Invalid value: "0": must be greater than zero'],
            id="ST-1.54",
        ),
        pytest.param(
            {"persistentVolumeReclaimPolicy": "Keep"},
            [
                'spec.persistentVolumeReclaimPolicy: Unsupported value: "Keep":'
                ' supported values: "Delete", "Recycle", "Retain"'
            ],
            id="ST-1.55",
        ),
        pytest.param(
            {"nfs": {"server": "s", "path": "/p"}},
            ["spec.nfs: Forbidden: may not specify more than 1 volume type"],
            id="ST-1.57",
        ),
        pytest.param(
            {"hostPath": None, "local": {"path": "/mnt"}},
            ["spec.nodeAffinity: Required value: Local volume requires node affinity"],
            id="ST-1.58",
        ),
        pytest.param(
            {"hostPath": {"path": "//"}, "persistentVolumeReclaimPolicy": "Recycle"},
            [
                "spec.persistentVolumeReclaimPolicy: Forbidden:"
                " may not be 'recycle' for a hostPath mount of '/'"
            ],
            id="ST-1.59",
        ),
        pytest.param(
            {"nodeAffinity": {}},
            ["spec.nodeAffinity.required: Required value: must specify required node constraints"],
            id="1.8",
        ),
        pytest.param(
            {"hostPath": None, "local": {"path": "/mnt/ssd"}, "nodeAffinity": {}},
            ["spec.nodeAffinity.required: Required value: must specify required node constraints"],
            id="ST-1.58 an empty affinity",
        ),
        pytest.param(
            {"volumeAttributesClassName": "fast"},
            ["spec.csi: Required value: has to be specified when using volumeAttributesClassName"],
            id="1.8 attributes class",
        ),
        pytest.param({"hostPath": {}}, ["spec.hostPath.path: Required value"], id="hostPath"),
        pytest.param(
            {"hostPath": {"path": "/a/../b"}},
            ["spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"],
            id="hostPath backsteps",
        ),
        pytest.param(
            {"hostPath": None, "nfs": {"path": "p"}},
            [
                "spec.nfs.server: Required value",
                'spec.nfs.path: Invalid value: "p": must be an absolute path',
            ],
            id="nfs",
        ),
        pytest.param(
            {"hostPath": None, "csi": {}},
            ["spec.csi.driver: Required value", "spec.csi.volumeHandle: Required value"],
            id="csi",
        ),
    ],
)
def test_refuses_with_every_finding(spec: Any, expected: list[str]) -> None:
    assert refusals(volume(**spec)) == expected


@pytest.mark.parametrize(
    "spec",
    [
        {"capacity": {"storage": "5Gi"}},
        {"accessModes": ["ReadWriteMany"]},
        {"persistentVolumeReclaimPolicy": "Delete"},
        {"storageClassName": "gold"},
        {"claimRef": {"namespace": "default", "name": "www-web-0"}},
        {"mountOptions": ["hard"]},
        {"nodeAffinity": node_affinity("node-1")},
    ],
    ids=lambda spec: next(iter(spec)),
)
def test_an_operator_may_change(spec: Any) -> None:
    """ST-1.75, ST-1.77, ST-1.59a"""
    assert update_refusals(volume(**spec), volume()) == []


def test_the_source_is_immutable_and_the_refusal_shows_it() -> None:
    """ST-1.73"""
    found = update_refusals(volume(hostPath={"path": "/tmp/pv-2"}), volume())

    assert found == [
        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n"
        "@@ -2,7 +2,7 @@\n"
        '  "GCEPersistentDisk": null,\n'
        '  "AWSElasticBlockStore": null,\n'
        '  "HostPath": {\n'
        '-  "Path": "/tmp/pv-1",\n'
        '+  "Path": "/tmp/pv-2",\n'
        '   "Type": ""\n'
        "  },\n"
        '  "Glusterfs": null,\n'
    ]


def test_a_csi_source_may_get_its_secret_for_expansion_later() -> None:
    """ST-1.73"""
    csi = {"driver": "csi.example.com", "volumeHandle": "v1"}
    with_secret = {**csi, "controllerExpandSecretRef": {"name": "s", "namespace": "n"}}

    assert update_refusals(volume(hostPath=None, csi=with_secret), volume(hostPath=None, csi=csi)) == []


def test_the_node_affinity_is_set_once() -> None:
    """ST-1.75"""
    found = update_refusals(
        volume(nodeAffinity=node_affinity("node-2")), volume(nodeAffinity=node_affinity("node-1"))
    )

    assert found == [
        'nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":'
        '[{"Key":"kubernetes.io/hostname","Operator":"In","Values":["node-2"]}],"MatchFields":null}]}}:'
        " field is immutable, except for updating from beta label to GA"
    ]


def test_volume_mode_and_attributes_class_stay() -> None:
    """ST-1.74, ST-1.76"""
    csi = {"hostPath": None, "csi": {"driver": "csi.example.com", "volumeHandle": "v1"}}
    old = volume(**csi, volumeAttributesClassName="fast")

    assert update_refusals(volume(**csi, volumeMode="Block"), old) == [
        'volumeMode: Invalid value: "Block": field is immutable',
        "spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden",
    ]


def test_warns_of_old_labels_and_of_disks_that_are_no_more() -> None:
    old = {"matchExpressions": [{"key": "failure-domain.beta.kubernetes.io/zone", "operator": "Exists"}]}
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": []}, old]}}
    gone = created(volume(hostPath=None, storageos={"volumeName": "a"}, nodeAffinity=affinity))

    assert persistentvolume.warnings(gone, None) == [
        "spec.nodeAffinity.required.nodeSelectorTerms[1].matchExpressions[0].key: "
        "failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; "
        'use "topology.kubernetes.io/zone" instead',
        "spec.storageOS: deprecated in v1.22, non-functional in v1.25+",
    ]


def test_warns_of_recycling() -> None:
    recycled = created(volume(persistentVolumeReclaimPolicy="Recycle"))

    assert persistentvolume.warnings(recycled, None) == [
        "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated."
        " Instead, the recommended approach is to use dynamic provisioning."
    ]
