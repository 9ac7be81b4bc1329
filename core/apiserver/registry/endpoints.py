"""Endpoints strategy: ports get a protocol, addresses are checked, subsets come into their canonical layout.

Source: pkg/registry/core/endpoint/strategy.go, pkg/apis/core/validation/validation.go ValidateEndpoints
(v1.36).
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from core.api.subsets import repack
from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    check,
    dns1123_label,
    dns1123_subdomain,
    invalid,
    not_supported,
    port_number,
    qualified_name,
    required,
)
from core.apiserver.registry.context import Context

KIND: Final = "Endpoints"
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_NOT_AN_IP: Final = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            if not port.get("protocol"):
                port["protocol"] = "TCP"


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj.pop("status", None)


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj.pop("status", None)


def canonicalize(obj: Obj) -> None:
    subsets = repack(obj.pop("subsets", None) or ())
    if subsets:
        obj["subsets"] = subsets


def validate(obj: Obj) -> list[FieldError]:
    out: list[FieldError] = []
    for at, subset in enumerate(obj.get("subsets") or ()):
        path, ports = f"subsets[{at}]", subset.get("ports") or []
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            out.append(required(path, "must specify `addresses` or `notReadyAddresses`"))
        for field in ("addresses", "notReadyAddresses"):
            for index, address in enumerate(subset.get(field) or ()):
                out += _validate_address(address, f"{path}.{field}[{index}]")
        for index, port in enumerate(ports):
            out += _validate_port(port, f"{path}.ports[{index}]", name_required=len(ports) > 1)
    return out


def _validate_address(address: Obj, path: str) -> list[FieldError]:
    text = address.get("ip") or ""
    try:
        ip = ip_address(text)
    except ValueError:
        out = [invalid(f"{path}.ip", text, _NOT_AN_IP)]
    else:
        special = (
            (ip.is_unspecified, f"may not be unspecified ({text})"),
            (ip.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
            (ip.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
            (
                str(ip).startswith("224.0.0."),
                "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
            ),
        )
        out = [invalid(f"{path}.ip", text, detail) for holds, detail in special if holds]
    if address.get("hostname"):
        out += check(f"{path}.hostname", address["hostname"], dns1123_label)
    if address.get("nodeName") is not None:
        out += check(f"{path}.nodeName", address["nodeName"], dns1123_subdomain)
    return out


def _validate_port(port: Obj, path: str, *, name_required: bool) -> list[FieldError]:
    name, number = port.get("name") or "", port.get("port") or 0
    out: list[FieldError] = []
    if name:
        out += check(f"{path}.name", name, dns1123_label)
    elif name_required:
        out.append(required(f"{path}.name"))
    out += [invalid(f"{path}.port", number, message) for message in port_number(number)]
    if port["protocol"] not in _PROTOCOLS:
        out.append(not_supported(f"{path}.protocol", port["protocol"], _PROTOCOLS))
    if port.get("appProtocol") is not None:
        out += check(f"{path}.appProtocol", port["appProtocol"], qualified_name)
    return out


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return validate(obj)
