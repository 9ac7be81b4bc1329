"""PersistentVolumeClaim strategy: defaults, what a claim may say, and what may still change later.

Source: pkg/registry/core/persistentvolumeclaim/strategy.go, pkg/apis/core/v1/defaults.go,
pkg/apis/core/validation/validation.go, pkg/api/persistentvolumeclaim/util.go (v1.36).
Not modelled: moving a class from the beta annotation into the field.
"""

from __future__ import annotations

from typing import Any, Final

from core.api.classnames import BETA_CLASS_ANNOTATION
from core.apimachinery import quantity
from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj, annotations_of
from core.apimachinery.validation import (
    check,
    dns1123_subdomain,
    forbidden,
    immutable,
    invalid,
    not_supported,
    required,
    validate_label_selector,
)
from core.apiserver.registry.context import Context
from core.apiserver.registry.specdiff import diff, go_fields

KIND: Final = "PersistentVolumeClaim"
ACCESS_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES: Final = ("Block", "Filesystem")
_FROZEN: Final = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName"
    " for bound claims\n"
)
_BETA_CLASS_WARNING: Final = (
    f"metadata.annotations[{BETA_CLASS_ANNOTATION}]: deprecated since v1.8;"
    ' use "storageClassName" attribute instead'
)

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    """Raises: quantity.QuantityError, which upstream meets when it decodes the body."""
    spec = obj["spec"] = obj.get("spec") or {}
    default_claim_spec(spec)


def default_claim_spec(spec: Obj) -> None:
    """Default a claim's spec wherever it stands: in a claim or in a claim template."""
    if not spec.get("volumeMode"):
        spec["volumeMode"] = "Filesystem"
    # "" is a class of its own, null is none: only null is left out on the wire
    if spec.get("storageClassName", "") is None:
        del spec["storageClassName"]
    if spec.get("volumeName") == "":
        del spec["volumeName"]
    resources = spec["resources"] = spec.get("resources") or {}
    for amounts in ("requests", "limits"):
        if resources.get(amounts):
            resources[amounts] = canonical_amounts(resources[amounts])


def canonical_amounts(amounts: Obj) -> Obj:
    return {name: quantity.canonical(amount, milli=True) for name, amount in amounts.items()}


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["status"] = {"phase": "Pending"}
    _normalize_data_sources(obj["spec"])


def _normalize_data_sources(spec: Obj) -> None:
    """Each of dataSource and dataSourceRef is filled from the other one.

    What dataSource alone names is ignored when it is neither a claim nor a snapshot, as it always was.
    """
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None and not _is_claim_or_snapshot(source):
        del spec["dataSource"]
        return
    if source and not reference:
        spec["dataSourceRef"] = dict(source)
    elif reference and not source and not reference.get("namespace"):
        spec["dataSource"] = dict(reference)


