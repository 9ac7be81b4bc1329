"""PersistentVolume strategy: defaults, what a volume may say, and the parts of it that stay as they are.

Source: pkg/registry/core/persistentvolume/strategy.go, pkg/apis/core/v1/defaults.go,
pkg/apis/core/validation/validation.go, pkg/api/persistentvolume/util.go (v1.36).
Not modelled: the fields of network sources other than nfs and csi; they are stored as given.
"""

from __future__ import annotations

from collections.abc import Callable
from posixpath import normpath
from typing import Any, Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import timestamp
from core.apimachinery.validation import (
    check,
    dns1123_subdomain,
    forbidden,
    immutable,
    invalid,
    not_supported,
    required,
    too_long,
)
from core.apiserver.registry.context import Context
from core.apiserver.registry.nodelabels import term_warnings
from core.apiserver.registry.persistentvolumeclaim import (
    beta_class_warning,
    canonical_amounts,
    fractional_byte_warning,
    validate_access_modes,
    validate_class_and_mode,
    validate_positive,
)
from core.apiserver.registry.podspec_scheduling import validate_node_selector
from core.apiserver.registry.specdiff import diff, go_fields, go_name

KIND: Final = "PersistentVolume"
_RECLAIM_POLICIES: Final = ("Delete", "Recycle", "Retain")
_HOST_PATH_TYPES: Final = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)
# in the order in which they are looked at: the second one found is refused
SOURCES: Final = (
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
)
# in the order in which the Go struct declares them
_DECLARED: Final = (
    "GCEPersistentDisk",
    "AWSElasticBlockStore",
    "HostPath",
    "Glusterfs",
    "NFS",
    "RBD",
    "Quobyte",
    "ISCSI",
    "FlexVolume",
    "Cinder",
    "CephFS",
    "FC",
    "Flocker",
    "AzureFile",
    "VsphereVolume",
    "AzureDisk",
    "PhotonPersistentDisk",
    "PortworxVolume",
    "ScaleIO",
    "Local",
    "StorageOS",
    "CSI",
)
_WIRE_OF: Final = {name.lower(): name for name in SOURCES}
_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "hostPath": {"path": "", "type": None},
    "local": {"path": "", "fsType": None},
    "nfs": {"server": "", "path": "", "readOnly": False},
    "csi": {
        "driver": "",
        "volumeHandle": "",
        "readOnly": False,
        "fsType": "",
        "volumeAttributes": None,
        "controllerPublishSecretRef": None,
        "nodeStageSecretRef": None,
        "nodePublishSecretRef": None,
        "controllerExpandSecretRef": None,
        "nodeExpandSecretRef": None,
    },
}
_AFFINITY_FROZEN: Final = "field is immutable, except for updating from beta label to GA"
_SOURCE_FROZEN: Final = "spec.persistentvolumesource is immutable after creation\n"
_GONE: Final = {
    name.replace("OS", "os"): f"spec.{name}: deprecated in v1.{since}, non-functional in v1.{until}+"
    for name, since, until in (
        ("cephfs", 28, 31),
        ("photonPersistentDisk", 11, 16),
        ("scaleIO", 16, 22),
        ("storageOS", 22, 25),
        ("glusterfs", 25, 26),
        ("rbd", 28, 31),
    )
}
_RECYCLE_WARNING: Final = (
    "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated."
    " Instead, the recommended approach is to use dynamic provisioning."
)

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    """Raises: quantity.QuantityError, which upstream meets when it decodes the body."""
    spec = obj["spec"] = obj.get("spec") or {}
    if not spec.get("persistentVolumeReclaimPolicy"):
        spec["persistentVolumeReclaimPolicy"] = "Retain"
    if not spec.get("volumeMode"):
        spec["volumeMode"] = "Filesystem"
    if spec.get("storageClassName") == "":
        del spec["storageClassName"]
    host_path = spec.get("hostPath")
    if host_path is not None and host_path.get("type") is None:
        host_path["type"] = ""
    if spec.get("capacity"):
        spec["capacity"] = canonical_amounts(spec["capacity"])


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": timestamp(context.now)}


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj["status"] = old["status"]


