"""A more important Pod comes to a full cluster."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref, condition_of
from core.cluster import Cluster

pytestmark = pytest.mark.django_db(transaction=True)

START = 1_800_000_000.0
WEB = Ref("StatefulSet", "default", "web")


def pod_spec(cpu: str, **more: Any) -> Obj:
    container = {"name": "c", "image": "nginx", "resources": {"requests": {"cpu": cpu}}}
    return {"containers": [container], "terminationGracePeriodSeconds": 5, **more}


def meta(name: str) -> Obj:
    return {"name": name, "namespace": "default"}


@pytest.fixture
def cluster() -> Cluster:
    """Two nodes of 32 cpu, on each a Pod of web that wants 20; a class for more important ones."""
    made = Cluster.new("full", start=START)
    made.create(
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": "high"},
            "value": 1000,
        }
    )
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod_spec("20")}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "serviceName": "web", "template": template}
    made.create({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta("web"), "spec": spec})
    made.settle()
    return made


def vip(cluster: Cluster) -> None:
    spec = pod_spec("20", priorityClassName="high")
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": meta("vip"), "spec": spec})


def told(cluster: Cluster, name: str, reason: str) -> list[str]:
    events = [e for e in cluster.view.list("Event") if e["involvedObject"]["name"] == name]
    return [event["message"] for event in events if event["reason"] == reason]


def pod(cluster: Cluster, name: str) -> Obj:
    return cluster.get(Ref("Pod", "default", name))


def test_the_younger_of_two_makes_room_and_waits_for_its_own(cluster: Cluster):
    node = pod(cluster, "web-1")["spec"]["nodeName"]
    vip(cluster)
    cluster.advance(cluster.now + 0.015)

    waits, leaves = pod(cluster, "vip"), pod(cluster, "web-1")
    assert (waits["status"]["nominatedNodeName"], waits["status"]["phase"]) == (node, "Pending")
    disruption = condition_of(leaves, "DisruptionTarget")
    assert disruption is not None
    assert disruption["reason"] == "PreemptionByScheduler"
    assert leaves["metadata"]["deletionGracePeriodSeconds"] == 5
    deletion = next(entry for entry in cluster.timeline(20) if entry.text == "Pod web-1 is being deleted")
    assert deletion.because == "makes room for vip of higher priority"

    cluster.advance(cluster.now + 30)

    arrived = pod(cluster, "vip")
    assert (arrived["spec"]["nodeName"], arrived["status"]["phase"]) == (node, "Running")
    assert "nominatedNodeName" not in arrived["status"]
    assert told(cluster, "web-1", "Preempted") == [
        f"Preempted by pod {arrived['metadata']['uid']} on node {node}"
    ]
    refused = condition_of(pod(cluster, "web-1"), "PodScheduled")
    assert refused is not None
    assert refused["message"] == (
        "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are"
        " available: 2 No preemption victims found for incoming pod."
    )
    assert told(cluster, "vip", "FailedScheduling")[0] == "0/2 nodes are available: 2 Insufficient cpu."


def test_the_seat_is_taken_again_when_the_important_one_is_gone(cluster: Cluster):
    vip(cluster)
    cluster.advance(cluster.now + 30)
    cluster.delete(Ref("Pod", "default", "vip"))
    cluster.advance(cluster.now + 30)

    assert pod(cluster, "web-1")["status"]["phase"] == "Running"


def test_a_preemption_survives_a_restart(cluster: Cluster):
    vip(cluster)
    cluster.advance(cluster.now + 0.015)
    again = Cluster.open("full")
    again.advance(again.now + 30)

    assert pod(again, "vip")["status"]["phase"] == "Running"
    assert len(told(again, "web-1", "Preempted")) == 1


def test_a_new_cluster_has_the_classes_of_the_system(cluster: Cluster):
    assert {one["metadata"]["name"]: one["value"] for one in cluster.view.list("PriorityClass")} == {
        "system-node-critical": 2_000_001_000,
        "system-cluster-critical": 2_000_000_000,
        "high": 1000,
    }
