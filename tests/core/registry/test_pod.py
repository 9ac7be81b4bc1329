"""Pod strategy against workloads.md 1.1, 2.1, api.md 3.5 and the recordings 02, 17, 18, 19."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from core.apimachinery.errors import Forbidden
from core.apimachinery.meta import Obj, copied, replaced
from core.apiserver.registry import pod
from tests.core.registry.workloads import (
    RECORDED,
    a_container,
    a_pod,
    context,
    created,
    refusals_of_create,
    refusals_of_update,
    updated,
)


def recorded(name: str, suffix: str = "abcde") -> Obj:
    """A recorded Pod's spec, with *suffix* for the random one of its token volume."""
    spec: Obj = json.loads(json.dumps(RECORDED[name]["spec"]).replace("<suffix>", suffix))
    return spec


def asked_for(spec: Obj) -> Obj:
    """What was sent to get the recorded *spec*: without what defaulting and admission added."""
    volumes = [v for v in spec["volumes"] if "projected" not in v]
    container = spec["containers"][0]
    mounts = [m for m in container["volumeMounts"] if not m.get("readOnly")]
    sent = {"name": "nginx", "image": container["image"]}
    if mounts:
        sent["volumeMounts"] = mounts
    if "ports" in container:
        sent["ports"] = [{"name": "web", "containerPort": 80}]
    wanted: Obj = {key: spec[key] for key in ("hostname", "subdomain", "nodeName") if key in spec}
    return {**wanted, "containers": [sent], **({"volumes": volumes} if volumes else {})}


@pytest.mark.parametrize("name", ["Pod web-0", "Pod front"])
def test_the_recorded_pods_are_made_of_what_was_asked_for(name: str) -> None:
    """STS-D10, D11, D11a, NF6, golden 02 and 19"""
    made = created(a_pod(**asked_for(recorded(name))))["spec"]
    token = made["volumes"][-1]["name"]
    assert re.fullmatch("kube-api-access-[a-z0-9]{5}", token)
    assert made == recorded(name, suffix=token[-5:])


def test_defaulting_an_admitted_pod_again_changes_nothing() -> None:
    once = created(a_pod())
    again = copied(once)
    pod.defaults(again)
    assert again == once


def test_is_born_pending_with_generation_1() -> None:
    """PL1"""
    made = created({**a_pod(), "status": {"phase": "Running"}})
    assert made["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert made["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.9.1", "IfNotPresent"),
        ("registry:5000/nginx", "Always"),
        ("registry:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:0123", "IfNotPresent"),
    ],
)
def test_pulls_always_what_is_latest(image: str, policy: str) -> None:
    """STS-D10"""
    made = created(a_pod(containers=[{"name": "c", "image": image}]))
    assert made["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_a_probe_gets_its_four_numbers_and_its_http_request_a_path() -> None:
    """STS-D10"""
    probe = {"httpGet": {"port": 80}}
    made = created(a_pod(containers=[a_container(livenessProbe=probe)]))
    assert made["spec"]["containers"][0]["livenessProbe"] == {
        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def test_requests_are_copied_from_limits_and_quantities_made_canonical() -> None:
    """STS-D11, VAL-Q3"""
    resources = {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {"cpu": "0.5"}}
    made = created(a_pod(containers=[a_container(resources=resources)]))
    assert made["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "1", "memory": "1Gi"},
        "requests": {"cpu": "500m", "memory": "1Gi"},
    }


@pytest.mark.parametrize(
    ("requests", "limits", "qos"),
    [
        ({}, {}, "BestEffort"),
        ({"cpu": "1"}, {}, "Burstable"),
        ({}, {"cpu": "1", "memory": "1Gi"}, "Guaranteed"),
        ({"cpu": "1"}, {"cpu": "2", "memory": "1Gi"}, "Burstable"),
        ({"ephemeral-storage": "1Gi"}, {}, "BestEffort"),
    ],
)
def test_qos_class_follows_cpu_and_memory(requests: Obj, limits: Obj, qos: str) -> None:
    """PL2"""
    resources = {"requests": requests, "limits": limits}
    assert created(a_pod(containers=[a_container(resources=resources)]))["status"]["qosClass"] == qos


def test_a_toleration_for_one_taint_leaves_only_the_other_to_add() -> None:
    """NF6"""
    own = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 5}
    own["effect"] = "NoExecute"
    tolerations = created(a_pod(tolerations=[own]))["spec"]["tolerations"]
    assert [(t["key"], t["tolerationSeconds"]) for t in tolerations] == [
        ("node.kubernetes.io/unreachable", 5),
        ("node.kubernetes.io/not-ready", 300),
    ]


def test_how_long_a_lost_node_is_tolerated_are_two_flags_of_the_api_server() -> None:
    """NF6"""
    flags = {"default_not_ready_toleration_seconds": 30, "default_unreachable_toleration_seconds": 0}
    tolerations = created(a_pod(), **flags)["spec"]["tolerations"]
    assert [(t["key"], t["tolerationSeconds"]) for t in tolerations] == [
        ("node.kubernetes.io/not-ready", 30),
        ("node.kubernetes.io/unreachable", 0),
    ]


def test_mounts_no_token_where_the_pod_declines_it() -> None:
    made = created(a_pod(automountServiceAccountToken=False))
    assert "volumes" not in made["spec"]
    assert "volumeMounts" not in made["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (
            {"serviceAccountName": "robot"},
            'pods "p" is forbidden: error looking up service account default/robot: '
            'serviceaccount "robot" not found',
        ),
        ({"priorityClassName": "high"}, 'pods "p" is forbidden: no PriorityClass with name high was found'),
    ],
)
def test_admission_refuses_what_the_cluster_does_not_have(spec: Obj, text: str) -> None:
    obj = a_pod(**spec)
    pod.defaults(obj)
    with pytest.raises(Forbidden) as refusal:
        pod.admit_pod(obj, context())
    assert refusal.value.message == text


