"""StatefulSet history: find or make the ControllerRevision of the template, drop those too old.

Source: pkg/controller/statefulset/stateful_set_utils.go, getStatefulSetRevisions and truncateHistory of
stateful_set_control.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from core.apimachinery.meta import Obj, ref_of
from core.client.actions import Action, Create, Delete, Patch
from core.client.cache import View
from core.controllers.hashing import canonical_json, fnv1, safe_encode
from core.controllers.history import by_age, is_same, new_revision, revision_data

HASH_LABEL = "controller.kubernetes.io/hash"
_LONGEST_PREFIX = 223  # of the name: 253 less what a hash and more may take


@dataclass(slots=True)
class Revisions:
    """The history of a set in one sync. ``actions`` make ``update`` what the template wants."""

    current: Obj
    update: Obj
    collision_count: int
    history: list[Obj]
    actions: list[Action] = field(default_factory=list)


def hash_controller_revision(data: Obj, collision_count: int) -> str:
    return safe_encode(fnv1(f"{canonical_json(data)}{collision_count}"))


def revision_name(sts_name: str, revision_hash: str) -> str:
    return f"{sts_name[:_LONGEST_PREFIX]}-{revision_hash}"


def revisions_of(view: View, sts: Obj, history: list[Obj], *, creation_timestamp: bool = False) -> Revisions:
    """Return current and update revision of *sts*.

    Shape: *history* is in any order. The newest of equal data wins; an older one is numbered anew, which
    is what a rollback is.
    """
    history = sorted(history, key=by_age)
    data = revision_data(sts["spec"]["template"], creation_timestamp=creation_timestamp)
    number = history[-1]["revision"] + 1 if history else 1
    collisions = int((sts.get("status") or {}).get("collisionCount") or 0)
    actions: list[Action] = []

    equal = [revision for revision in history if is_same(revision["data"], data)]
    if not equal:
        update, collisions = _new_revision(view, sts, data, number, collisions)
        if "uid" not in update["metadata"]:
            actions.append(Create(update))
    elif equal[-1] is history[-1] or is_same(equal[-1]["data"], history[-1]["data"]):
        update = history[-1]
    else:
        update = {**equal[-1], "revision": number}
        actions.append(Patch(ref_of(update), {"revision": number}, uid=update["metadata"]["uid"]))

    named = (sts.get("status") or {}).get("currentRevision")
    current = next((revision for revision in history if revision["metadata"]["name"] == named), update)
    return Revisions(current, update, collisions, history, actions)


def truncated(sts: Obj, revisions: Revisions, live: Collection[str]) -> list[Action]:
    """Return the deletions of the oldest revisions beyond revisionHistoryLimit.

    Those of *live* (the names that Pods carry), the current and the update revision do not count. A
    negative limit keeps all.
    """
    limit = int(sts["spec"].get("revisionHistoryLimit", 10))
    if limit < 0:
        return []
    named = {revisions.current["metadata"]["name"], revisions.update["metadata"]["name"]}
    past = [r for r in revisions.history if (name := r["metadata"]["name"]) not in named and name not in live]
    surplus = len(past) - limit
    return [Delete(ref_of(r), uid=r["metadata"]["uid"]) for r in past[: max(surplus, 0)]]


def _new_revision(view: View, sts: Obj, data: Obj, number: int, collisions: int) -> tuple[Obj, int]:
    """Return the revision to create and the collision count; or one that is there already with this data."""
    meta = sts["metadata"]
    # The label keeps the first hash: upstream computes it before it meets a collision.
    first = hash_controller_revision(data, collisions)
    name = revision_name(meta["name"], first)
    # Upstream creates it, and when told that it exists, asks the API server for it.
    while (taken := view.live.get("ControllerRevision", meta["namespace"], name)) is not None:
        if is_same(taken["data"], data):
            return taken, collisions
        collisions += 1
        name = revision_name(meta["name"], hash_controller_revision(data, collisions))
    return new_revision(sts, name, {HASH_LABEL: first}, data, number), collisions
