"""Kept kinds on a cluster that runs: nothing comes of them, they go with their owners and namespaces."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Ref, owner_reference
from core.cluster import Cluster

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: shop}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox}]}}}
---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {maxReplicas: 3, targetCPUUtilizationPercentage: 70, scaleTargetRef: {kind: Deployment, name: web}}
"""
JOB, SCALER = Ref("Job", "shop", "once"), Ref("HorizontalPodAutoscaler", "shop", "web")


def stage() -> Cluster:
    cluster = Cluster.new("stage", start=1_800_000_000.0)
    list(cluster.apply(TEXT))
    cluster.settle()
    return cluster


def test_a_text_is_applied_with_a_word_about_what_is_only_kept() -> None:
    cluster = Cluster.new("stage", start=1_800_000_000.0)
    first = [(outcome.verb, len(outcome.warnings)) for outcome in cluster.apply(TEXT)]
    assert first == [("created", 0), ("created", 1), ("created", 1)]
    again = [(outcome.verb, len(outcome.warnings)) for outcome in cluster.apply(TEXT)]
    assert again == [("unchanged", 0)] * 3
    cluster.settle()
    assert cluster.view.list("Pod") == []
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    assert cluster.get(SCALER)["spec"]["metrics"] == [{"type": "Resource", "resource": cpu}]


def test_they_go_with_their_namespace() -> None:
    cluster = stage()
    cluster.delete(Ref("Namespace", "", "shop"))
    cluster.settle()
    assert cluster.view.list("Job") == cluster.view.list("HorizontalPodAutoscaler") == []


def test_they_go_with_their_owner() -> None:
    cluster = stage()
    owner = owner_reference(cluster.get(JOB))
    cluster.patch(SCALER, {"metadata": {"ownerReferences": [owner]}})
    cluster.delete(JOB)
    cluster.settle()
    assert cluster.view.list("HorizontalPodAutoscaler") == []
