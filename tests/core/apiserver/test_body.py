"""Request bodies: what is read, what is refused, in which words."""

from __future__ import annotations

from contextlib import suppress

import pytest

from core.apimachinery.errors import BadRequest
from core.apiserver import protobuf
from core.apiserver.body import (
    JSON,
    PROTOBUF,
    YAML,
    media_type,
    parse,
    read_applied,
    read_object,
    read_options,
)
from core.apiserver.discovery import resources
from core.apiserver.refusals import UnsupportedMediaType

POD = resources()["", "v1", "pods"]
SETS = resources()["apps", "v1", "statefulsets"]
NAMESPACE = resources()["", "v1", "namespaces"]


INTERPRETED = (
    r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'
)


def refusal(body: bytes, media: str = JSON, resource=POD, validation: str = "Strict") -> str:
    with pytest.raises(BadRequest) as refused:
        read_object(body, media, resource, validation)
    return refused.value.message


@pytest.mark.parametrize(
    ("content_type", "media"),
    [("", JSON), ("application/json; charset=utf-8", JSON), ("application/yaml", YAML), (PROTOBUF, PROTOBUF)],
)
def test_no_content_type_is_json(content_type: str, media: str):
    """API-N8: the Python client sends none."""
    assert media_type(content_type) == media


def test_another_content_type_is_unsupported():
    """API-N8"""
    with pytest.raises(UnsupportedMediaType, match="accepted media types include: application/json,"):
        media_type("text/plain")


def test_kind_and_version_are_those_of_the_path_when_the_body_has_none():
    """API-C3"""
    obj, warnings = read_object(b'{"metadata": {"name": "a"}}', JSON, POD, "Strict")
    assert (obj["kind"], obj["apiVersion"], warnings) == ("Pod", "v1", [])


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "unexpected end of JSON input (<empty>)"),
        (b"{", "unexpected end of JSON input ({)"),
        (b'{"a":1} x', """invalid character 'x' after top-level value ({"a":1} x)"""),
        (b"x", "invalid character 'x' looking for beginning of value (78)"),
        (b"{" + b" " * 40, "unexpected end of JSON input ({" + " " * 29 + " ...)"),
        (
            b'{"a":1e999}',
            """json: cannot unmarshal number 1e999 into Go value of type float64 ({"a":1e999})""",
        ),
        (b"[1]", f"json: cannot unmarshal array into Go value of type {INTERPRETED} (5b315d)"),
        (b"true", f"json: cannot unmarshal bool into Go value of type {INTERPRETED} (74727565)"),
        (
            b'{"apiVersion":5}',
            "json: cannot unmarshal number into Go struct field .apiVersion of type string"
            ' ({"apiVersion":5})',
        ),
        (b'{"a":NaN}', """invalid character 'N' looking for beginning of value ({"a":NaN})"""),
    ],
)
def test_what_is_no_json_is_refused_as_go_says_it(body: bytes, why: str):
    """API-C3"""
    prefix = (
        "the object provided is unrecognized (must be of type Pod): couldn't get version/kind;"
        " json parse error: "
    )
    assert refusal(body) == prefix + why


def test_a_body_nested_without_end_is_refused_not_run_out_of_stack():
    assert "unrecognized" in refusal(b"[" * 100_000)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            b'{"kind":"Pod","apiVersion":"apps/v1"}',
            'Pod in version "v1" cannot be handled as a Pod: no kind "Pod" is registered for version'
            ' "apps/v1" in'
            ' scheme "pkg/runtime/scheme.go:111"',
        ),
        (
            b'{"kind":"Service","apiVersion":"v1"}',
            'Service in version "v1" cannot be handled as a Pod: converting (v1.Service) to'
            " (core.Pod): unknown"
            " conversion",
        ),
    ],
)
def test_another_kind_than_the_path_names_is_refused(body: bytes, why: str):
    """API-C3"""
    assert refusal(body) == why


UNKNOWN = b'{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","foo":1}],"containerz":[]},"spec2":1}'


def test_strict_names_every_unknown_field_in_the_order_of_the_document():
    """API-F3"""
    assert refusal(UNKNOWN) == (
        'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field'
        ' "spec.containers[0].foo", unknown field "spec.containerz", unknown field "spec2"'
    )


def test_warn_drops_unknown_fields_and_says_so_and_ignore_says_nothing():
    """API-F5, API-F6"""
    obj, warnings = read_object(UNKNOWN, JSON, POD, "Warn")
    assert warnings == [
        'unknown field "spec.containers[0].foo"',
        'unknown field "spec.containerz"',
        'unknown field "spec2"',
    ]
    assert obj["spec"] == {"containers": [{"name": "c"}]}
    assert read_object(UNKNOWN, JSON, POD, "Ignore")[1] == []


