"""In plain words: what is wrong with a volume that a claim cannot have, and which came nearest.

stsviz's own; no Kubernetes component says this, and no Event may.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

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


class Miss(NamedTuple):
    """A test that a volume failed.

    *field*: of the claim, which asks for something else; "" when it is about the volume alone. *words*: a
    predicate of the volume: ``is too small: …``.
    """

    test: str
    field: str
    words: str


def misfits(claim: Obj, volume: Obj) -> list[str]:
    """Return every reason why *claim* cannot have *volume*, each as a predicate: ``is too small: …``."""
    return [miss.words for miss in misses(claim, volume)]


def misses(claim: Obj, volume: Obj) -> list[Miss]:
    """Return every test of the binder's that *volume* fails for *claim*."""
    found = [*_taken(claim, volume), *_too_small(claim, volume)]
    if not check_access_modes(claim, volume):
        lacking = [mode for mode in access_modes(claim) if mode not in access_modes(volume)]
        found.append(Miss("access modes", "spec.accessModes", f"does not offer {' or '.join(lacking)}"))
    if persistent_volume_class(volume) != persistent_volume_claim_class(claim):
        found.append(Miss("class", "spec.storageClassName", f"is of {_class_words(volume)}"))
    if check_volume_mode_mismatches(claim, volume):
        mode = volume["spec"].get("volumeMode") or "Filesystem"
        found.append(Miss("volume mode", "spec.volumeMode", f"is a {mode} volume"))
    if check_volume_attributes_class_mismatches(claim, volume):
        field = "spec.volumeAttributesClassName"
        found.append(Miss("attributes class", field, "has other volume attributes"))
    selector = claim["spec"].get("selector")
    if selector and not matches(selector, labels_of(volume)):
        found.append(Miss("selector", "spec.selector", "has not the labels that the claim selects"))
    phase = (volume.get("status") or {}).get("phase")
    if is_terminating(volume):
        found.append(Miss("phase", "", "is being deleted"))
    elif volume["spec"].get("claimRef") is None and phase != "Available":
        found.append(Miss("phase", "", f"is {phase or 'Pending'}, not Available"))
    return found


def _too_small(claim: Obj, volume: Obj) -> Iterator[Miss]:
    has = volume["spec"]["capacity"]["storage"]
    if parse(has) < requested_storage(claim):
        asked = claim["spec"]["resources"]["requests"]["storage"]
        yield Miss("size", "spec.resources.requests.storage", f"is too small: {has} of {asked} asked")


def _taken(claim: Obj, volume: Obj) -> Iterator[Miss]:
    ref, meta = volume["spec"].get("claimRef"), claim["metadata"]
    if ref is None or is_volume_bound_to_claim(volume, claim):
        return
    if (ref.get("namespace", ""), ref.get("name")) == (meta.get("namespace", ""), meta["name"]):
        words = "still remembers an earlier claim of this name: an operator must clear its claimRef"
    else:
        words = f"belongs to claim {ref.get('namespace', '')}/{ref.get('name')}"
    yield Miss("claimRef", "", words)


def _class_words(volume: Obj) -> str:
    name = persistent_volume_class(volume)
    return f"class {name}" if name else "no class"
