"""StatefulSet strategy against workloads.md 1.1 to 1.3 and the recordings 02, 17, 18."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import copied, replaced
from core.apimachinery.validation import dns1123_label
from core.apiserver.registry import statefulset
from tests.core.registry.workloads import (
    RECORDED,
    a_container,
    created,
    refusals_of_create,
    refusals_of_status,
    refusals_of_update,
    template,
    updated,
    web,
)

GREATER = "must be greater than or equal to 0"
FROZEN = (
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template',"
    " 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'"
    " are forbidden"
)


def test_the_manifest_web_gets_every_default_that_was_recorded() -> None:
    """STS-D1, STS-D2, STS-D3, STS-D7, STS-D8, STS-D9, STS-D10, golden 02"""
    assert created(web())["spec"] == RECORDED["StatefulSet"]["spec"]


def test_defaulting_twice_changes_nothing() -> None:
    once = created(web())
    again = copied(once)
    statefulset.defaults(again)
    assert again == once


@pytest.mark.parametrize(
    ("given", "strategy"),
    [
        (None, {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
        ({"type": "RollingUpdate"}, {"type": "RollingUpdate"}),
        (
            {"type": "RollingUpdate", "rollingUpdate": {}},
            {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        ),
        ({"type": "OnDelete"}, {"type": "OnDelete"}),
    ],
)
def test_rolling_update_is_filled_in_only_where_no_type_was_written(given: Any, strategy: Any) -> None:
    """STS-D3, STS-D4, STS-D5"""
    assert created(web(updateStrategy=given))["spec"]["updateStrategy"] == strategy


def test_zero_replicas_are_kept_and_each_retention_field_is_defaulted_on_its_own() -> None:
    """STS-D1, STS-D7"""
    spec = created(web(replicas=0, persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"}))["spec"]
    assert spec["replicas"] == 0
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenScaled": "Delete", "whenDeleted": "Retain"}


def test_is_born_with_generation_1_and_a_status_of_two_zeros() -> None:
    """STS-D12"""
    sts = created({**web(), "status": {"replicas": 7}})
    assert sts["metadata"]["generation"] == 1
    assert sts["status"] == {"replicas": 0, "availableReplicas": 0}


def test_generation_follows_the_spec_and_not_the_labels() -> None:
    """STS-D13"""
    old = created(web())
    labelled = updated(replaced(old, "metadata.labels", {"a": "b"}), old)
    scaled = updated(replaced(old, "spec.replicas", 3), old)
    assert (labelled["metadata"]["generation"], scaled["metadata"]["generation"]) == (1, 2)


def test_max_unavailable_is_dropped_unvalidated_while_its_gate_is_off() -> None:
    """STS-D6"""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0}}
    sts = created(web(updateStrategy=strategy))
    assert sts["spec"]["updateStrategy"]["rollingUpdate"] == {"partition": 0}
    assert statefulset.validate(sts) == []


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (0, ["Invalid value: 0: cannot be 0"]),
        ("0%", ['Invalid value: "0%": cannot be 0']),
        ("101%", ['Invalid value: "101%": must not be greater than 100%']),
        (-1, [f"Invalid value: -1: {GREATER}"]),
        (7, []),
        ("50%", []),
    ],
)
def test_max_unavailable_is_validated_while_its_gate_is_on(value: Any, texts: list[str]) -> None:
    """STS-V10"""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": value}}
    found = refusals_of_create(web(updateStrategy=strategy), max_unavailable_stateful_set=True)
    assert found == [f"spec.updateStrategy.rollingUpdate.maxUnavailable: {text}" for text in texts]


def test_refuses_the_first_recorded_manifest_in_its_order() -> None:
    """STS-V1, STS-V12, STS-V15, STS-V17, STS-V22, golden 17; the write path checks the name before."""
    mount = {"name": "missing", "mountPath": "/x"}
    sts = web(
        replicas=-1,
        volumeClaimTemplates=None,
        template=template(
            {"app": "other"},
            restartPolicy="Never",
            containers=[a_container(image="nginx", volumeMounts=[mount])],
        ),
    )
    assert refusals_of_create(sts) == [
        f"spec.replicas: Invalid value: -1: {GREATER}",
        'spec.template.metadata.labels: Invalid value: {"app":"other"}: '
        "`selector` does not match template `labels`",
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "missing"',
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ]
    assert statefulset.name_check is dns1123_label


def test_refuses_the_second_recorded_manifest_in_its_order() -> None:
    """STS-V1, STS-V6, STS-V7, STS-V11, STS-V12, STS-V16, STS-V22, SW5, golden 17"""
    sts = web(
        podManagementPolicy="Random",
        updateStrategy={"type": "Sometimes"},
        persistentVolumeClaimRetentionPolicy={"whenScaled": "Maybe"},
        minReadySeconds=-2,
        ordinals={"start": -1},
        volumeClaimTemplates=None,
        template=template(containers=[{"name": "nginx"}]),
    )
    assert refusals_of_create(sts) == [
        "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'",
        'spec.updateStrategy: Invalid value: {"Type":"Sometimes","RollingUpdate":null}: '
        "must be 'RollingUpdate' or 'OnDelete'",
        'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Maybe": '
        'supported values: "Retain", "Delete"',
        f"spec.minReadySeconds: Invalid value: -2: {GREATER}",
        f"spec.ordinals.start: Invalid value: -1: {GREATER}",
        "spec.template.spec.containers[0].image: Required value",
    ]


@pytest.mark.parametrize(
    ("selector", "texts"),
    [
        (
            None,
            [
                "spec.selector: Required value",
                'spec.template.metadata.labels: Invalid value: {"app":"nginx"}: '
                "`selector` does not match template `labels`",
            ],
        ),
        ({}, ["spec.selector: Invalid value: {}: empty selector is invalid for statefulset"]),
    ],
)
def test_a_selector_is_required_and_may_not_be_empty(selector: Any, texts: list[str]) -> None:
    """STS-V14"""
    assert refusals_of_create(web(selector=selector)) == texts


def test_a_removed_template_lacks_labels_and_containers() -> None:
    """VAL-K1"""
    assert refusals_of_create(web(template=None)) == [
        "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
        "spec.template.spec.containers: Required value",
    ]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"updateStrategy": {"type": "OnDelete", "rollingUpdate": {"partition": 1}}},
            'spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: '
            "only allowed for updateStrategy 'RollingUpdate'",
        ),
        (
            {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": -1}}},
            f"spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: {GREATER}",
        ),
        (
            {"template": template(activeDeadlineSeconds=5), "volumeClaimTemplates": None},
            "spec.template.spec.activeDeadlineSeconds: Forbidden: "
            "activeDeadlineSeconds in StatefulSet is not Supported",
        ),
        (
            {
                "volumeClaimTemplates": [
                    {"metadata": {"name": "www"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
                ]
            },
            "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value",
        ),
    ],
)
def test_refuses(change: Any, text: str) -> None:
    """STS-V8, STS-V9, STS-V17, STS-V18"""
    assert refusals_of_create(web(**change)) == [text]


def test_a_service_name_must_be_a_label_and_may_be_absent() -> None:
    """STS-V13"""
    assert refusals_of_create(web(serviceName=None)) == []
    (text,) = refusals_of_create(web(serviceName="a.b"))
    assert text == 'spec.serviceName: Invalid value: "a.b": must not contain dots'


def test_a_service_name_that_may_not_change_is_not_looked_at_again() -> None:
    """STS-U2, STS-U4"""
    old = created(web())
    assert refusals_of_update(replaced(old, "spec.serviceName", "a.b"), old) == [FROZEN]


def test_claims_and_service_come_before_the_selector_in_the_order_of_complaints() -> None:
    """STS-V18, STS-V22"""
    claim = {"metadata": {"name": "www"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    sts = web(
        replicas=-1, ordinals={"start": -1}, serviceName="a.b", selector={}, volumeClaimTemplates=[claim]
    )
    assert [text.partition(":")[0] for text in refusals_of_create(sts)] == [
        "spec.volumeClaimTemplates[0].spec.accessModes",
        "spec.replicas",
        "spec.ordinals.start",
        "spec.serviceName",
        "spec.selector",
    ]


def test_hostname_and_subdomain_of_the_template_are_the_controllers_and_not_looked_at() -> None:
    """STS-I7, STS-V16"""
    spec = template(hostname="Not A Name", subdomain="a.b", containers=[a_container()])
    assert refusals_of_create(web(template=spec, volumeClaimTemplates=None)) == []


def test_ordinals_without_a_start_start_at_zero() -> None:
    """STS-D8"""
    assert created(web(ordinals={}))["spec"]["ordinals"] == {"start": 0}


def test_warns_of_a_limit_that_keeps_all_history_and_of_a_piece_of_a_byte() -> None:
    """STS-H11, STS-V18"""
    requests = {"resources": {"requests": {"storage": "1500m"}}}
    claim = {"metadata": {"name": "www"}, "spec": {"accessModes": ["ReadWriteOnce"], **requests}}
    sts = created(web(revisionHistoryLimit=-1, volumeClaimTemplates=[claim]))
    tail = 'resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer'
    limit = (
        "spec.revisionHistoryLimit: a negative value retains all historical revisions; "
        "a value >= 0 is recommended"
    )
    assert statefulset.warnings(sts, None) == [f"spec.volumeClaimTemplates[0].{tail}", limit]
    assert statefulset.warnings(sts, sts) == [f"spec.volumeClaimTemplates[0].Spec.{tail}", limit]
    assert statefulset.warnings(created(web()), None) == []


def test_a_claim_template_wins_over_the_volume_of_its_name() -> None:
    """STS-V16"""
    volumes = [{"name": "www", "persistentVolumeClaim": {}}]
    mounts = [{"name": "www", "mountPath": "/x"}]
    spec = template(volumes=volumes, containers=[a_container(volumeMounts=mounts)])
    assert refusals_of_create(web(template=spec)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("serviceName", "other"),
        ("podManagementPolicy", "Parallel"),
        ("volumeClaimTemplates", RECORDED["StatefulSet"]["spec"]["volumeClaimTemplates"] * 2),
    ],
)
def test_a_fixed_field_may_not_change(field: str, value: Any) -> None:
    """ST-6.8, STS-U2, STS-U3, STS-R17, SC77, golden 18"""
    old = created(web())
    assert refusals_of_update(replaced(old, f"spec.{field}", value), old) == [FROZEN]


def test_a_new_selector_and_a_new_label_are_two_mistakes_and_one() -> None:
    """STS-U4, golden 18"""
    old = created(web())
    label = (
        "spec.template.metadata.labels: Invalid value: {}: `selector` does not match template `labels`".format
    )
    selector = refusals_of_update(replaced(old, "spec.selector", {"matchLabels": {"x": "y"}}), old)
    assert selector == [label('{"app":"nginx"}'), FROZEN]
    labels = refusals_of_update(replaced(old, "spec.template.metadata.labels", {"app": "z"}), old)
    assert labels == [label('{"app":"z"}')]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("replicas", 5),
        ("ordinals", {"start": 3}),
        ("template", template(containers=[a_container(image="nginx:2")])),
        ("updateStrategy", {"type": "OnDelete"}),
        ("revisionHistoryLimit", 2),
        ("persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Delete", "whenScaled": "Retain"}),
        ("minReadySeconds", 9),
    ],
)
def test_a_mutable_field_may_change(field: str, value: Any) -> None:
    """STS-U1"""
    old = created(web())
    assert refusals_of_update(replaced(old, f"spec.{field}", value), old) == []


def test_applying_the_same_manifest_again_is_the_same_object() -> None:
    """STS-U5"""
    old = created(web())
    again = updated({**web(), "metadata": old["metadata"]}, old)
    assert again == old


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({"currentReplicas": -1}, f"status.currentReplicas: Invalid value: -1: {GREATER}"),
        (
            {"replicas": 1, "readyReplicas": 2},
            "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
        ),
        (
            {"replicas": 2, "readyReplicas": 1, "availableReplicas": 2},
            "status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas",
        ),
        ({"replicas": 0}, "status.collisionCount: Invalid value: 0: cannot be decremented"),
    ],
)
def test_refuses_a_status_that_cannot_be(status: Any, text: str) -> None:
    """STS-V19"""
    old = {"collisionCount": 1} if "collisionCount" in text else {}
    assert refusals_of_status(web(), status, old) == [text]
