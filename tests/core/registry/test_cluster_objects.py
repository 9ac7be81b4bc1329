"""Namespaces, Nodes, Events, EndpointSlices and volume files: the small strategies."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj
from tests.core.registry.cast import STAMP, created, refusals, update_refusals, updated


def namespace(**fields: Any) -> Obj:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}, **fields}


def node(*taints: Obj, **fields: Any) -> Obj:
    spec = {"spec": {"taints": list(taints)}} if taints else {}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, **spec, **fields}


def event(**fields: Any) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "web-0.1", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "namespace": "default", "name": "web-0"},
        **fields,
    }


def endpoint_slice(**fields: Any) -> Obj:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "nginx-abcde", "namespace": "default"},
        "addressType": "IPv4",
        **fields,
    }


def volume_file(**fields: Any) -> Obj:
    return {
        "apiVersion": "stsviz.internal/v1",
        "kind": "VolumeFile",
        "metadata": {"name": "f1", "namespace": "hostpath-0123456789ab"},
        "path": "/index.html",
        **fields,
    }


# -- Namespace -------------------------------------------------------------------------------------


def test_a_namespace_carries_its_name_and_a_finalizer() -> None:
    """API-C9, API-C10"""
    stored = created(namespace())

    assert stored["metadata"]["labels"] == {"kubernetes.io/metadata.name": "shop"}
    assert stored["spec"] == {"finalizers": ["kubernetes"]}
    assert stored["status"] == {"phase": "Active"}


def test_an_update_does_not_take_the_finalizer_of_a_namespace() -> None:
    old = created(namespace())

    assert updated(namespace(spec={}), old) == old


# -- Node ------------------------------------------------------------------------------------------


def test_a_node_brings_its_status_and_registers_as_not_ready() -> None:
    """API-C9"""
    stored = created(node(status={"capacity": {"pods": "110"}}))

    assert stored["status"] == {"capacity": {"pods": "110"}, "allocatable": {"pods": "110"}}
    assert stored["spec"]["taints"] == [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]


def test_a_no_execute_taint_gets_the_time_it_was_added() -> None:
    old = created(node())
    plain = {"key": "maintenance", "value": "now", "effect": "NoSchedule"}
    evicting = {**plain, "effect": "NoExecute"}

    new = updated(node(plain, evicting), old)

    assert new["spec"]["taints"] == [plain, {**evicting, "timeAdded": STAMP}]


def test_taints_are_checked() -> None:
    found = refusals(node({"key": "a b", "effect": "NoRun"}, {"key": "c"}))

    assert found[0].startswith('metadata.taints[0].key: Invalid value: "a b": name part must consist of')
    assert found[1:] == [
        'metadata.taints[0].effect: Unsupported value: "NoRun":'
        ' supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
        "metadata.taints[1].effect: Required value",
    ]


def test_two_taints_of_one_key_and_effect_are_refused() -> None:
    taint = {"key": "a", "effect": "NoSchedule"}

    assert refusals(node(taint, taint)) == [
        'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}:'
        " taints must be unique by key and effect pair"
    ]


# -- Event -----------------------------------------------------------------------------------------


def test_an_event_has_all_fields_that_are_always_on_the_wire() -> None:
    """EVT-1"""
    stored = created(event())

    always = (
        "firstTimestamp",
        "lastTimestamp",
        "eventTime",
        "reportingComponent",
        "reportingInstance",
        "source",
    )
    assert {name: stored[name] for name in always} == {
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
        "source": {},
    }


@pytest.mark.parametrize(
    ("involved", "fits"), [({"namespace": "default"}, True), ({"namespace": "x"}, False), ({}, True)]
)
def test_an_event_stands_in_the_namespace_of_what_it_is_about(involved: Obj, fits: bool) -> None:
    """EVT-4"""
    shown = involved.get("namespace", "")
    refusal = f'involvedObject.namespace: Invalid value: "{shown}": does not match event.namespace'

    assert refusals(event(involvedObject=involved)) == ([] if fits else [refusal])


def test_a_modern_event_says_who_did_what_and_why() -> None:
    """EVT-4"""
    assert refusals(event(eventTime="2023-11-14T22:13:20.000000Z", message="x" * 1025)) == [
        "reportingController: Required value",
        "reportingInstance: Required value",
        "action: Required value",
        "reason: Required value",
        'message: Invalid value: "": can have at most 1024 characters',
    ]


# -- EndpointSlice ---------------------------------------------------------------------------------


def test_an_empty_slice_says_so_with_nulls() -> None:
    """NET-E7"""
    stored = created(endpoint_slice())

    assert stored["endpoints"] is None
    assert stored["ports"] is None
    assert stored["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("change", "generation"),
    [({}, 1), ({"endpoints": [{"addresses": ["10.244.0.5"]}]}, 2), ({"ports": [{"port": 80}]}, 2)],
)
def test_the_generation_counts_changes_of_content(change: Obj, generation: int) -> None:
    new = updated(endpoint_slice(**change), created(endpoint_slice()))

    assert new["metadata"].get("generation", 1) == generation


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"addressType": ""}, ["addressType: Required value"]),
        (
            {"addressType": "Foo"},
            ['addressType: Unsupported value: "Foo": supported values: "FQDN", "IPv4", "IPv6"'],
        ),
        (
            {"endpoints": [{}]},
            ["endpoints[0].addresses: Required value: must contain at least 1 address"],
        ),
        (
            {"endpoints": [{"addresses": ["10.244.0.5"]}] * 1001},
            ["endpoints: Too many: 1001: must have at most 1000 items"],
        ),
    ],
)
def test_a_slice_keeps_to_its_limits(fields: Obj, expected: list[str]) -> None:
    """VAL-K5"""
    assert refusals(endpoint_slice(**fields)) == expected


def test_the_address_type_is_immutable() -> None:
    """VAL-K5"""
    found = update_refusals(endpoint_slice(addressType="IPv6"), created(endpoint_slice()))

    assert found == ['addressType: Invalid value: "IPv6": field is immutable']


# -- VolumeFile ------------------------------------------------------------------------------------


def test_a_file_knows_its_size_in_bytes() -> None:
    assert created(volume_file(content="é"))["bytes"] == 2
    assert created(volume_file(content="AAEC", binary=True))["bytes"] == 3


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "Required value"),
        ("index.html", 'Invalid value: "index.html": must be an absolute path'),
        ("/a/../../etc/passwd", "Invalid value: \"/a/../../etc/passwd\": must not contain '..'"),
        ("/a\0b", 'Invalid value: "/a\\x00b": must not contain NUL'),
        ("/a/", "Invalid value: \"/a/\": must name a file, without empty or '.' parts"),
        ("/" + "a" * 4096, "Too long: may not be more than 4096 bytes"),
    ],
)
def test_a_path_stays_within_its_volume(path: str, why: str) -> None:
    assert refusals(volume_file(path=path)) == [f"path: {why}"]


def test_a_file_has_a_largest_size() -> None:
    mebibyte = "a" * 1024 * 1024

    assert refusals(volume_file(content=mebibyte)) == []
    assert refusals(volume_file(content=mebibyte + "a")) == [
        "content: Too long: may not be more than 1048576 bytes"
    ]


def test_binary_content_is_base64() -> None:
    assert refusals(volume_file(content="no base64!", binary=True)) == [
        'content: Invalid value: "": must be base64 when binary, else text'
    ]
