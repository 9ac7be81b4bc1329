"""ControllerRevision strategy: an immutable snapshot of a template, with a number that may change.

Source: pkg/registry/apps/controllerrevision/strategy.go, pkg/apis/apps/validation/validation.go (v1.36).
"""

from __future__ import annotations

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import dns1123_subdomain, immutable, non_negative, required
from core.apiserver.registry.context import Context

KIND = "ControllerRevision"
name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    """Nothing has a default, but ``revision`` is written even when it is 0."""
    if obj.get("revision") is None:
        obj["revision"] = 0


def prepare_for_create(obj: Obj, context: Context) -> None:
    """Nothing: the kind has neither status nor generation."""


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    """Nothing: the kind has neither status nor generation."""


def validate(obj: Obj) -> list[FieldError]:
    errors = [] if obj.get("data") is not None else [required("data", "data is mandatory")]
    return errors + non_negative("revision", obj["revision"])


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return validate(obj) + immutable("data", obj.get("data"), old.get("data"))