def test_a_key_that_stands_twice_is_found_wherever_it_is():
    """API-F2"""
    body = b'{"spec":{"containers":[{"name":"a","name":"b"}],"nodeName":"x","nodeName":"y"}}'
    assert read_object(body, JSON, POD, "Warn")[1] == [
        'duplicate field "spec.containers[0].name"',
        'duplicate field "spec.nodeName"',
    ]


def test_a_wrong_type_is_refused_whatever_the_validation():
    """API-C4"""
    body = b'{"spec":{"replicas":"two"}}'
    assert refusal(body, resource=SETS, validation="Ignore") == (
        'StatefulSet in version "v1" cannot be handled as a StatefulSet: json: cannot unmarshal string'
        " into Go"
        " struct field StatefulSetSpec.spec.replicas of type int32"
    )


def test_yaml_is_read_too():
    """API-N8"""
    obj, _ = read_object(b"metadata: {name: a}\nspec: {nodeName: 'on'}", YAML, POD, "Strict")
    assert obj["spec"] == {"nodeName": "on"}


# -- protobuf --------------------------------------------------------------------------------------

CREATE_NAMESPACE = bytes.fromhex(
    "6b387300 0a0f 0a027631 12094e616d657370616365 121b 0a13 0a03666f6f 1200 1a00 2200 2a00 3200 3800 4200"
    " 1200 1a02 0a00 1a00 2200"
)
DELETE = bytes.fromhex("6b387300 0a13 0a027631 120d44656c6574654f7074696f6e73 1200 1a00 2200")


def test_what_kubectl_create_namespace_sends_is_read():
    """API-PB4, API-PB3, API-PB6"""
    obj, warnings = read_object(CREATE_NAMESPACE, PROTOBUF, NAMESPACE, "Strict")
    assert obj["metadata"] == {"name": "foo"}
    assert warnings == []


def test_delete_options_without_anything_set_are_empty():
    """API-PB6"""
    assert protobuf.decode(DELETE) == {"kind": "DeleteOptions", "apiVersion": "v1"}


def test_protobuf_of_a_kind_we_cannot_read_is_unsupported_without_naming_protobuf():
    """API-PB7"""
    body = CREATE_NAMESPACE.replace(b"Namespace", b"Namespacf")
    with pytest.raises(UnsupportedMediaType) as refused:
        read_object(body, PROTOBUF, NAMESPACE, "Strict")
    assert refused.value.message.endswith("include: application/json, application/yaml")


@pytest.mark.parametrize("cut", range(5, len(CREATE_NAMESPACE) - 1))
def test_protobuf_cut_anywhere_is_read_or_refused(cut: int):
    with suppress(BadRequest, UnsupportedMediaType):
        read_object(CREATE_NAMESPACE[:cut], PROTOBUF, NAMESPACE, "Strict")


# -- DeleteOptions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            b'{"gracePeriodSeconds":"x"}',
            "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds"
            " of type int64",
        ),
        (
            b'{"preconditions":[]}',
            "json: cannot unmarshal array into Go struct field DeleteOptions.preconditions"
            " of type v1.Preconditions",
        ),
        (
            b'{"kind":"Foo"}',
            'no kind "Foo" is registered for version "meta.k8s.io/v1" in scheme "pkg/runtime/scheme.go:111"',
        ),
        (b"{", "couldn't get version/kind; json parse error: unexpected end of JSON input"),
    ],
)
def test_delete_options_are_refused(body: bytes, why: str):
    """API-X1"""
    with pytest.raises(BadRequest) as refused:
        read_options(body, JSON)
    assert refused.value.message == why


def test_delete_options_drop_what_they_do_not_know():
    """API-X1"""
    assert read_options(b"", JSON) is None
    assert read_options(b'{"foo":1,"gracePeriodSeconds":0}', JSON) == {"gracePeriodSeconds": 0}


def test_a_number_beyond_int64_is_a_float():
    """As Go reads it; it can be written again."""
    assert parse(b'{"a":9223372036854775807,"b":99999999999999999999}', JSON).data == {
        "a": 2**63 - 1,
        "b": 1e20,
    }


# -- what apply sends ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"apiVersion: apps/v1\nkind: Deployment", "invalid object type: apps/v1, Kind=Deployment"),
        (
            b"[1]",
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal"
            " array into"
            " Go value of type map[string]interface {}",
        ),
        (
            b"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web, managedFields: []}}",
            "metadata.managedFields must be nil",
        ),
        (
            b"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: other}}",
            "the name of the object (other) does not match the name on the URL (web)",
        ),
        (
            b"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web, namespace: default}, spec:"
            b" {foo: 1}}",
            "failed to create typed patch object (default/web; apps/v1, Kind=StatefulSet): .spec.foo:"
            " field not"
            " declared in schema",
        ),
    ],
)
def test_an_applied_configuration_is_refused(body: bytes, why: str):
    """API-A1, API-A11"""
    with pytest.raises(BadRequest) as refused:
        read_applied(body, SETS, "web", "default")
    assert refused.value.message == why
