"""What a quota counts of each kind, and which objects its scopes choose."""

from __future__ import annotations

from typing import Any

import pytest

from core.api import quotas
from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import timestamp

NOW = 1_700_000_000.0
ONE_POD = {"pods": "1", "count/pods": "1"}


def pod(*containers: Obj, status: Obj | None = None, **spec: Any) -> Obj:
    return {
        "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "default"},
        "spec": {"containers": list(containers), **spec},
        "status": {"phase": "Pending", "qosClass": "Burstable", **(status or {})},
    }


def container(name: str, requests: Obj | None = None, limits: Obj | None = None, **more: Any) -> Obj:
    return {"name": name, "resources": {"requests": requests or {}, "limits": limits or {}}, **more}


def claim(size: str, **more: Any) -> Obj:
    spec = {"resources": {"requests": {"storage": size}}, "storageClassName": "gold"}
    return {"kind": "PersistentVolumeClaim", "metadata": {"name": "www"}, "spec": spec, **more}


def service(**spec: Any) -> Obj:
    return {"kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{}, {"nodePort": 1}], **spec}}


def quota(**spec: Any) -> Obj:
    return {"kind": "ResourceQuota", "metadata": {"name": "small", "namespace": "default"}, "spec": spec}


def test_a_pod_uses_what_its_containers_ask_for_under_each_name_of_it() -> None:
    used = quotas.usage(
        pod(
            container("a", {"cpu": "200m", "memory": "1Gi"}, {"cpu": "1"}),
            container("b", {"cpu": "300m", "example.com/gpu": "2"}, {"cpu": "1"}),
            overhead={"cpu": "100m", "memory": "1Gi"},
        ),
        NOW,
    )

    assert used == ONE_POD | {
        "cpu": "600m",
        "requests.cpu": "600m",
        "memory": "2Gi",
        "requests.memory": "2Gi",
        "limits.cpu": "2100m",
        "requests.example.com/gpu": "2",
    }


def test_init_containers_count_one_at_a_time_and_sidecars_beside_the_rest() -> None:
    init = [
        container("side", {"cpu": "1"}, restartPolicy="Always"),
        container("long", {"cpu": "5"}),
        container("short", {"cpu": "2"}),
    ]

    assert quotas.usage(pod(container("a", {"cpu": "1"}), initContainers=init), NOW)["cpu"] == "6"
    assert quotas.usage(pod(container("a", {"cpu": "7"}), initContainers=init), NOW)["cpu"] == "8"


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_is_only_an_object(phase: str) -> None:
    ended = pod(container("a", {"cpu": "1"}), status={"phase": phase})

    assert quotas.usage(ended, NOW) == {"count/pods": "1"}


@pytest.mark.parametrize(("late", "counts"), [(30.0, True), (30.5, False)])
def test_a_pod_is_not_charged_a_second_grace_period_after_it_should_be_gone(
    late: float, counts: bool
) -> None:
    going = pod(container("a"))
    going["metadata"] |= {"deletionTimestamp": timestamp(NOW), "deletionGracePeriodSeconds": 30}

    assert ("pods" in quotas.usage(going, NOW + late)) is counts


def test_only_what_is_asked_for_need_be_counted() -> None:
    assert quotas.usage(pod(container("a", {"cpu": "1"})), NOW, ["pods"]) == ONE_POD


def test_a_claim_counts_by_itself_and_by_its_class() -> None:
    of_class = "gold.storageclass.storage.k8s.io"

    assert quotas.usage(claim("1Gi"), NOW) == {
        "count/persistentvolumeclaims": "1",
        "persistentvolumeclaims": "1",
        "requests.storage": "1Gi",
        f"{of_class}/persistentvolumeclaims": "1",
        f"{of_class}/requests.storage": "1Gi",
    }
    beta = {"name": "www", "annotations": {"volume.beta.kubernetes.io/storage-class": "old"}}
    assert "old.storageclass.storage.k8s.io/requests.storage" in quotas.usage(claim("1", metadata=beta), NOW)


def test_a_claim_uses_whole_bytes_and_what_a_failed_growth_has_taken() -> None:
    assert quotas.usage(claim("1500m"), NOW)["requests.storage"] == "2"
    grown = claim("1Gi", status={"allocatedResources": {"storage": "3Gi"}})
    assert quotas.usage(grown, NOW)["requests.storage"] == "3Gi"


@pytest.mark.parametrize(
    ("spec", "balancers", "on_nodes"),
    [
        ({"type": "ClusterIP"}, "0", "0"),
        ({"type": "NodePort"}, "0", "2"),
        ({"type": "LoadBalancer"}, "1", "2"),
        ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False}, "1", "1"),
    ],
)
def test_a_service_uses_node_ports_and_load_balancers_by_its_type(
    spec: Obj, balancers: str, on_nodes: str
) -> None:
    assert quotas.usage(service(**spec), NOW) == {
        "count/services": "1",
        "services": "1",
        "services.loadbalancers": balancers,
        "services.nodeports": on_nodes,
    }


