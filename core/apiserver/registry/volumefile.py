"""VolumeFile strategy: a file inside a volume's backend, kept as an object so that history has it too.

``metadata.namespace`` is the backend's key, ``metadata.name`` opaque. ``content`` is text, or base64 when
``binary``. Not a Kubernetes kind: it stands for the bytes on a disk, and is never served.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import dns1123_subdomain, immutable, invalid, required, too_long
from core.apiserver.registry.context import Context
from core.storage.volumefile import MAX_CONTENT

KIND: Final = "VolumeFile"
MAX_PATH: Final = 4096  # PATH_MAX of Linux
_MAX_MODE: Final = 0o7777

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    obj.setdefault("content", "")
    obj.setdefault("mode", 0o644)
    size = _size(obj)
    if size is not None:
        obj["bytes"] = size


def _size(obj: Obj) -> int | None:
    """Return how many bytes the content has, or None when it is not what it says."""
    try:
        content = obj["content"]
        return len(b64decode(content, validate=True) if obj.get("binary") else content.encode())
    except (Base64Error, UnicodeEncodeError, ValueError):
        return None


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj.setdefault("mtime", context.now)


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    pass


def validate(obj: Obj) -> list[FieldError]:
    out = _validate_path(obj.get("path") or "")
    size = _size(obj)
    if size is None:
        out.append(invalid("content", "", "must be base64 when binary, else text"))
    elif size > MAX_CONTENT:
        out.append(too_long("content", "", MAX_CONTENT))
    if not 0 <= obj["mode"] <= _MAX_MODE:
        out.append(invalid("mode", obj["mode"], "must be a number between 0 and 07777 (octal)"))
    return out


def _validate_path(path: str) -> list[FieldError]:
    """A path is absolute within its volume, and names a file there and nothing outside."""
    if not path:
        return [required("path")]
    if len(path) > MAX_PATH:
        return [too_long("path", path, MAX_PATH)]
    if "\0" in path:
        return [invalid("path", path, "must not contain NUL")]
    if not path.startswith("/"):
        return [invalid("path", path, "must be an absolute path")]
    parts = path.split("/")[1:]
    if ".." in parts:
        return [invalid("path", path, "must not contain '..'")]
    if "" in parts or "." in parts:
        return [invalid("path", path, "must name a file, without empty or '.' parts")]
    return []


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return validate(obj) + immutable("path", obj.get("path"), old["path"])
