"""Deployments and ReplicaSets as kubectl shows them, on a whole cluster in simulated time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref, condition_of
from core.apiserver.podprinter import summarize
from core.cluster import Cluster

pytestmark = pytest.mark.django_db(transaction=True)

FRONT = Ref("Deployment", "default", "front")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster.new("deployments", start=1_800_000_000.0)
    yield cluster
    cluster.destroy()


def front(**spec: Any) -> Obj:
    container = {"name": "nginx", "image": "nginx:1.9.1"}
    template_spec = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "front", "namespace": "default"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "front"}},
            "template": {"metadata": {"labels": {"app": "front"}}, "spec": template_spec},
            **spec,
        },
    }


def quota(**hard: str) -> Obj:
    meta = {"name": "q", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": {"hard": hard}}


def test_a_deployment_says_that_its_replica_set_was_refused(cluster: Cluster) -> None:
    """DP11"""
    cluster.create(front())
    cluster.settle()
    cluster.create(quota(**{"count/replicasets.apps": "1"}))
    cluster.settle()
    image = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "nginx:1.10"}]
    cluster.patch(FRONT, image, "json")
    cluster.advance(cluster.now + 30)

    stuck = condition_of(cluster.get(FRONT), "Progressing")
    assert stuck is not None
    assert (stuck["status"], stuck["reason"]) == ("False", "ReplicaSetCreateError")
    head, _, tail = stuck["message"].partition('": replicasets.apps "')
    assert head.startswith('Failed to create new replica set "front-')
    assert tail.endswith(
        "is forbidden: exceeded quota: q, requested: count/replicasets.apps=1, "
        "used: count/replicasets.apps=1, limited: count/replicasets.apps=1"
    )
    events = [e for e in cluster.view.list("Event") if e["reason"] == "ReplicaSetCreateError"]
    assert [event["message"] for event in events] == [stuck["message"]]

    cluster.delete(Ref("ResourceQuota", "default", "q"))
    cluster.advance(cluster.now + 600)
    assert condition_of(cluster.get(FRONT), "Progressing")["reason"] == "NewReplicaSetAvailable"


# -- one claim for all Pods --------------------------------------------------------------------------


def share_a_disk(cluster: Cluster, mode: str) -> None:
    """Make a claim ``c`` with a network disk that is attached to a node before it is mounted."""
    csi = {"driver": "csi.example.com", "volumeHandle": "disk"}
    asked = {"accessModes": [mode], "storageClassName": ""}
    volume = {**asked, "capacity": {"storage": "1Gi"}, "csi": csi}
    cluster.create(
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": volume}
    )
    meta = {"name": "c", "namespace": "default"}
    claim = {**asked, "volumeName": "pv", "resources": {"requests": {"storage": "1Gi"}}}
    cluster.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": claim})
    cluster.advance(cluster.now + 20)


def sharing(**spec: Any) -> Obj:
    """Return the Deployment front whose Pods mount the claim c, never two on one node."""
    made = front(**spec)
    inside = made["spec"]["template"]["spec"]
    inside["volumes"] = [{"name": "d", "persistentVolumeClaim": {"claimName": "c"}}]
    inside["containers"][0]["volumeMounts"] = [{"name": "d", "mountPath": "/d"}]
    inside["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 80}]
    return made


def statuses(cluster: Cluster) -> list[str]:
    """Return the STATUS column of all Pods, sorted."""
    return sorted(summarize(pod).status for pod in cluster.view.list("Pod"))


def said(cluster: Cluster, reason: str) -> list[str]:
    return [event["message"] for event in cluster.view.list("Event") if event["reason"] == reason]


@pytest.mark.parametrize(
    ("mode", "seen"),
    [
        ("ReadWriteMany", ["Running", "Running"]),
        ("ReadOnlyMany", ["Running", "Running"]),
        ("ReadWriteOnce", ["ContainerCreating", "Running"]),
        ("ReadWriteOncePod", ["Pending", "Running"]),
    ],
)
def test_how_many_pods_may_share_a_disk_from_two_nodes(cluster: Cluster, mode: str, seen: list[str]) -> None:
    """DP13, PL29"""
    share_a_disk(cluster, mode)
    cluster.create(sharing())
    cluster.advance(cluster.now + 30)
    assert statuses(cluster) == seen

    (first, *_) = [pod for pod in cluster.view.list("Pod") if summarize(pod).status == "Running"]
    name = first["metadata"]["name"]
    assert said(cluster, "SuccessfulAttachVolume")[0] == 'AttachVolume.Attach succeeded for volume "pv" '
    if mode == "ReadWriteOnce":
        held = f'Multi-Attach error for volume "pv" Volume is already used by pod(s) {name}'
        assert said(cluster, "FailedAttachVolume") == [held]
    if mode == "ReadWriteOncePod":
        why = "PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
        assert any(
            f"node(s) unavailable due to {why}" in message for message in said(cluster, "FailedScheduling")
        )


@pytest.mark.parametrize(
    ("strategy", "seen"),
    [("RollingUpdate", ["ContainerCreating", "Running"]), ("Recreate", ["Running"])],
)
def test_a_rolling_update_waits_for_ever_for_the_disk_of_the_pod_it_replaces(
    cluster: Cluster, strategy: str, seen: list[str]
) -> None:
    """DP13, DP8"""
    share_a_disk(cluster, "ReadWriteOnce")
    cluster.create(sharing(replicas=1, strategy={"type": strategy}, progressDeadlineSeconds=60))
    cluster.advance(cluster.now + 30)
    image = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "nginx:1.10"}]
    cluster.patch(FRONT, image, "json")
    cluster.advance(cluster.now + 120)

    assert statuses(cluster) == seen
    progress = condition_of(cluster.get(FRONT), "Progressing")
    assert progress is not None
    stuck = strategy == "RollingUpdate"
    assert progress["reason"] == ("ProgressDeadlineExceeded" if stuck else "NewReplicaSetAvailable")


def test_nothing_is_said_of_what_a_dying_namespace_refuses(cluster: Cluster) -> None:
    """RS7: neither Events nor a failure, while its Pods go before it and it wants others"""
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    made = front()
    made["metadata"]["namespace"] = "shop"
    cluster.create(made)
    hold = {"name": "hold", "namespace": "shop", "finalizers": ["example.com/hold"]}
    cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": hold})
    cluster.advance(cluster.now + 10)
    before = {e["metadata"]["uid"] for e in cluster.view.list("Event", "shop")}
    cluster.delete(Ref("Namespace", "", "shop"))

    seen = set()
    for _ in range(40):
        cluster.advance(cluster.now + 0.5)
        seen |= {e["metadata"]["uid"] for e in cluster.view.list("Event", "shop")}
    assert seen <= before
    assert not cluster.view.list("Pod", "shop")
    assert condition_of(cluster.get(Ref("Namespace", "", "shop")), "NamespaceFinalizersRemaining")


# -- the lives of ReplicaSets ------------------------------------------------------------------------


def the_set(cluster: Cluster) -> Obj:
    """Return the one ReplicaSet that has Pods."""
    (found,) = [rs for rs in cluster.view.list("ReplicaSet") if rs["spec"]["replicas"]]
    return found


def test_a_size_that_somebody_gave_its_replica_set_is_taken_back(cluster: Cluster) -> None:
    """DP7, DP6"""
    cluster.create(front())
    cluster.settle()
    name = the_set(cluster)["metadata"]["name"]
    cluster.scale(Ref("ReplicaSet", "default", name), 5)
    cluster.settle()

    assert the_set(cluster)["spec"]["replicas"] == 2
    assert said(cluster, "ScalingReplicaSet")[-1] == f"Scaled down replica set {name} from 5 to 2"
    assert statuses(cluster) == ["Running", "Running"]


def test_a_deployment_made_anew_takes_up_the_replica_sets_that_its_predecessor_left(cluster: Cluster) -> None:
    """DP5, DP11, GC9, RS5: no Pod is started again"""
    cluster.create(front())
    cluster.settle()
    pods = {pod["metadata"]["uid"] for pod in cluster.view.list("Pod")}
    cluster.delete(FRONT, propagation="Orphan")
    cluster.settle()
    assert "ownerReferences" not in the_set(cluster)["metadata"]

    made = cluster.create(front())
    head = cluster.revision
    cluster.settle()

    assert {pod["metadata"]["uid"] for pod in cluster.view.list("Pod")} == pods
    (owner,) = the_set(cluster)["metadata"]["ownerReferences"]
    assert owner["uid"] == made["metadata"]["uid"]
    told = [
        condition_of(change.obj, "Progressing")
        for change in cluster.changes_since(head)
        if change.ref == FRONT
    ]
    reasons = list(dict.fromkeys(condition["reason"] for condition in told if condition))
    assert reasons == ["FoundNewReplicaSet", "NewReplicaSetAvailable"]
    assert cluster.get(FRONT)["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"


def test_who_waits_for_its_dependents_may_still_be_told_to_leave_them(cluster: Cluster) -> None:
    """GC2, GC9, GC15: deleted in the foreground, then again with --cascade=orphan"""
    cluster.create(front())
    cluster.settle()
    for pod in cluster.view.list("Pod"):
        ref = Ref("Pod", "default", pod["metadata"]["name"])
        cluster.patch(ref, {"metadata": {"finalizers": ["example.com/hold"]}})
    cluster.delete(FRONT, propagation="Foreground")
    cluster.advance(cluster.now + 10)
    assert cluster.get(FRONT)["metadata"]["finalizers"] == ["foregroundDeletion"]

    cluster.delete(FRONT, propagation="Orphan")
    cluster.advance(cluster.now + 10)
    assert cluster.view.get(*FRONT) is None
    meta = the_set(cluster)["metadata"]
    assert "ownerReferences" not in meta
    assert meta["finalizers"] == ["foregroundDeletion"]
