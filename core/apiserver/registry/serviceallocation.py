"""The Service allocators: who gets which cluster address, node port and address family.

Source: pkg/registry/core/service/storage/{alloc.go,storage.go}, pkg/registry/core/service/strategy.go,
pkg/registry/core/service/{ipallocator,portallocator} (v1.36).
Differs: node ports are given out from the lowest free one of the dynamic band, not at random.
Not modelled: dual-stack clusters.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import chain
from typing import Final

from core.apimachinery.errors import FieldError, Invalid
from core.apimachinery.meta import Obj
from core.apimachinery.validation import invalid
from core.apiserver.registry.context import Context

_NODE_PORTS: Final = range(30000, 32768)
_STATIC_BAND: Final = 86  # the lowest ones are left for those who ask for them
_OUTSIDE_NODE_PORTS: Final = (
    "provided port is not in the valid range. The range of valid ports is 30000-32767"
)


def normalize_cluster_ips(spec: Obj, old: Obj | None) -> None:
    """Let clusterIP and clusterIPs follow each other when a client writes only one of them."""
    address, addresses = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    before = (old.get("clusterIP") or "") if old is not None else ""
    had = (old.get("clusterIPs") or []) if old is not None else []
    if address == before:  # who replaces a Service by a manifest knows of one field only
        addresses = addresses or had
    unchanged = addresses == had
    if old is not None and before and not address and unchanged:
        addresses = []
    elif address and address != before and unchanged:
        addresses = [address]
    _set_addresses(spec, address, addresses)


def _set_addresses(spec: Obj, address: str, addresses: list[str]) -> None:
    for field, value in (("clusterIP", address), ("clusterIPs", addresses)):
        if value:
            spec[field] = value
        else:
            spec.pop(field, None)


def patch_allocated_values(spec: Obj, old: Obj) -> None:
    """Keep what was allocated when an update leaves it out."""
    left_out = not spec.get("clusterIP") and old.get("clusterIP")
    if left_out and _needs_cluster_ip(spec) and _needs_cluster_ip(old):
        _set_addresses(spec, old["clusterIP"], spec.get("clusterIPs") or old["clusterIPs"])
    if _needs_node_ports(spec) and _needs_node_ports(old):
        given = {(p["protocol"], p["port"]): p["nodePort"] for p in old["ports"] if p.get("nodePort")}
        taken = {port.get("nodePort") for port in spec.get("ports") or ()}
        for port in spec.get("ports") or ():
            kept = given.get((port["protocol"], port.get("port")))
            if not port.get("nodePort") and kept and kept not in taken:
                port["nodePort"] = kept


def drop_type_dependent_fields(spec: Obj, old: Obj) -> None:
    """Clear what the old type needed and the new one does not, unless the client has changed it itself."""
    if _needs_cluster_ip(old) and not _needs_cluster_ip(spec):
        for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"):
            if spec.get(field) == old.get(field):
                spec.pop(field, None)
    if _needs_node_ports(old) and not _needs_node_ports(spec):
        before = {port.get("nodePort") for port in old.get("ports") or ()}
        for port in spec.get("ports") or ():
            if port.get("nodePort") in before:
                port.pop("nodePort", None)
    same_policy = spec.get("externalTrafficPolicy") == old.get("externalTrafficPolicy")
    if same_policy and spec["type"] in ("ClusterIP", "ExternalName"):
        spec.pop("externalTrafficPolicy", None)
    if old["type"] == "LoadBalancer" and spec["type"] != "LoadBalancer":
        spec.pop("allocateLoadBalancerNodePorts", None)


def _needs_cluster_ip(spec: Obj) -> bool:
    return bool(spec["type"] != "ExternalName")


def _needs_node_ports(spec: Obj) -> bool:
    if spec["type"] == "LoadBalancer":
        return bool(spec.get("allocateLoadBalancerNodePorts", True))
    return bool(spec["type"] == "NodePort")


def allocate(obj: Obj, old: Obj | None, context: Context) -> None:
    """Give *obj* its families, addresses and node ports.

    Raises: Invalid when an address or a port that it asks for is not to be had.
    """
    spec = obj["spec"]
    if not _needs_cluster_ip(spec):
        return
    errors = _init_ip_families(spec)
    if not errors:
        errors = _allocate_cluster_ip(obj, old, context)
    if not errors and _needs_node_ports(spec):
        errors = _allocate_node_ports(obj, old, context)
    if errors:
        name = obj["metadata"].get("name", "")
        raise Invalid("Service", name, errors, name=name, kind="Service")


def _init_ip_families(spec: Obj) -> list[FieldError]:
    headless = spec.get("clusterIP") == "None"
    if headless and not spec.get("selector"):
        # nobody here knows what its endpoints will be: both families are let through
        spec.setdefault("ipFamilyPolicy", "RequireDualStack")
        spec.setdefault("ipFamilies", ["IPv4", "IPv6"])
        return []
    policy = spec.setdefault("ipFamilyPolicy", "SingleStack")
    if policy == "RequireDualStack":
        detail = "this cluster is not configured for dual-stack services"
        return [invalid("spec.ipFamilyPolicy", policy, detail)]
    families = spec.setdefault("ipFamilies", ["IPv4"])
    return [
        invalid(f"spec.ipFamilies[{at}]", family, "not configured on this cluster")
        for at, family in enumerate(families)
        if family != "IPv4"
    ]


def _allocate_cluster_ip(obj: Obj, old: Obj | None, context: Context) -> list[FieldError]:
    spec = obj["spec"]
    address = spec.get("clusterIP")
    if not address:
        address = context.cluster_ip()
    elif address != "None" and (old is None or old["spec"].get("clusterIP") != address):
        detail = _why_not(address, obj, context)
        if detail:
            failed = f"failed to allocate IP {address}: {detail}"
            return [invalid("spec.clusterIPs", spec["clusterIPs"], failed)]
    _set_addresses(spec, address, spec.get("clusterIPs") or [address])
    return []


def _why_not(address: str, obj: Obj, context: Context) -> str:
    if ip_address(address) not in ip_network(context.settings.service_cidr):
        return "the provided network does not match the current range"
    return "provided IP is already allocated" if _is_taken(address, obj, context) else ""


def _is_taken(value: str | int, obj: Obj, context: Context) -> bool:
    """Say whether another Service has this cluster address or node port."""
    uid = obj["metadata"].get("uid")
    holders = context.view.indexed("services-by-address", value)
    return any(holder["metadata"]["uid"] != uid for holder in holders)


def _allocate_node_ports(obj: Obj, old: Obj | None, context: Context) -> list[FieldError]:
    ports = obj["spec"].get("ports") or []
    mine = {port["nodePort"] for port in ports if port.get("nodePort")}
    errors: list[FieldError] = []
    for at, port in enumerate(ports):
        wanted = port.get("nodePort")
        if not wanted:
            port["nodePort"] = _free_node_port(obj, mine, context)
            mine.add(port["nodePort"])
        elif wanted not in _NODE_PORTS:
            errors.append(invalid(f"spec.ports[{at}].nodePort", wanted, _OUTSIDE_NODE_PORTS))
        elif _is_taken(wanted, obj, context):
            detail = "provided port is already allocated"
            errors.append(invalid(f"spec.ports[{at}].nodePort", wanted, detail))
    return errors


def _free_node_port(obj: Obj, mine: set[int], context: Context) -> int:
    for port in chain(_NODE_PORTS[_STATIC_BAND:], _NODE_PORTS[:_STATIC_BAND]):
        if port not in mine and not _is_taken(port, obj, context):
            return port
    name = obj["metadata"].get("name", "")
    raise Invalid("Service", name, [invalid("spec.ports", [], "range is full")], name=name, kind="Service")