def _is_claim_or_snapshot(source: Obj) -> bool:
    named = (source.get("apiGroup") or "", source.get("kind"))
    return named in (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj["status"] = old["status"]


def validate(obj: Obj) -> list[FieldError]:
    return validate_claim_spec(obj["spec"], "spec")


def validate_claim_spec(spec: Obj, path: str) -> list[FieldError]:
    """Return every finding, in the API server's order (ValidatePersistentVolumeClaimSpec)."""
    out: list[FieldError] = []
    if not spec.get("accessModes"):
        out.append(required(f"{path}.accessModes", "at least 1 access mode is required"))
    out += validate_label_selector(spec.get("selector"), f"{path}.selector")
    out += validate_access_modes(spec, path)
    out += _validate_request(spec, path)
    out += validate_class_and_mode(spec, path)
    for source in ("dataSource", "dataSourceRef"):
        out += _validate_data_source(spec.get(source), f"{path}.{source}")
    out += _validate_data_sources(spec, path)
    if spec.get("volumeAttributesClassName"):
        where = f"{path}.volumeAttributesClassName"
        out += check(where, spec["volumeAttributesClassName"], dns1123_subdomain)
    return out


def validate_access_modes(spec: Obj, path: str) -> list[FieldError]:
    modes = spec.get("accessModes") or ()
    out = [
        not_supported(f"{path}.accessModes", mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES
    ]
    known = {mode for mode in modes if mode in ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        out.append(forbidden(f"{path}.accessModes", "may not use ReadWriteOncePod with other access modes"))
    return out


def _validate_request(spec: Obj, path: str) -> list[FieldError]:
    requests = spec["resources"].get("requests") or {}
    if "storage" not in requests:
        return [required(f"{path}.resources[storage]")]
    return validate_positive(requests["storage"], f"{path}.resources[storage]")


def validate_positive(amount: str, path: str) -> list[FieldError]:
    return [] if quantity.parse(amount) > 0 else [invalid(path, amount, "must be greater than zero")]


def validate_class_and_mode(spec: Obj, path: str) -> list[FieldError]:
    out: list[FieldError] = []
    if spec.get("storageClassName"):
        out += check(f"{path}.storageClassName", spec["storageClassName"], dns1123_subdomain)
    if spec["volumeMode"] not in VOLUME_MODES:
        out.append(not_supported(f"{path}.volumeMode", spec["volumeMode"], VOLUME_MODES))
    return out


def _validate_data_source(source: Obj | None, path: str) -> list[FieldError]:
    if source is None:
        return []
    out: list[FieldError] = []
    if not source.get("name"):
        out.append(required(f"{path}.name"))
    if not source.get("kind"):
        out.append(required(f"{path}.kind"))
    if not source.get("apiGroup") and source.get("kind") != "PersistentVolumeClaim":
        detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        out.append(invalid(path, source.get("kind") or "", detail))
    return out


def _validate_data_sources(spec: Obj, path: str) -> list[FieldError]:
    """Both must name the same. (Upstream passes a path as the bad value, which prints as an empty struct.)"""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is None or reference is None:
        return []
    if reference.get("namespace"):
        return [invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified")]
    same = all(source.get(key) == reference.get(key) for key in ("apiGroup", "kind", "name"))
    return [] if same else [invalid(path, {}, "must match dataSourceRef")]


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    annotation = f"metadata.annotations.{BETA_CLASS_ANNOTATION}"
    frozen_annotation = immutable(
        annotation,
        annotations_of(obj).get(BETA_CLASS_ANNOTATION, ""),
        annotations_of(old).get(BETA_CLASS_ANNOTATION, ""),
    )
    new_spec, old_spec = obj["spec"], old["spec"]
    if new_spec == old_spec:
        return frozen_annotation
    out = validate(obj) + frozen_annotation
    before, after = _without_allowed_changes(obj, old)
    if after != before:
        out.append(forbidden("spec", _FROZEN + diff(_internal(before), _internal(after))))
    out += _validate_shrinking(obj, old)
    out += immutable("volumeMode", new_spec["volumeMode"], old_spec["volumeMode"])
    return out + _validate_attributes_class(new_spec, old_spec)


def _without_allowed_changes(obj: Obj, old: Obj) -> tuple[Obj, Obj]:
    """Return the old and the new spec, made equal in all that may differ."""
    before, after = dict(old["spec"]), dict(obj["spec"])
    if not before.get("volumeName") and "volumeName" in after:
        before["volumeName"] = after["volumeName"]
    if before.get("storageClassName") is None and BETA_CLASS_ANNOTATION not in annotations_of(old):
        after.pop("storageClassName", None)
        before.pop("storageClassName", None)
    requests = after["resources"].get("requests")
    if old["status"].get("phase") == "Bound" and requests:
        same = {**requests, "storage": before["resources"]["requests"]["storage"]}
        after["resources"] = {**after["resources"], "requests": same}
    before.pop("volumeAttributesClassName", None)
    after.pop("volumeAttributesClassName", None)
    return before, after


def _validate_shrinking(obj: Obj, old: Obj) -> list[FieldError]:
    """A request may shrink, after a failed expansion, to anything above what the volume has."""
    new_size = (obj["spec"]["resources"].get("requests") or {}).get("storage", "0")
    old_size = old["spec"]["resources"]["requests"]["storage"]
    capacity = (old["status"].get("capacity") or {}).get("storage", "0")
    if quantity.compare(new_size, old_size) < 0 and quantity.compare(new_size, capacity) <= 0:
        detail = "field can not be less than status.capacity"
        return [forbidden("spec.resources.requests.storage", detail)]
    return []


def _validate_attributes_class(new: Obj, old: Obj) -> list[FieldError]:
    before, after = old.get("volumeAttributesClassName"), new.get("volumeAttributesClassName")
    if before is None or after:
        return []
    value = "nil" if after is None else "an empty string"
    return [forbidden("spec.volumeAttributesClassName", f"update from non-nil value to {value} is forbidden")]


def _internal(spec: Obj) -> dict[str, Any]:
    """Return *spec* as the internal Go struct PersistentVolumeClaimSpec."""
    reference = {"apiGroup": None, "kind": "", "name": ""}
    resources = spec["resources"]
    return {
        "AccessModes": spec.get("accessModes"),
        "Selector": spec.get("selector"),
        "Resources": {
            "Limits": _sorted(resources.get("limits")),
            "Requests": _sorted(resources.get("requests")),
        },
        "VolumeName": spec.get("volumeName", ""),
        "StorageClassName": spec.get("storageClassName"),
        "VolumeMode": spec["volumeMode"],
        "DataSource": go_fields(spec.get("dataSource"), reference),
        "DataSourceRef": go_fields(spec.get("dataSourceRef"), {**reference, "namespace": None}),
        "VolumeAttributesClassName": spec.get("volumeAttributesClassName"),
    }


def _sorted(amounts: Obj | None) -> Obj | None:
    return dict(sorted(amounts.items())) if amounts is not None else None


def warnings(obj: Obj, old: Obj | None) -> list[str]:
    amount = (obj["spec"]["resources"].get("requests") or {}).get("storage")
    path = "spec.resources.requests[storage]"
    return beta_class_warning(obj) + fractional_byte_warning(amount, path)


def spec_warnings(spec: Obj, path: str) -> list[str]:
    """Return what is odd about a claim's *spec* at *path* of another object.

    Source: pkg/api/persistentvolumeclaim/util.go GetWarningsForPersistentVolumeClaimSpec.
    """
    resources = spec.get("resources") or {}
    return [
        warning
        for kind in ("requests", "limits")
        for warning in fractional_byte_warning(
            (resources.get(kind) or {}).get("storage"), f"{path}.resources.{kind}[storage]"
        )
    ]


def beta_class_warning(obj: Obj) -> list[str]:
    return [_BETA_CLASS_WARNING] if BETA_CLASS_ANNOTATION in annotations_of(obj) else []


def fractional_byte_warning(amount: str | None, path: str) -> list[str]:
    if amount is None or quantity.parse(amount).denominator == 1:
        return []
    return [f'{path}: fractional byte value "{amount}" is invalid, must be an integer']
