"""status.nominatedNodeName: where a Pod without a node is going to be, and which of two things it waits for.

The scheduler writes it when it has chosen a node and the volumes are still to be bound there, and when it
makes room on a node by preemption. Which of the two is read from what the Pod was told.
Source: pkg/scheduler/schedule_one.go, pkg/scheduler/framework/preemption (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.meta import Obj, condition_of

STILL_TERMINATING: Final = "not eligible due to a terminating pod on the nominated node."


def chosen_node(pod: Obj) -> str:
    """Return the node that *pod* is on, or is nominated for, or ""."""
    return pod["spec"].get("nodeName") or (pod.get("status") or {}).get("nominatedNodeName") or ""


def awaits_victims(pod: Obj) -> bool:
    """Say whether *pod* is nominated for a node on which others make room for it.

    Who preempts is told what is wrong with each node and, of preemption, nothing; only an attempt while
    its victims are still going says so.
    """
    if not (pod.get("status") or {}).get("nominatedNodeName") or pod["spec"].get("nodeName"):
        return False
    message = (condition_of(pod, "PodScheduled") or {}).get("message", "")
    if not message.startswith("0/") or not message.endswith("."):
        return False
    return "preemption: " not in message or message.endswith(STILL_TERMINATING)