def test_other_kinds_are_counted_some_under_an_old_name_too() -> None:
    assert quotas.usage({"kind": "StatefulSet"}, NOW) == {"count/statefulsets.apps": "1"}
    assert quotas.usage({"kind": "Secret"}, NOW) == {"count/secrets": "1", "secrets": "1"}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("Pod", ["count/pods", "limits.cpu", "pods", "requests.example.com/gpu", "requests.hugepages-2Mi"]),
        ("PersistentVolumeClaim", ["gold.storageclass.storage.k8s.io/requests.storage", "requests.storage"]),
        ("Service", ["services.nodeports"]),
        ("ConfigMap", ["configmaps"]),
        ("StatefulSet", ["count/statefulsets.apps"]),
        ("Event", []),
        ("Node", []),
    ],
)
def test_a_kind_is_concerned_by_its_own_resources(kind: str, names: list[str]) -> None:
    everything = {
        "count/pods", "limits.cpu", "pods", "requests.example.com/gpu", "requests.hugepages-2Mi",
        "gold.storageclass.storage.k8s.io/requests.storage", "requests.storage", "services.nodeports",
        "configmaps", "count/statefulsets.apps", "count/events", "count/nodes",
    }  # fmt: skip

    assert quotas.concerning(kind, everything) == names


def priority(operator: str, *values: str) -> Obj:
    one = {"scopeName": "PriorityClass", "operator": operator, "values": list(values)}
    return {"scopeSelector": {"matchExpressions": [one]}}


@pytest.mark.parametrize(
    ("spec", "plain", "special"),
    [
        ({}, True, True),
        ({"scopes": ["Terminating"]}, False, True),
        ({"scopes": ["NotTerminating"]}, True, False),
        ({"scopes": ["BestEffort"]}, False, True),
        ({"scopes": ["NotBestEffort"]}, True, False),
        ({"scopes": ["Terminating", "NotBestEffort"]}, False, False),
        (priority("Exists"), False, True),
        (priority("DoesNotExist"), True, False),
        (priority("In", "high"), False, True),
        (priority("NotIn", "high"), True, False),
        ({"scopes": ["CrossNamespacePodAffinity"]}, False, False),
    ],
)
def test_scopes_choose_pods(spec: Obj, plain: bool, special: bool) -> None:
    other = pod(status={"qosClass": "BestEffort"}, activeDeadlineSeconds=0, priorityClassName="high")

    assert quotas.in_scope(quota(**spec), pod()) is plain
    assert quotas.in_scope(quota(**spec), other) is special


def test_a_scope_of_pods_chooses_nothing_else() -> None:
    assert not quotas.in_scope(quota(scopes=["NotBestEffort"]), claim("1Gi"))
    assert quotas.in_scope(quota(), claim("1Gi"))


def test_every_container_must_state_cpu_and_memory_that_a_quota_counts() -> None:
    asked = pod(
        container("b"), container("a", {"cpu": "1"}), initContainers=[container("c", {"memory": "1"})]
    )

    names = ["pods", "requests.cpu", "limits.memory", "ephemeral-storage"]
    assert quotas.unstated(asked, names) == "must specify limits.memory for: a,b,c; requests.cpu for: b,c"
    assert quotas.unstated(asked, ["pods", "ephemeral-storage"]) == ""


def test_growth_is_what_is_more_than_before() -> None:
    new, old = (
        {"requests.storage": "3Gi", "services": "1", "a": "0"},
        {"requests.storage": "1Gi", "services": "1"},
    )

    assert quotas.grown(new, old) == {"requests.storage": "2Gi"}
    assert quotas.grown(old, {}) == old


def test_amounts_are_compared_by_value() -> None:
    assert quotas.same({"cpu": "1"}, {"cpu": "1000m"})
    assert not quotas.same({"cpu": "1"}, {"cpu": "1", "pods": "0"})
    assert not quotas.same({"cpu": "1"}, {"cpu": "2"})
