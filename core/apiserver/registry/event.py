"""Event strategy: the fields that are always on the wire, and the namespace rule.

Source: pkg/registry/core/event/strategy.go, pkg/apis/core/validation/events.go (v1.36).
Differs: a refusal names an Event of events.k8s.io as one of core.
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import check, dns1123_subdomain, invalid, qualified_name, required
from core.apiserver.registry.context import Context

KIND: Final = "Event"
_ALWAYS_THERE: Final = {
    "firstTimestamp": None,
    "lastTimestamp": None,
    "eventTime": None,
    "reportingComponent": "",
    "reportingInstance": "",
}
_MAX_WORD: Final = 128
_MAX_NOTE: Final = 1024

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    for field, value in _ALWAYS_THERE.items():
        obj.setdefault(field, value)
    for field in ("involvedObject", "source"):
        obj[field] = obj.get(field) or {}


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj.pop("status", None)


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj.pop("status", None)


def validate(obj: Obj) -> list[FieldError]:
    namespace = obj["metadata"].get("namespace", "")
    involved = obj["involvedObject"].get("namespace", "")
    modern = bool(obj["eventTime"])
    if involved:
        fits = involved == namespace
    else:  # about a cluster-wide object
        fits = namespace in (("default", "kube-system") if modern else ("", "default"))
    out = []
    if not fits:
        out.append(invalid("involvedObject.namespace", involved, "does not match event.namespace"))
    return out + _validate_modern(obj) if modern else out


def _validate_modern(obj: Obj) -> list[FieldError]:
    """Check what only an Event with eventTime must have."""
    out: list[FieldError] = []
    if not obj["reportingComponent"]:
        out.append(required("reportingController"))
    else:
        out += check("reportingController", obj["reportingComponent"], qualified_name)
    for field in ("reportingInstance", "action", "reason"):
        if not obj.get(field):
            out.append(required(field))
        elif len(obj[field]) > _MAX_WORD:
            out.append(invalid(field, "", f"can have at most {_MAX_WORD} characters"))
    if len(obj.get("message") or "") > _MAX_NOTE:
        out.append(invalid("message", "", f"can have at most {_MAX_NOTE} characters"))
    return out


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return validate(obj)
