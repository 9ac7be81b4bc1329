"""Which StorageClass a claim or a volume names.

Source: staging/src/k8s.io/component-helpers/storage/volume/helpers.go (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.meta import Obj

BETA_CLASS_ANNOTATION: Final = "volume.beta.kubernetes.io/storage-class"


def class_name_of(obj: Obj) -> str:
    """Return the class of a claim or volume; "" for a null class, for the class "", and for none at all."""
    annotations = obj["metadata"].get("annotations")
    if annotations and BETA_CLASS_ANNOTATION in annotations:
        return str(annotations[BETA_CLASS_ANNOTATION])
    return obj["spec"].get("storageClassName") or ""