def test_a_pod_with_a_bad_claim_volume_loses_its_mount_too() -> None:
    """Golden 17"""
    mounts = [{"name": "v", "mountPath": "/a"}]
    volumes = [{"name": "v", "persistentVolumeClaim": {}}]
    assert refusals_of_create(a_pod(containers=[a_container(volumeMounts=mounts)], volumes=volumes)) == [
        "spec.volumes[0].persistentVolumeClaim.claimName: Required value",
        'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ]


# -- updates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "which"), [("terminationGracePeriodSeconds", 5, 0), ("nodeName", "elsewhere", 1)]
)
def test_refuses_another_field_with_the_recorded_difference(field: str, value: Any, which: int) -> None:
    """VAL-K2, golden 18"""
    old = {**a_pod(), "spec": {**recorded("Pod web-0"), "nodeName": "node-1"}}
    (text,) = refusals_of_update(replaced(old, f"spec.{field}", value), old)
    squeezed = re.sub(" {2,}", "  ", text).replace("node-1", "<node>")
    assert 'The Pod "web-0" is invalid: ' + squeezed == RECORDED["refused Pod updates"][which]


def test_the_image_may_change_and_is_a_new_generation() -> None:
    """VAL-K2, API-U6"""
    old = created(a_pod())
    new = replaced(old, "spec.containers", [{**old["spec"]["containers"][0], "image": "nginx:2"}])
    assert refusals_of_update(new, old) == []
    assert updated(new, old)["metadata"]["generation"] == 2


def test_a_label_may_change_without_a_new_generation() -> None:
    old = created(a_pod())
    new = replaced(old, "metadata.labels", {"a": "b"})
    assert refusals_of_update(new, old) == []
    assert updated(new, old)["metadata"]["generation"] == 1


def test_tolerations_may_be_added_and_not_removed() -> None:
    """VAL-K2"""
    old = created(a_pod())
    added = replaced(old, "spec.tolerations", [*old["spec"]["tolerations"], {"operator": "Exists"}])
    assert refusals_of_update(added, old) == []
    assert refusals_of_update(replaced(old, "spec.tolerations", []), old) == [
        "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"
    ]


def test_containers_may_not_be_added() -> None:
    old = created(a_pod())
    more = [*old["spec"]["containers"], a_container(name="b")]
    assert refusals_of_update(replaced(old, "spec.containers", more), old) == [
        "spec.containers: Forbidden: pod updates may not add or remove containers"
    ]


def test_a_deadline_may_come_and_shrink_only() -> None:
    old = created(a_pod(activeDeadlineSeconds=60))
    assert refusals_of_update(replaced(old, "spec.activeDeadlineSeconds", 30), old) == []
    assert refusals_of_update(replaced(old, "spec.activeDeadlineSeconds", 90), old) == [
        "spec.activeDeadlineSeconds: Invalid value: 90: must be less than or equal to previous value"
    ]


def test_a_gate_may_only_be_taken_away() -> None:
    old = created(a_pod(schedulingGates=[{"name": "a"}]))
    assert refusals_of_update(replaced(old, "spec.schedulingGates", []), old) == []
    assert refusals_of_update(replaced(old, "spec.schedulingGates", [{"name": "b"}]), old) == [
        "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'"
    ]


def test_a_status_may_not_change_the_class_of_service() -> None:
    """PL2"""
    old = created(a_pod())
    new = {**old, "status": {"phase": "Running", "qosClass": "Guaranteed"}}
    (error,) = pod.validate_status_update(new, old)
    assert str(error) == 'status.qosClass: Invalid value: "Guaranteed": field is immutable'
    silent = {**old, "status": {"phase": "Running"}}
    pod.prepare_for_status_update(silent, old, context())
    assert silent["status"]["qosClass"] == "BestEffort"


@pytest.mark.parametrize("cost", ["+1", "1.5", "007", "", "2147483648"])
def test_refuses_a_deletion_cost_that_is_no_number(cost: str) -> None:
    """RS6: of a Pod, of a Pod that is there, and of a template"""
    key = "controller.kubernetes.io/pod-deletion-cost"
    expensive = a_pod()
    expensive["metadata"]["annotations"] = {key: cost}
    text = f'metadata.annotations[{key}]: Invalid value: "{cost}": must be a 32bit integer'
    assert refusals_of_create(expensive) == [text]
    old = created(a_pod())
    new = replaced(old, "metadata.annotations", {key: cost})
    assert refusals_of_update(new, old) == [text]
    assert pod.validate_update(replaced(old, "metadata.annotations", {key: "-10"}), old) == []


def test_a_gated_pod_is_born_with_the_condition_that_says_so() -> None:
    """PL3, PL40"""
    gated = created(a_pod(schedulingGates=[{"name": "example.com/wait"}]))
    (condition,) = gated["status"]["conditions"]
    assert condition.pop("lastTransitionTime")
    assert condition == {
        "type": "PodScheduled",
        "status": "False",
        "lastProbeTime": None,
        "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
    }


def test_a_gated_pod_may_name_no_node() -> None:
    gated = a_pod(schedulingGates=[{"name": "example.com/wait"}], nodeName="node-1")
    text = "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"
    assert refusals_of_create(gated) == [text]
