"""What ConfigMaps and Secrets share: keys that can be file names, bytes as base64, a mebibyte, immutability.

Source: pkg/apis/core/validation/validation.go ValidateConfigMap, ValidateSecret;
staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go IsConfigMapKey (v1.36).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Final

from core.apimachinery.errors import BadRequest, FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import forbidden

MAX_SIZE: Final = 1024 * 1024
_KEY: Final = "[-._a-zA-Z0-9]+"
_KEY_TEXT: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or"
    f" 'KEY_NAME',  or 'key-name', regex used for validation is '{_KEY}')"
)


def refuse_no_bytes(obj: Obj, texts: Iterable[str]) -> None:
    """Refuse *obj* if one of *texts*, its bytes as base64, is none. Raises: BadRequest."""
    for text in texts:
        try:
            base64.b64decode(text, validate=True)
        except binascii.Error as error:
            kind = obj["kind"]
            why = f'{kind} in version "v1" cannot be handled as a {kind}: {_go_words(text)}'
            raise BadRequest(why) from error


def _go_words(text: str) -> str:
    bad = re.search("[^A-Za-z0-9+/]", text)
    return f"illegal base64 data at input byte {bad.start() if bad else len(text) // 4 * 4}"


def drop_empty(obj: Obj, fields: Iterable[str]) -> None:
    for field in fields:
        if field in obj and not obj[field]:
            del obj[field]


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


def unchanged(obj: Obj, old: Obj, fields: Iterable[str]) -> list[FieldError]:
    """Return every finding about *fields* that differ, once *old* says it is immutable."""
    if not old.get("immutable"):
        return []
    detail = "field is immutable when `immutable` is set"
    out = [] if obj.get("immutable") else [forbidden("immutable", detail)]
    return out + [forbidden(name, detail) for name in fields if obj.get(name) != old.get(name)]
