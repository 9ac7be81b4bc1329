"""EndpointSlice strategy: defaults, generation, and the limits of one slice.

Source: pkg/registry/discovery/endpointslice/strategy.go, pkg/apis/discovery/v1/defaults.go,
pkg/apis/discovery/validation/validation.go (v1.36).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj, labels_of
from core.apimachinery.validation import (
    check,
    dns1123_label,
    dns1123_subdomain,
    duplicate,
    immutable,
    invalid,
    not_supported,
    required,
    too_many,
)
from core.apiserver.registry.context import Context

KIND: Final = "EndpointSlice"
_ADDRESS_TYPES: Final = ("FQDN", "IPv4", "IPv6")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_MAX_ENDPOINTS: Final = 1000
_MAX_ADDRESSES: Final = 100
_MAX_PORTS: Final = 20000

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    # both are always on the wire, null when there is none
    obj.setdefault("endpoints", None)
    obj.setdefault("ports", None)
    for port in obj["ports"] or ():
        if port.get("name") is None:
            port["name"] = ""
        if not port.get("protocol"):
            port["protocol"] = "TCP"


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["metadata"]["generation"] = 1


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    changed = any(obj.get(field) != old.get(field) for field in ("addressType", "endpoints", "ports"))
    if changed or labels_of(obj) != labels_of(old):
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def validate(obj: Obj) -> list[FieldError]:
    kind = obj.get("addressType") or ""
    if not kind:
        out = [required("addressType")]
    elif kind not in _ADDRESS_TYPES:
        out = [not_supported("addressType", kind, _ADDRESS_TYPES)]
    else:
        out = []
    return out + _validate_endpoints(obj["endpoints"] or [], kind) + _validate_ports(obj["ports"] or [])


def _validate_endpoints(endpoints: list[Obj], kind: str) -> list[FieldError]:
    if len(endpoints) > _MAX_ENDPOINTS:
        return [too_many("endpoints", len(endpoints), _MAX_ENDPOINTS)]
    out: list[FieldError] = []
    for at, endpoint in enumerate(endpoints):
        path, addresses = f"endpoints[{at}]", endpoint.get("addresses") or ()
        if not addresses:
            out.append(required(f"{path}.addresses", "must contain at least 1 address"))
        elif len(addresses) > _MAX_ADDRESSES:
            out.append(too_many(f"{path}.addresses", len(addresses), _MAX_ADDRESSES))
        for index, address in enumerate(addresses):
            out += _validate_address(address, kind, f"{path}.addresses[{index}]")
        if endpoint.get("hostname"):
            out += check(f"{path}.hostname", endpoint["hostname"], dns1123_label)
    return out


def _validate_address(address: str, kind: str, path: str) -> list[FieldError]:
    family: Any = {"IPv4": IPv4Address, "IPv6": IPv6Address}.get(kind)
    if family is None:
        return check(path, address, dns1123_subdomain) if kind == "FQDN" else []
    try:
        family(address)
    except ValueError:
        return [invalid(path, address, f"must be a valid {kind} address")]
    return []


def _validate_ports(ports: list[Obj]) -> list[FieldError]:
    if len(ports) > _MAX_PORTS:
        return [too_many("ports", len(ports), _MAX_PORTS)]
    out: list[FieldError] = []
    names: set[str] = set()
    for at, port in enumerate(ports):
        if port["name"]:
            out += check(f"ports[{at}].name", port["name"], dns1123_label)
        if port["name"] in names:
            out.append(duplicate(f"ports[{at}].name", port["name"]))
        names.add(port["name"])
        if port["protocol"] not in _PROTOCOLS:
            out.append(not_supported(f"ports[{at}].protocol", port["protocol"], _PROTOCOLS))
    return out


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return validate(obj) + immutable("addressType", obj.get("addressType"), old.get("addressType"))
