"""The rows of kept kinds."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.timestamps import timestamp
from core.apiserver.printers import table
from core.apiserver.registry.kept import KEPT

NOW = 1_700_000_000.0
CONTAINERS = [{"name": "c", "image": "busybox"}]
TEMPLATE = {"spec": {"containers": CONTAINERS}}
STAMP = timestamp(NOW - 60)


def row(kind: str, *, name: str = "x", meta: Any = None, **fields: Any) -> list[Any]:
    obj = {"kind": kind, "metadata": {"name": name, "creationTimestamp": STAMP, **(meta or {})}, **fields}
    printed = table(kind, [obj], NOW)
    assert len(printed.columns) == len(printed.rows[0])
    return printed.rows[0]


@pytest.mark.parametrize("kind", KEPT)
def test_every_kept_kind_has_columns(kind: str) -> None:
    assert table(kind, [], NOW).columns[0].name == "Name"


def test_a_job_is_running_until_somebody_says_otherwise() -> None:
    job = {"template": TEMPLATE, "completions": 3, "selector": {"matchLabels": {"a": "b"}}}
    assert row("Job", spec=job) == ["x", "Running", "0/3", "", "60s", "c", "busybox", "a=b"]
    done = {"conditions": [{"type": "Complete", "status": "True"}], "succeeded": 3}
    done |= {"startTime": STAMP, "completionTime": timestamp(NOW - 20)}
    assert row("Job", spec=job, status=done)[1:5] == ["Complete", "3/3", "40s", "60s"]
    queue = {"template": TEMPLATE, "parallelism": 2}
    assert row("Job", spec=queue)[2] == "0/1 of 2"


def test_a_cron_job_says_when() -> None:
    spec = {"schedule": "@daily", "suspend": False, "jobTemplate": {"spec": {"template": TEMPLATE}}}
    assert row("CronJob", spec=spec) == [
        *("x", "@daily", "<none>", "False", 0, "<none>", "60s", "c", "busybox", "<none>")
    ]


def test_an_ingress_names_three_hosts_and_counts_the_rest() -> None:
    assert row("Ingress", spec={}) == ["x", "<none>", "*", "", "80", "60s"]
    spec = {"rules": [{"host": f"{letter}.example"} for letter in "abcd"], "tls": [{}]}
    assert row("Ingress", spec=spec)[2:5] == ["a.example,b.example,c.example + 1 more...", "", "80, 443"]


def test_an_autoscaler_does_not_know_what_is_now() -> None:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 1, "maxReplicas": 3}
    spec["metrics"] = [{"type": "Resource", "resource": cpu}]
    printed = row("HorizontalPodAutoscaler", spec=spec)
    assert printed == ["x", "Deployment/web", "cpu: <unknown>/70%", "1", 3, 0, "60s"]


def test_a_binding_names_its_subjects_by_their_kind() -> None:
    subjects = [{"kind": "User", "name": "me"}, {"kind": "Group", "name": "us"}]
    subjects.append({"kind": "ServiceAccount", "name": "sa", "namespace": "ns"})
    found = row("RoleBinding", roleRef={"kind": "Role", "name": "r"}, subjects=subjects)
    assert found == ["x", "Role/r", "60s", "me", "us", "ns/sa"]


def test_the_rest_is_short() -> None:
    assert row("Role", rules=[]) == ["x", STAMP]
    assert row("NetworkPolicy", spec={"podSelector": {}}) == ["x", "<none>", "60s"]
    default = {"annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}}
    spec = {"controller": "c", "parameters": {"apiGroup": "g", "kind": "K", "name": "n"}}
    assert row("IngressClass", meta=default, spec=spec) == ["x (default)", "c", "K.g/n", "60s"]
    assert row("RuntimeClass", handler="runc") == ["x", "runc", "60s"]
    assert row("CSINode", spec={"drivers": [{}]}) == ["x", 1, "60s"]
    assert row("CSIDriver", spec={"volumeLifecycleModes": ["Persistent"]})[1:] == [
        *(True, False, False, "<unset>", False, "Persistent", "60s")
    ]
    assert row("CSIStorageCapacity", storageClassName="s", capacity="1Gi") == ["x", "s", "1Gi"]
    spec = {"attacher": "a", "nodeName": "n", "source": {"persistentVolumeName": "pv"}}
    assert row("VolumeAttachment", spec=spec) == ["x", "a", "pv", "n", False, "60s"]
