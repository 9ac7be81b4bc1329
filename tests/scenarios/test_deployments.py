"""Deployments and ReplicaSets as kubectl shows them, on a whole cluster in simulated time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref, condition_of
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
