"""Validation of a pod spec's volumes and of the mounts and devices that refer to them.

Source: pkg/apis/core/validation/validation.go, ValidateVolumes, ValidateVolumeMounts,
ValidateVolumeDevices (v1.36).
Not modelled: the inner fields of in-tree network volumes and of csi; they are stored as given.
"""

from __future__ import annotations

from typing import Any

from core.apimachinery import quantity
from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    dns1123_label,
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
    validate_annotations,
    validate_labels,
)
from core.apiserver.registry.persistentvolumeclaim import validate_claim_spec

_HOST_PATH_TYPES = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)
_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_NO_BACKSTEPS = "must not contain '..'"


def validate_volumes(volumes: list[Obj], path: str, errors: list[FieldError]) -> dict[str, Obj]:
    """Append what is wrong with *volumes*; return those without fault by name, which mounts may name."""
    good: dict[str, Obj] = {}
    for at, volume in enumerate(volumes):
        where = f"{path}[{at}]"
        found: list[FieldError] = []
        _validate_source(volume, where, found)
        name = volume.get("name") or ""
        if not name:
            found.append(required(f"{where}.name"))
        else:
            found += [invalid(f"{where}.name", name, text) for text in dns1123_label(name)]
        if name in good:
            found.append(duplicate(f"{where}.name", name))
        if found:
            errors += found
        else:
            good[name] = volume
    return good


def _validate_source(volume: Obj, path: str, errors: list[FieldError]) -> None:
    sources = [key for key, value in volume.items() if key != "name" and value is not None]
    if not sources:
        errors.append(required(path, "must specify a volume type"))
        return
    check = _SOURCES.get(sources[0])
    if check is not None:
        check(volume[sources[0]], f"{path}.{sources[0]}", errors)
    for extra in sources[1:]:
        errors.append(forbidden(f"{path}.{extra}", "may not specify more than 1 volume type"))


def _claim(source: Obj, path: str, errors: list[FieldError]) -> None:
    if not source.get("claimName"):
        errors.append(required(f"{path}.claimName"))


