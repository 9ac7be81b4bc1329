"""Secret strategy: what its type wants in it, texts that become bytes, and no change once it is immutable.

Source: pkg/registry/core/secret/strategy.go; pkg/apis/core/validation/validation.go ValidateSecret;
pkg/apis/core/v1/conversion.go Convert_v1_Secret_To_core_Secret (v1.36).
Not modelled: the warning about a certificate that its key does not fit; tokens of service accounts.
"""

from __future__ import annotations

import base64
import json
from typing import Final

from core.apimachinery.decode import json_word
from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    check,
    dns1123_subdomain,
    immutable,
    invalid,
    required,
    too_long,
)
from core.apiserver.body import go_json_error
from core.apiserver.registry.context import Context
from core.apiserver.registry.keyed import MAX_SIZE, config_map_key, drop_empty, refuse_no_bytes, unchanged

KIND: Final = "Secret"
_ACCOUNT: Final = "kubernetes.io/service-account.name"
_CERTIFICATE, _PRIVATE_KEY = "tls.crt", "tls.key"
_REQUIRED: Final = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": (_CERTIFICATE, _PRIVATE_KEY),
}
_JSON: Final = ("kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson")
_LOGIN: Final = ("username", "password")

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    """Turn stringData into data. Raises: BadRequest for bytes that are none."""
    obj["type"] = obj.get("type") or "Opaque"
    data = {key: text or "" for key, text in (obj.get("data") or {}).items()}
    refuse_no_bytes(obj, data.values())
    for key, text in (obj.pop("stringData", None) or {}).items():
        data[key] = base64.b64encode((text or "").encode()).decode()
    obj["data"] = data
    drop_empty(obj, ("data",))


def prepare_for_create(obj: Obj, context: Context) -> None:
    """Nothing."""


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    """Nothing: an empty type has become Opaque before it could mean the old one."""


def validate(obj: Obj) -> list[FieldError]:
    data = {key: base64.b64decode(text) for key, text in (obj.get("data") or {}).items()}
    out: list[FieldError] = []
    for key in sorted(data):
        out += check(f"data[{key}]", key, config_map_key)
    if sum(map(len, data.values())) > MAX_SIZE:
        out.append(too_long("data", "", MAX_SIZE))
    return out + _validate_type(obj, data)


def _validate_type(obj: Obj, data: dict[str, bytes]) -> list[FieldError]:
    """Return what the type of *obj* misses in it, or finds malformed."""
    kind = obj["type"]
    if kind == "kubernetes.io/service-account-token":
        given = (obj["metadata"].get("annotations") or {}).get(_ACCOUNT)
        return [] if given else [required(f"metadata.annotations[{_ACCOUNT}]")]
    if kind == "kubernetes.io/basic-auth" and not any(key in data for key in _LOGIN):
        return [required(f"data[{key}]") for key in _LOGIN]
    keys = _REQUIRED.get(kind, ())
    must_say_something = kind == "kubernetes.io/ssh-auth"
    missing = [key for key in keys if key not in data or (must_say_something and not data[key])]
    if missing or kind not in _JSON:
        return [required(f"data[{key}]") for key in missing]
    why = _no_json_object(data[keys[0]])
    return [invalid(f"data[{keys[0]}]", "<secret contents redacted>", why)] if why else []


def _no_json_object(content: bytes) -> str:
    """Return what Go says of *content* that is no JSON object, or ""."""
    try:
        read = json.loads(content.decode(errors="replace"))
    except json.JSONDecodeError as error:
        return go_json_error(error)
    if read is None or isinstance(read, dict):
        return ""
    return f"json: cannot unmarshal {json_word(read)} into Go value of type map[string]interface {{}}"


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return immutable("type", obj["type"], old["type"]) + unchanged(obj, old, ("data",)) + validate(obj)


def warnings(obj: Obj, old: Obj | None) -> list[str]:
    """Say of a certificate, or else of its key, that it is none."""
    if obj["type"] != "kubernetes.io/tls":
        return []
    data = obj.get("data") or {}
    for key, word in ((_CERTIFICATE, "certificate"), (_PRIVATE_KEY, "key")):
        if b"-----BEGIN " not in base64.b64decode(data.get(key, "")):
            return [f"tls: failed to find any PEM data in {word} input"]
    return []
