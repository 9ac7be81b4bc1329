"""Field selectors."""

from __future__ import annotations

import pytest

from core.apimachinery import fields

POD = {
    "kind": "Pod",
    "metadata": {"name": "web-0", "namespace": "default"},
    "spec": {"nodeName": "node-a1"},
    "status": {"phase": "Running", "podIPs": [{"ip": "10.244.0.5"}]},
}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("spec.nodeName=node-a1", True),
        ("spec.nodeName==node-a2", False),
        ("spec.nodeName!=node-a2,status.phase=Running", True),
        ("status.nominatedNodeName=", True),
        ("spec.hostNetwork=false", True),
        (r"metadata.name=web\,0", False),
        ("status.podIPs=10.244.0.5", True),
    ],
)
def test_selects_by_field(text, selected):
    """API-L3"""
    assert fields.matches(fields.parse(text), POD) is selected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        (r"metadata.name=a\b", r"invalid field selector: invalid escape sequence: \b"),
    ],
)
def test_refuses_what_is_no_field_selector(text, message):
    """API-L3"""
    with pytest.raises(fields.FieldSelectorError) as refused:
        fields.parse(text)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("kind", "namespaced", "text", "message"),
    [
        ("Pod", True, "spec.foo=1", "field label not supported: spec.foo"),
        ("Node", False, "metadata.namespace=x", "field label not supported: metadata.namespace"),
        (
            "StatefulSet",
            True,
            "spec.foo=1",
            '"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
    ],
)
def test_refuses_a_field_the_kind_does_not_offer(kind, namespaced, text, message):
    """API-L3"""
    with pytest.raises(fields.FieldSelectorError) as refused:
        fields.check_supported(fields.parse(text), kind, namespaced=namespaced)

    assert str(refused.value) == message


def test_takes_the_source_of_an_event_from_its_reporting_component():
    """API-L3"""
    event = {"kind": "Event", "source": {}, "reportingComponent": "default-scheduler"}

    assert fields.matches(fields.parse("source=default-scheduler"), event)
