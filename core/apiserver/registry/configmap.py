"""ConfigMap strategy: keys that can be file names, a mebibyte in all, and no change once it is immutable.

Source: pkg/registry/core/configmap/strategy.go, pkg/apis/core/validation/validation.go ValidateConfigMap
(v1.36).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from core.apimachinery.errors import BadRequest, FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import check, dns1123_subdomain, forbidden, invalid, too_long
from core.apiserver.registry.context import Context

KIND: Final = "ConfigMap"
_KEY: Final = "[-._a-zA-Z0-9]+"
_KEY_TEXT: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or"
    f" 'KEY_NAME',  or 'key-name', regex used for validation is '{_KEY}')"
)
_MAX_SIZE: Final = 1024 * 1024

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    """Refuse bytes that are none. Raises: BadRequest."""
    for text in (obj.get("binaryData") or {}).values():
        try:
            base64.b64decode(text, validate=True)
        except binascii.Error as error:
            why = f'ConfigMap in version "v1" cannot be handled as a ConfigMap: {_go_words(text)}'
            raise BadRequest(why) from error


def _go_words(text: str) -> str:
    bad = re.search("[^A-Za-z0-9+/]", text)
    return f"illegal base64 data at input byte {bad.start() if bad else len(text) // 4 * 4}"


def prepare_for_create(obj: Obj, context: Context) -> None:
    _drop_empty(obj)


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    _drop_empty(obj)


def _drop_empty(obj: Obj) -> None:
    for field in ("data", "binaryData"):
        if field in obj and not obj[field]:
            del obj[field]


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
    if size > _MAX_SIZE:
        out.append(too_long("[]", "", _MAX_SIZE))
    return out


def config_map_key(key: str) -> list[str]:
    """Return what makes *key* unfit to be a key of a ConfigMap (IsConfigMapKey)."""
    out = ["must be no more than 253 characters"] if len(key) > 253 else []
    if not re.fullmatch(_KEY, key):
        out.append(_KEY_TEXT)
    if key in (".", ".."):
        out.append(f"must not be '{key}'")
    elif key.startswith(".."):
        out.append("must not start with '..'")
    return out


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    out: list[FieldError] = []
    if old.get("immutable"):
        detail = "field is immutable when `immutable` is set"
        if not obj.get("immutable"):
            out.append(forbidden("immutable", detail))
        out += [forbidden(name, detail) for name in ("data", "binaryData") if obj.get(name) != old.get(name)]
    return out + validate(obj)
