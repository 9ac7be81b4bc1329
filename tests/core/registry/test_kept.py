"""Kinds that are kept: what they get, what is checked, and what their author is told."""

from __future__ import annotations

from typing import Any

import pytest

from core.api.kinds import BY_KIND
from core.apimachinery import schema
from core.apimachinery.errors import Forbidden
from core.apimachinery.meta import Obj
from core.apiserver import discovery
from core.apiserver.registry import warnings_of
from core.apiserver.registry.kept import KEPT
from tests.core.registry.cast import created, refusals, update_refusals, updated

CONTAINERS = [{"name": "c", "image": "busybox"}]
ENDS = {"spec": {"restartPolicy": "Never", "containers": CONTAINERS}}
ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}


def an(kind: str, **fields: Any) -> Obj:
    resource = BY_KIND[kind]
    meta = {"name": "x", "uid": "u-1", **({"namespace": "default"} if resource.namespaced else {})}
    return {"apiVersion": resource.api_version, "kind": kind, "metadata": meta, **fields}


@pytest.mark.parametrize("kind", KEPT)
def test_the_table_agrees_with_discovery_and_with_the_official_schema(kind: str) -> None:
    kept, resource = KEPT[kind], BY_KIND[kind]
    assert bool(kept.idle) != bool(kept.refusal)
    assert kind in kept.idle or kept.refusal or f"{kind[:-1]}ies" in kept.idle
    served = discovery.resources()[resource.group, resource.version, resource.plural]
    assert (served.subresource("status") is not None) == (kept.status is not None)
    root = schema.type_of(kind, resource.api_version)
    assert root is not None
    for path in (*kept.values, *kept.fixed, *([kept.template] if kept.template else [])):
        at: schema.Type | None = root
        for step in path.split("."):
            at = schema.field_type(at, step)
        assert at is not None, path


def test_who_creates_one_is_told_once_what_it_will_not_do() -> None:
    job = created(an("Job", spec={"template": ENDS}))
    told = "stsviz keeps Jobs and runs none: this one makes no Pods and never completes"
    assert warnings_of(job, None) == (told,)
    assert warnings_of(job, job) == ()


def test_a_job_gets_its_counts_its_selector_and_the_labels_that_it_selects() -> None:
    job = created(an("Job", spec={"template": ENDS}))
    spec = job["spec"]
    names = ("completions", "parallelism", "backoffLimit", "completionMode", "podReplacementPolicy")
    assert [spec[name] for name in names] == [1, 1, 6, "NonIndexed", "TerminatingOrFailed"]
    assert spec["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "u-1"}}
    labels = spec["template"]["metadata"]["labels"]
    assert (labels["job-name"], labels["batch.kubernetes.io/controller-uid"]) == ("x", "u-1")
    assert job["metadata"]["labels"] == labels
    assert (job["status"], job["metadata"]["generation"]) == ({}, 1)
    assert refusals(an("Job", spec={"template": ENDS})) == []


def test_the_others_get_their_defaults_too() -> None:
    cron = created(an("CronJob", spec={"schedule": "@daily", "jobTemplate": {"spec": {"template": ENDS}}}))
    assert (cron["spec"]["concurrencyPolicy"], cron["spec"]["successfulJobsHistoryLimit"]) == ("Allow", 3)
    policy = created(an("NetworkPolicy", spec={"podSelector": {}, "egress": [{"ports": [{"port": 53}]}]}))
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert policy["spec"]["egress"][0]["ports"][0] == {"port": 53, "protocol": "TCP"}
    target = {"kind": "Deployment", "name": "web"}
    scaler = created(an("HorizontalPodAutoscaler", spec={"maxReplicas": 3, "scaleTargetRef": target}))
    assert scaler["spec"]["minReplicas"] == 1
    assert scaler["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 80
    subjects = [{"kind": "User", "name": "me"}, {"kind": "ServiceAccount", "name": "sa", "namespace": "ns"}]
    binding = created(an("RoleBinding", roleRef={"kind": "Role", "name": "r"}, subjects=subjects))
    assert binding["roleRef"]["apiGroup"] == binding["subjects"][0]["apiGroup"] == ROLE["apiGroup"]
    assert "apiGroup" not in binding["subjects"][1]


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (
            an("Job", spec={"template": {"spec": {"containers": CONTAINERS}}}),
            ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
        ),
        (
            an("CronJob", spec={"jobTemplate": {"spec": {"template": ENDS}}}),
            ["spec.schedule: Required value"],
        ),
        (
            an("Ingress", spec={"rules": [{"http": {"paths": [{"path": "/"}]}}]}),
            [
                "spec.rules[0].http.paths[0].pathType: Required value",
                "spec.rules[0].http.paths[0].backend: Required value",
            ],
        ),
        (an("Role", rules=[{"resources": ["pods"]}]), ["rules[0].verbs: Required value"]),
        (an("ClusterRole"), []),
        (an("RuntimeClass"), ["handler: Required value"]),
    ],
)
def test_what_the_schema_requires_is_required(obj: Obj, expected: list[str]) -> None:
    assert refusals(obj) == expected


def test_what_may_not_change_does_not() -> None:
    old = created(an("RoleBinding", roleRef=ROLE))
    other = an("RoleBinding", roleRef={**ROLE, "name": "writer"})
    assert update_refusals(other, old)[0].startswith("roleRef: Invalid value: ")
    assert update_refusals(other, old)[0].endswith(": cannot change roleRef")
    assert update_refusals(an("RoleBinding", roleRef=ROLE, subjects=[]), old) == []


def test_a_new_spec_is_a_new_generation_and_a_status_stays() -> None:
    old = created(an("Ingress", spec={"ingressClassName": "a"}))
    old["status"] = {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}
    new = updated(an("Ingress", spec={"ingressClassName": "b"}), old)
    assert (new["metadata"]["generation"], new["status"]) == (2, old["status"])
    assert "generation" not in updated(an("Ingress", spec=old["spec"]), old)["metadata"]


@pytest.mark.parametrize("kind", [kind for kind, kept in KEPT.items() if kept.refusal])
def test_of_what_the_api_server_would_have_to_obey_none_is_made(kind: str) -> None:
    resource = BY_KIND[kind]
    with pytest.raises(Forbidden) as refused:
        created(an(kind, spec={}))
    assert str(refused.value).startswith(f'{resource.group_resource} "x" is forbidden: stsviz ')
