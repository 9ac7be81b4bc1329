"""Warnings about Pods and templates that are let in all the same, to the letter (pkg/api/pod/warnings.go)."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, replaced
from core.apiserver.registry import deployment, pod, replicationcontroller, statefulset
from core.apiserver.registry.podspec_warnings import pod_warnings
from tests.core.registry.workloads import a_container, created, template, web

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
NOBODY = "a null labelSelector results in matching no pod"
OS = 'deprecated since v1.14; use "kubernetes.io/os" instead'
OLD_TERM = {"matchExpressions": [{"key": "beta.kubernetes.io/os", "operator": "Exists"}]}


def containers(*each: Obj) -> Obj:
    return {"containers": [{"name": f"c{at}", "image": "nginx", **one} for at, one in enumerate(each)]}


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        (containers({}), []),
        (
            {"nodeSelector": {"beta.kubernetes.io/os": "linux"}},
            [f"nodeSelector[beta.kubernetes.io/os]: {OS}"],
        ),
        (
            {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [OLD_TERM]}}}},
            [
                f"affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0].key: "
                f"beta.kubernetes.io/os is {OS}"
            ],
        ),
        (
            {"affinity": {"nodeAffinity": {PREFERRED: [{"weight": 1, "preference": OLD_TERM}]}}},
            [
                f"affinity.nodeAffinity.{PREFERRED}[0].preference.matchExpressions[0].key: "
                f"beta.kubernetes.io/os is {OS}"
            ],
        ),
        (
            {"topologySpreadConstraints": [{"topologyKey": "beta.kubernetes.io/os"}]},
            [
                f"topologySpreadConstraints[0].topologyKey: beta.kubernetes.io/os is {OS}",
                f"topologySpreadConstraints[0].labelSelector: {NOBODY}",
            ],
        ),
        (
            {"affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": "x"}], PREFERRED: [{"weight": 1}]}}},
            [
                f"affinity.podAntiAffinity.{REQUIRED}[0].labelSelector: {NOBODY}",
                f"affinity.podAntiAffinity.{PREFERRED}[0].podAffinityTerm.labelSelector: {NOBODY}",
            ],
        ),
        (
            {"volumes": [{"name": "v", "gitRepo": {"repository": "r"}}, {"name": "w", "storageos": {}}]},
            [
                "volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
                "volumes[1].storageOS: deprecated in v1.22, non-functional in v1.25+",
            ],
        ),
        (
            {"hostAliases": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.1"}], "imagePullSecrets": [{"name": ""}]},
            [
                'hostAliases[1].ip: duplicate ip "10.0.0.1"',
                'imagePullSecrets[0].name: invalid empty name ""',
            ],
        ),
        (
            containers({"resources": {"requests": {"memory": "1500m"}, "limits": {"memory": "1"}}}),
            [
                'containers[0].resources.requests[memory]: fractional byte value "1500m" is invalid, '
                "must be an integer"
            ],
        ),
        (
            {"terminationGracePeriodSeconds": -1},
            [
                "terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be "
                "treated as 1"
            ],
        ),
    ],
)
def test_warns_of_what_is_odd(spec: Obj, texts: list[str]) -> None:
    assert pod_warnings(spec) == [f"spec.{text}" for text in texts]


@pytest.mark.parametrize(
    ("second", "hides"),
    [
        ({"value": "c"}, True),
        ({"value": "$(A)"}, True),
        ({"value": "$(A)/more"}, False),
        ({"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, True),
    ],
)
def test_a_variable_may_be_told_twice_if_it_builds_on_itself(second: Obj, hides: bool) -> None:
    spec = containers({"env": [{"name": "A", "value": "b"}, {"name": "A", **second}]})
    text = (
        'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'
    )
    assert pod_warnings(spec) == ([text] if hides else [])


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ({}, {}, "duplicate port definition with"),
        ({"hostPort": 8080}, {}, "overlapping port definition with"),
        ({"hostPort": 8080}, {"hostPort": 8081}, ""),
        (
            {"hostPort": 8080},
            {"hostPort": 8080, "hostIP": "10.0.0.1"},
            "dangerously ambiguous port definition with",
        ),
        ({"protocol": "UDP"}, {}, ""),
    ],
)
def test_one_port_of_two_containers(one: Obj, other: Obj, words: str) -> None:
    spec = containers({"ports": [{"containerPort": 80, **one}]}, {"ports": [{"containerPort": 80, **other}]})
    text = f"spec.containers[1].ports[0]: {words} spec.containers[0].ports[0]"
    assert pod_warnings(spec) == ([text] if words else [])


def test_one_name_of_two_ports_and_an_address_without_a_port() -> None:
    ports = [{"name": "web", "containerPort": 80}, {"name": "web", "containerPort": 81, "hostIP": "10.0.0.1"}]
    first, second = (f"spec.containers[0].ports[{at}]" for at in (0, 1))
    assert pod_warnings(containers({"ports": ports})) == [
        f"{second}: hostIP set without hostPort: "
        "{Name:web HostPort:0 ContainerPort:81 Protocol: HostIP:10.0.0.1}",
        f'{second}: duplicate port name "web" with {first}, '
        f"services and probes that select ports by name will use {first}",
    ]


def bad(kind: str = "StatefulSet", **meta: Any) -> Obj:
    """Return a controller whose template is odd."""
    sts = created(web(template=template(terminationGracePeriodSeconds=-1, containers=[a_container()])))
    return {**sts, "kind": kind, "metadata": {**sts["metadata"], **meta}}


GRACE = (
    "spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be "
    "treated as 1"
)
NAME = (
    "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
    "a DNS label is recommended: [must not contain dots]"
)


def test_a_template_warns_when_it_comes_and_when_the_spec_changes() -> None:
    old = bad()
    labelled, changed = replaced(old, "metadata.labels", {"a": "b"}), replaced(old, "metadata.generation", 2)
    told = [
        statefulset.warnings(sts, before) for sts, before in ((old, None), (labelled, old), (changed, old))
    ]
    assert told == [[GRACE], [], [GRACE]]


def test_a_name_with_dots_is_no_hostname() -> None:
    assert deployment.warnings(bad("Deployment", name="a.b"), None) == [NAME, GRACE]
    assert deployment.warnings(bad("Deployment", name="a.b"), bad("Deployment", name="a.b")) == []
    named = {"kind": "Pod", "metadata": {"name": "a.b"}, "spec": {"terminationGracePeriodSeconds": -1}}
    assert pod.warnings(named, None) == [
        NAME.replace("Pod names and hostnames", "the Pod's hostname"),
        GRACE.replace("template.spec.", ""),
    ]
    assert pod.warnings(named, named) == []


def test_an_updated_replication_controller_warns_of_the_template_it_had() -> None:
    good = replaced(bad(generation=2), "spec.template.spec.terminationGracePeriodSeconds", 30)
    assert replicationcontroller.warnings(good, bad()) == [GRACE]
    assert replicationcontroller.warnings(bad(generation=2), {**good, "metadata": bad()["metadata"]}) == []
