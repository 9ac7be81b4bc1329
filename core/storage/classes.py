"""Which StorageClass a claim or a volume is of, which class is the default, and what a class delays.

Source: staging/src/k8s.io/component-helpers/storage/volume/helpers.go,
pkg/volume/util/storageclass.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.api.classnames import BETA_CLASS_ANNOTATION, class_name_of
from core.api.faults import is_stopped
from core.apimachinery.meta import Obj, annotations_of, name_of

IS_DEFAULT_ANNOTATION: Final = "storageclass.kubernetes.io/is-default-class"
BETA_IS_DEFAULT_ANNOTATION: Final = "storageclass.beta.kubernetes.io/is-default-class"
SELECTED_NODE_ANNOTATION: Final = "volume.kubernetes.io/selected-node"
NO_PROVISIONER: Final = "kubernetes.io/no-provisioner"
RUNNING_PROVISIONERS: Final = ("kubernetes.io/host-path", "rancher.io/local-path")
"""Who makes volumes in a simulated cluster; of any other nothing is heard."""


def persistent_volume_claim_class(claim: Obj) -> str:
    """Return the claim's class name; "" for a null class, for the class "", and for none at all."""
    return class_name_of(claim)


def persistent_volume_class(volume: Obj) -> str:
    return class_name_of(volume)


def persistent_volume_claim_has_class(claim: Obj) -> bool:
    """Say whether the claim states a class, be it "": then it never gets the default one."""
    has_annotation = BETA_CLASS_ANNOTATION in annotations_of(claim)
    return has_annotation or claim["spec"].get("storageClassName") is not None


def is_default_class(storage_class: Obj) -> bool:
    annotations = annotations_of(storage_class)
    return "true" in (annotations.get(IS_DEFAULT_ANNOTATION), annotations.get(BETA_IS_DEFAULT_ANNOTATION))


def get_default_class(storage_classes: Iterable[Obj]) -> Obj | None:
    """Return the default class: of several the newest, of equally old ones the first by name."""
    defaults = sorted(filter(is_default_class, storage_classes), key=name_of)
    return max(defaults, key=lambda sc: sc["metadata"].get("creationTimestamp", ""), default=None)


def is_delay_binding_mode(storage_class: Obj | None) -> bool:
    """Say whether claims of *storage_class* wait for a Pod. A class that does not exist delays nothing."""
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def provisioner_trouble(storage_class: Obj) -> str:
    """Return why no volume of *storage_class* will be made as things are: ``is stopped``, or ""."""
    provisioner = storage_class["provisioner"]
    if provisioner != NO_PROVISIONER and provisioner not in RUNNING_PROVISIONERS:
        return "does not run here"
    return "is stopped" if is_stopped(storage_class) else ""


def is_delay_binding_provisioning(claim: Obj) -> bool:
    """Say whether the scheduler has chosen a node for the volume to be made for *claim*."""
    return bool(annotations_of(claim).get(SELECTED_NODE_ANNOTATION))
