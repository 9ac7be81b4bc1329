"""The subsets of an Endpoints object: addresses that offer the same ports stand together, in order.

Source: pkg/api/endpoints/util.go RepackSubsets (v1.36).
Differs: subsets and ports are in the order of their ports; upstream sorts them by a hash.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.apimachinery.meta import Obj

_Port = tuple[str, int, str, str]
_NO_PORT: _Port = ("", -1, "", "")
_Who = tuple[str, str]
"""IP and uid of an address: two Pods of a node's network share the IP."""
_Members = tuple[tuple[_Who, bool], ...]
"""The addresses of a subset, and whether each is ready."""


def repack(subsets: Iterable[Obj]) -> list[Obj]:
    """Return *subsets* in their canonical layout; an address that is ready and not is not."""
    addresses: dict[_Who, Obj] = {}
    ready_by_port: dict[_Port, dict[_Who, bool]] = {}
    ports: dict[_Port, Obj] = {}
    for subset in subsets:
        keys = [_NO_PORT] if not subset.get("ports") else []
        for port in subset.get("ports") or ():
            key = _port_key(port)
            ports[key] = port
            keys.append(key)
        for field, ready in (("addresses", True), ("notReadyAddresses", False)):
            for address in subset.get(field) or ():
                who = who_of(address)
                addresses.setdefault(who, address)
                for key in keys:
                    known = ready_by_port.setdefault(key, {})
                    known[who] = known.get(who, True) and ready
    together: dict[_Members, list[_Port]] = {}
    for key in sorted(ready_by_port):
        together.setdefault(tuple(sorted(ready_by_port[key].items())), []).append(key)
    return [_subset(members, keys, addresses, ports) for members, keys in together.items()]


def who_of(address: Obj) -> _Who:
    return address["ip"], (address.get("targetRef") or {}).get("uid", "")


def _port_key(port: Obj) -> _Port:
    protocol = port.get("protocol") or "TCP"
    return port.get("name") or "", port.get("port") or 0, protocol, port.get("appProtocol") or ""


def _subset(members: _Members, keys: list[_Port], addresses: dict[_Who, Obj], ports: dict[_Port, Obj]) -> Obj:
    out = {
        "addresses": [addresses[who] for who, ready in members if ready],
        "notReadyAddresses": [addresses[who] for who, ready in members if not ready],
        "ports": [ports[key] for key in keys if key != _NO_PORT],
    }
    return {field: value for field, value in out.items() if value}
