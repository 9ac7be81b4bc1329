"""NodePorts: one host port of a node serves one Pod.

Source: pkg/scheduler/framework/plugins/nodeports (v1.36).
"""

from __future__ import annotations

from core.api.hostports import host_ports, port_conflict
from core.apimachinery.meta import Obj, name_of
from core.scheduler.framework import Cycle, NodeFilter, Reason

_REASON = "node(s) didn't have free ports for the requested pod ports"


def pre_filter(cycle: Cycle) -> NodeFilter | None:
    wanted = host_ports(cycle.pod)
    if not wanted:
        return None

    def filter_node(node: Obj) -> tuple[Reason, ...]:
        found = port_conflict(wanted, cycle.view.indexed("pods-by-node", name_of(node)))
        if found is None:
            return ()
        port, pod = found
        return (Reason(_REASON, f"has host port {port} taken by {name_of(pod)}", True),)

    return filter_node
