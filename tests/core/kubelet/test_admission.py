"""What a kubelet refuses though the Pod was sent to it: who writes spec.nodeName goes past the scheduler."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj
from tests.core.kubelet.cast import WEB_0, Bench, container, node, pod

PORT = {"ports": [{"containerPort": 80, "hostPort": 8080}]}
TAINT = {"key": "dedicated", "value": "db", "effect": "NoExecute"}


def neighbour(*containers: Obj, taken: bool = True) -> Obj:
    other = pod(*containers)
    other["metadata"] |= {"name": "other", "uid": "u-2"}
    if taken:
        other["status"] = {"phase": "Running", "startTime": "2027-01-15T07:00:00Z"}
    return other


def asking(cpu: str) -> Obj:
    return container(resources={"requests": {"cpu": cpu}})


def refused(new: Obj, *others: Obj, on: Obj | None = None) -> Obj:
    bench = Bench(on or node(), new, *others)
    bench.look(WEB_0)
    return bench.status


@pytest.mark.parametrize(
    ("new", "other", "reason", "message"),
    [
        (
            pod(asking("3")),
            neighbour(asking("2")),
            "OutOfcpu",
            "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000",
        ),
        (
            pod(container(**PORT)),
            neighbour(container(**PORT)),
            "NodePorts",
            "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
        ),
        (
            pod(nodeSelector={"disk": "ssd"}),
            neighbour(),
            "NodeAffinity",
            "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
        ),
    ],
)
def test_a_pod_that_does_not_fit_has_failed_with_the_reason(
    new: Obj, other: Obj, reason: str, message: str
) -> None:
    status = refused(new, other)
    assert (status["phase"], status["reason"]) == ("Failed", reason)
    assert status["message"] == f"Pod was rejected: {message}"
    assert "startTime" in status
    assert status["observedGeneration"] == 1


def test_only_a_taint_that_evicts_is_looked_at() -> None:
    on = node()
    on["spec"]["taints"] = [TAINT]
    assert refused(pod(), on=on)["reason"] == "TaintToleration"
    assert refused(pod(tolerations=[{"operator": "Exists"}]), on=on)["phase"] == "Pending"
    on["spec"]["taints"] = [{**TAINT, "effect": "NoSchedule"}]
    assert refused(pod(), on=on)["phase"] == "Pending"


def test_of_two_new_pods_the_first_is_taken() -> None:
    assert refused(pod(container(**PORT)), neighbour(container(**PORT), taken=False))["phase"] == "Pending"
    assert refused(pod(asking("3")), neighbour(asking("3"), taken=False))["phase"] == "Pending"


def test_the_refusal_is_told_once() -> None:
    bench = Bench(node(), pod(container(**PORT)), neighbour(container(**PORT)))
    bench.look(WEB_0)
    bench.look(WEB_0)
    assert len([event for event in bench.events if event.startswith("NodePorts")]) == 1
