"""VolumeBinding: a node will do if every volume of the Pod is, or can be, usable there.

Immediate claims must be bound before. Delayed ones are matched or provisioned for the node that is
chosen: *pre_bind* writes that choice, and the Pod waits until the claims are bound.
Source: pkg/scheduler/framework/plugins/volumebinding (volume_binding.go, binder.go, v1.36).
Differs: the chosen node is patched into a claim, and so never collides with another write to it.
Not modelled: CSIStorageCapacity, CSI migration, bindTimeoutSeconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.api.podclaims import claim_name_of, is_made_for, not_made_for
from core.apimachinery.meta import (
    Obj,
    annotations_of,
    field,
    is_terminating,
    labels_of,
    name_of,
    ref_of,
    uid_of,
)
from core.client.actions import Patch, Update
from core.client.cache import View
from core.scheduler.framework import Cycle, NodeFilter, Reason, Refusal
from core.storage.binding import get_bind_volume_to_claim, is_fully_bound
from core.storage.classes import (
    NO_PROVISIONER,
    SELECTED_NODE_ANNOTATION,
    is_delay_binding_mode,
    persistent_volume_claim_class,
)
from core.storage.matching import candidate_volumes, find_matching_volume, requested_storage
from core.storage.topology import check_volume_node_affinity, match_topology_selector_terms

_CONFLICT_W30 = "node(s) had volume node affinity conflict"
_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
_BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind"
_NO_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
UNBOUND_IMMEDIATE = "pod has unbound immediate PersistentVolumeClaims"


@dataclass(slots=True)
class PodVolumeClaims:
    """A Pod's claims by what is still to be done, and what each delayed one may be given."""

    bound: list[Obj]
    immediate: list[Obj]
    delayed: list[tuple[Obj, list[Obj]]]


@dataclass(frozen=True, slots=True)
class PodVolumes:
    """What one node means for the Pod's volumes: why not, or (volume, claim) to bind, claims to provision."""

    reasons: Sequence[Reason]
    static: Sequence[tuple[Obj, Obj]] = ()
    dynamic: Sequence[Obj] = ()


def pre_filter(cycle: Cycle) -> NodeFilter | Refusal | None:
    if not cycle.claims:
        return None
    refusal = _unusable_claim(cycle)
    if refusal is not None:
        return refusal
    claims = pod_volume_claims(cycle)
    if claims.immediate:
        names = ", ".join(name_of(claim) for claim in claims.immediate)
        return Refusal(UNBOUND_IMMEDIATE, f"waits for claim {names} to be bound")
    return lambda node: find_pod_volumes(cycle, claims, node).reasons


def _unusable_claim(cycle: Cycle) -> Refusal | None:
    """Return why the first claim of the Pod that can serve no Pod cannot (podHasPVCs)."""
    for name, claim in cycle.claims:
        quoted = f'persistentvolumeclaim "{name}"'
        if claim is None:
            return Refusal(*_missing(cycle.pod, name))
        if field(claim, "status.phase") == "Lost":
            volume = claim["spec"].get("volumeName", "")
            words = f"cannot start: the volume {volume} of its claim {name} does not exist any more"
            return Refusal(f'{quoted} bound to non-existent persistentvolume "{volume}"', words)
        if is_terminating(claim):
            return Refusal(f"{quoted} is being deleted", f"cannot start: its claim {name} is being deleted")
        if _is_ephemeral(cycle.pod, name) and not is_made_for(claim, cycle.pod):
            return Refusal(not_made_for(claim, cycle.pod), f"cannot start: claim {name} is not its own")
    return None


def _missing(pod: Obj, name: str) -> tuple[str, str]:
    words = f"waits for claim {name} to be created"
    if _is_ephemeral(pod, name):
        waiting = "waiting for ephemeral volume controller to create the persistentvolumeclaim"
        return f'{waiting} "{name}"', words
    return f'persistentvolumeclaim "{name}" not found', words


def _is_ephemeral(pod: Obj, name: str) -> bool:
    volumes = pod["spec"]["volumes"]
    return any(v.get("ephemeral") is not None and claim_name_of(pod, v) == name for v in volumes)


def pod_volume_claims(cycle: Cycle) -> PodVolumeClaims:
    """Sort the Pod's claims into bound, immediate and delayed, the delayed by size (GetPodVolumeClaims)."""
    out, view = PodVolumeClaims([], [], []), cycle.view
    for _, claim in cycle.claims:
        if claim is None:
            continue
        if is_fully_bound(claim):
            out.bound.append(claim)
            continue
        storage_class = view.get("StorageClass", "", persistent_volume_claim_class(claim))
        # A delayed claim that names a volume is the binder's to complete: no node can be chosen for it.
        if claim["spec"].get("volumeName") or not is_delay_binding_mode(storage_class):
            out.immediate.append(claim)
        else:
            out.delayed.append((claim, candidate_volumes(view, claim)))
    out.delayed.sort(key=lambda pair: requested_storage(pair[0]))
    return out


