"""StatefulSet identity: names, labels and volumes of the Pod of an ordinal.

Source: pkg/controller/statefulset/stateful_set_utils.go (v1.36).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from core.apimachinery.meta import Obj, owner_reference
from core.controllers.history import POD_LABEL

POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"

_LARGEST = 2**31 - 1


@lru_cache(maxsize=65536)
def parent_and_ordinal(name: str) -> tuple[str, int]:
    """Return the set that *name* says it belongs to, and its ordinal; ("", -1) when it says neither.

    >>> parent_and_ordinal("web-db-0"), parent_and_ordinal("web-db")
    (('web-db', 0), ('', -1))
    """
    parent, dash, digits = name.rpartition("-")
    if not dash or not digits.isdigit() or not digits.isascii() or int(digits) > _LARGEST:
        return "", -1
    return parent, int(digits)


def start_ordinal(sts: Obj) -> int:
    return int((sts["spec"].get("ordinals") or {}).get("start", 0))


def claim_templates(sts: Obj) -> list[Obj]:
    return sts["spec"].get("volumeClaimTemplates") or []


def claim_name(sts_name: str, template: Obj, ordinal: int) -> str:
    return f"{template['metadata']['name']}-{sts_name}-{ordinal}"


class PodMould:
    """Makes the Pods of one revision of *sts*; what does not depend on the ordinal is shared by all."""

    def __init__(self, sts: Obj, template: Obj, revision: str) -> None:
        meta = template.get("metadata") or {}
        self.revision = revision
        self._sts = sts
        self._name: str = sts["metadata"]["name"]
        self._labels: dict[str, str] = {**(meta.get("labels") or {}), POD_LABEL: revision}
        self._metadata: dict[str, Any] = {
            "generateName": f"{self._name}-",
            "namespace": sts["metadata"]["namespace"],
            "ownerReferences": [owner_reference(sts)],
            **{key: meta[key] for key in ("annotations", "finalizers") if meta.get(key)},
        }
        self._spec: dict[str, Any] = dict(template["spec"])
        if service := sts["spec"].get("serviceName"):
            self._spec["subdomain"] = service

    def pod(self, ordinal: int) -> Obj:
        """Return the Pod of *ordinal*, ready to be created."""
        name = f"{self._name}-{ordinal}"
        volumes = volumes_of(self._sts, ordinal, self._spec.get("volumes"))
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                **self._metadata,
                "name": name,
                "labels": identity_labels(self._labels, name, ordinal),
            },
            "spec": {**self._spec, "hostname": name, **({"volumes": volumes} if volumes else {})},
        }


def identity_labels(labels: dict[str, str], name: str, ordinal: int) -> dict[str, str]:
    return {**labels, POD_NAME_LABEL: name, POD_INDEX_LABEL: str(ordinal)}


def volumes_of(sts: Obj, ordinal: int, others: list[Obj] | None) -> list[Obj]:
    """Return a volume for each claim template, then *others* but for those of the same name."""
    templates = claim_templates(sts)
    if not templates:
        return others or []
    name = sts["metadata"]["name"]
    claims = [
        {
            "name": template["metadata"]["name"],
            "persistentVolumeClaim": {"claimName": claim_name(name, template, ordinal)},
        }
        for template in templates
    ]
    taken = {volume["name"] for volume in claims}
    return [*claims, *(volume for volume in others or () if volume["name"] not in taken)]


def identity_matches(pod: Obj) -> bool:
    """Return whether the Pod-name label of a member is right; that its name is was asked to claim it."""
    meta = pod["metadata"]
    return bool((meta.get("labels") or {}).get(POD_NAME_LABEL) == meta["name"])


def storage_matches(sts: Obj, pod: Obj, ordinal: int) -> bool:
    """Return whether *pod* has, for each claim template, the volume of that name on the ordinal's claim."""
    name = sts["metadata"]["name"]
    volumes = pod["spec"].get("volumes") or ()
    for template in sts["spec"].get("volumeClaimTemplates") or ():
        wanted = template["metadata"]["name"]
        for volume in volumes:
            if volume["name"] == wanted:
                source = volume.get("persistentVolumeClaim")
                if not source or source["claimName"] != f"{wanted}-{name}-{ordinal}":
                    return False
                break
        else:
            return False
    return True


def repaired(sts: Obj, pod: Obj, ordinal: int) -> Obj:
    """Return *pod* with the labels and volumes of its ordinal; *pod* itself when it has them."""
    out = pod
    meta = pod["metadata"]
    if not identity_matches(pod):
        labels = identity_labels(meta.get("labels") or {}, meta["name"], ordinal)
        out = {**out, "metadata": {**meta, "labels": labels}}
    if not storage_matches(sts, pod, ordinal):
        spec = pod["spec"]
        out = {**out, "spec": {**spec, "volumes": volumes_of(sts, ordinal, spec.get("volumes"))}}
    return out
