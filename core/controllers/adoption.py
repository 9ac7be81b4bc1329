"""Controller reference manager: decide which objects a controller owns, adopts and releases.

Source: pkg/controller/controller_ref_manager.go (v1.36).
Differs: only the objects that are the controller's already, or nobody's, are looked at, by index; an
object of another controller would be passed over anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.api.selecting import pod_selector
from core.apimachinery import labels
from core.apimachinery.meta import Obj, Ref, is_terminating, owner_reference, ref_of, replaced, without
from core.client.actions import Patch
from core.client.cache import View


def matcher(selector: dict[str, Any] | None) -> Callable[[dict[str, str]], bool]:
    """Return the test of *selector* on labels; of matchLabels alone it is one comparison."""
    if selector and not selector.get("matchExpressions"):
        wanted = (selector.get("matchLabels") or {}).items()
        return lambda found: wanted <= found.items()
    return lambda found: labels.matches(selector, found)


class Ownership:
    """What of one kind belongs to *controller* after this sync.

    ``kept``: the objects, adopted ones as they will be; ``patches``: the writes that make it so.
    """

    def __init__(self, controller: Obj, fits: Callable[[Obj], bool]) -> None:
        self._controller = controller
        self._uid = controller["metadata"]["uid"]
        self._fits = fits
        self._deleting = is_terminating(controller)
        self.kept: list[Obj] = []
        self.patches: list[Patch] = []

    def take(self, view: View, kind: str, considered: Callable[[Obj], bool] | None = None) -> Ownership:
        """Decide about the objects of *kind* that are the controller's or nobody's; return self.

        *considered*: those for which it is false are neither kept, adopted nor released.
        """
        namespace = self._controller["metadata"]["namespace"]
        for obj in view.indexed("by-controller", (kind, self._uid)):
            if considered is not None and not considered(obj):
                continue
            if self._fits(obj):
                self.kept.append(obj)
            elif not self._deleting:
                self.patches.append(self._release(obj))
        if not self._deleting:
            for obj in view.indexed("orphans", (kind, namespace)):
                if "deletionTimestamp" in obj["metadata"] or not self._fits(obj):
                    continue
                if (considered is None or considered(obj)) and self._may_adopt(view):
                    self.adopt(obj)
        return self

    def _may_adopt(self, view: View) -> bool:
        """Ask the API server whether the controller is there and stays (RecheckDeletionTimestamp)."""
        stored = view.live.get(*ref_of(self._controller))
        return stored is not None and stored["metadata"]["uid"] == self._uid and not is_terminating(stored)

    def adopt(self, obj: Obj) -> None:
        others = obj["metadata"].get("ownerReferences") or []
        owners = [*others, owner_reference(self._controller)]
        # item by item, so that another's adoption of it in the meantime is not undone but refuses ours
        metadata = {"uid": obj["metadata"]["uid"], "ownerReferences": [owner_reference(self._controller)]}
        self.patches.append(
            Patch(ref_of(obj), {"metadata": metadata}, uid=obj["metadata"]["uid"], strategic=True)
        )
        adopted = replaced(obj, "metadata.ownerReferences", owners)
        # The patch above makes a new resourceVersion: a later write in this plan cannot name it.
        self.kept.append(without(adopted, "metadata.resourceVersion"))

    def _release(self, obj: Obj) -> Patch:
        meta = obj["metadata"]
        others = [o for o in meta["ownerReferences"] if o["uid"] != self._uid]
        # the list is replaced whole, so it must still be the one that is stored
        metadata = {"ownerReferences": others or None, "resourceVersion": meta.get("resourceVersion")}
        return Patch(ref_of(obj), {"metadata": metadata}, uid=meta["uid"])


def controller_ref(obj: Obj | None, kind: str) -> tuple[Ref, str] | None:
    """Return (Ref, uid) of the controller that *obj* names if it is a *kind*, else None."""
    if obj is None:
        return None
    meta = obj["metadata"]
    for owner in meta.get("ownerReferences") or ():
        if owner.get("controller"):
            if owner["kind"] != kind:
                return None
            return Ref(kind, meta.get("namespace", ""), owner["name"]), owner["uid"]
    return None


def owners_to_sync(view: View, kind: str, old: Obj | None, new: Obj | None) -> list[Ref]:
    """Return the *kind* objects that a change of a dependent concerns: its owner before and after; or,
    when it is an orphan whose labels or owner changed, every one that would adopt it.
    """
    before, after = controller_ref(old, kind), controller_ref(new, kind)
    keys = [found[0] for found in dict.fromkeys((before, after)) if found and _is_current(view, *found)]
    if new is None or after is not None or _has_controller(new):
        return keys
    if old is None or old["metadata"].get("labels") != new["metadata"].get("labels") or before is not None:
        keys += [key for key in _would_adopt(view, kind, new) if key not in keys]
    return keys


def _is_current(view: View, ref: Ref, uid: str) -> bool:
    found = view.get(*ref)
    return found is not None and found["metadata"]["uid"] == uid


def _has_controller(obj: Obj) -> bool:
    return any(owner.get("controller") for owner in obj["metadata"].get("ownerReferences") or ())


def _would_adopt(view: View, kind: str, orphan: Obj) -> list[Ref]:
    meta = orphan["metadata"]
    found = meta.get("labels")
    if not found:
        return []
    controllers = view.list(kind, meta.get("namespace", ""))
    return [ref_of(c) for c in controllers if labels.matches(pod_selector(c), found)]
