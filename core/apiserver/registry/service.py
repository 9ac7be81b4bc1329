"""Service strategy: defaults, and what a Service may say.

Addresses and node ports are given out by serviceallocation.py once all else is found right.
Source: pkg/registry/core/service/{strategy.go,storage/alloc.go}, pkg/apis/core/v1/defaults.go,
pkg/apis/core/validation/validation.go (v1.36).
Not modelled: load balancers (a Service of that type never gets an address), external addresses.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    check,
    dns1123_label,
    dns1123_subdomain,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    port_name,
    port_number,
    required,
    validate_labels,
)
from core.apiserver.registry import serviceallocation
from core.apiserver.registry.context import Context

KIND: Final = "Service"
_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_AFFINITIES: Final = ("ClientIP", "None")
_POLICIES: Final = ("Cluster", "Local")
_FAMILIES: Final = ("IPv4", "IPv6")
_FAMILY_POLICIES: Final = ("PreferDualStack", "RequireDualStack", "SingleStack")
_MAX_AFFINITY_SECONDS: Final = 86400
_NOT_AN_IP: Final = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_AFFINITY_NOT_SET: Final = "must not be set when session affinity is None"
_NO_EXTERNAL_POLICY: Final = "may only be set for externally-accessible services"

name_check = dns1123_label


def defaults(obj: Obj) -> None:
    spec = obj["spec"] = obj.get("spec") or {}
    kind = spec["type"] = spec.get("type") or "ClusterIP"
    affinity = spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
    if affinity == "ClientIP":
        config = spec["sessionAffinityConfig"] = spec.get("sessionAffinityConfig") or {}
        client_ip = config["clientIP"] = config.get("clientIP") or {}
        client_ip.setdefault("timeoutSeconds", 10800)
    for port in spec.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
        if not port.get("targetPort"):
            port["targetPort"] = port.get("port", 0)
    if kind != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if kind in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["status"] = {"loadBalancer": {}}
    serviceallocation.normalize_cluster_ips(obj["spec"], None)
    if not validate(obj):
        serviceallocation.allocate(obj, None, context)


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj["status"] = old["status"]
    serviceallocation.drop_type_dependent_fields(obj["spec"], old["spec"])
    serviceallocation.normalize_cluster_ips(obj["spec"], old["spec"])
    serviceallocation.patch_allocated_values(obj["spec"], old["spec"])
    if not validate_update(obj, old):
        serviceallocation.allocate(obj, old, context)


def validate(obj: Obj) -> list[FieldError]:
    """Return every finding, in the API server's order (ValidateService)."""
    spec = obj["spec"]
    kind, ports = spec["type"], spec.get("ports") or []
    headless = spec.get("clusterIP") == "None"
    out: list[FieldError] = []
    if not ports and not headless and kind != "ExternalName":
        out.append(required("spec.ports"))
    if kind == "ExternalName":
        out += _validate_external_name(spec)
    out += _validate_ports(ports)
    out += validate_labels(spec.get("selector"), "spec.selector")
    out += _validate_affinity(spec)
    if kind != "ExternalName":
        out += _validate_cluster_ips(spec)
    if kind not in _TYPES:
        out.append(not_supported("spec.type", kind, _TYPES))
    out += _validate_repeated_ports(ports, kind)
    return out + _validate_traffic_policies(spec)


def _validate_external_name(spec: Obj) -> list[FieldError]:
    out: list[FieldError] = []
    if spec.get("clusterIPs"):
        out.append(forbidden("spec.clusterIPs", "may not be set when `type` is 'ExternalName'"))
    name = spec.get("externalName") or ""
    if not name:
        out.append(required("spec.externalName"))
    # a trailing dot says that the name is complete
    return out + check("spec.externalName", name.removesuffix("."), dns1123_subdomain) if name else out


def _validate_ports(ports: list[Obj]) -> list[FieldError]:
    out: list[FieldError] = []
    names: set[str] = set()
    for at, port in enumerate(ports):
        path, name = f"spec.ports[{at}]", port.get("name") or ""
        if name:
            out += check(f"{path}.name", name, dns1123_label)
            if name in names:
                out.append(duplicate(f"{path}.name", name))
            names.add(name)
        elif len(ports) > 1:
            out.append(required(f"{path}.name"))
        number = port.get("port") or 0
        out += [invalid(f"{path}.port", number, message) for message in port_number(number)]
        if port["protocol"] not in _PROTOCOLS:
            out.append(not_supported(f"{path}.protocol", port["protocol"], _PROTOCOLS))
        target: Any = port["targetPort"]
        messages = port_name(target) if isinstance(target, str) else port_number(target)
        out += [invalid(f"{path}.targetPort", target, message) for message in messages]
    return out


