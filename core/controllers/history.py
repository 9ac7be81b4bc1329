"""Controller history: what a ControllerRevision keeps of a controller, and how one is made.

Source: pkg/controller/history/controller_history.go; getPatch and Match of pkg/controller/statefulset and
pkg/controller/daemon, which are the same (v1.36).
"""

from __future__ import annotations

from core.apimachinery.meta import Obj, annotations_of, owner_reference, without
from core.apimachinery.timestamps import seconds

POD_LABEL = "controller-revision-hash"
"""By which a Pod says of which revision it is."""


def revision_data(template: Obj, *, creation_timestamp: bool = False) -> Obj:
    """Return what a ControllerRevision keeps of a set: a patch that replaces the Pod template.

    *creation_timestamp*: with ``creationTimestamp: null``, as releases before 1.34 wrote it.
    """
    metadata = template.get("metadata") or {}
    if creation_timestamp:
        metadata = {**metadata, "creationTimestamp": None}
    return {"spec": {"template": {**template, "metadata": metadata, "$patch": "replace"}}}


def template_of(revision: Obj, owner: Obj) -> Obj:
    """Return the Pod template that *revision* keeps: the *owner*'s own, when it keeps none."""
    return without(_template(revision["data"]) or owner["spec"]["template"], "$patch")


def _template(data: Obj) -> Obj:
    """Return the template in *data*, which anybody may have written; {} when that is none."""
    found = _part(_part(data, "spec"), "template")
    whole = isinstance(_part(found, "spec").get("containers"), list)
    return found if whole and isinstance(_part(found, "metadata").get("labels", {}), dict) else {}


def _part(value: Obj, name: str) -> Obj:
    part = value.get(name)
    return part if isinstance(part, dict) else {}


def is_same(one: Obj, other: Obj) -> bool:
    """Compare by meaning: an upgrade that drops ``creationTimestamp: null`` restarts nothing (STS-H4)."""
    return one == other or _without_null(one) == _without_null(other)


def _without_null(data: Obj) -> Obj:
    template = _template(data)
    if not template:
        return data
    metadata = {k: v for k, v in _part(template, "metadata").items() if v is not None}
    return {"spec": {"template": {**template, "metadata": metadata}}}


def by_age(revision: Obj) -> tuple[int, float, str]:
    """Return the key by which revisions are sorted, the oldest first."""
    meta = revision["metadata"]
    stamp = meta.get("creationTimestamp")
    return revision["revision"], seconds(stamp) if stamp else 0.0, meta["name"]


def new_revision(owner: Obj, name: str, mark: dict[str, str], data: Obj, number: int) -> Obj:
    """Return the ControllerRevision to create; *mark* is the label that tells its hash."""
    meta = owner["metadata"]
    labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
    metadata = {
        "name": name,
        "namespace": meta["namespace"],
        "labels": {**labels, **mark},
        **({"annotations": annotations} if (annotations := annotations_of(owner)) else {}),
        "ownerReferences": [owner_reference(owner)],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata,
        "data": data,
        "revision": number,
    }
