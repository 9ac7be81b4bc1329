"""DaemonSet history: the ControllerRevision of the template, and the older ones.

Source: constructHistory, dedupCurHistories, snapshot and cleanupHistory of pkg/controller/daemon/update.go;
ComputeHash of pkg/controller/controller_utils.go (v1.36).
Differs: the hash sums canonical JSON; upstream sums a dump of Go structures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from core.apimachinery.meta import Obj, labels_of, name_of, ref_of, replaced, uid_of
from core.client.actions import Action, Create, Delete, Patch
from core.client.cache import View
from core.controllers.hashing import canonical_json, fnv1a, safe_encode
from core.controllers.history import POD_LABEL, by_age, is_same, new_revision, revision_data


@dataclass(slots=True)
class Revisions:
    """``hash`` is what Pods of the template carry; ``actions`` make the history what it should be."""

    hash: str
    old: list[Obj]
    collision_count: int
    actions: list[Action] = field(default_factory=list)


def compute_hash(template: Obj, collision_count: int) -> str:
    return safe_encode(fnv1a(f"{canonical_json(template)}{collision_count or ''}"))


def revisions_of(view: View, ds: Obj, history: Iterable[Obj], pods: Iterable[Obj]) -> Revisions:
    """Return the history of *ds* in one sync.

    Shape: *history* holds its ControllerRevisions in any order. Of several with the data of the template the
    newest is kept, and *pods* are told so.
    """
    data = revision_data(ds["spec"]["template"])
    collisions = int((ds.get("status") or {}).get("collisionCount") or 0)
    actions: list[Action] = []
    current: list[Obj] = []
    old: list[Obj] = []
    for revision in sorted(history, key=by_age):
        if POD_LABEL not in labels_of(revision):
            actions.append(_relabelled(revision, name_of(revision)))
            revision = replaced(revision, f"metadata.labels.{POD_LABEL}", name_of(revision))
        (current if is_same(revision["data"], data) else old).append(revision)
    number = max((revision["revision"] for revision in old), default=0) + 1
    if not current:
        kept, collisions = _snapshot(view, ds, data, number, collisions)
        if "uid" not in kept["metadata"]:
            actions.append(Create(kept))
        return Revisions(labels_of(kept)[POD_LABEL], old, collisions, actions)
    kept = current.pop()
    mark = labels_of(kept)[POD_LABEL]
    if current:
        actions += [_relabelled(pod, mark) for pod in pods if labels_of(pod).get(POD_LABEL) != mark]
        actions += [Delete(ref_of(revision), uid=uid_of(revision)) for revision in current]
    if kept["revision"] < number:
        actions.append(Patch(ref_of(kept), {"revision": number}, uid=uid_of(kept)))
    return Revisions(mark, old, collisions, actions)


def _relabelled(obj: Obj, mark: str) -> Patch:
    return Patch(ref_of(obj), {"metadata": {"labels": {POD_LABEL: mark}}}, uid=uid_of(obj))


def _snapshot(view: View, ds: Obj, data: Obj, number: int, collisions: int) -> tuple[Obj, int]:
    """Return the revision to create and the collision count; or one that is there already with this data."""
    meta, template = ds["metadata"], ds["spec"]["template"]
    while True:
        mark = compute_hash(template, collisions)
        name = f"{meta['name']}-{mark}"
        taken = view.live.get("ControllerRevision", meta["namespace"], name)
        if taken is None:
            return new_revision(ds, name, {POD_LABEL: mark}, data, number), collisions
        if is_same(taken["data"], data) and POD_LABEL in labels_of(taken):
            return taken, collisions
        collisions += 1


def truncated(ds: Obj, old: list[Obj], live: Collection[str]) -> list[Action]:
    """Return the deletions of the oldest revisions beyond revisionHistoryLimit that no Pod carries."""
    surplus = len(old) - int(ds["spec"].get("revisionHistoryLimit", 10))
    doomed = [revision for revision in old if labels_of(revision).get(POD_LABEL) not in live]
    return [Delete(ref_of(r), uid=uid_of(r)) for r in doomed[: max(surplus, 0)]]
