"""The query of a request: what it means, and the words in which it is refused."""

from __future__ import annotations

import pytest

from core.apimachinery.errors import ApiError, BadRequest, Invalid
from core.apiserver.options import delete_options, flag, list_options, whole, write_options


@pytest.mark.parametrize(
    ("given", "meant"),
    [(["0"], False), (["false"], False), (["FALSE"], False), (["True"], True), ([""], True), (["x"], True)],
)
def test_a_boolean_is_true_unless_it_says_no(given: list[str], meant: bool):
    """API-H6: the Python client sends watch=True."""
    assert flag({"watch": given}, "watch") is meant
    assert flag({}, "watch") is False


@pytest.mark.parametrize("word", ["x", "1.5", "--1", "٣"])
def test_a_number_is_refused_in_the_words_of_go(word: str):
    """API-H6"""
    with pytest.raises(BadRequest) as refused:
        whole({"limit": [word]}, "limit")
    assert refused.value.message == f'strconv.ParseInt: parsing "{word}": invalid syntax'


def test_a_number_beyond_64_bits_is_out_of_range():
    """API-H6"""
    with pytest.raises(BadRequest, match="value out of range"):
        whole({"limit": ["9" * 19]}, "limit")


def test_the_findings_about_options_are_complete_and_in_order():
    """API-C2"""
    query = {"dryRun": ["x"], "fieldManager": ["\x01"], "fieldValidation": ["foo"]}
    with pytest.raises(Invalid) as refused:
        write_options(query, "CreateOptions")
    status = refused.value.status()
    assert status["details"]["kind"] == "CreateOptions"
    assert status["details"]["group"] == "meta.k8s.io"
    assert [(cause["field"], cause["message"]) for cause in status["details"]["causes"]] == [
        ("fieldManager", 'Invalid value: "\\x01": invalid character U+0001 (at position 0)'),
        ("dryRun", 'Unsupported value: ["x"]: supported values: "All"'),
        ("fieldValidation", 'Unsupported value: "foo": supported values: "", "Ignore", "Strict", "Warn"'),
    ]


def test_empty_field_validation_means_warn():
    """API-C2"""
    assert write_options({"fieldValidation": [""]}, "CreateOptions").validation == "Warn"


def test_force_belongs_to_apply_and_apply_needs_a_manager():
    """API-PA2, API-A1"""
    with pytest.raises(Invalid, match="force: Forbidden: may not be specified for non-apply patch"):
        write_options({"force": ["true"]}, "PatchOptions")
    with pytest.raises(Invalid, match="fieldManager: Required value: is required for apply patch"):
        write_options({}, "PatchOptions", apply=True)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"resourceVersionMatch": ["Exact"]},
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion"
            " is provided",
        ),
        (
            {"resourceVersionMatch": ["Exact"], "continue": ["x"]},
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided",
        ),
        (
            {"resourceVersionMatch": ["Exact"], "resourceVersion": ["0"]},
            'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for'
            ' resourceVersion "0"',
        ),
        (
            {"resourceVersionMatch": ["foo"], "resourceVersion": ["1"]},
            'resourceVersionMatch: Unsupported value: "foo": supported values: "Exact", "NotOlderThan", ""',
        ),
        (
            {"sendInitialEvents": ["true"]},
            "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list",
        ),
        (
            {"watch": ["1"], "sendInitialEvents": ["true"]},
            "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch"
            " to NotOlderThan",
        ),
        (
            {"watch": ["1"], "resourceVersionMatch": ["NotOlderThan"]},
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless"
            " sendInitialEvents"
            " is provided",
        ),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(query: dict[str, list[str]], message: str):
    """API-L5, API-L6, API-W8"""
    with pytest.raises(Invalid) as refused:
        list_options(query, "Pod", namespaced=True)
    assert refused.value.message == f'ListOptions.meta.k8s.io "" is invalid: {message}'


def test_a_bad_resource_version_is_a_bad_request_of_a_list_and_unexplained_of_a_watch():
    """API-L5"""
    with pytest.raises(BadRequest, match="invalid resource version"):
        list_options({"resourceVersion": ["abc"]}, "Pod", namespaced=True)
    with pytest.raises(ApiError) as refused:
        list_options({"resourceVersion": ["abc"], "watch": ["1"]}, "Pod", namespaced=True)
    assert refused.value.code == 500
    assert "reason" not in refused.value.status()


def test_the_body_of_a_delete_outranks_its_query():
    """API-X1"""
    options, dry_run = delete_options({"gracePeriodSeconds": ["5"]}, {"gracePeriodSeconds": 0})
    assert (options.grace_period_seconds, dry_run) == (0, False)
    options, _ = delete_options({"gracePeriodSeconds": ["5"], "propagationPolicy": ["Orphan"]}, None)
    assert (options.grace_period_seconds, options.propagation) == (5, "Orphan")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"propagationPolicy": "x"},
            'propagationPolicy: Unsupported value: "x": supported values: "Foreground", "Background",'
            ' "Orphan", "nil"',
        ),
        (
            {"propagationPolicy": "Background", "orphanDependents": True},
            'propagationPolicy: Invalid value: "Background": orphanDependents and deletionPropagation'
            " cannot be both"
            " set",
        ),
    ],
)
def test_a_delete_that_contradicts_itself_is_refused(body: dict[str, object], message: str):
    """API-X1"""
    with pytest.raises(Invalid) as refused:
        delete_options({}, body)
    assert refused.value.message == f'DeleteOptions.meta.k8s.io "" is invalid: {message}'
