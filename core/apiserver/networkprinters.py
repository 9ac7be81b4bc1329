"""The rows of what leads to Pods: Services, EndpointSlices, Endpoints.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Sequence

from core.apimachinery.labels import format_labels
from core.apimachinery.meta import Obj, field
from core.apiserver.columns import Cell, created


def _first_three(items: Sequence[str]) -> str:
    if not items:
        return "<unset>"
    return ",".join(items[:3]) + (f" + {len(items) - 3} more..." if len(items) > 3 else "")


def service(obj: Obj, now: float) -> list[Cell]:
    spec = obj["spec"]
    ips = spec.get("clusterIPs") or ()
    ports = [
        f"{p['port']}{':' + str(p['nodePort']) if p.get('nodePort') else ''}/{p.get('protocol', 'TCP')}"
        for p in spec.get("ports") or ()
    ]
    return [
        obj["metadata"]["name"],
        spec.get("type", ""),
        ips[0] if ips else "<none>",
        _external_ip(obj),
        ",".join(ports) or "<none>",
        created(obj, now),
        format_labels(spec.get("selector")),
    ]


def _external_ip(obj: Obj) -> str:
    spec = obj["spec"]
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", ""))
    external = list(spec.get("externalIPs") or ())
    if spec.get("type") != "LoadBalancer":
        return ",".join(external) or "<none>"
    ingress = field(obj, "status.loadBalancer.ingress", ())
    given = [entry.get("ip") or entry.get("hostname", "") for entry in ingress]
    return ",".join([*given, *external]) or "<pending>"


def endpoint_slice(obj: Obj, now: float) -> list[Cell]:
    ports = [
        str(p["port"]) if p.get("port") is not None else p.get("name") or "*" for p in obj.get("ports") or ()
    ]
    addresses = [address for e in obj.get("endpoints") or () for address in e.get("addresses") or ()]
    return [
        obj["metadata"]["name"],
        obj.get("addressType", ""),
        _first_three(ports),
        _first_three(addresses),
        created(obj, now),
    ]


def endpoints(obj: Obj, now: float) -> list[Cell]:
    found: list[str] = []
    for subset in obj.get("subsets") or ():
        ips = [address["ip"] for address in subset.get("addresses") or ()]
        ports = subset.get("ports")
        found += [f"{ip}:{port['port']}" for port in ports for ip in ips] if ports else ips
    text = _first_three(found) if found else "" if obj.get("subsets") else "<none>"
    return [obj["metadata"]["name"], text, created(obj, now)]
