"""Endpoints that somebody writes are completed, checked, and put in order."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj
from core.apiserver.registry import STRATEGIES
from tests.core.registry.cast import created, refusals, update_refusals

ADDRESS = {"ip": "10.0.0.1"}


def endpoints(*subsets: Obj) -> Obj:
    meta = {"name": "db", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": list(subsets)}


def subset(*addresses: Obj, **fields: Any) -> Obj:
    return {"addresses": list(addresses), "ports": [{"port": 80}], **fields}


def test_a_port_is_tcp_unless_it_says_otherwise() -> None:
    stored = created(endpoints(subset(ADDRESS)))

    assert stored["subsets"][0]["ports"] == [{"port": 80, "protocol": "TCP"}]


def test_they_are_stored_in_their_canonical_layout() -> None:
    stored = created(endpoints(subset({"ip": "10.0.0.2"}), subset(ADDRESS)))
    STRATEGIES["Endpoints"].canonicalize(stored)

    assert stored["subsets"] == [
        {"addresses": [ADDRESS, {"ip": "10.0.0.2"}], "ports": [{"port": 80, "protocol": "TCP"}]}
    ]


def test_those_without_addresses_have_no_subsets() -> None:
    """NET-E7"""
    stored = created(endpoints())
    STRATEGIES["Endpoints"].canonicalize(stored)

    assert "subsets" not in stored


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (
            subset(),
            "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`",
        ),
        (
            subset({"ip": "here"}),
            'subsets[0].addresses[0].ip: Invalid value: "here": must be a valid IP address,'
            " (e.g. 10.9.8.7 or 2001:db8::ffff)",
        ),
        (
            subset({"ip": "127.0.0.1"}),
            'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range'
            " (127.0.0.0/8, ::1/128)",
        ),
        (
            subset({"ip": "169.254.1.1"}),
            'subsets[0].addresses[0].ip: Invalid value: "169.254.1.1": may not be in the link-local range'
            " (169.254.0.0/16, fe80::/10)",
        ),
        (
            subset({"ip": "0.0.0.0"}),
            'subsets[0].addresses[0].ip: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
        ),
        (
            subset(ADDRESS, ports=[{"port": 0}]),
            "subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            subset(ADDRESS, ports=[{"port": 1, "name": "a"}, {"port": 2}]),
            "subsets[0].ports[1].name: Required value",
        ),
        (
            subset(ADDRESS, ports=[{"port": 1, "protocol": "ICMP"}]),
            'subsets[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
        ),
    ],
)
def test_what_they_say_is_checked(wrong: Obj, refusal: str) -> None:
    assert refusals(endpoints(wrong)) == [refusal]
    assert update_refusals(endpoints(wrong), created(endpoints())) == [refusal]
