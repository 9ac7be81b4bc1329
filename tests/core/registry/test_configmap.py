"""A ConfigMap: keys that can be file names, a mebibyte in all, no change once it is immutable."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.errors import BadRequest
from core.apimachinery.meta import Obj
from tests.core.registry.cast import created, refusals, update_refusals

BYTES = "aGVsbG8="
KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or"
    " 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
FIXED = "Forbidden: field is immutable when `immutable` is set"


def config_map(**fields: Any) -> Obj:
    meta = {"name": "app", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, **fields}


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"data": {"a/b": ""}}, f'data[a/b]: Invalid value: "a/b": {KEY_TEXT}'),
        ({"data": {"..": ""}}, "data[..]: Invalid value: \"..\": must not be '..'"),
        ({"binaryData": {"..a": ""}}, "binaryData[..a]: Invalid value: \"..a\": must not start with '..'"),
        (
            {"data": {"a": ""}, "binaryData": {"a": ""}},
            'data[a]: Invalid value: "a": duplicate of key present in binaryData',
        ),
        (
            {"data": {"a": "x" * (1 << 20)}, "binaryData": {"b": BYTES}},
            "[]: Too long: may not be more than 1048576 bytes",
        ),
    ],
)
def test_what_it_holds_is_checked(fields: Obj, refusal: str) -> None:
    assert refusals(config_map(**fields)) == [refusal]
    assert update_refusals(config_map(**fields), created(config_map())) == [refusal]


def test_a_mebibyte_is_allowed() -> None:
    assert refusals(config_map(data={"a": "x" * (1 << 20)})) == []


def test_bytes_that_are_none_are_no_config_map() -> None:
    with pytest.raises(BadRequest, match="illegal base64 data at input byte 2"):
        created(config_map(binaryData={"a": "ab!"}))


def test_what_is_empty_is_not_stored() -> None:
    assert created(config_map(data={}, binaryData={})) == config_map()


def test_once_immutable_it_stays_as_it_is() -> None:
    old = created(config_map(data={"a": "1"}, binaryData={"b": BYTES}, immutable=True))

    assert update_refusals(config_map(data={"a": "2"}), old) == [
        f"immutable: {FIXED}",
        f"data: {FIXED}",
        f"binaryData: {FIXED}",
    ]
    assert update_refusals(old, old) == []


def test_until_then_it_may_change() -> None:
    old = created(config_map(data={"a": "1"}))

    assert update_refusals(config_map(data={"a": "2"}, immutable=True), old) == []
