"""The words of refusal."""

from __future__ import annotations

import pytest

from core.apimachinery import validation as v

META = {"name": "web", "namespace": "default"}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (v.required("spec.selector"), "spec.selector: Required value"),
        (v.required("a", "why"), "a: Required value: why"),
        (v.invalid("a", 'x"y', "no"), 'a: Invalid value: "x\\"y": no'),
        (v.invalid("a", "\x01", "no"), 'a: Invalid value: "\\x01": no'),
        (v.invalid("a", -1, "no"), "a: Invalid value: -1: no"),
        (v.invalid("a", True, "no"), "a: Invalid value: true: no"),
        (v.invalid("a", None, "no"), "a: Invalid value: null: no"),
        (v.invalid("a", {"app": "x", "b": 1}, "no"), 'a: Invalid value: {"app":"x","b":1}: no'),
        (v.invalid("a", ["<"], "no"), 'a: Invalid value: ["\\u003c"]: no'),
        (v.not_supported("a", "x", ["B", "A"]), 'a: Unsupported value: "x": supported values: "B", "A"'),
        (v.duplicate("a", "x"), 'a: Duplicate value: "x"'),
        (v.forbidden("a", "why"), "a: Forbidden: why"),
        (v.not_found("a", "www"), 'a: Not found: "www"'),
        (v.too_long("a", "x", 253), "a: Too long: may not be more than 253 bytes"),
        (v.too_many("a", 5, 3), "a: Too many: 5: must have at most 3 items"),
    ],
)
def test_writes_a_field_error_as_the_api_server_does(error, text):
    """API-E6"""
    assert str(error) == text


@pytest.mark.parametrize("name", ["web", "a-1", "1a", "a" * 63])
def test_accepts_a_label_as_name(name):
    """VAL-N2"""
    assert v.dns1123_label(name) == []


@pytest.mark.parametrize(
    ("name", "messages"),
    [
        ("Bad_Name", [v.LABEL_TEXT]),
        ("", [v.LABEL_TEXT]),
        ("web\n", [v.LABEL_TEXT]),
        ("a.b", ["must not contain dots"]),
        ("A" * 64, ["must be no more than 63 characters", v.LABEL_TEXT]),
    ],
)
def test_refuses_a_label_as_name(name, messages):
    """VAL-N2, VAL-N4"""
    assert v.dns1123_label(name) == messages


def test_a_name_that_is_only_too_long_says_only_that():
    """VAL-N4"""
    assert v.dns1123_label("a" * 64) == ["must be no more than 63 characters"]
    assert v.dns1123_subdomain("a" * 254) == ["must be no more than 253 characters"]


def test_writes_the_examples_with_comma_two_blanks_or():
    """VAL-N1, VAL-N2, VAL-N3"""
    assert "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]" in v.LABEL_TEXT
    assert "(e.g. 'example.com', regex used for validation is '" in v.SUBDOMAIN_TEXT
    assert v.dns1035_label("1s") == [v.DNS1035_TEXT]


@pytest.mark.parametrize(
    ("key", "starts"),
    [
        ("app", []),
        ("app.kubernetes.io/name", []),
        ("/a", ["prefix part must be non-empty"]),
        ("a/b/c", ["a valid label key must consist of"]),
        ("", ["name part must be non-empty", "name part must consist of"]),
        ("a" * 64, ["name part must be no more than 63 bytes"]),
        ("Up/a", ["prefix part a lowercase RFC 1123 subdomain"]),
        ("-a", ["name part must consist of"]),
    ],
)
def test_checks_a_label_key(key, starts):
    """VAL-L1"""
    messages = v.qualified_name(key)

    assert len(messages) == len(starts)
    assert all(message.startswith(start) for message, start in zip(messages, starts, strict=True))


def test_checks_a_label_value():
    """VAL-L2"""
    assert v.label_value("") == []
    assert v.label_value("a" * 64) == ["must be no more than 63 bytes"]
    assert v.label_value("-") == [v.LABEL_VALUE_TEXT]


