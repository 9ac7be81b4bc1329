"""What Go does not write: a string, number, list or map of a struct that is empty, unless its tag keeps it.

An object comes in with ``hostNetwork: false`` or ``labels: {}`` and is stored and served without. Of a
pointer (``replicas: 0``) zero says something. The table of fields is the one that protobuf is read with.
Source: the json tags of k8s.io/api (v0.36).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from core.apimachinery.meta import Obj
from core.apiserver.protobuf import MESSAGES, Field

_PLAIN = {"str", "int", "bool", "bytes"}


def without_zeros(obj: Obj) -> Obj:
    """Return *obj* as Go would write it; *obj* itself when its kind is not in the table."""
    message = f"{obj.get('apiVersion')}.{obj.get('kind')}"
    return _struct(obj, message) if message in MESSAGES else obj


def _struct(value: Obj, message: str) -> Obj:
    fields = _by_name(message)
    out = {}
    for key, item in value.items():
        field = fields.get(key)
        if field is None:
            out[key] = item
        elif item or not _is_omitted(field):
            out[key] = _value(item, field)
    return out


def _value(value: Any, field: Field) -> Any:
    if field.type not in MESSAGES:
        return value
    if isinstance(value, list):
        return [_struct(item, field.type) if isinstance(item, dict) else item for item in value]
    return _struct(value, field.type) if isinstance(value, dict) else value


def _is_omitted(field: Field) -> bool:
    return not field.kept and (field.shape in ("*", "map") or (field.shape == "" and field.type in _PLAIN))


@cache
def _by_name(message: str) -> dict[str, Field]:
    out: dict[str, Field] = {}
    for field in MESSAGES[message].values():
        out |= _by_name(field.type) if field.name == "." else {field.name: field}
    return out
