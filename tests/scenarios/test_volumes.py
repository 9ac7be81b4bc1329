"""The lives of claims and volumes (storage.md 10), each to where nothing changes any more."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref
from core.cluster import Cluster

pytestmark = pytest.mark.django_db(transaction=True)

START = 1_800_000_000.0  # divisible by 15: resyncs come at 15, 30, 45 s
NO_CLASS = "Normal FailedBinding: no persistent volumes available for this claim and no storage class is set"
ANY_CLASS = {"storageClassName": "standard"}


class Disks:
    """A cluster without volumes and classes, and short words for what is done there."""

    def __init__(self) -> None:
        self.cluster = Cluster.new("disks", start=START)

    def volume(self, name: str = "pv", size: str = "1Gi", **spec: Any) -> Disks:
        source = {} if {"local", "nfs", "csi"} & spec.keys() else {"hostPath": {"path": f"/tmp/{name}"}}
        self.cluster.create(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": name},
                "spec": {
                    "capacity": {"storage": size},
                    "accessModes": ["ReadWriteOnce"],
                    **source,
                    **spec,
                },
            }
        )
        return self

    def claim(self, name: str = "c", size: str = "1Gi", **spec: Any) -> Disks:
        asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
        meta = {"name": name, "namespace": "default"}
        self.cluster.create(
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": {**asked, **spec}}
        )
        return self

    def klass(self, name: str, provisioner: str, *, default: bool = False, **more: Any) -> Disks:
        marks = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
        self.cluster.create(
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {"name": name, "annotations": marks},
                "provisioner": provisioner,
                **more,
            }
        )
        return self

    def pod(self, name: str = "p", claim: str = "c", **spec: Any) -> Disks:
        container = {"name": "c", "image": "nginx", "volumeMounts": [{"name": "d", "mountPath": "/d"}]}
        volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": claim}}]
        self.cluster.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": "default"},
                "spec": {
                    "containers": [container],
                    "volumes": volumes,
                    "terminationGracePeriodSeconds": 1,
                    **spec,
                },
            }
        )
        return self

    def patch(self, kind: str, name: str, patch: Obj) -> Disks:
        self.cluster.patch(ref(kind, name), patch)
        return self

    def delete(self, kind: str, name: str, grace: int | None = None) -> Disks:
        self.cluster.delete(ref(kind, name), grace)
        return self

    def wait(self, seconds: float) -> Disks:
        self.cluster.advance(self.cluster.now + seconds)
        return self

    def get(self, kind: str, name: str) -> Obj:
        return self.cluster.get(ref(kind, name))

    def there(self, kind: str) -> list[str]:
        return [obj["metadata"]["name"] for obj in self.cluster.view.list(kind)]

    def phases(self) -> str:
        """Tell name and phase of every volume and claim: ``pv Bound, c Bound``."""
        found = [
            *self.cluster.view.list("PersistentVolume"),
            *self.cluster.view.list("PersistentVolumeClaim"),
        ]
        return ", ".join(f"{obj['metadata']['name']} {obj['status']['phase']}" for obj in found)

    def said(self, kind: str = "PersistentVolumeClaim", name: str = "") -> list[str]:
        found = [
            event
            for event in self.cluster.view.list("Event")
            if event["involvedObject"]["kind"] == kind and name in ("", event["involvedObject"]["name"])
        ]
        found.sort(key=lambda event: int(event["metadata"]["resourceVersion"]))
        return [f"{event['type']} {event['reason']}: {event['message']}" for event in found]

    def writes(self, kind: str, since: int) -> list[str]:
        """Tell the writes to a kind: type and phase."""
        return [
            f"{change.type} {change.obj['status'].get('phase')}"
            for change in self.cluster.changes_since(since)
            if change.ref.kind == kind
        ]


def ref(kind: str, name: str) -> Ref:
    namespaced = kind not in ("PersistentVolume", "StorageClass", "Node")
    return Ref(kind, "default" if namespaced else "", name)


@pytest.fixture
def disks() -> Disks:
    return Disks()


def reserved(claim: str) -> Obj:
    return {"claimRef": {"kind": "PersistentVolumeClaim", "namespace": "default", "name": claim}}


# -- binding ------------------------------------------------------------------------------------------


def test_a_claim_finds_the_volume_that_is_there(disks: Disks) -> None:
    """L01, ST-0.1, ST-2.32, ST-8.18"""
    disks.volume().wait(1)
    before = disks.cluster.revision
    disks.claim().wait(1)
    assert disks.phases() == "pv Bound, c Bound"
    changes = [change for change in disks.cluster.changes_since(before) if change.ref.name in ("pv", "c")]
    assert [change.ref.name for change in changes] == ["c", "pv", "pv", "c", "c"]
    assert [change.revision for change in changes] == list(range(before + 1, before + 6))
    assert (disks.said(), disks.said("PersistentVolume")) == ([], [])


def test_a_claim_waits_for_its_resync_when_the_volume_comes_later(disks: Disks) -> None:
    """L02, ST-2.42, ST-8.30, ST-11.4"""
    disks.cluster.advance(START + 15 * 4 + 1)
    disks.claim().wait(32)
    disks.volume().wait(1)
    assert disks.phases() == "pv Available, c Pending"
    disks.wait(15)
    assert disks.phases() == "pv Bound, c Bound"
    assert disks.said() == [NO_CLASS]
    (event,) = [e for e in disks.cluster.view.list("Event") if e["reason"] == "FailedBinding"]
    assert event["count"] == 3


def test_a_class_that_does_not_exist_binds_by_its_name(disks: Disks) -> None:
    """L03, ST-1.66"""
    disks.claim(storageClassName="manual").wait(1)
    missing = 'Warning ProvisioningFailed: storageclass.storage.k8s.io "manual" not found'
    assert disks.said() == [missing]
    disks.volume(storageClassName="manual").wait(16)
    assert disks.phases() == "pv Bound, c Bound"


def test_a_mistyped_class_waits_until_somebody_makes_it(disks: Disks) -> None:
    """L04, 11-1, 11-14, ST-3.7"""
    disks.claim(storageClassName="typo").pod().wait(40)
    assert disks.said() == ['Warning ProvisioningFailed: storageclass.storage.k8s.io "typo" not found']
    assert "pod has unbound immediate PersistentVolumeClaims" in disks.said("Pod")[0]
    disks.klass("typo", "kubernetes.io/host-path").wait(20)
    claim = disks.get("PersistentVolumeClaim", "c")
    assert claim["status"]["phase"] == "Bound"
    volume = disks.get("PersistentVolume", claim["spec"]["volumeName"])
    assert volume["metadata"]["name"] == f"pvc-{claim['metadata']['uid']}"
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    assert disks.said()[-1].startswith("Normal ProvisioningSucceeded: Successfully provisioned volume pvc-")


def test_an_external_provisioner_makes_the_volume_on_the_pods_node(disks: Disks) -> None:
    """L06, L14, ST-3.14, ST-3.30, ST-3.34, ST-8.5, ST-8.6, 5-6"""
    before = disks.cluster.revision
    disks.klass("ext", "rancher.io/local-path", volumeBindingMode="WaitForFirstConsumer")
    disks.claim(storageClassName="ext").wait(5)
    assert disks.said() == [
        "Normal WaitForFirstConsumer: waiting for first consumer to be created before binding"
    ]
    disks.pod().wait(10)
    assert disks.get("Pod", "p")["status"]["phase"] == "Running"
    assert [line.split(":")[0] for line in disks.said()[1:]] == [
        "Normal ExternalProvisioning",
        "Normal Provisioning",
        "Normal ProvisioningSucceeded",
    ]
    components = {event["source"].get("component") for event in disks.cluster.view.list("Event")}
    assert "rancher.io/local-path_local-path-provisioner" in components
    assert "MODIFIED Available" not in disks.writes("PersistentVolume", before)
    disks.delete("Pod", "p").wait(5).delete("PersistentVolumeClaim", "c").wait(5)
    assert (disks.there("PersistentVolume"), disks.said("PersistentVolume")) == ([], [])


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("Immediate", "Warning ProvisioningFailed"), ("WaitForFirstConsumer", "Normal WaitForFirstConsumer")],
)
def test_a_class_without_a_provisioner_only_waits(disks: Disks, mode: str, reason: str) -> None:
    """L08, L09, ST-3.16, ST-3.21, ST-3.25"""
    disks.klass("local", "kubernetes.io/no-provisioner", volumeBindingMode=mode)
    disks.claim(storageClassName="local").wait(40)
    assert [line.split(":")[0] for line in disks.said()] == [reason]


def test_a_provisioner_that_nobody_runs_is_waited_for(disks: Disks) -> None:
    """ST-3.29, ST-8.6"""
    disks.klass("ebs", "ebs.csi.aws.com").claim(storageClassName="ebs").wait(60)
    assert [line.split(":")[0] for line in disks.said()] == ["Normal ExternalProvisioning"]
    assert disks.phases() == "c Pending"


@pytest.mark.parametrize(
    ("volumes", "claims", "told"),
    [
        pytest.param(2, 4, "a Bound, b Bound, c Pending, d Pending", id="L38"),
        pytest.param(1, 2, "a Bound, b Pending", id="L25"),
        pytest.param(4, 2, "a Bound, b Bound", id="L39"),
    ],
)
def test_there_are_as_many_pairs_as_there_can_be(disks: Disks, volumes: int, claims: int, told: str) -> None:
    """ST-2.15, ST-0.4"""
    for number in range(volumes):
        disks.volume(f"pv-{number}")
    disks.wait(1)
    for name in "abcd"[:claims]:
        disks.claim(name)
    disks.wait(20)
    bound = ["Bound"] * min(volumes, claims) + ["Available"] * max(0, volumes - claims)
    pairs = ", ".join(f"pv-{number} {phase}" for number, phase in enumerate(bound))
    assert disks.phases() == f"{pairs}, {told}"


def test_a_volume_is_kept_for_the_claim_that_it_names(disks: Disks) -> None:
    """L40, ST-2.31"""
    disks.volume(**reserved("c")).wait(1).claim("other").wait(20)
    assert disks.phases() == "pv Available, c Pending".replace("c", "other")
    disks.claim("c").wait(1)
    assert disks.get("PersistentVolumeClaim", "c")["status"]["phase"] == "Bound"
    assert "annotations" not in disks.get("PersistentVolume", "pv")["metadata"]


def test_a_claim_that_names_a_taken_volume_waits_for_a_hand(disks: Disks) -> None:
    """L26, ST-8.2"""
    disks.volume().wait(1).claim("first").wait(1).claim("c", volumeName="pv").wait(1)
    taken = 'Warning FailedBinding: volume "pv" already bound to a different claim.'
    assert disks.said("PersistentVolumeClaim", "c") == [taken]
    disks.delete("PersistentVolumeClaim", "first").wait(20)
    assert disks.phases() == "pv Released, c Pending"
    disks.patch("PersistentVolume", "pv", {"spec": {"claimRef": None}}).wait(20)
    assert disks.phases() == "pv Bound, c Bound"


def test_a_named_volume_tells_one_time_of_its_phase(disks: Disks) -> None:
    """ST-1.2: claim and volume are synced side by side and both say Bound"""
    disks.volume(**reserved("x")).wait(1).claim(volumeName="pv").wait(20)
    before = disks.cluster.revision
    disks.patch("PersistentVolume", "pv", {"spec": {"claimRef": None}}).wait(20)
    assert disks.phases() == "pv Bound, c Bound"
    changes = [c.obj for c in disks.cluster.changes_since(before) if c.ref.name == "pv"]
    bound = [obj for obj in changes if obj["status"]["phase"] == "Bound"]
    assert len(bound) == 1
    assert bound[0]["status"]["lastPhaseTransitionTime"] > changes[0]["status"]["lastPhaseTransitionTime"]


def test_a_claim_that_names_a_volume_too_small_binds_when_it_is_larger(disks: Disks) -> None:
    """L27, ST-8.3"""
    disks.volume().wait(1).claim(size="2Gi", volumeName="pv").wait(1)
    small = 'Warning VolumeMismatch: Cannot bind to requested volume "pv": requested PV is too small'
    assert disks.said() == [small]
    disks.patch("PersistentVolume", "pv", {"spec": {"capacity": {"storage": "2Gi"}}}).wait(20)
    assert disks.phases() == "pv Bound, c Bound"


def test_a_default_class_reaches_claims_that_were_there_before(disks: Disks) -> None:
    """L28, ST-1.65"""
    disks.claim().wait(1)
    assert disks.said() == [NO_CLASS]
    disks.klass("standard", "kubernetes.io/host-path", default=True).wait(20)
    claim = disks.get("PersistentVolumeClaim", "c")
    assert (claim["spec"]["storageClassName"], claim["status"]["phase"]) == ("standard", "Bound")


def test_the_newer_of_two_defaults_is_given(disks: Disks) -> None:
    """L29, ST-1.64"""
    disks.klass("a", "kubernetes.io/host-path", default=True).wait(2)
    disks.klass("b", "kubernetes.io/host-path", default=True).claim("one").wait(5)
    off = {"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "false"}}}
    disks.patch("StorageClass", "b", off).claim("two").wait(5)
    given = [disks.get("PersistentVolumeClaim", name)["spec"]["storageClassName"] for name in ("one", "two")]
    assert given == ["b", "a"]


def test_a_pod_with_a_node_by_hand_and_a_delayed_claim_cannot_start(disks: Disks) -> None:
    """L43, ST-3.18"""
    disks.klass("ext", "rancher.io/local-path", volumeBindingMode="WaitForFirstConsumer")
    disks.claim(storageClassName="ext").pod(nodeName="node-1").wait(40)
    assert disks.phases() == "c Pending"
    assert disks.get("Pod", "p")["status"]["phase"] == "Pending"
    assert disks.said("Pod")[-1].endswith("error processing PVC default/c: PVC is not bound")


# -- what somebody does to a bound pair ---------------------------------------------------------------


@pytest.fixture
def bound(disks: Disks) -> Disks:
    disks.volume().wait(1).claim().wait(1)
    assert disks.phases() == "pv Bound, c Bound"
    return disks


def test_a_volume_reserved_again_takes_the_claim_of_that_name_only(bound: Disks) -> None:
    """L13, ST-2.72, ST-2.75"""
    bound.delete("PersistentVolumeClaim", "c").wait(1).claim("c").wait(20)
    assert bound.phases() == "pv Released, c Pending"
    bound.patch("PersistentVolume", "pv", {"spec": {"claimRef": {"uid": None, "resourceVersion": None}}})
    bound.claim("a").wait(20)
    assert bound.phases() == "pv Bound, c Bound, a Pending"


def test_a_volume_given_the_uid_of_a_claim_goes_to_it(bound: Disks) -> None:
    """ST-2.73"""
    bound.delete("PersistentVolumeClaim", "c").wait(1).claim("c").wait(1)
    uid = bound.get("PersistentVolumeClaim", "c")["metadata"]["uid"]
    bound.patch("PersistentVolume", "pv", {"spec": {"claimRef": {"uid": uid}}}).wait(1)
    assert bound.phases() == "pv Bound, c Bound"


def test_a_volume_made_again_is_free(bound: Disks) -> None:
    """ST-2.74"""
    bound.delete("PersistentVolumeClaim", "c").wait(1).delete("PersistentVolume", "pv").wait(1)
    assert bound.phases() == ""
    bound.volume().wait(1).claim("other").wait(1)
    assert bound.phases() == "pv Bound, other Bound"


def test_a_volume_forced_away_loses_the_claim_until_it_is_made_again(bound: Disks) -> None:
    """L19, L20, 5-4, ST-2.51, ST-8.4"""
    bound.delete("PersistentVolume", "pv").wait(1)
    assert bound.phases() == "pv Bound, c Bound"
    bound.patch("PersistentVolume", "pv", {"metadata": {"finalizers": None}}).wait(1)
    claim = bound.get("PersistentVolumeClaim", "c")
    assert claim["status"] == {"phase": "Lost"}
    lost = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
    assert bound.said() == [f"Warning ClaimLost: {lost}"]
    bound.pod().wait(1)
    assert 'persistentvolumeclaim "c" bound to non-existent persistentvolume "pv"' in bound.said("Pod")[0]
    bound.volume().wait(20)
    assert bound.phases() == "pv Bound, c Bound"
    assert len(bound.said()) == 1


def test_a_claim_writes_its_mark_again(bound: Disks) -> None:
    """L41, ST-1.48"""
    mark = "pv.kubernetes.io/bind-completed"
    bound.patch("PersistentVolumeClaim", "c", {"metadata": {"annotations": {mark: None}}}).wait(1)
    assert bound.get("PersistentVolumeClaim", "c")["metadata"]["annotations"][mark] == "yes"
    assert (bound.phases(), bound.said()) == ("pv Bound, c Bound", [])


def test_a_bound_volume_whose_reference_is_cleared_is_taken_back(bound: Disks) -> None:
    """L42, ST-1.59a"""
    before = bound.cluster.revision
    bound.patch("PersistentVolume", "pv", {"spec": {"claimRef": None}}).wait(20)
    assert bound.phases() == "pv Bound, c Bound"
    assert bound.writes("PersistentVolume", before)[-1] == "MODIFIED Bound"
    assert "MODIFIED Available" in bound.writes("PersistentVolume", before)


def test_a_changed_policy_matters_when_the_claim_is_gone(bound: Disks) -> None:
    """ST-2.69a, ST-1.77, ST-1.8"""
    assert bound.get("PersistentVolume", "pv")["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    bound.patch("PersistentVolume", "pv", {"spec": {"persistentVolumeReclaimPolicy": "Delete"}}).wait(20)
    assert bound.phases() == "pv Bound, c Bound"
    bound.delete("PersistentVolumeClaim", "c").wait(2)
    assert bound.phases() == ""


def test_a_bound_volume_may_change_and_nobody_asks(bound: Disks) -> None:
    """ST-2.53, ST-1.77"""
    changes = {"storageClassName": "other", "capacity": {"storage": "7Gi"}}
    bound.patch("PersistentVolume", "pv", {"metadata": {"labels": {"a": "b"}}, "spec": changes}).wait(20)
    assert (bound.phases(), bound.said()) == ("pv Bound, c Bound", [])


def test_a_class_goes_without_asking_its_claims(disks: Disks) -> None:
    """ST-3.7, ST-4.22"""
    disks.klass("standard", "kubernetes.io/host-path").claim(**ANY_CLASS).wait(5)
    disks.delete("StorageClass", "standard").wait(20)
    assert disks.there("StorageClass") == []
    assert disks.get("PersistentVolumeClaim", "c")["status"]["phase"] == "Bound"
    assert disks.delete("Node", "node-2").there("Node") == ["node-1"]


@pytest.mark.parametrize("phase", ["Running", "Succeeded"])
def test_a_claim_goes_after_the_object_of_its_pod(bound: Disks, phase: str) -> None:
    """L21, L22, ST-4.10, ST-2.89"""
    ends = {"restartPolicy": "Never"} if phase == "Succeeded" else {}
    bound.pod(**ends).wait(10)
    if ends:
        pod = bound.get("Pod", "p")
        bound.cluster.registry.update_status({**pod, "status": {**pod["status"], "phase": phase}}, "kubelet")
    bound.delete("PersistentVolumeClaim", "c").wait(20)
    assert bound.get("PersistentVolumeClaim", "c")["status"]["phase"] == "Bound"
    bound.delete("Pod", "p").wait(5)
    assert bound.phases() == "pv Released"


def test_a_new_pod_of_a_claim_on_its_way_out_is_not_scheduled(bound: Disks) -> None:
    """L24, ST-4.15"""
    bound.pod("p1").wait(10).delete("PersistentVolumeClaim", "c").wait(1).pod("p2").wait(1)
    (told,) = bound.said("Pod", "p2")
    assert 'persistentvolumeclaim "c" is being deleted. not found' in told
    assert "nodeName" not in bound.get("Pod", "p2")["spec"]


def test_the_second_pod_of_a_read_write_once_pod_claim_waits_for_the_first(disks: Disks) -> None:
    """L35, ST-5.40"""
    mode = {"accessModes": ["ReadWriteOncePod"]}
    disks.volume(**mode).wait(1).claim(**mode).wait(1).pod("p1").wait(10).pod("p2").wait(5)
    assert "ReadWriteOncePod access mode already in-use by another pod" in disks.said("Pod", "p2")[0]
    disks.delete("Pod", "p1").wait(10)
    assert disks.get("Pod", "p2")["status"]["phase"] == "Running"


# -- reclaiming ---------------------------------------------------------------------------------------


def test_a_volume_that_nothing_can_delete_is_failed_once(disks: Disks) -> None:
    """L16, ST-2.83, ST-2.69, ST-8.9, ST-8.19, EVT-3"""
    policy = {"persistentVolumeReclaimPolicy": "Delete"}
    disks.volume("nfs1", nfs={"server": "s", "path": "/x"}, **policy).wait(1).claim().wait(1)
    disks.delete("PersistentVolumeClaim", "c").wait(40)
    why = 'error getting deleter volume plugin for volume "nfs1": no deletable volume plugin matched'
    assert disks.get("PersistentVolume", "nfs1")["status"]["message"] == why
    assert disks.phases() == "nfs1 Failed"
    assert disks.said("PersistentVolume") == [f"Warning VolumeFailedDelete: {why}"]
    (event,) = [e for e in disks.cluster.view.list("Event") if e["reason"] == "VolumeFailedDelete"]
    assert (event["count"], event["metadata"]["namespace"]) == (1, "default")
    assert re.fullmatch(r"nfs1\.[0-9a-f]{16}", event["metadata"]["name"])


def test_a_recycled_volume_is_free_again_when_no_pod_names_its_claim(disks: Disks) -> None:
    """L17, L18, ST-2.84, ST-8.11"""
    disks.volume(persistentVolumeReclaimPolicy="Recycle").wait(1).claim().wait(1).pod().wait(10)
    disks.patch("PersistentVolumeClaim", "c", {"metadata": {"finalizers": None}})
    disks.delete("PersistentVolumeClaim", "c").wait(20)
    assert disks.phases() == "pv Released"
    assert disks.said("PersistentVolume") == ["Normal VolumeFailedRecycle: Volume is used by pods: default/p"]
    disks.delete("Pod", "p").wait(20)
    assert disks.phases() == "pv Available"
    assert "claimRef" not in disks.get("PersistentVolume", "pv")["spec"]
    assert disks.said("PersistentVolume")[-1] == "Normal VolumeRecycled: Volume recycled"


def test_a_volume_deleted_before_its_claim_goes_with_it(disks: Disks) -> None:
    """L37, ST-4.28"""
    disks.klass("standard", "kubernetes.io/host-path").claim(**ANY_CLASS).wait(5)
    (name,) = disks.there("PersistentVolume")
    disks.delete("PersistentVolume", name).wait(20)
    assert disks.get("PersistentVolume", name)["status"]["phase"] == "Bound"
    disks.delete("PersistentVolumeClaim", "c").wait(5)
    assert disks.phases() == ""


# -- who may use a volume -----------------------------------------------------------------------------


def test_access_modes_never_make_a_mount_read_only(disks: Disks) -> None:
    """ST-1.21"""
    mode = {"accessModes": ["ReadOnlyMany"]}
    disks.volume(**mode).wait(1).claim(**mode).wait(1).pod().wait(10)
    disks.cluster.write_file(ref("Pod", "p"), "/d/file", b"written")
    assert disks.cluster.read_file(ref("Pod", "p"), "/d/file") == b"written"


def test_read_write_once_keeps_no_pod_from_being_scheduled(bound: Disks) -> None:
    """ST-5.41"""
    for name in ("node-1", "node-2"):
        bound.pod(f"on-{name}", nodeSelector={"kubernetes.io/hostname": name})
    bound.wait(10)
    assert [bound.get("Pod", f"on-{name}")["spec"]["nodeName"] for name in ("node-1", "node-2")] == [
        "node-1",
        "node-2",
    ]


def on(node: str) -> Obj:
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
    return {"required": {"nodeSelectorTerms": [term]}}


def test_two_volumes_bound_on_two_nodes_leave_their_pod_without_one(disks: Disks) -> None:
    """ST-5.34, ST-2.19, D16"""
    for number in (1, 2):
        disks.volume(f"pv-{number}", local={"path": "/d"}, nodeAffinity=on(f"node-{number}"))
        disks.wait(1).claim(f"c-{number}").wait(1)
    volumes = [{"name": f"d{n}", "persistentVolumeClaim": {"claimName": f"c-{n}"}} for n in (1, 2)]
    disks.pod(volumes=[{**volumes[0], "name": "d"}, volumes[1]]).wait(400)
    assert "2 node(s) didn't match PersistentVolume's node affinity" in disks.said("Pod")[0]
    assert "nodeName" not in disks.get("Pod", "p")["spec"]
    assert disks.phases() == "pv-1 Bound, pv-2 Bound, c-1 Bound, c-2 Bound"


def test_pods_of_a_deployment_share_a_claim_as_its_mode_allows(disks: Disks) -> None:
    """SC80, DP13, RS2"""
    mode = {"accessModes": ["ReadWriteOncePod"]}
    disks.volume(**mode).wait(1).claim(**mode).wait(1)
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {
            "containers": [
                {"name": "c", "image": "nginx", "volumeMounts": [{"name": "d", "mountPath": "/d"}]}
            ],
            "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "c"}}],
        },
    }
    spec = {"replicas": 3, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    meta = {"name": "shop", "namespace": "default"}
    disks.cluster.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec})
    disks.wait(15)
    pods = disks.cluster.view.list("Pod")
    assert len({pod["metadata"]["name"] for pod in pods}) == 3
    assert {pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] for pod in pods} == {"c"}
    assert sorted(pod["status"]["phase"] for pod in pods) == ["Pending", "Pending", "Running"]


@pytest.mark.parametrize("nodes", [("node-1",) * 3, ("node-1", "node-2", "node-1")])
def test_pods_that_come_at_once_take_different_volumes(disks: Disks, nodes: tuple[str, ...]) -> None:
    """ST-5.22, ST-5.30: what is about to be written for one Pod counts for the next"""
    disks.klass("local", "kubernetes.io/no-provisioner", volumeBindingMode="WaitForFirstConsumer")
    for number, name in enumerate(nodes):
        disks.volume(
            f"pv-{number}", local={"path": "/d"}, nodeAffinity=on(name), storageClassName="local"
        ).claim(f"c-{number}", storageClassName="local")
    disks.wait(1)
    for number in range(3):
        disks.pod(f"p-{number}", f"c-{number}")
    disks.wait(5)

    assert [disks.get("Pod", f"p-{number}")["status"]["phase"] for number in range(3)] == ["Running"] * 3
    assert not [line for line in disks.said("Pod") if "FailedScheduling" in line]


def test_pods_that_share_a_delayed_claim_go_to_one_node(disks: Disks) -> None:
    """ST-5.23"""
    disks.klass("ext", "rancher.io/local-path", volumeBindingMode="WaitForFirstConsumer")
    disks.claim(storageClassName="ext").wait(1)
    for name in "abcd":
        disks.pod(name)
    disks.wait(5)

    assert len({disks.get("Pod", name)["spec"]["nodeName"] for name in "abcd"}) == 1
    assert not [line for line in disks.said("Pod") if "FailedScheduling" in line]