def test_wants_a_name_or_a_prefix():
    """VAL-N6"""
    errors = v.validate_object_meta({"namespace": "default"}, "metadata", True, v.dns1123_label)

    assert [str(e) for e in errors] == ["metadata.name: Required value: name or generateName is required"]


def test_lets_a_prefix_end_in_a_dash():
    """API-C8"""
    meta = {**META, "generateName": "web-"}

    assert v.validate_object_meta(meta, "metadata", True, v.dns1123_label) == []


def test_knows_which_kinds_live_in_a_namespace():
    """VAL-N8"""
    missing = v.validate_object_meta({"name": "web"}, "metadata", True, v.dns1123_label)
    excess = v.validate_object_meta(META, "metadata", False, v.dns1123_label)

    assert [str(e) for e in missing] == ["metadata.namespace: Required value"]
    assert [str(e) for e in excess] == ["metadata.namespace: Forbidden: not allowed on this type"]


def test_refuses_annotations_beyond_256_kib():
    """VAL-L3"""
    errors = v.validate_annotations({"a": "x" * 262144}, "metadata.annotations")

    assert [str(e) for e in errors] == ["metadata.annotations: Too long: may not be more than 262144 bytes"]


@pytest.mark.parametrize(
    ("references", "texts"),
    [
        (
            [{"apiVersion": "", "kind": "Pod", "name": "a", "uid": "u"}],
            ['metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty'],
        ),
        (
            [{"apiVersion": "v1", "kind": "", "name": "", "uid": "u"}],
            [
                'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
                'metadata.ownerReferences.name: Invalid value: "": must not be empty',
            ],
        ),
    ],
)
def test_checks_owner_references_without_an_index(references, texts):
    """VAL-L5"""
    meta = {**META, "ownerReferences": references}

    assert [str(e) for e in v.validate_object_meta(meta, "metadata", True, v.dns1123_label)] == texts


def test_allows_one_controller():
    """VAL-L5"""
    owner = {"apiVersion": "v1", "kind": "Pod", "uid": "u", "controller": True}
    meta = {**META, "ownerReferences": [{**owner, "name": "A"}, {**owner, "name": "B"}]}

    (error,) = v.validate_object_meta(meta, "metadata", True, v.dns1123_label)

    assert error.field == "metadata.ownerReferences"
    assert error.message.endswith('Found "true" in references for A and B')


@pytest.mark.parametrize(
    ("finalizers", "text"),
    [
        (
            ["foo"],
            'metadata.finalizers[0]: Invalid value: "foo": name is neither a standard finalizer name nor '
            "is it fully qualified",
        ),
        (
            ["orphan", "foregroundDeletion"],
            'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and '
            "foregroundDeletion cannot be both set",
        ),
    ],
)
def test_checks_finalizers(finalizers, text):
    """VAL-L6"""
    meta = {**META, "finalizers": finalizers}

    assert [str(e) for e in v.validate_object_meta(meta, "metadata", True, v.dns1123_label)] == [text]


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (
            {"key": "a", "operator": "In"},
            "s.matchExpressions[0].values: Required value: must be specified when "
            "`operator` is 'In' or 'NotIn'",
        ),
        (
            {"key": "a", "operator": "Exists", "values": ["x"]},
            "s.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or "
            "'DoesNotExist'",
        ),
        (
            {"key": "a", "operator": "Foo"},
            's.matchExpressions[0].operator: Invalid value: "Foo": not a valid selector operator',
        ),
    ],
)
def test_checks_a_selector_term(term, text):
    """VAL-L4"""
    errors = v.validate_label_selector({"matchExpressions": [term]}, "s")

    assert [str(e) for e in errors] == [text]


def test_checks_port_names():
    """VAL-P1"""
    assert v.port_name("web") == []
    assert v.port_name("1234567890123456") == [
        "must be no more than 15 characters",
        "must contain at least one letter (a-z)",
    ]
    assert v.port_name("a--b-") == [
        "must not contain consecutive hyphens",
        "must not begin or end with a hyphen",
    ]
    assert v.port_number(0) == ["must be between 1 and 65535, inclusive"]


def test_answers_a_hostile_name_at_once():
    assert v.dns1123_subdomain("a." * 200_000)[0] == "must be no more than 253 characters"
