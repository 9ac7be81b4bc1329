"""Pod addresses: one from the node's range for each Pod, the same again for the same Pod.

Source: the host-local IPAM plugin of CNI; node.spec.podCIDR (v1.36).
Differs: the first try is derived from the Pod's uid, not the next in turn: so nothing must be remembered.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from ipaddress import ip_network

from core.apimachinery.meta import Obj, field, uid_of
from core.client.cache import View

_RESERVED_AT_START = 2  # the network's own address and the gateway
_RESERVED_AT_END = 1  # broadcast
_DEFAULT_RANGE = "10.244.0.0/16"


@lru_cache(maxsize=1024)
def _range(cidr: str) -> tuple[int, int]:
    """Return the first usable address as a number, and how many follow."""
    network = ip_network(cidr, strict=False)
    usable = network.num_addresses - _RESERVED_AT_START - _RESERVED_AT_END
    return int(network.network_address) + _RESERVED_AT_START, max(usable, 1)


def pod_ip(pod: Obj, node: Obj, view: View) -> str:
    """Return a free address of *node* for *pod*, or the node's own (hostNetwork); "" when all are taken."""
    if pod["spec"].get("hostNetwork"):
        return host_ip(node)
    first, size = _range(field(node, "spec.podCIDR", _DEFAULT_RANGE))
    digest = hashlib.sha1(uid_of(pod).encode(), usedforsecurity=False).digest()
    start = int.from_bytes(digest[:4])
    for step in range(size):
        address = _dotted(first + (start + step) % size)
        if not view.count("pod-addresses", address):
            return address
    return ""


def host_ip(node: Obj) -> str:
    for address in field(node, "status.addresses", []):
        if address["type"] == "InternalIP":
            return str(address["address"])
    return ""


def _dotted(number: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
