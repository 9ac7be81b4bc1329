"""Generic ephemeral volumes: a claim that is made for a Pod and goes with it."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj
from tests.scenarios.test_volumes import Disks, ref

pytestmark = pytest.mark.django_db(transaction=True)

REQUEST: Obj = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def scratch(**spec: object) -> list[Obj]:
    template = {"metadata": {"labels": {"of": "p"}}, "spec": {**REQUEST, **spec}}
    return [{"name": "d", "ephemeral": {"volumeClaimTemplate": template}}]


@pytest.mark.parametrize("provisioner", ["kubernetes.io/host-path", "rancher.io/local-path"])
def test_a_pod_gets_a_claim_of_its_own_and_takes_it_along(provisioner: str) -> None:
    """ST-4.11, ST-4.17, ST-5.11"""
    disks = Disks()
    mode = "WaitForFirstConsumer" if provisioner.startswith("rancher") else "Immediate"
    disks.klass("fast", provisioner, volumeBindingMode=mode)
    disks.pod(volumes=scratch(storageClassName="fast")).wait(10)

    claim = disks.get("PersistentVolumeClaim", "p-d")
    pod = disks.get("Pod", "p")
    assert (claim["status"]["phase"], pod["status"]["phase"]) == ("Bound", "Running")
    assert claim["metadata"]["labels"] == {"of": "p"}
    assert claim["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": "p",
            "uid": pod["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    waiting = 'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-d". not found'
    assert disks.said("Pod")[0].endswith(waiting)

    disks.delete("Pod", "p").wait(10)
    assert disks.phases() == ""


def test_a_claim_that_somebody_deletes_waits_for_its_pod() -> None:
    """ST-4.11"""
    disks = Disks()
    disks.klass("fast", "kubernetes.io/host-path", default=True).pod(volumes=scratch()).wait(10)
    disks.delete("PersistentVolumeClaim", "p-d").wait(20)

    assert disks.get("PersistentVolumeClaim", "p-d")["metadata"]["deletionTimestamp"]
    assert disks.get("Pod", "p")["status"]["phase"] == "Running"


def test_a_claim_comes_back_while_its_pod_has_no_node() -> None:
    disks = Disks()
    disks.pod(volumes=scratch(), nodeSelector={"disk": "none"}).wait(2)
    before = disks.get("PersistentVolumeClaim", "p-d")["metadata"]["uid"]
    disks.delete("PersistentVolumeClaim", "p-d").wait(2)

    assert disks.get("PersistentVolumeClaim", "p-d")["metadata"]["uid"] != before


def test_a_claim_of_that_name_that_is_not_the_pods_is_left_alone() -> None:
    disks = Disks()
    disks.volume().wait(1).claim("p-d").wait(1).pod(volumes=scratch()).wait(5)

    problem = "PVC default/p-d was not created for pod default/p (pod is not owner)"
    assert f"Warning FailedBinding: ephemeral volume d: {problem}" in disks.said("Pod")
    assert f"Warning FailedScheduling: 0/2 nodes are available: {problem}. not found" in disks.said("Pod")
    assert "ownerReferences" not in disks.get("PersistentVolumeClaim", "p-d")["metadata"]


def test_a_claim_that_is_refused_is_told_and_tried_again() -> None:
    disks = Disks()
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few", "namespace": "default"},
        "spec": {"hard": {"persistentvolumeclaims": "0"}},
    }
    disks.cluster.create(quota)
    disks.wait(1).pod(volumes=scratch()).wait(2)

    refused = (
        'persistentvolumeclaims "p-d" is forbidden: exceeded quota: few, requested: persistentvolumeclaims=1'
    )
    told = next(line for line in disks.said("Pod") if "FailedBinding" in line)
    assert told.startswith(f"Warning FailedBinding: ephemeral volume d: create PVC p-d: {refused}")

    disks.cluster.delete(ref("ResourceQuota", "few"), None)
    disks.wait(10)
    assert disks.there("PersistentVolumeClaim") == ["p-d"]
