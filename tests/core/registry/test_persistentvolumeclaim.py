"""PersistentVolumeClaims: defaults, refusals, and what may still change."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.quantity import QuantityError
from core.apiserver.registry import persistentvolumeclaim
from tests.core.registry.cast import bound_claim, claim, created, refusals, requests, update_refusals, updated

FROZEN = (
    "spec: Forbidden: spec is immutable after creation except resources.requests and"
    " volumeAttributesClassName for bound claims\n"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must"
    " start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    r" '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
MODES = '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'


def test_starts_pending_whatever_status_was_sent() -> None:
    """ST-1.5"""
    sent = claim(volumeMode=None, status={"phase": "Bound"})

    stored = created(sent)

    assert stored["status"] == {"phase": "Pending"}
    assert stored["spec"]["volumeMode"] == "Filesystem"


def test_keeps_the_empty_class_and_drops_the_null_one() -> None:
    """ST-1.61"""
    null = claim()
    null["spec"]["storageClassName"] = None

    assert created(claim(storageClassName=""))["spec"]["storageClassName"] == ""
    assert "storageClassName" not in created(null)["spec"]


@pytest.mark.parametrize(
    ("written", "stored"), [("1024Mi", "1Gi"), ("1.5Gi", "1536Mi"), (1073741824, "1073741824")]
)
def test_stores_the_request_as_canonical_text(written: Any, stored: str) -> None:
    """ST-1.13"""
    assert created(claim(resources=requests(written)))["spec"]["resources"]["requests"]["storage"] == stored


def test_does_not_take_what_is_no_quantity() -> None:
    """ST-1.14"""
    with pytest.raises(QuantityError, match="quantities must match the regular expression"):
        created(claim(resources=requests("one gigabyte")))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(
            {"accessModes": None, "resources": None},
            [
                "spec.accessModes: Required value: at least 1 access mode is required",
                "spec.resources[storage]: Required value",
            ],
            id="ST-1.31, ST-1.34",
        ),
        pytest.param(
            {"accessModes": ["ReadWriteSometimes"], "resources": requests("0")},
            [
                f'spec.accessModes: Unsupported value: "ReadWriteSometimes": supported values: {MODES}',
                'spec.resources[storage]: Invalid value: "0": must be greater than zero',
            ],
            id="ST-1.32, ST-1.35",
        ),
        pytest.param(
            {"accessModes": ["ReadWriteOnce", "ReadWriteOncePod"]},
            ["spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"],
            id="ST-1.33",
        ),
        pytest.param(
            {"accessModes": ["ReadWriteOncePod", "Foo"]},
            [f'spec.accessModes: Unsupported value: "Foo": supported values: {MODES}'],
            id="ST-1.33: an unknown mode is no other mode",
        ),
        pytest.param(
            {"storageClassName": "Gold"},
            [f'spec.storageClassName: Invalid value: "Gold": {SUBDOMAIN}'],
            id="ST-1.36",
        ),
        pytest.param({"storageClassName": ""}, [], id="ST-1.36: the empty class is one"),
        pytest.param(
            {"volumeMode": "Tape"},
            ['spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"'],
            id="ST-1.37",
        ),
        pytest.param(
            {"selector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}},
            [
                'spec.selector.matchExpressions[0].operator: Invalid value: "Near":'
                " not a valid selector operator"
            ],
            id="ST-1.38",
        ),
        pytest.param(
            {"dataSourceRef": {"apiGroup": "snapshot.storage.k8s.io"}},
            [
                "spec.dataSource.name: Required value",
                "spec.dataSource.kind: Required value",
                "spec.dataSourceRef.name: Required value",
                "spec.dataSourceRef.kind: Required value",
            ],
            id="ST-1.39",
        ),
        pytest.param(
            {"dataSource": {"kind": "PersistentVolumeClaim"}},
            ["spec.dataSource.name: Required value", "spec.dataSourceRef.name: Required value"],
            id="ST-1.39 a claim without a name",
        ),
        pytest.param(
            {
                "dataSource": {"kind": "PersistentVolumeClaim", "name": "a"},
                "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "b"},
            },
            ["spec: Invalid value: {}: must match dataSourceRef"],
            id="two data sources",
        ),
        pytest.param(
            {"volumeAttributesClassName": "Gold"},
            [f'spec.volumeAttributesClassName: Invalid value: "Gold": {SUBDOMAIN}'],
            id="attributes class",
        ),
        pytest.param({"volumeName": "no-such-volume", "storageClassName": "no-such-class"}, [], id="1.6 end"),
    ],
)
def test_refuses_with_every_finding(spec: Any, expected: list[str]) -> None:
    assert refusals(claim(**spec)) == expected


def test_data_source_needs_a_group_unless_it_is_a_claim() -> None:
    """ST-1.39"""
    found = refusals(claim(dataSourceRef={"kind": "Pod", "name": "p"}))

    assert found[0] == (
        "spec.dataSource: Invalid value: \"Pod\": must be 'PersistentVolumeClaim'"
        " when referencing the default apiGroup"
    )


def test_ignores_what_a_data_source_alone_may_not_name() -> None:
    """KEP 1495: so it was before there was dataSourceRef"""
    spec = created(claim(dataSource={"kind": "Pod", "name": "p"}))["spec"]

    assert not {"dataSource", "dataSourceRef"} & spec.keys()


def test_shows_the_change_of_a_frozen_spec_as_a_diff() -> None:
    """ST-1.40, ST-1.49, VAL-K3"""
    assert update_refusals(bound_claim(accessModes=["ReadWriteMany"]), bound_claim()) == [
        FROZEN + "@@ -1,6 +1,6 @@\n"
        " {\n"
        '  "AccessModes": [\n'
        '-  "ReadWriteOnce"\n'
        '+  "ReadWriteMany"\n'
        "  ],\n"
        '  "Selector": null,\n'
        '  "Resources": {\n'
    ]


def test_the_diff_stands_at_the_line_of_the_internal_struct() -> None:
    """ST-1.42, ST-1.49"""
    assert update_refusals(bound_claim(storageClassName="gold"), bound_claim()) == [
        FROZEN + "@@ -10,7 +10,7 @@\n"
        "   }\n"
        "  },\n"
        '  "VolumeName": "pv-1",\n'
        '- "StorageClassName": "standard",\n'
        '+ "StorageClassName": "gold",\n'
        '  "VolumeMode": "Filesystem",\n'
        '  "DataSource": null,\n'
        '  "DataSourceRef": null,\n'
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(claim(), claim(volumeName="pv-1"), id="ST-1.41: a volume once"),
        pytest.param(claim(), claim(storageClassName="gold"), id="ST-1.42: from null"),
        pytest.param(claim(), claim(storageClassName=""), id="ST-1.42: from null to none"),
        pytest.param(bound_claim(), bound_claim(resources=requests("2Gi")), id="ST-1.43: bound may grow"),
        pytest.param(claim(), claim(volumeAttributesClassName="fast"), id="ST-1.44"),
    ],
)
def test_allows(old: Any, new: Any) -> None:
    assert update_refusals(new, old) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(claim(volumeName="pv-1"), claim(volumeName="pv-2"), id="ST-1.41: not twice"),
        pytest.param(claim(volumeName="pv-1"), claim(), id="ST-1.41: not cleared"),
        pytest.param(claim(storageClassName=""), claim(storageClassName="gold"), id="ST-1.42"),
        pytest.param(claim(), claim(resources=requests("2Gi")), id="ST-1.43: pending may not grow"),
        pytest.param(claim(resources=requests("2Gi")), claim(), id="ST-1.43: pending may not shrink"),
        pytest.param(claim(), claim(selector={"matchLabels": {"a": "b"}}), id="ST-1.40"),
    ],
)
def test_refuses_any_other_change_of_the_spec(old: Any, new: Any) -> None:
    found = update_refusals(new, old)

    assert len(found) == 1
    assert found[0].startswith(FROZEN + "@@ ")


@pytest.mark.parametrize(
    ("size", "allowed"), [("500Mi", False), ("1Gi", False), ("1025Mi", True), ("4Gi", True)]
)
def test_shrinks_only_to_more_than_it_has(size: str, allowed: bool) -> None:
    """ST-1.45, ST-6.9: after a failed expansion from 1Gi to 5Gi"""
    old = bound_claim(resources=requests("5Gi"))

    found = update_refusals(bound_claim(resources=requests(size)), old)

    detail = "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
    assert found == ([] if allowed else [detail])


def test_the_volume_mode_is_refused_twice() -> None:
    """ST-1.46"""
    found = update_refusals(claim(volumeMode="Block"), claim())

    assert found[0].startswith(FROZEN)
    assert found[1:] == ['volumeMode: Invalid value: "Block": field is immutable']


@pytest.mark.parametrize(("value", "word"), [(None, "nil"), ("", "an empty string")])
def test_the_attributes_class_is_not_taken_back(value: Any, word: str) -> None:
    """ST-1.44"""
    old = claim(volumeAttributesClassName="fast")

    assert update_refusals(claim(volumeAttributesClassName=value), old) == [
        f"spec.volumeAttributesClassName: Forbidden: update from non-nil value to {word} is forbidden"
    ]


def test_the_beta_class_annotation_is_immutable_and_others_are_not() -> None:
    """ST-1.47, ST-1.48"""
    beta = "volume.beta.kubernetes.io/storage-class"
    new = claim()
    new["metadata"]["annotations"] = {beta: "gold", "note": "mine"}

    assert update_refusals(new, claim()) == [
        f'metadata.annotations.{beta}: Invalid value: "gold": field is immutable'
    ]


def test_an_update_leaves_the_status_alone() -> None:
    sent = bound_claim()
    sent["status"] = {"phase": "Lost"}

    assert updated(sent, bound_claim())["status"]["phase"] == "Bound"


def test_warns_of_a_fraction_of_a_byte() -> None:
    odd = created(claim(resources=requests("1500m")))

    assert persistentvolumeclaim.warnings(odd, None) == [
        'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer'
    ]
