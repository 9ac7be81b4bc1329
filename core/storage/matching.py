"""Which volume an unbound claim gets: the smallest that fits, decided alike by binder and scheduler.

Source: staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go (FindMatchingVolume),
pkg/controller/volume/persistentvolume/index.go (v1.36).
Differs: where upstream walks in no fixed order, names ascend here.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable
from functools import lru_cache
from typing import Any, Protocol

from core.apimachinery.labels import matches
from core.apimachinery.meta import Obj, is_terminating, labels_of, name_of, namespace_of
from core.apimachinery.quantity import parse
from core.storage.binding import is_volume_bound_to_claim
from core.storage.classes import persistent_volume_claim_class, persistent_volume_class
from core.storage.topology import check_volume_node_affinity

_SHORT_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


class Indexed(Protocol):
    """The part of a view that is read here."""

    def indexed(self, index: str, value: Hashable) -> list[Obj]: ...


def candidate_volumes(view: Indexed, claim: Obj) -> list[Obj]:
    """Return every volume that *claim* could match: those whose claimRef has its name, those of its class
    that nobody claimed. Bound volumes are not among them, however many there are.
    """
    named = view.indexed("volumes-by-claim", (namespace_of(claim), name_of(claim)))
    return named + view.indexed("unclaimed-volumes", persistent_volume_claim_class(claim))


def find_best_match_for_claim(claim: Obj, volumes: Iterable[Obj], *, delay_binding: bool) -> Obj | None:
    """Return the binder's choice: the first group of access modes that has a match, fewest modes first.

    Sizes are compared inside a group only: 100Gi ReadWriteOnce is taken before 1Gi that could be shared.
    """
    wanted = set(access_modes(claim))
    groups: dict[tuple[int, str], list[Obj]] = {}
    for volume in volumes:
        modes = volume["spec"].get("accessModes") or ()
        if wanted.issubset(modes):
            groups.setdefault(_group_key(tuple(modes)), []).append(volume)
    for key in sorted(groups):
        found = find_matching_volume(claim, groups[key], delay_binding=delay_binding)
        if found is not None:
            return found
    return None


def find_matching_volume(
    claim: Obj,
    volumes: Iterable[Obj],
    node: Obj | None = None,
    *,
    excluded: Container[str] = (),
    delay_binding: bool = False,
) -> Obj | None:
    """Return the smallest of *volumes* that satisfies *claim*, or None.

    *node* is given by the scheduler alone: then the volume must be usable there and have the claim's modes,
    *excluded* names the volumes taken for other claims of the same Pod, and delayed claims are matched too.
    A volume whose claimRef is the claim's goes before all others, whatever its class, labels or phase.
    """
    spec = claim["spec"]
    request = requested_storage(claim)
    claim_class = persistent_volume_claim_class(claim)
    reserved: list[Obj] = []
    best: Obj | None = None
    best_key: tuple[Any, str] | None = None
    for volume in volumes:
        if not _can_hold(volume, claim, request) or name_of(volume) in excluded:
            continue
        if volume["spec"].get("claimRef") is not None:
            if is_volume_bound_to_claim(volume, claim):
                reserved.append(volume)
            continue  # claimed by another
        if delay_binding and node is None:
            continue  # only the scheduler chooses for a claim that waits for its Pod
        if (volume.get("status") or {}).get("phase") != "Available":
            continue
        key = (parse(volume["spec"]["capacity"]["storage"]), name_of(volume))
        if best_key is not None and key >= best_key:
            continue
        if persistent_volume_class(volume) != claim_class:
            continue
        if spec.get("selector") and not matches(spec["selector"], labels_of(volume)):
            continue
        if node is not None and not (_reaches(volume, node) and check_access_modes(claim, volume)):
            continue
        best, best_key = volume, key
    if reserved:
        first = min(reserved, key=name_of)
        return first if node is None or _reaches(first, node) else None
    return best


def _can_hold(volume: Obj, claim: Obj, request: Any) -> bool:
    """Check what even a volume reserved for the claim must satisfy."""
    return (
        parse(volume["spec"]["capacity"]["storage"]) >= request
        and not check_volume_mode_mismatches(claim, volume)
        and not check_volume_attributes_class_mismatches(claim, volume)
        and not is_terminating(volume)
    )


def _reaches(volume: Obj, node: Obj) -> bool:
    return check_volume_node_affinity(volume, labels_of(node))


def requested_storage(claim: Obj) -> Any:
    """Return the exact number of bytes the claim asks for."""
    return parse(claim["spec"]["resources"]["requests"]["storage"])


def access_modes(obj: Obj) -> list[str]:
    return obj["spec"].get("accessModes") or []


def check_access_modes(claim: Obj, volume: Obj) -> bool:
    """Say whether the volume has every access mode that the claim asks for."""
    return set(access_modes(claim)).issubset(access_modes(volume))


def check_volume_mode_mismatches(claim: Obj, volume: Obj) -> bool:
    mode = claim["spec"].get("volumeMode") or "Filesystem"
    return bool((volume["spec"].get("volumeMode") or "Filesystem") != mode)


def check_volume_attributes_class_mismatches(claim: Obj, volume: Obj) -> bool:
    wanted, has = (
        claim["spec"].get("volumeAttributesClassName"),
        volume["spec"].get("volumeAttributesClassName"),
    )
    return bool((wanted or "") != (has or ""))


@lru_cache(maxsize=256)
def _group_key(modes: tuple[str, ...]) -> tuple[int, str]:
    distinct = [short for mode, short in _SHORT_MODES.items() if mode in modes]
    return len(distinct), ",".join(distinct)
