"""A Pod's volumes on its node."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import replaced
from core.apimachinery.timestamps import timestamp
from core.client.cache import Cache
from core.kubelet.mounts import container_backend, mounts_of
from core.storage.backend import backend_key
from tests.core.kubelet.cast import Bench, bound_claim, container, node, pod

CLAIM, VOLUME = bound_claim("www")
UNRESOLVED = (
    "FailedMount: Unable to attach or mount volumes: unmounted volumes=[www], unattached volumes=[], "
    "failed to process volumes=[www]: error processing PVC default/www: "
)
FAR = {
    "required": {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["b"]}]}]
    }
}


@pytest.mark.parametrize(
    ("objects", "event", "because"),
    [
        pytest.param(
            [],
            UNRESOLVED + 'failed to fetch PVC from API server: persistentvolumeclaims "www" not found',
            "waits for claim www to be created",
            id="no claim",
        ),
        pytest.param(
            [replaced(CLAIM, "status.phase", "Pending")],
            UNRESOLVED + "PVC is not bound",
            "waits for claim www to be bound",
            id="ST-5.74 not bound",
        ),
        pytest.param(
            [replaced(CLAIM, "metadata.deletionTimestamp", "2027-01-15T08:00:00Z")],
            UNRESOLVED + "PVC is being deleted",
            "cannot start: its claim www is being deleted",
            id="ST-5.74 being deleted",
        ),
        pytest.param(
            [CLAIM],
            UNRESOLVED + 'failed to fetch PV pv-www from API server: persistentvolumes "pv-www" not found',
            "cannot start: volume pv-www of its claim www does not exist",
            id="no volume",
        ),
        pytest.param(
            [CLAIM, replaced(VOLUME, "spec.nodeAffinity", FAR)],
            'FailedMount: MountVolume.NodeAffinity check failed for volume "pv-www" : '
            "no matching NodeSelectorTerms",
            "cannot start: volume pv-www cannot be reached from node-1",
            id="out of reach",
        ),
    ],
)
def test_says_why_a_volume_cannot_be_mounted(objects, event, because):
    """ST-5.79, ST-8.15, PL29, ST-5.71, ST-5.74, ST-5.81"""
    bench = Bench(node(), pod(claims=("www",)), *objects).run(0.3)

    assert (bench.events, bench.because) == ([event], because)
    assert bench.status["phase"] == "Pending"
    assert bench.conditions["PodReadyToStartContainers"] == "False"


def test_starts_when_the_claim_is_bound():
    """ST-5.70"""
    bench = Bench(node(), pod(claims=("www",))).run(1)
    bench.put(CLAIM)
    bench.put(VOLUME)

    bench.run(5)

    assert bench.status["phase"] == "Running"


def test_waits_for_a_csi_volume_to_be_attached_without_an_event():
    """ST-5.60, ST-5.73"""
    claim, volume = bound_claim("www", csi={"driver": "disk.csi", "volumeHandle": "v1"})
    bench = Bench(node(), pod(claims=("www",)), claim, volume).run(1)

    assert (bench.events, bench.because) == ([], "waits for volume pv-www to be attached to node-1")

    bench.put(node(volumesAttached=[{"name": "kubernetes.io/csi/disk.csi^v1", "devicePath": ""}]))
    assert bench.run(5).status["phase"] == "Running"


def test_a_read_write_once_pod_volume_serves_one_pod_of_the_node():
    """ST-5.72"""
    claim, volume = bound_claim("www", accessModes=["ReadWriteOncePod"])
    other = pod(claims=("www",))
    other["metadata"] = {**other["metadata"], "name": "other", "uid": "u-2"}
    other["status"] = {"phase": "Running", "podIP": "10.244.1.9"}

    bench = Bench(node(), pod(claims=("www",)), claim, volume, other).run(0.1)

    assert bench.events == [
        'FailedMount: MountVolume.SetUp failed for volume "pv-www" : volume uses the ReadWriteOncePod access '
        "mode and is already in use by another pod"
    ]
    assert bench.because == "waits for other to let go of volume pv-www, which serves one Pod at a time"


def test_a_failed_mount_is_tried_less_and_less_often():
    """ST-5.71: half a second later, then twice as long each time"""
    claim, volume = bound_claim("www", accessModes=["ReadWriteOncePod"])
    other = pod(claims=("www",))
    other["metadata"] = {**other["metadata"], "name": "other", "uid": "u-2"}
    other["status"] = {"phase": "Running", "podIP": "10.244.1.9"}
    bench = Bench(node(), pod(claims=("www",)), claim, volume, other).run(0.1)

    (told,) = bench.events
    reason, _, message = told.partition(": ")
    event = {
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"uid": "u-1"},
        "reason": reason,
        "message": message,
        "lastTimestamp": timestamp(bench.now),
    }

    def next_try(count: int) -> float:
        bench.put({**event, "count": count})
        return round(bench.look().requeue_after + bench.now % 1, 1)

    assert [next_try(count) for count in (2, 3, 4, 20)] == [1, 2, 4, 122]


def test_every_volume_that_fails_is_told():
    """ST-5.71"""
    subject = pod(claims=())
    subject["spec"]["volumes"] = [{"name": n, "configMap": {"name": n}} for n in ("one", "two")]
    bench = Bench(node(), subject).run(0.1)

    assert bench.events == [
        f'FailedMount: MountVolume.SetUp failed for volume "{n}" : configmap "{n}" not found'
        for n in ("one", "two")
    ]


def test_mounts_lead_to_the_bytes_behind_them():
    mounts = [
        {"name": "www", "mountPath": "/data"},
        {"name": "scratch", "mountPath": "/data/tmp", "subPath": "a"},
        {"name": "token", "mountPath": "/var/run/secrets", "readOnly": True},
    ]
    subject = pod(container(volumeMounts=mounts), claims=("www",))
    subject["spec"]["volumes"] += [{"name": "scratch", "emptyDir": {}}, {"name": "token", "projected": {}}]

    secret, scratch, data = mounts_of(subject, Cache([subject, CLAIM, VOLUME]))

    assert (data.backend_key, data.claim_name, data.persistent_volume_name) == (
        backend_key(VOLUME),
        "www",
        "pv-www",
    )
    assert (scratch.backend_key, scratch.sub_path, scratch.claim_name) == ("pod-u-1-volume-scratch", "a", "")
    assert (secret.backend_key, secret.read_only) == (None, True)


def test_a_container_s_own_files_end_with_its_pod():
    assert container_backend(pod(), "nginx") == "pod-u-1-container-nginx"
