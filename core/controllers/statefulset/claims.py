"""StatefulSet claims: make those of an ordinal, and have them owned as the retention policy says.

Source: pkg/controller/statefulset/stateful_pod_control.go, stateful_set_utils.go (v1.36).
Differs: the reference on a claim just created cannot lose a race against the volume controller's
annotations (STS-K2a); claims are tried in template order until one is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.apimachinery.meta import Obj, Ref, owner_reference, replaced, without
from core.client.actions import Action, Create, Patch, RecordEvent, Update
from core.client.cache import View
from core.controllers.statefulset.events import PodEvents
from core.controllers.statefulset.identity import claim_name, claim_templates

_POD, _SET = ("v1", "Pod"), ("apps/v1", "StatefulSet")


class ClaimControl:
    """The claims of one set in one sync.

    A *pod* argument is (name, uid); the uid is "" for a Pod that is still to be created.
    """

    def __init__(self, view: View, sts: Obj) -> None:
        policy = sts["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
        self.delete_when_deleted = policy.get("whenDeleted") == "Delete"
        self.delete_when_scaled = policy.get("whenScaled") == "Delete"
        self._view = view
        self._sts = sts
        self._name: str = sts["metadata"]["name"]
        self._namespace: str = sts["metadata"]["namespace"]
        self._templates = claim_templates(sts)

    def _existing(self, ordinal: int) -> Iterator[tuple[str, Obj]]:
        for template in self._templates:
            name = claim_name(self._name, template, ordinal)
            claim = self._view.get("PersistentVolumeClaim", self._namespace, name)
            if claim is not None:
                yield name, claim

    # -- creation ----------------------------------------------------------------------------------

    def create(self, pod_name: str, ordinal: int) -> tuple[list[Action], list[str], list[str]]:
        """Return the creations of missing claims with their Events, the names made, and the errors.

        Source: createPersistentVolumeClaims.
        """
        actions: list[Action] = []
        made: list[str] = []
        errors: list[str] = []
        for template in self._templates:
            name = claim_name(self._name, template, ordinal)
            claim = self._view.get("PersistentVolumeClaim", self._namespace, name)
            if claim is None:
                actions += self._creation(name, template, pod_name)
                made.append(name)
            elif "deletionTimestamp" in claim["metadata"]:
                errors.append(f"pvc {name} is being deleted")
        return actions, made, errors

    def _creation(self, name: str, template: Obj, pod_name: str) -> tuple[Action, Action]:
        where = f"Pod {pod_name} in StatefulSet {self._name}"
        refused = f"Create Claim {name} for {where} failed error: {{error}}"
        metadata = template["metadata"]
        labels = {
            **(metadata.get("labels") or {}),
            **(self._sts["spec"]["selector"].get("matchLabels") or {}),
        }
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {**metadata, "name": name, "namespace": self._namespace, "labels": labels},
            "spec": template["spec"],
        }
        create = Create(
            claim,
            on_error=(
                RecordEvent(self._sts, "Warning", "FailedCreate", refused),
                PodEvents(self._sts).failure("Create", pod_name, f"failed to create PVC {name}: {{error}}"),
            ),
            silent_exists=True,
        )
        message = f"Create Claim {name} {where} success"
        return create, RecordEvent(self._sts, "Normal", "SuccessfulCreate", message)

    # -- retention ---------------------------------------------------------------------------------

    def stale(self, pod_name: str, ordinal: int) -> str | None:
        """Return the claim of an empty slot that a former Pod of this name is still taking with it.

        Source: PodClaimIsStale; only a policy that deletes on scale-down makes such claims.
        """
        if not self.delete_when_scaled:
            return None
        for name, claim in self._existing(ordinal):
            if any(_names(o, _POD, pod_name) for o in claim["metadata"].get("ownerReferences") or ()):
                return name
        return None

    def match_retention_policy(self, pod: tuple[str, str], ordinal: int, *, condemned: bool) -> bool:
        """Return whether every claim there is carries the owners the policy wants."""
        retain = not (self.delete_when_deleted or self.delete_when_scaled)
        for _, claim in self._existing(ordinal):
            # Nothing wanted and nothing there: the common case, asked for every Pod of every sync.
            if retain and "ownerReferences" not in claim["metadata"]:
                continue
            if not self._is_owner_up_to_date(claim, pod, condemned):
                return False
        return True

    def update_owners(self, pod: tuple[str, str], ordinal: int, *, condemned: bool = False) -> list[Action]:
        """Return the updates that give existing claims their owners (UpdatePodClaimForRetentionPolicy)."""
        actions: list[Action] = []
        for name, claim in self._existing(ordinal):
            if self._has_unexpected_controller(claim, pod):
                actions.append(self._conflict(name))
            if not self._is_owner_up_to_date(claim, pod, condemned):
                failed = (
                    f"Update Pod {pod[0]} in StatefulSet {self._name} failed error: "
                    f"could not update claim {name} for delete policy ownerRefs: {{error}}"
                )
                event = None if condemned else RecordEvent(self._sts, "Warning", "FailedUpdate", failed)
                actions.append(Update(self._owned(claim, pod, condemned), on_error=event))
        return actions

    def own_new(self, made: list[str]) -> list[Action]:
        """Return the writes that make the set own the claims just *made*, if the policy wants it."""
        if not self.delete_when_deleted:
            return []
        patch = {"metadata": {"ownerReferences": [self._controller_reference()]}}
        return [Patch(Ref("PersistentVolumeClaim", self._namespace, name), patch) for name in made]

    def _conflict(self, name: str) -> RecordEvent:
        message = (
            f"PersistentVolumeClaim {name} has a conflicting OwnerReference that acts as a manging "
            "controller, the retention policy is ignored for this claim"
        )
        return RecordEvent(self._sts, "Warning", "ConflictingController", message)

    def _controller_reference(self) -> dict[str, Any]:
        return owner_reference(self._sts)

    def _is_ours(self, owner: dict[str, Any], pod_name: str) -> bool:
        return _names(owner, _SET, self._name) or _names(owner, _POD, pod_name)

    def _wanted(self, condemned: bool) -> tuple[bool, bool]:
        """Return whether the set and whether the Pod shall own a claim (STS-K1)."""
        by_pod = self.delete_when_scaled and condemned
        return self.delete_when_deleted and not by_pod, by_pod

    def _is_owner_up_to_date(self, claim: Obj, pod: tuple[str, str], condemned: bool) -> bool:
        owners = claim["metadata"].get("ownerReferences") or ()
        uids = {self._sts["metadata"]["uid"], pod[1]}
        if any(self._is_ours(o, pod[0]) and o["uid"] not in uids for o in owners):
            return True  # a former set or Pod has it, and the collector will see to it
        ours = [o for o in owners if o["uid"] in uids]
        if self._has_unexpected_controller(claim, pod):
            return not ours
        if any(not o.get("controller") for o in ours):
            return False
        has_set = any(o["uid"] == self._sts["metadata"]["uid"] for o in ours)
        has_pod = any(o["uid"] == pod[1] for o in ours)
        return (has_set, has_pod) == self._wanted(condemned)

    def _has_unexpected_controller(self, claim: Obj, pod: tuple[str, str]) -> bool:
        owners = claim["metadata"].get("ownerReferences")
        if not owners or not (self.delete_when_deleted or self.delete_when_scaled):
            return False
        uids = {self._sts["metadata"]["uid"], pod[1]}
        for owner in owners:
            if self._is_ours(owner, pod[0]):
                if owner["uid"] not in uids:
                    return True
            elif owner.get("controller"):
                return True
        return False

    def _owned(self, claim: Obj, pod: tuple[str, str], condemned: bool) -> Obj:
        """Return *claim* with the owners the policy wants (updateClaimOwnerRefForSetAndPod)."""
        found = claim["metadata"].get("ownerReferences") or ()
        owners = [owner for owner in found if not self._is_ours(owner, pod[0])]
        if not self._has_unexpected_controller(claim, pod):
            by_set, by_pod = self._wanted(condemned)
            if by_set:
                owners.append(self._controller_reference())
            if by_pod:
                owners.append(_pod_reference(*pod))
        if not owners:
            return without(claim, "metadata.ownerReferences")
        return replaced(claim, "metadata.ownerReferences", owners)


def _names(owner: dict[str, Any], kind: tuple[str, str], name: str) -> bool:
    return bool(owner["name"] == name and (owner["apiVersion"], owner["kind"]) == kind)


def _pod_reference(name: str, uid: str) -> dict[str, Any]:
    return owner_reference({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "uid": uid}})
