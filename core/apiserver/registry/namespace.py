"""Namespace strategy: every namespace carries its name as a label and the finalizer ``kubernetes``.

Source: pkg/registry/core/namespace/strategy.go, pkg/apis/core/v1/defaults.go (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import dns1123_label
from core.apiserver.registry.context import Context

KIND: Final = "Namespace"
NAME_LABEL: Final = "kubernetes.io/metadata.name"
_FINALIZER: Final = "kubernetes"

name_check = dns1123_label


def defaults(obj: Obj) -> None:
    obj["spec"] = obj.get("spec") or {}
    meta = obj["metadata"]
    if meta.get("name"):
        meta["labels"] = {**(meta.get("labels") or {}), NAME_LABEL: meta["name"]}


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["status"] = {"phase": "Active"}
    finalizers = obj["spec"].get("finalizers") or []
    if _FINALIZER not in finalizers:
        obj["spec"]["finalizers"] = [*finalizers, _FINALIZER]


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    # spec has nothing but the finalizers, and those go through the subresource finalize
    obj["spec"], obj["status"] = old["spec"], old["status"]


def validate(obj: Obj) -> list[FieldError]:
    return []


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return []