def prepare_for_status_update(obj: Obj, old: Obj, context: Context) -> None:
    """The time of the last change of phase is ours to tell, unless the writer tells another."""
    before, after = old["status"], obj["status"]
    was, told = before.get("lastPhaseTransitionTime"), after.get("lastPhaseTransitionTime")
    if after.get("phase") == before.get("phase"):
        if told is None and was is not None:
            obj["status"] = {**after, "lastPhaseTransitionTime": was}
    elif told is None or told == was:
        obj["status"] = {**after, "lastPhaseTransitionTime": timestamp(context.now)}


def validate(obj: Obj) -> list[FieldError]:
    """Return every finding, in the API server's order (ValidatePersistentVolumeSpec)."""
    spec = obj["spec"]
    out: list[FieldError] = []
    if not spec.get("accessModes"):
        out.append(required("spec.accessModes"))
    out += validate_access_modes(spec, "spec")
    out += _validate_capacity(spec.get("capacity"))
    policy = spec["persistentVolumeReclaimPolicy"]
    if policy not in _RECLAIM_POLICIES:
        out.append(not_supported("spec.persistentVolumeReclaimPolicy", policy, _RECLAIM_POLICIES))
    _validate_node_affinity(spec, out)
    out += _validate_sources(spec)
    path = (spec.get("hostPath") or {}).get("path") or ""
    # one slash before it: Python keeps two, Go does not
    if path.startswith("/") and normpath(f"/{path.lstrip('/')}") == "/" and policy == "Recycle":
        detail = "may not be 'recycle' for a hostPath mount of '/'"
        out.append(forbidden("spec.persistentVolumeReclaimPolicy", detail))
    out += validate_class_and_mode(spec, "spec")
    return out + _validate_attributes_class(spec)


def _validate_capacity(capacity: dict[str, str] | None) -> list[FieldError]:
    out = [] if capacity else [required("spec.capacity")]
    if not capacity or set(capacity) != {"storage"}:
        out.append(not_supported("spec.capacity", capacity or None, ("storage",)))
    for name, amount in sorted((capacity or {}).items()):
        out += validate_positive(amount, f"spec.capacity[{name}]")
    return out


def _validate_node_affinity(spec: Obj, errors: list[FieldError]) -> None:
    affinity = spec.get("nodeAffinity")
    if affinity is None:
        return
    if affinity.get("required") is None:
        path = "spec.nodeAffinity.required"
        errors.append(required(path, "must specify required node constraints"))
    else:
        validate_node_selector(affinity["required"], "spec.nodeAffinity.required", errors)


def _validate_sources(spec: Obj) -> list[FieldError]:
    out: list[FieldError] = []
    given = [name for name in SOURCES if spec.get(name) is not None]
    for at, name in enumerate(given):
        if at:
            out.append(forbidden(f"spec.{name}", "may not specify more than 1 volume type"))
        elif name in _VALIDATORS:
            out += _VALIDATORS[name](spec[name], f"spec.{name}")
            if name == "local" and spec.get("nodeAffinity") is None:
                out.append(required("spec.nodeAffinity", "Local volume requires node affinity"))
    return out if given else [required("spec", "must specify a volume type")]


def _validate_path(path: str, where: str) -> list[FieldError]:
    if not path:
        return [required(where)]
    return [invalid(where, path, "must not contain '..'")] if ".." in path.split("/") else []


def _validate_host_path(source: Obj, where: str) -> list[FieldError]:
    out = _validate_path(source.get("path") or "", f"{where}.path")
    kind = source.get("type") or ""
    if source.get("path") and kind not in _HOST_PATH_TYPES:
        out.append(not_supported(f"{where}.type", kind, _HOST_PATH_TYPES))
    return out


def _validate_local(source: Obj, where: str) -> list[FieldError]:
    return _validate_path(source.get("path") or "", f"{where}.path")


def _validate_nfs(source: Obj, where: str) -> list[FieldError]:
    out = [required(f"{where}.{name}") for name in ("server", "path") if not source.get(name)]
    if source.get("path") and not source["path"].startswith("/"):
        out.append(invalid(f"{where}.path", source["path"], "must be an absolute path"))
    return out


