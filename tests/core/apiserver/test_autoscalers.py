"""A HorizontalPodAutoscaler in autoscaling/v1, and back again."""

from __future__ import annotations

import pytest

from core.apimachinery.errors import BadRequest
from core.apiserver.autoscalers import stored, to_v1, to_v2

CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
}
PODS = {
    "type": "Pods",
    "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "5"}},
}
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}


def scaler(**spec):
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "annotations": {"mine": "yes"}},
        "spec": {"maxReplicas": 3, "scaleTargetRef": TARGET, **spec},
    }


def test_the_share_of_cpu_is_a_field_of_v1():
    old = to_v1(scaler(metrics=[CPU]))
    assert old["apiVersion"] == "autoscaling/v1"
    assert old["spec"] == {"maxReplicas": 3, "scaleTargetRef": TARGET, "targetCPUUtilizationPercentage": 70}
    assert old["status"] == {"currentReplicas": 0, "desiredReplicas": 0}
    assert to_v2(old)["spec"] == scaler(metrics=[CPU])["spec"]


def test_nothing_of_v2_is_lost_on_the_way_through_v1():
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 60}}
    new = scaler(metrics=[PODS, CPU], behavior=behavior)
    old = to_v1(new)
    assert set(old["metadata"]["annotations"]) == {
        *("mine", "autoscaling.alpha.kubernetes.io/metrics", "autoscaling.alpha.kubernetes.io/behavior")
    }
    back = to_v2(old)
    assert (back["spec"], back["metadata"]) == (new["spec"], new["metadata"])


def test_an_annotation_that_is_no_json_is_refused():
    old = to_v1(scaler())
    old["metadata"]["annotations"]["autoscaling.alpha.kubernetes.io/metrics"] = "["
    with pytest.raises(BadRequest):
        stored(old)


def test_what_is_stored_already_stays_as_it_is():
    assert stored(new := scaler()) is new
