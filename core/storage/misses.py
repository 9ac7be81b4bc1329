"""In plain words: what is wrong with a volume that a claim cannot have, and which came nearest.

stsviz's own; no Kubernetes component says this, and no Event may.
"""

from __future__ import annotations

from itertools import islice

from core.apimachinery.labels import matches
from core.apimachinery.meta import Obj, is_terminating, labels_of, name_of
from core.apimachinery.quantity import parse
from core.storage.binding import is_volume_bound_to_claim
from core.storage.classes import persistent_volume_claim_class, persistent_volume_class
from core.storage.matching import (
    Indexed,
    access_modes,
    candidate_volumes,
    check_access_modes,
    check_volume_attributes_class_mismatches,
    check_volume_mode_mismatches,
    requested_storage,
)

_LOOK_AT = 50  # an explanation must not cost more than the decision


def nearest_miss(view: Indexed, claim: Obj) -> str:
    """Return why the nearest volume does not fit: ``pv-1 is too small: 1Gi of 5Gi asked``, or "".

    Volumes of the claim's name or class are looked at first, then those that nobody claimed, of any class.
    """
    volumes = {name_of(volume): volume for volume in candidate_volumes(view, claim)}
    if len(volumes) < _LOOK_AT:
        volumes |= {name_of(volume): volume for volume in view.indexed("unclaimed-volumes", None)}
    misses = [(misfits(claim, volume), volume) for volume in islice(volumes.values(), _LOOK_AT)]
    near = [(len(reasons), name_of(volume), reasons) for reasons, volume in misses if reasons]
    if not near:
        return ""
    _, name, reasons = min(near)
    return f"{name} {' and '.join(reasons)}"


def misfits(claim: Obj, volume: Obj) -> list[str]:
    """Return every reason why *claim* cannot have *volume*, each as a predicate: ``is too small: …``."""
    reasons = []
    ref = volume["spec"].get("claimRef")
    if ref is not None and not is_volume_bound_to_claim(volume, claim):
        reasons.append(_taken(claim, volume))
    if parse(volume["spec"]["capacity"]["storage"]) < requested_storage(claim):
        asked = claim["spec"]["resources"]["requests"]["storage"]
        reasons.append(f"is too small: {volume['spec']['capacity']['storage']} of {asked} asked")
    if not check_access_modes(claim, volume):
        lacking = [mode for mode in access_modes(claim) if mode not in access_modes(volume)]
        reasons.append(f"does not offer {' or '.join(lacking)}")
    if persistent_volume_class(volume) != persistent_volume_claim_class(claim):
        reasons.append(f"is of {_class_words(volume)}")
    if check_volume_mode_mismatches(claim, volume):
        reasons.append(f"is a {volume['spec'].get('volumeMode') or 'Filesystem'} volume")
    if check_volume_attributes_class_mismatches(claim, volume):
        reasons.append("has other volume attributes")
    selector = claim["spec"].get("selector")
    if selector and not matches(selector, labels_of(volume)):
        reasons.append("has not the labels that the claim selects")
    if is_terminating(volume):
        reasons.append("is being deleted")
    elif ref is None and (volume.get("status") or {}).get("phase") != "Available":
        reasons.append(f"is {(volume.get('status') or {}).get('phase') or 'Pending'}, not Available")
    return reasons


def _taken(claim: Obj, volume: Obj) -> str:
    ref, meta = volume["spec"]["claimRef"], claim["metadata"]
    if (ref.get("namespace", ""), ref.get("name")) == (meta.get("namespace", ""), meta["name"]):
        return "still remembers an earlier claim of this name: an operator must clear its claimRef"
    return f"belongs to claim {ref.get('namespace', '')}/{ref.get('name')}"


def _class_words(volume: Obj) -> str:
    name = persistent_volume_class(volume)
    return f"class {name}" if name else "no class"