def _validate_csi(source: Obj, where: str) -> list[FieldError]:
    out: list[FieldError] = []
    driver = source.get("driver") or ""
    if not driver:
        out.append(required(f"{where}.driver"))
    elif len(driver) > 63:
        out.append(too_long(f"{where}.driver", driver, 63))
    else:
        out += [invalid(f"{where}.driver", driver, text) for text in dns1123_subdomain(driver.lower())]
    if not source.get("volumeHandle"):
        out.append(required(f"{where}.volumeHandle"))
    return out


_VALIDATORS: Final[dict[str, Callable[[Obj, str], list[FieldError]]]] = {
    "hostPath": _validate_host_path,
    "local": _validate_local,
    "nfs": _validate_nfs,
    "csi": _validate_csi,
}


def _validate_attributes_class(spec: Obj) -> list[FieldError]:
    name, path = spec.get("volumeAttributesClassName"), "spec.volumeAttributesClassName"
    if name is None:
        return []
    out = check(path, name, dns1123_subdomain) if name else [required(path, "an empty string is disallowed")]
    if spec.get("csi") is None:
        out.append(required("spec.csi", "has to be specified when using volumeAttributesClassName"))
    return out


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    new_spec, old_spec = obj["spec"], old["spec"]
    if new_spec == old_spec:
        return []
    out = validate(obj)
    before, after = _sources(old_spec), _sources(new_spec)
    if "csi" in before and "csi" in after and "controllerExpandSecretRef" not in before["csi"]:
        # a secret for expansion may be handed in later, once
        kept = {k: v for k, v in after["csi"].items() if k != "controllerExpandSecretRef"}
        after = {**after, "csi": kept}
    if after != before:
        difference = diff(_internal(before), _internal(after))
        out.append(forbidden("spec.persistentvolumesource", _SOURCE_FROZEN + difference))
    out += immutable("volumeMode", new_spec["volumeMode"], old_spec["volumeMode"])
    affinity = old_spec.get("nodeAffinity")
    if affinity is not None and new_spec.get("nodeAffinity") != affinity:
        out.append(invalid("nodeAffinity", _go_affinity(new_spec.get("nodeAffinity")), _AFFINITY_FROZEN))
    if old_spec.get("volumeAttributesClassName") and new_spec.get("volumeAttributesClassName") is None:
        path = "spec.volumeAttributesClassName"
        out.append(forbidden(path, "update from non-nil value to nil is forbidden"))
    return out


def _sources(spec: Obj) -> Obj:
    return {name: spec[name] for name in SOURCES if spec.get(name) is not None}


def _internal(sources: Obj) -> dict[str, Any]:
    """Return *sources* as the internal Go struct PersistentVolumeSource."""
    out: dict[str, Any] = {}
    for name in _DECLARED:
        wire = _WIRE_OF[name.lower()]
        source = sources.get(wire)
        fields = _FIELDS.get(wire) or dict.fromkeys(source or ())
        out[name] = go_fields(source, fields)
    return out


def _go_affinity(value: Any) -> Any:
    """Return a nodeAffinity as the internal Go struct: its keys are field names all the way down."""
    if isinstance(value, list):
        return [_go_affinity(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {go_name(key): _go_affinity(item) for key, item in value.items()}
    if "MatchExpressions" in out or "MatchFields" in out:
        return {"MatchExpressions": out.get("MatchExpressions"), "MatchFields": out.get("MatchFields")}
    return out


def warnings(obj: Obj, old: Obj | None) -> list[str]:
    out = beta_class_warning(obj)
    spec = obj["spec"]
    if spec["persistentVolumeReclaimPolicy"] == "Recycle":
        out.append(_RECYCLE_WARNING)
    required_affinity = (spec.get("nodeAffinity") or {}).get("required") or {}
    for at, term in enumerate(required_affinity.get("nodeSelectorTerms") or ()):
        out += term_warnings(term, f"spec.nodeAffinity.required.nodeSelectorTerms[{at}]")
    out += [told for name, told in _GONE.items() if spec.get(name) is not None]
    amount = (obj["spec"].get("capacity") or {}).get("storage")
    return out + fractional_byte_warning(amount, "spec.capacity[storage]")
