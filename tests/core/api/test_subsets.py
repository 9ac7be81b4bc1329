"""Addresses that offer the same ports stand together, in one order."""

from __future__ import annotations

from core.api.subsets import repack
from core.apimachinery.meta import Obj

HTTP = {"name": "http", "port": 80, "protocol": "TCP"}
DNS = {"name": "dns", "port": 53, "protocol": "UDP"}


def address(ip: str, uid: str = "") -> Obj:
    return {"ip": ip, **({"targetRef": {"kind": "Pod", "uid": uid}} if uid else {})}


def test_addresses_of_the_same_ports_come_together_in_the_order_of_their_text() -> None:
    subsets = [{"addresses": [address(ip)], "ports": [HTTP]} for ip in ("10.0.0.9", "10.0.0.10")]

    assert repack(subsets) == [{"addresses": [address("10.0.0.10"), address("10.0.0.9")], "ports": [HTTP]}]


def test_ports_of_the_same_addresses_come_together_too() -> None:
    subsets = [{"addresses": [address("10.0.0.1")], "ports": [port]} for port in (HTTP, DNS)]

    assert repack(subsets) == [{"addresses": [address("10.0.0.1")], "ports": [DNS, HTTP]}]


def test_addresses_of_other_ports_stay_apart() -> None:
    subsets = [
        {"addresses": [address("10.0.0.1")], "ports": [HTTP, DNS]},
        {"addresses": [address("10.0.0.2")], "ports": [HTTP]},
    ]

    assert repack(subsets) == [
        {"addresses": [address("10.0.0.1")], "ports": [DNS]},
        {"addresses": [address("10.0.0.1"), address("10.0.0.2")], "ports": [HTTP]},
    ]


def test_an_address_that_is_ready_and_not_is_not() -> None:
    one = address("10.0.0.1")
    subsets = [{"addresses": [one], "ports": [HTTP]}, {"notReadyAddresses": [one], "ports": [HTTP]}]

    assert repack(subsets) == [{"notReadyAddresses": [one], "ports": [HTTP]}]


def test_two_pods_of_one_address_are_two() -> None:
    two = [address("10.0.0.1", "a"), address("10.0.0.1", "b")]

    assert repack([{"addresses": two[::-1], "ports": [HTTP]}]) == [{"addresses": two, "ports": [HTTP]}]


def test_addresses_without_ports_are_kept() -> None:
    assert repack([{"addresses": [address("10.0.0.1")]}]) == [{"addresses": [address("10.0.0.1")]}]


def test_nothing_is_made_of_nothing() -> None:
    assert repack([]) == []