def find_pod_volumes(cycle: Cycle, claims: PodVolumeClaims, node: Obj) -> PodVolumes:
    """Decide what *node* would mean for the Pod's volumes (FindPodVolumes)."""
    reasons: list[Reason] = []
    static: list[tuple[Obj, Obj]] = []
    dynamic: list[Obj] = []
    unmatched: Reason | None = None
    for claim, candidates in claims.delayed:
        selected = annotations_of(claim).get(SELECTED_NODE_ANNOTATION)
        taken = {name_of(volume) for volume, _ in static}
        if selected:
            if selected != name_of(node):
                words = f"is not {selected}, for which the volume of claim {name_of(claim)} is being made"
                unmatched = Reason(_BIND_CONFLICT, words)
                break
            dynamic.append(claim)
            continue
        volume = find_matching_volume(claim, candidates, node, excluded=taken, delay_binding=True)
        if volume is not None:
            static.append((volume, claim))
            continue
        unmatched = _check_provisioning(cycle.view, claim, node)
        if unmatched is not None:
            break
        dynamic.append(claim)
    bound_reason = _check_bound_claims(cycle, claims.bound, node)
    if bound_reason is not None and bound_reason.text != _NO_VOLUME:
        reasons.append(bound_reason)
    if unmatched is not None:
        reasons.append(unmatched)
    if bound_reason is not None and bound_reason.text == _NO_VOLUME:
        reasons.append(bound_reason)
    return PodVolumes(reasons, static, dynamic)


def _check_bound_claims(cycle: Cycle, bound: Sequence[Obj], node: Obj) -> Reason | None:
    for claim in bound:
        name = claim["spec"]["volumeName"]
        volume = cycle.view.get("PersistentVolume", "", name)
        if volume is None:
            return Reason(_NO_VOLUME, f"cannot help: volume {name} of claim {name_of(claim)} does not exist")
        if not check_volume_node_affinity(volume, labels_of(node)):
            text = _CONFLICT_W30 if cycle.wording == "W30" else _CONFLICT
            return Reason(text, f"cannot reach volume {name} of claim {name_of(claim)}")
    return None


def _check_provisioning(view: View, claim: Obj, node: Obj) -> Reason | None:
    """Return why no volume can be made for *claim* on *node*, or None (checkVolumeProvisions)."""
    class_name = persistent_volume_claim_class(claim)
    storage_class = view.get("StorageClass", "", class_name) or {}
    if storage_class.get("provisioner") == NO_PROVISIONER:
        return Reason(_BIND_CONFLICT, f"has no free volume that fits claim {name_of(claim)}")
    if not match_topology_selector_terms(storage_class.get("allowedTopologies"), labels_of(node)):
        return Reason(_BIND_CONFLICT, f"is not where class {class_name} may make volumes")
    return None


def is_shared(cycle: Cycle, claims: Sequence[Obj]) -> bool:
    """Say whether another Pod uses one of *claims* too."""
    names = [(cycle.namespace, name_of(claim)) for claim in claims]
    return any(len(cycle.view.indexed("pods-by-claim", name)) > 1 for name in names)


def pre_bind(volumes: PodVolumes, node: str) -> list[Update | Patch]:
    """Return the writes that tell binder and provisioners what was chosen (BindPodVolumes)."""
    out: list[Update | Patch] = []
    for volume, claim in volumes.static:
        bound = get_bind_volume_to_claim(volume, claim)
        if bound is not None:
            out.append(Update(bound))
    for claim in volumes.dynamic:
        if annotations_of(claim).get(SELECTED_NODE_ANNOTATION) != node:
            # a set may be giving the claim its owner at this moment: the two writes get along
            chosen = {"metadata": {"annotations": {SELECTED_NODE_ANNOTATION: node}}}
            out.append(Patch(ref_of(claim), chosen, uid=uid_of(claim)))
    return out


def is_under_way(cycle: Cycle, node: str) -> bool:
    """Say whether volumes are being bound for *node* at this moment."""
    return bool(unbound_claims(cycle)) and not lost_binding(cycle, node)


def lost_binding(cycle: Cycle, node: str) -> str:
    """Return why the bindings that were begun for *node* will not complete, or "" (checkBindings).

    Begun is what still says so: the claim's selected-node, or a volume's claimRef with the claim's uid.
    """
    for name, claim in cycle.claims:
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        if claim["spec"].get("volumeName") or annotations_of(claim).get(SELECTED_NODE_ANNOTATION) == node:
            continue
        volumes = cycle.view.indexed("volumes-by-claim", (cycle.namespace, name))
        if not any(volume["spec"]["claimRef"].get("uid") == uid_of(claim) for volume in volumes):
            told = "provisioning failed" if annotations_of(claim) else "selectedNode annotation reset"
            return f'{told} for PVC "{name}"'
    return ""


def unbound_claims(cycle: Cycle) -> list[str]:
    """Return the names of the claims whose binding is not complete."""
    return [name for name, claim in cycle.claims if claim is None or not is_fully_bound(claim)]