def _validate_affinity(spec: Obj) -> list[FieldError]:
    affinity, config = spec["sessionAffinity"], spec.get("sessionAffinityConfig")
    if affinity not in _AFFINITIES:
        return [not_supported("spec.sessionAffinity", affinity, _AFFINITIES)]
    if affinity == "None":
        return [forbidden("spec.sessionAffinityConfig", _AFFINITY_NOT_SET)] if config else []
    timeout = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"]
    if 0 < timeout <= _MAX_AFFINITY_SECONDS:
        return []
    detail = f"must be greater than 0 and less than {_MAX_AFFINITY_SECONDS}"
    return [invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", timeout, detail)]


def _validate_cluster_ips(spec: Obj) -> list[FieldError]:
    out: list[FieldError] = []
    addresses = spec.get("clusterIPs") or []
    if addresses and spec.get("clusterIP") != addresses[0]:
        out.append(invalid("spec.clusterIPs", addresses, "first value must match `clusterIP`"))
    policy = spec.get("ipFamilyPolicy")
    if policy and policy not in _FAMILY_POLICIES:
        out.append(not_supported("spec.ipFamilyPolicy", policy, _FAMILY_POLICIES))
    families = spec.get("ipFamilies") or []
    for at, family in enumerate(families):
        if family not in _FAMILIES:
            out.append(not_supported(f"spec.ipFamilies[{at}]", family, _FAMILIES))
        if family in families[:at]:
            out.append(duplicate(f"spec.ipFamilies[{at}]", family))
    for at, address in enumerate(addresses):
        if not (address == "None" and at == 0) and not _is_ip(address):
            out.append(invalid(f"spec.clusterIPs[{at}]", address, _NOT_AN_IP))
    return out


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _validate_repeated_ports(ports: list[Obj], kind: str) -> list[FieldError]:
    out: list[FieldError] = []
    on_nodes: set[tuple[str, int]] = set()
    on_service: set[tuple[str, int]] = set()
    for at, port in enumerate(ports):
        path, protocol, node_port = f"spec.ports[{at}]", port["protocol"], port.get("nodePort") or 0
        if node_port and kind == "ClusterIP":
            out.append(forbidden(f"{path}.nodePort", "may not be used when `type` is 'ClusterIP'"))
        if node_port and (protocol, node_port) in on_nodes:
            out.append(duplicate(f"{path}.nodePort", node_port))
        on_nodes.add((protocol, node_port))
    for at, port in enumerate(ports):
        key = (port["protocol"], port.get("port") or 0)
        if key in on_service:
            out.append(duplicate(f"spec.ports[{at}]", _go_port(*key)))
        on_service.add(key)
    return out


def _go_port(protocol: str, number: int) -> dict[str, Any]:
    """Return the internal Go struct ServicePort that stands for all ports of one protocol and number."""
    return {
        "Name": "",
        "Protocol": protocol,
        "AppProtocol": None,
        "Port": number,
        "TargetPort": 0,
        "NodePort": 0,
    }


def _validate_traffic_policies(spec: Obj) -> list[FieldError]:
    out: list[FieldError] = []
    external = spec.get("externalTrafficPolicy")
    if external and spec["type"] not in ("NodePort", "LoadBalancer"):
        out.append(invalid("spec.externalTrafficPolicy", external, _NO_EXTERNAL_POLICY))
    elif external and external not in _POLICIES:
        out.append(not_supported("spec.externalTrafficPolicy", external, _POLICIES))
    internal = spec.get("internalTrafficPolicy")
    if internal and internal not in _POLICIES:
        out.append(not_supported("spec.internalTrafficPolicy", internal, _POLICIES))
    return out


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    before, after = old["spec"], obj["spec"]
    out: list[FieldError] = []
    if "ExternalName" not in (before["type"], after["type"]):
        was, wanted = before.get("clusterIPs"), after.get("clusterIPs")
        if was and wanted and was[0] != wanted[0]:
            out.append(invalid("spec.clusterIPs[0]", wanted, "may not change once set"))
        elif was and not wanted:
            out.append(invalid("spec.clusterIPs[0]", wanted, "primary clusterIP can not be unset"))
    return out + validate(obj)