def _empty_dir(source: Obj, path: str, errors: list[FieldError]) -> None:
    limit = source.get("sizeLimit")
    if limit is not None and quantity.compare(limit, 0) < 0:
        errors.append(forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity"))


def _host_path(source: Obj, path: str, errors: list[FieldError]) -> None:
    where = source.get("path") or ""
    if not where:
        errors.append(required(f"{path}.path"))
        return
    if ".." in where.split("/"):
        errors.append(invalid(f"{path}.path", where, _NO_BACKSTEPS))
    if (source.get("type") or "") not in _HOST_PATH_TYPES:
        errors.append(not_supported(f"{path}.type", source["type"], _HOST_PATH_TYPES))


def _nfs(source: Obj, path: str, errors: list[FieldError]) -> None:
    for key in ("server", "path"):
        if not source.get(key):
            errors.append(required(f"{path}.{key}"))
    if not (source.get("path") or "").startswith("/"):
        errors.append(invalid(f"{path}.path", source.get("path") or "", "must be an absolute path"))


def _secret(source: Obj, path: str, errors: list[FieldError]) -> None:
    if not source.get("secretName"):
        errors.append(required(f"{path}.secretName"))
    _mode_and_items(source, path, errors)


def _config_map(source: Obj, path: str, errors: list[FieldError]) -> None:
    if not source.get("name"):
        errors.append(required(f"{path}.name"))
    _mode_and_items(source, path, errors)


def _projected(source: Obj, path: str, errors: list[FieldError]) -> None:
    _mode(source.get("defaultMode"), f"{path}.defaultMode", errors)
    for at, projection in enumerate(source.get("sources") or ()):
        kinds = [key for key, value in projection.items() if value is not None]
        where = f"{path}.sources[{at}]"
        if len(kinds) > 1:
            errors.append(forbidden(where, "may not specify more than 1 volume type per source"))
        if not kinds:
            errors.append(required(where, "must specify at least one projected volume type"))


def _downward(source: Obj, path: str, errors: list[FieldError]) -> None:
    _mode(source.get("defaultMode"), f"{path}.defaultMode", errors)
    for at, item in enumerate(source.get("items") or ()):
        if not item.get("path"):
            errors.append(required(f"{path}.items[{at}].path"))


def _ephemeral(source: Obj, path: str, errors: list[FieldError]) -> None:
    """Check the claim to be made; of its metadata only labels and annotations may be given."""
    template, where = source.get("volumeClaimTemplate"), f"{path}.volumeClaimTemplate"
    if template is None:
        errors.append(required(where))
        return
    meta = template["metadata"]
    errors += validate_annotations(meta.get("annotations"), f"{where}.metadata.annotations")
    errors += validate_labels(meta.get("labels"), f"{where}.metadata.labels")
    others = [key for key in meta if key not in ("annotations", "labels") and meta[key]]
    errors += [forbidden(f"{where}.metadata.{key}", "cannot be set") for key in others]
    errors += validate_claim_spec(template["spec"], f"{where}.spec")


def _mode_and_items(source: Obj, path: str, errors: list[FieldError]) -> None:
    _mode(source.get("defaultMode"), f"{path}.defaultMode", errors)
    for at, item in enumerate(source.get("items") or ()):
        for key in ("key", "path"):
            if not item.get(key):
                errors.append(required(f"{path}.items[{at}].{key}"))
        _mode(item.get("mode"), f"{path}.items[{at}].mode", errors)


def _mode(mode: Any, path: str, errors: list[FieldError]) -> None:
    if mode is not None and not 0 <= mode <= 0o777:
        text = "must be a number between 0 and 0777 (octal), both inclusive"
        errors.append(invalid(path, mode, text))


_SOURCES = {
    "persistentVolumeClaim": _claim,
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "nfs": _nfs,
    "secret": _secret,
    "configMap": _config_map,
    "projected": _projected,
    "downwardAPI": _downward,
    "ephemeral": _ephemeral,
}


def validate_volume_mounts(
    container: Obj, volumes: dict[str, Obj], path: str, errors: list[FieldError]
) -> None:
    """Append what is wrong with the volumeMounts of *container*; *path* is the container's."""
    seen: set[str] = set()
    devices = container.get("volumeDevices") or ()
    for at, mount in enumerate(container.get("volumeMounts") or ()):
        name, where = mount.get("name") or "", mount.get("mountPath") or ""
        here = f"{path}.volumeMounts[{at}]"
        if not name:
            errors.append(required(f"{here}.name"))
        if name not in volumes:
            errors.append(not_found(f"{here}.name", name))
        if not where:
            errors.append(required(f"{here}.mountPath"))
        if where in seen:
            errors.append(invalid(f"{here}.mountPath", where, "must be unique"))
        seen.add(where)
        if devices:
            if any(device.get("name") == name for device in devices):
                errors.append(invalid(f"{here}.name", name, "must not already exist in volumeDevices"))
            if any(device.get("devicePath") == where for device in devices):
                text = "must not already exist as a path in volumeDevices"
                errors.append(invalid(f"{here}.mountPath", where, text))
        if len(mount) > 2:
            # upstream leaves the index out of these paths
            _validate_mount_options(mount, f"{path}.volumeMounts", here, errors)


def _validate_mount_options(mount: Obj, path: str, here: str, errors: list[FieldError]) -> None:
    sub_path, expression = mount.get("subPath") or "", mount.get("subPathExpr") or ""
    if sub_path:
        _local_descending_path(sub_path, f"{path}.subPath", errors)
    if expression:
        if sub_path:
            text = "subPathExpr and subPath are mutually exclusive"
            errors.append(invalid(f"{here}.subPathExpr", expression, text))
        _local_descending_path(expression, f"{path}.subPathExpr", errors)
    propagation = mount.get("mountPropagation")
    if propagation is not None and propagation not in _PROPAGATIONS:
        errors.append(not_supported(f"{path}.mountPropagation", propagation, _PROPAGATIONS))


def _local_descending_path(value: str, path: str, errors: list[FieldError]) -> None:
    if value.startswith("/"):
        errors.append(invalid(path, value, "must be a relative path"))
    if ".." in value.split("/"):
        errors.append(invalid(path, value, _NO_BACKSTEPS))


def validate_volume_devices(
    container: Obj, volumes: dict[str, Obj], path: str, errors: list[FieldError]
) -> None:
    """Append what is wrong with the volumeDevices (raw block volumes) of *container*."""
    names: set[str] = set()
    paths: set[str] = set()
    mounts = container.get("volumeMounts") or ()
    for at, device in enumerate(container["volumeDevices"]):
        name, where = device.get("name") or "", device.get("devicePath") or ""
        here = f"{path}.volumeDevices[{at}]"
        volume = volumes.get(name)
        if not name:
            errors.append(required(f"{here}.name"))
        if name in names:
            errors.append(invalid(f"{here}.name", name, "must be unique"))
        if volume is None:
            errors.append(not_found(f"{here}.name", name))
        elif not (volume.get("persistentVolumeClaim") or volume.get("ephemeral")):
            text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            errors.append(invalid(f"{here}.name", name, text))
        if not where:
            errors.append(required(f"{here}.devicePath"))
        if where in paths:
            errors.append(invalid(f"{here}.devicePath", where, "must be unique"))
        if ".." in where.split("/"):
            errors.append(invalid(f"{here}.devicePath", where, "can not contain backsteps ('..')"))
        else:
            paths.add(where)
        if any(mount.get("name") == name for mount in mounts):
            errors.append(invalid(f"{here}.name", name, "must not already exist in volumeMounts"))
        if any(mount.get("mountPath") == where for mount in mounts):
            text = "must not already exist as a path in volumeMounts"
            errors.append(invalid(f"{here}.devicePath", where, text))
        if name:
            names.add(name)
