"""Host ports: one port of a node serves one Pod.

Source: pkg/scheduler/framework/plugins/nodeports; pkg/scheduler/framework/types.go HostPortInfo (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable

from core.api.resources import is_terminal
from core.apimachinery.meta import Obj

HostPort = tuple[str, str, int]
"""Protocol, address of the node, number."""

_ANY = "0.0.0.0"


def host_ports(pod: Obj) -> list[HostPort]:
    return [
        (port.get("protocol") or "TCP", port.get("hostIP") or _ANY, port["hostPort"])
        for container in pod["spec"]["containers"]
        for port in container.get("ports") or ()
        if port.get("hostPort")
    ]


def port_conflict(wanted: Iterable[HostPort], others: Iterable[Obj]) -> tuple[int, Obj] | None:
    """Return the first port of *wanted* that one of the Pods *others* has taken, and that Pod."""
    wanted = list(wanted)
    for pod in others if wanted else ():
        if is_terminal(pod):
            continue
        theirs = host_ports(pod)
        for mine in wanted:
            if any(_collide(mine, other) for other in theirs):
                return mine[2], pod
    return None


def _collide(a: HostPort, b: HostPort) -> bool:
    return a[0] == b[0] and a[2] == b[2] and (a[1] == b[1] or _ANY in (a[1], b[1]))
