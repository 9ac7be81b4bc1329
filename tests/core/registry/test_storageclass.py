"""StorageClasses: defaults, refusals, and what stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from core.apiserver.registry import storageclass
from tests.core.registry.cast import created, refusals, storage_class, update_refusals


def test_deletes_and_binds_at_once_unless_told_otherwise() -> None:
    """ST-1.7, ST-3.3, ST-3.4"""
    sent = storage_class()
    del sent["reclaimPolicy"], sent["volumeBindingMode"]

    stored = created(sent)

    assert stored == {**sent, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {"provisioner": "", "volumeBindingMode": "Later"},
            [
                "provisioner: Required value",
                'volumeBindingMode: Unsupported value: "Later":'
                ' supported values: "Immediate", "WaitForFirstConsumer"',
            ],
            id="ST-3.1, ST-3.4",
        ),
        pytest.param(
            {"reclaimPolicy": "Recycle"},
            ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"'],
            id="ST-3.3",
        ),
        pytest.param(
            {"allowedTopologies": [{"matchLabelExpressions": [{"key": "zone", "values": []}]}]},
            ["allowedTopologies[0].matchLabelExpressions[0].values: Required value"],
            id="ST-3.9",
        ),
        pytest.param(
            {"allowedTopologies": [{"matchLabelExpressions": [{"key": "zone", "values": ["a", "a"]}]}]},
            ['allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"'],
            id="ST-3.9 twice",
        ),
        pytest.param(
            {
                "allowedTopologies": [
                    {"matchLabelExpressions": [{"key": "zone", "values": values}]}
                    for values in (["a", "b"], ["b", "a"])
                ]
            },
            ['allowedTopologies[1].matchLabelExpressions: Duplicate value: ""'],
            id="ST-3.9 terms that mean the same",
        ),
        pytest.param({"provisioner": "rancher.io/local-path"}, [], id="ST-3.1 qualified"),
    ],
)
def test_refuses_with_every_finding(fields: Any, expected: list[str]) -> None:
    assert refusals(storage_class(**fields)) == expected


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("provisioner", "other", '"other"'),
        ("parameters", {"type": "ssd"}, '{"type":"ssd"}'),
        ("reclaimPolicy", "Retain", '"Retain"'),
        ("volumeBindingMode", "WaitForFirstConsumer", '"WaitForFirstConsumer"'),
    ],
)
def test_never_changes(field: str, value: Any, shown: str) -> None:
    """ST-3.1, ST-3.2, ST-3.3, ST-3.4, VAL-K4"""
    found = update_refusals(storage_class(**{field: value}), storage_class())

    assert found == [f"{field}: Invalid value: {shown}: field is immutable"]


def test_may_be_made_expandable_later() -> None:
    """ST-3.5, ST-3.6"""
    assert (
        update_refusals(storage_class(allowVolumeExpansion=True, mountOptions=["hard"]), storage_class())
        == []
    )


def test_warns_of_old_labels() -> None:
    term = {"matchLabelExpressions": [{"key": "beta.kubernetes.io/os", "values": ["linux"]}]}

    assert storageclass.warnings(storage_class(allowedTopologies=[term]), None) == [
        "allowedTopologies[0].matchLabelExpressions[0].key: "
        'deprecated since v1.14; use "kubernetes.io/os" instead'
    ]
