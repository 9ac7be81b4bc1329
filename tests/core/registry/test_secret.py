"""A Secret: texts that become bytes, what each type wants, no change once it is immutable."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.errors import BadRequest
from core.apimachinery.meta import Obj
from core.apiserver.registry import secret as strategy
from tests.core.registry.cast import created, refusals, update_refusals

FIXED = "Forbidden: field is immutable when `immutable` is set"


def secret(**fields: Any) -> Obj:
    meta = {"name": "login", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, **fields}


def test_text_overrides_bytes_and_is_not_kept() -> None:
    made = created(secret(data={"a": "MQ==", "b": "Mg=="}, stringData={"b": "three"}))

    assert made == secret(data={"a": "MQ==", "b": "dGhyZWU="}, type="Opaque")
    assert created(secret(data={}, stringData={})) == secret(type="Opaque")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "kubernetes.io/tls"}, ["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
        ({"type": "kubernetes.io/tls", "stringData": {"tls.crt": "", "tls.key": ""}}, []),
        ({"type": "kubernetes.io/ssh-auth"}, ["data[ssh-privatekey]: Required value"]),
        (
            {"type": "kubernetes.io/ssh-auth", "stringData": {"ssh-privatekey": ""}},
            ["data[ssh-privatekey]: Required value"],
        ),
        (
            {"type": "kubernetes.io/basic-auth"},
            ["data[username]: Required value", "data[password]: Required value"],
        ),
        ({"type": "kubernetes.io/basic-auth", "stringData": {"password": ""}}, []),
        ({"type": "kubernetes.io/dockercfg"}, ["data[.dockercfg]: Required value"]),
        (
            {"type": "kubernetes.io/dockercfg", "stringData": {".dockercfg": "{"}},
            ['data[.dockercfg]: Invalid value: "<secret contents redacted>": unexpected end of JSON input'],
        ),
        (
            {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "[]"}},
            [
                'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>":'
                " json: cannot unmarshal array into Go value of type map[string]interface {}"
            ],
        ),
        (
            {"type": "kubernetes.io/service-account-token"},
            ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
        ),
        ({"type": "example.com/mine"}, []),
        (
            {"stringData": {"a": "x" * (1 << 20), "b": "y"}},
            ["data: Too long: may not be more than 1048576 bytes"],
        ),
        ({"stringData": {"..": ""}}, ["data[..]: Invalid value: \"..\": must not be '..'"]),
    ],
)
def test_what_it_holds_is_what_its_type_wants(fields: Obj, expected: list[str]) -> None:
    assert refusals(secret(**fields)) == expected


def test_bytes_that_are_none_are_no_secret() -> None:
    with pytest.raises(
        BadRequest, match='Secret in version "v1" cannot be handled as a Secret: illegal base64'
    ):
        created(secret(data={"a": "ab!"}))


def test_its_type_stays_and_once_immutable_all_of_it() -> None:
    old = created(secret(stringData={"a": "1"}, immutable=True))

    assert update_refusals(secret(stringData={"a": "2"}, type="other"), old) == [
        'type: Invalid value: "other": field is immutable',
        f"immutable: {FIXED}",
        f"data: {FIXED}",
    ]
    assert update_refusals(old, old) == []


def test_a_certificate_that_is_none_is_warned_of() -> None:
    pem = {"tls.crt": "-----BEGIN CERTIFICATE-----", "tls.key": "key"}

    def warned(**data: str) -> list[str]:
        return strategy.warnings(created(secret(type="kubernetes.io/tls", stringData=data)), None)

    assert warned(**{"tls.crt": "", "tls.key": ""}) == [
        "tls: failed to find any PEM data in certificate input"
    ]
    assert warned(**pem) == ["tls: failed to find any PEM data in key input"]
    assert strategy.warnings(created(secret()), None) == []
