"""VolumeRestrictions: a ReadWriteOncePod claim serves one Pod in the whole cluster.

Source: pkg/scheduler/framework/plugins/volumerestrictions (v1.36).
Not modelled: limits of in-tree cloud disks.
"""

from __future__ import annotations

from core.api.resources import is_terminal
from core.apimachinery.meta import Obj, name_of
from core.scheduler.framework import Cycle, NodeFilter, Reason

_W30 = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
_TEXT = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use"
    " by another pod"
)


def pre_filter(cycle: Cycle) -> NodeFilter | None:
    for claim_name, claim in cycle.claims:
        if claim is None or "ReadWriteOncePod" not in (claim["spec"].get("accessModes") or ()):
            continue
        user = _user(cycle, claim_name)
        if user is not None:
            words = (
                f"may not have it: claim {claim_name} is for one Pod at a time and {name_of(user)} uses it"
            )
            reasons = (Reason(_W30 if cycle.wording == "W30" else _TEXT, words, resolvable=True),)
            return lambda node: reasons
    return None


def _user(cycle: Cycle, claim_name: str) -> Obj | None:
    """Return a Pod that has a node, has not ended, and uses the claim: wherever it is, it bars every node."""
    for pod in cycle.view.indexed("pods-by-claim", (cycle.namespace, claim_name)):
        if pod["spec"].get("nodeName") and not is_terminal(pod) and name_of(pod) != name_of(cycle.pod):
            return pod
    return None
