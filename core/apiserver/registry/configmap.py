"""ConfigMap strategy: keys that can be file names, a mebibyte in all, and no change once it is immutable.

Source: pkg/registry/core/configmap/strategy.go, pkg/apis/core/validation/validation.go ValidateConfigMap
(v1.36).
"""

from __future__ import annotations

import base64
from typing import Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import check, dns1123_subdomain, invalid, too_long
from core.apiserver.registry.context import Context
from core.apiserver.registry.keyed import MAX_SIZE, config_map_key, drop_empty, refuse_no_bytes, unchanged

KIND: Final = "ConfigMap"
_FIELDS: Final = ("data", "binaryData")

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    """Refuse bytes that are none. Raises: BadRequest."""
    refuse_no_bytes(obj, (obj.get("binaryData") or {}).values())


def prepare_for_create(obj: Obj, context: Context) -> None:
    drop_empty(obj, _FIELDS)


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    drop_empty(obj, _FIELDS)


def validate(obj: Obj) -> list[FieldError]:
    texts, blobs = obj.get("data") or {}, obj.get("binaryData") or {}
    out: list[FieldError] = []
    for key in sorted(texts):
        out += check(f"data[{key}]", key, config_map_key)
        if key in blobs:
            out.append(invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
    for key in sorted(blobs):
        out += check(f"binaryData[{key}]", key, config_map_key)
    size = sum(len(text.encode()) for text in texts.values())
    size += sum(len(base64.b64decode(text)) for text in blobs.values())
    if size > MAX_SIZE:
        out.append(too_long("[]", "", MAX_SIZE))
    return out


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return unchanged(obj, old, _FIELDS) + validate(obj)
