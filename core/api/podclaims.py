"""Which claims a Pod's volumes name; a generic ephemeral volume names the claim that is made for it.

Source: staging/src/k8s.io/component-helpers/storage/ephemeral/ephemeral.go,
pkg/controller/volume/common/common.go (PodPVCIndex, v1.36).
"""

from __future__ import annotations

from core.apimachinery.meta import Obj, controller_of, name_of, namespace_of


def claim_name_of(pod: Obj, volume: Obj) -> str:
    """Return the claim behind one of ``spec.volumes``, or ""."""
    claim = volume.get("persistentVolumeClaim")
    if claim:
        return str(claim["claimName"])
    return f"{name_of(pod)}-{volume['name']}" if volume.get("ephemeral") is not None else ""


def claim_names(pod: Obj) -> list[str]:
    """Return the claims of *pod* in the order of its volumes."""
    return [name for volume in pod["spec"].get("volumes") or () if (name := claim_name_of(pod, volume))]


def is_made_for(claim: Obj, pod: Obj) -> bool:
    """Say whether *claim* is *pod*'s own: made for an ephemeral volume of this very Pod (VolumeIsForPod)."""
    owner = controller_of(claim)
    uid = pod["metadata"].get("uid")
    return owner is not None and owner["uid"] == uid and namespace_of(claim) == namespace_of(pod)


def not_made_for(claim: Obj, pod: Obj) -> str:
    """Return what is said when another claim has the name that an ephemeral volume's would have."""
    whose = f"pod {namespace_of(pod)}/{name_of(pod)} (pod is not owner)"
    return f"PVC {namespace_of(claim)}/{name_of(claim)} was not created for {whose}"
