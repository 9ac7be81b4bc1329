"""NodePorts: one host port of a node serves one Pod.

Source: pkg/scheduler/framework/plugins/nodeports (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterator

from core.api.resources import is_terminal
from core.apimachinery.meta import Obj, name_of
from core.scheduler.framework import Cycle, NodeFilter, Reason

_ANY = "0.0.0.0"
HostPort = tuple[str, str, int]


def pre_filter(cycle: Cycle) -> NodeFilter | None:
    wanted = list(_host_ports(cycle.pod))
    if not wanted:
        return None

    def filter_node(node: Obj) -> tuple[Reason, ...]:
        for pod in cycle.view.indexed("pods-by-node", name_of(node)):
            if is_terminal(pod):
                continue
            for mine in wanted:
                if any(_collide(mine, theirs) for theirs in _host_ports(pod)):
                    words = f"has host port {mine[2]} taken by {name_of(pod)}"
                    return (
                        Reason("node(s) didn't have free ports for the requested pod ports", words, True),
                    )
        return ()

    return filter_node


def _host_ports(pod: Obj) -> Iterator[HostPort]:
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield port.get("protocol") or "TCP", port.get("hostIP") or _ANY, port["hostPort"]


def _collide(a: HostPort, b: HostPort) -> bool:
    return a[0] == b[0] and a[2] == b[2] and (a[1] == b[1] or _ANY in (a[1], b[1]))
