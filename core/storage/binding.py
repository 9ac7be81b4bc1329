"""The marks by which a volume and a claim know each other, and the volume's side of a binding.

Source: staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.meta import Obj, annotations_of, replaced

ANN_BIND_COMPLETED: Final = "pv.kubernetes.io/bind-completed"
ANN_BOUND_BY_CONTROLLER: Final = "pv.kubernetes.io/bound-by-controller"
ANN_DYNAMICALLY_PROVISIONED: Final = "pv.kubernetes.io/provisioned-by"
ANN_MIGRATED_TO: Final = "pv.kubernetes.io/migrated-to"
ANN_STORAGE_PROVISIONER: Final = "volume.kubernetes.io/storage-provisioner"
ANN_BETA_STORAGE_PROVISIONER: Final = "volume.beta.kubernetes.io/storage-provisioner"
ANN_PRE_RESIZE_CAPACITY: Final = "volume.alpha.kubernetes.io/pre-resize-capacity"


def is_volume_bound_to_claim(volume: Obj, claim: Obj) -> bool:
    """Say whether the volume's claimRef names *claim*: by name alone, or by name and uid."""
    ref, meta = volume["spec"].get("claimRef"), claim["metadata"]
    if ref is None:
        return False
    if ref.get("name") != meta["name"] or ref.get("namespace", "") != meta.get("namespace", ""):
        return False
    uid = ref.get("uid")
    return not uid or uid == meta["uid"]  # without a uid it is a reservation for whoever has the name


def is_fully_bound(claim: Obj) -> bool:
    """Say whether a Pod may use *claim*: it names a volume and the controller has completed the binding.

    The phase is not asked: the last of the four writes may still be under way.
    """
    return bool(claim["spec"].get("volumeName")) and ANN_BIND_COMPLETED in annotations_of(claim)


def get_bind_volume_to_claim(volume: Obj, claim: Obj) -> Obj | None:
    """Return *volume* as the first write of a binding leaves it, or None when it already is so.

    A claimRef that a person or a provisioner wrote is completed and gets no bound-by-controller mark: when
    the claim goes, theirs is kept and ours may be taken back.
    """
    bound, dirty = volume, False
    ref = volume["spec"].get("claimRef")
    was_bound = is_volume_bound_to_claim(volume, claim)
    if not was_bound or ref.get("uid") != claim["metadata"]["uid"]:
        bound, dirty = replaced(bound, "spec.claimRef", claim_reference(claim)), True
    if not was_bound and ANN_BOUND_BY_CONTROLLER not in annotations_of(volume):
        bound, dirty = with_annotations(bound, {ANN_BOUND_BY_CONTROLLER: "yes"}), True
    return bound if dirty else None


def claim_reference(claim: Obj) -> Obj:
    """Return the complete claimRef of *claim*; its resourceVersion is that of now and never updated."""
    meta = claim["metadata"]
    return {
        "kind": "PersistentVolumeClaim",
        "namespace": meta.get("namespace", ""),
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": "v1",
        "resourceVersion": meta.get("resourceVersion", ""),
    }


def with_annotations(obj: Obj, added: dict[str, str]) -> Obj:
    return replaced(obj, "metadata.annotations", {**annotations_of(obj), **added})


def without_annotation(obj: Obj, name: str) -> Obj:
    """Return *obj* without the annotation; without the whole map when that was its last one."""
    left = {key: value for key, value in annotations_of(obj).items() if key != name}
    meta = {key: value for key, value in obj["metadata"].items() if key != "annotations"}
    return {**obj, "metadata": {**meta, "annotations": left} if left else meta}
