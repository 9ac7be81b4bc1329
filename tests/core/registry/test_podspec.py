"""The pod spec's own refusals: one row, one mistake (api.md 3.5, ValidatePodSpec)."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj
from core.apiserver.registry import pod
from core.apiserver.registry.podspec_validation import validate_pod_spec
from tests.core.registry.workloads import a_container, a_pod, created, refusals_of_create

CONTAINER = "spec.containers[0]"


def with_container(**fields: Any) -> Obj:
    return {"containers": [a_container(**fields)]}


def with_volume(**source: Any) -> Obj:
    return {"volumes": [{"name": "v", **source}]}


def with_claim_template(**fields: Any) -> Obj:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return with_volume(ephemeral={"volumeClaimTemplate": {"spec": spec, **fields}})


def with_affinity(**rule: Any) -> Obj:
    return {"affinity": rule}


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
RANGE = "must be between 1 and 65535, inclusive"

ROWS: list[tuple[Obj, str]] = [
    # containers
    ({"containers": []}, "spec.containers: Required value"),
    (with_container(name=""), f"{CONTAINER}.name: Required value"),
    (with_container(image=""), f"{CONTAINER}.image: Required value"),
    (
        with_container(image=" nginx"),
        f'{CONTAINER}.image: Invalid value: " nginx": must not have leading or trailing whitespace',
    ),
    ({"containers": [a_container(), a_container()]}, 'spec.containers[1].name: Duplicate value: "nginx"'),
    (
        with_container(imagePullPolicy="Never!"),
        f'{CONTAINER}.imagePullPolicy: Unsupported value: "Never!": '
        'supported values: "Always", "IfNotPresent", "Never"',
    ),
    (
        with_container(restartPolicy="Always"),
        f"{CONTAINER}.restartPolicy: Forbidden: may not be set for non-init containers",
    ),
    # ports
    (with_container(ports=[{}]), f"{CONTAINER}.ports[0].containerPort: Required value"),
    (
        with_container(ports=[{"containerPort": 70000}]),
        f"{CONTAINER}.ports[0].containerPort: Invalid value: 70000: {RANGE}",
    ),
    (
        with_container(ports=[{"containerPort": 80, "protocol": "ICMP"}]),
        f'{CONTAINER}.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ),
    (
        with_container(ports=[{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}]),
        f'{CONTAINER}.ports[1].name: Duplicate value: "a"',
    ),
    (
        with_container(ports=[{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}]),
        f'{CONTAINER}.ports[1].hostPort: Duplicate value: "TCP//80"',
    ),
    # environment
    (with_container(env=[{"value": "x"}]), f"{CONTAINER}.env[0].name: Required value"),
    (
        with_container(env=[{"name": "A", "valueFrom": {}}]),
        f'{CONTAINER}.env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, '
        "`resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
    ),
    (
        with_container(env=[{"name": "A", "value": "x", "valueFrom": {"secretKeyRef": {"key": "k"}}}]),
        f'{CONTAINER}.env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ),
    (
        with_container(envFrom=[{}]),
        f'{CONTAINER}.envFrom[0]: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
    ),
    # probes and hooks
    (
        with_container(readinessProbe={"periodSeconds": 5}),
        f"{CONTAINER}.readinessProbe: Required value: must specify a handler type",
    ),
    (
        with_container(livenessProbe={"exec": {"command": ["ls"]}, "successThreshold": 2}),
        f"{CONTAINER}.livenessProbe.successThreshold: Invalid value: 2: must be 1",
    ),
    (
        with_container(livenessProbe={"exec": {"command": ["ls"]}, "tcpSocket": {"port": 80}}),
        f"{CONTAINER}.livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
    ),
    (
        with_container(startupProbe={"httpGet": {"port": 0}}),
        f"{CONTAINER}.startupProbe.httpGet.port: Invalid value: 0: {RANGE}",
    ),
    (
        with_container(readinessProbe={"tcpSocket": {"port": 80}, "initialDelaySeconds": -1}),
        f"{CONTAINER}.readinessProbe.initialDelaySeconds: Invalid value: -1: "
        "must be greater than or equal to 0",
    ),
    (
        with_container(lifecycle={"preStop": {"exec": {}}}),
        f"{CONTAINER}.lifecycle.preStop.exec.command: Required value",
    ),
    # resources
    (
        with_container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
        f'{CONTAINER}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ),
    (
        with_container(resources={"requests": {"cpu": "-1"}}),
        f'{CONTAINER}.resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ),
    (
        with_container(resources={"requests": {"disk": "1"}}),
        f'{CONTAINER}.resources.requests[disk]: Invalid value: "disk": '
        "must be a standard resource type or fully qualified",
    ),
    # init containers
    (
        {"initContainers": [a_container(name="i", livenessProbe={"tcpSocket": {"port": 80}})]},
        "spec.initContainers[0].livenessProbe: Forbidden: "
        "may not be set for init containers without restartPolicy=Always",
    ),
    (
        {"initContainers": [a_container(name="i", restartPolicy="Never")]},
        'spec.initContainers[0].restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ),
    ({"initContainers": [a_container()]}, 'spec.initContainers[0].name: Duplicate value: "nginx"'),
    # volumes, mounts, devices
    (
        with_volume(emptyDir={}, nfs={"server": "a", "path": "/"}),
        "spec.volumes[0].nfs: Forbidden: may not specify more than 1 volume type",
    ),
    (with_volume(hostPath={"path": ""}), "spec.volumes[0].hostPath.path: Required value"),
    (
        with_volume(hostPath={"path": "/a/../b"}),
        "spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
    ),
    (with_volume(ephemeral={}), "spec.volumes[0].ephemeral.volumeClaimTemplate: Required value"),
    (
        with_claim_template(metadata={"name": "mine"}),
        "spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set",
    ),
    (
        with_claim_template(spec={"accessModes": ["ReadWriteOnce"]}),
        "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value",
    ),
    (with_volume(configMap={}), "spec.volumes[0].configMap.name: Required value"),
    ({"volumes": [{"emptyDir": {}}]}, "spec.volumes[0].name: Required value"),
    ({"volumes": [{"name": "v"}, {"name": "v"}]}, 'spec.volumes[1].name: Duplicate value: "v"'),
    (
        {**with_volume(), **with_container(volumeMounts=[{"name": "v"}])},
        f"{CONTAINER}.volumeMounts[0].mountPath: Required value",
    ),
    (
        {**with_volume(), **with_container(volumeMounts=[{"name": "v", "mountPath": "/a"}] * 2)},
        f'{CONTAINER}.volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
    ),
    (
        {
            **with_volume(),
            **with_container(volumeMounts=[{"name": "v", "mountPath": "/a", "subPath": "../b"}]),
        },
        f"{CONTAINER}.volumeMounts.subPath: Invalid value: \"../b\": must not contain '..'",
    ),
    (
        {**with_volume(), **with_container(volumeDevices=[{"name": "v", "devicePath": "/dev/a"}])},
        f'{CONTAINER}.volumeDevices[0].name: Invalid value: "v": '
        "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
    ),
    (
        with_container(volumeDevices=[{"name": "x", "devicePath": "/dev/a"}]),
        f'{CONTAINER}.volumeDevices[0].name: Not found: "x"',
    ),
    # the Pod as a whole
    (
        {"restartPolicy": "Sometimes"},
        'spec.restartPolicy: Unsupported value: "Sometimes": '
        'supported values: "Always", "OnFailure", "Never"',
    ),
    (
        {"dnsPolicy": "None"},
        "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
    ),
    (
        {"activeDeadlineSeconds": 0},
        "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
    ),
    # scheduling
    (
        {"tolerations": [{"key": "a", "operator": "Near"}]},
        'spec.tolerations[0].operator: Unsupported value: "Near": supported values: "Equal", "Exists"',
    ),
    (
        {"tolerations": [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 3}]},
        'spec.tolerations[0].effect: Invalid value: "NoSchedule": '
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
    ),
    (
        {"tolerations": [{"value": "x"}]},
        'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, '
        'which means "match all values and all keys"',
    ),
    (
        with_affinity(nodeAffinity={REQUIRED: {"nodeSelectorTerms": []}}),
        f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms: Required value: "
        "must have at least one node selector term",
    ),
    (
        with_affinity(nodeAffinity={PREFERRED: [{"weight": 101, "preference": {}}]}),
        f"spec.affinity.nodeAffinity.{PREFERRED}[0].weight: Invalid value: 101: must be in the range 1-100",
    ),
    (
        {
            "topologySpreadConstraints": [
                {"maxSkew": 0, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
            ]
        },
        "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
    ),
    ({"schedulingGates": [{"name": "a"}] * 2}, 'spec.schedulingGates[1]: Duplicate value: "a"'),
]


@pytest.mark.parametrize(("spec", "text"), ROWS, ids=[text[:70] for _, text in ROWS])
def test_refuses(spec: Obj, text: str) -> None:
    """VAL-K2, VAL-P1, VAL-P2"""
    assert refusals_of_create(a_pod(**spec)) == [text]


def test_a_pod_anti_affinity_without_a_topology_key_lacks_one_and_names_none() -> None:
    rule = {REQUIRED: [{"labelSelector": {"matchLabels": {"a": "b"}}}]}
    found = refusals_of_create(a_pod(**with_affinity(podAntiAffinity=rule)))
    path = f"spec.affinity.podAntiAffinity.{REQUIRED}[0].topologyKey"
    assert found[0] == f"{path}: Required value: can not be empty"
    assert {text.split(": ")[0] for text in found} == {path}


def test_a_bad_container_name_says_what_a_label_is() -> None:
    """VAL-N2"""
    (text,) = refusals_of_create(a_pod(**with_container(name="A")))
    assert text.startswith(f'{CONTAINER}.name: Invalid value: "A": a lowercase RFC 1123 label must consist')


def test_all_mistakes_are_told_at_once_and_in_order() -> None:
    """STS-V22"""
    spec = {
        "tolerations": [{"key": "a", "operator": "Near"}],
        "restartPolicy": "Sometimes",
        "volumes": [{"name": "v", "configMap": {}}],
        **with_container(image=""),
    }
    paths = [text.split(":")[0] for text in refusals_of_create(a_pod(**spec))]
    assert paths == [
        "spec.volumes[0].configMap.name",
        f"{CONTAINER}.image",
        "spec.restartPolicy",
        "spec.tolerations[0].operator",
    ]


def test_a_template_on_the_host_network_may_leave_its_host_ports_open_and_a_pod_gets_them() -> None:
    spec = {"hostNetwork": True, **with_container(ports=[{"containerPort": 80, "protocol": "TCP"}])}
    made = created(a_pod(**spec))
    assert made["spec"]["containers"][0]["ports"][0]["hostPort"] == 80
    assert pod.validate(made) == []
    open_port = {**made["spec"], **with_container(ports=[{"containerPort": 80, "protocol": "TCP"}])}
    open_port["containers"][0] |= {"imagePullPolicy": "Always", "terminationMessagePolicy": "File"}
    assert validate_pod_spec(open_port, "spec") == []
    assert len(validate_pod_spec(open_port, "spec", is_pod=True)) == 1
