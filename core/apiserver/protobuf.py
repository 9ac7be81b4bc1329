"""Protobuf request bodies: kubectl's typed clients send them since v1.32, and do not fall back to JSON.

Only reading, and only the kinds served, these with all their fields; answers are always JSON. The table of
fields is ``protobuf.txt``, which tools/protobuf_fields.py writes.
Source: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/protobuf and the generated.proto files (v1.36).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any, NamedTuple

from core.apimachinery.timestamps import micro_timestamp, timestamp

PREFIX = b"k8s\0"


class Malformed(ValueError):
    """Not a protobuf message that can be read."""


class UnknownMessage(ValueError):
    """A kind whose fields are not in the table."""


class Field(NamedTuple):
    """*name*: "." for one whose fields stand in JSON where it would. *type*: of a value, or of each.

    *kept*: JSON has it though it is zero.
    """

    name: str
    type: str
    shape: str  # "": one that is absent when zero, "?": one of which zero says something, "*", "map"
    kept: bool


def _field(text: str, package: str) -> tuple[int, Field]:
    """Read ``4 replicas:int?``: number, name, and type, which is a string when none is said."""
    number, _, rest = text.strip().partition(" ")
    kept, rest = rest.endswith("!"), rest.removesuffix("!")
    name, _, type_ = rest.partition(":")
    shape = ""
    if type_.startswith("map<"):
        type_, shape = type_[4:-1], "map"
    elif type_.endswith(("*", "?")):
        type_, shape = type_[:-1], type_[-1]
    if type_[:1].isupper() and type_ not in _WHOLE:
        type_ = f"{package}.{type_}"
    return int(number), Field(name, type_ or "str", shape, kept)


def decode(body: bytes) -> dict[str, Any]:
    """Return the object in *body* as JSON data. Raises: Malformed, UnknownMessage."""
    if not body.startswith(PREFIX):
        raise Malformed(
            "provided data does not appear to be a protobuf message, expected prefix"
            f" [{' '.join(str(byte) for byte in PREFIX)}]"
        )
    type_meta: dict[int, str] = {}
    raw = b""
    for number, value in _wire(body[len(PREFIX) :]):
        if number == 1:
            type_meta = {at: _text(part) for at, part in _wire(_bytes(value))}
        elif number == 2:
            raw = _bytes(value)
    kind, api_version = type_meta.get(2, ""), type_meta.get(1, "")
    name = f"{api_version}.{kind}"
    if name not in MESSAGES:
        name = _OF_KIND.get(kind, "")
    if not name:
        raise UnknownMessage(kind)
    return {"kind": kind, "apiVersion": api_version, **_message(raw, name)}


def _message(data: bytes, name: str) -> dict[str, Any]:
    fields = MESSAGES[name]
    out: dict[str, Any] = {}
    for number, value in _wire(data):
        field = fields.get(number)
        if field is None:
            continue
        if field.shape == "map":
            entry = dict(_wire(_bytes(value)))
            out.setdefault(field.name, {})[_text(entry.get(1, b""))] = _value(entry.get(2, b""), field.type)
        elif field.shape == "*":
            out.setdefault(field.name, []).append(_value(value, field.type))
        else:
            read = _value(value, field.type)
            # the sender writes what is empty too; absent is what it means, but where zero says something
            if field.name == ".":
                out |= read
            elif read or field.kept or (field.shape == "?" and read is not None):
                out[field.name] = read
    return out


def _value(value: int | bytes, type_: str) -> Any:
    read = _WHOLE.get(type_)
    return read(value) if read is not None else _message(_bytes(value), type_)


# -- what is one value in JSON ---------------------------------------------------------------------


def _number(value: int | bytes) -> int:
    number = _int(value)
    return number - (1 << 64) if number >= 1 << 63 else number


def _time(value: int | bytes) -> str | None:
    parts = dict(_wire(_bytes(value)))
    return timestamp(float(_int(parts[1]))) if 1 in parts else None


def _micro_time(value: int | bytes) -> str | None:
    parts = dict(_wire(_bytes(value)))
    return micro_timestamp(_int(parts[1]) + _int(parts.get(2, 0)) / 1e9) if 1 in parts else None


def _int_or_string(value: int | bytes) -> int | str:
    parts = dict(_wire(_bytes(value)))
    return _text(parts.get(3, b"")) if parts.get(1) == 1 else _number(parts.get(2, 0))


def _quantity(value: int | bytes) -> str:
    return _text(dict(_wire(_bytes(value))).get(1, b""))


def _json(value: int | bytes) -> Any:
    """What is JSON also here: the data of a ControllerRevision, the fields that a manager owns."""
    raw = _bytes(dict(_wire(_bytes(value))).get(1, b""))
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        raise Malformed("proto: raw is not JSON") from None


_WHOLE: dict[str, Callable[[int | bytes], Any]] = {
    "str": lambda value: _text(value),
    "int": _number,
    "bool": lambda value: bool(_int(value)),
    "bytes": lambda value: base64.b64encode(_bytes(value)).decode(),
    "Time": _time,
    "MicroTime": _micro_time,
    "IntOrString": _int_or_string,
    "Quantity": _quantity,
    "RawExtension": _json,
    "FieldsV1": _json,
    "ExtraValue": lambda value: [_text(item) for _, item in _wire(_bytes(value))],
}


# -- the table -------------------------------------------------------------------------------------

MESSAGES: dict[str, dict[int, Field]] = {}
_OF_KIND: dict[str, str] = {}
"""For who names another version than the message's: options come in every version."""

for _line in files("core.apiserver").joinpath("protobuf.txt").read_text("utf-8").splitlines():
    _name, _, _fields = _line.partition(": ")
    _package, _, _kind = _name.rpartition(".")
    MESSAGES[_name] = dict(_field(text, _package) for text in _fields.split(",") if text)
    if _kind == "DeleteOptions" or _fields.startswith("1 metadata:meta"):
        _OF_KIND[_kind] = _name


# -- the wire --------------------------------------------------------------------------------------


def _wire(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield field numbers and values: numbers as int, all else as bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        value: int | bytes
        if kind == 0:
            value, at = _varint(data, at)
        elif kind in (1, 2, 5):
            size, at = _varint(data, at) if kind == 2 else (8 if kind == 1 else 4, at)
            if at + size > len(data):
                raise Malformed("unexpected EOF")
            value, at = data[at : at + size], at + size
        else:
            raise Malformed(f"proto: illegal wireType {kind}")
        yield key >> 3, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise Malformed("unexpected EOF" if shift < 70 else "proto: integer overflow")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    raise Malformed("proto: wrong wireType")


def _int(value: int | bytes) -> int:
    if isinstance(value, int):
        return value
    raise Malformed("proto: wrong wireType")


def _text(value: int | bytes) -> str:
    try:
        return _bytes(value).decode()
    except UnicodeDecodeError:
        raise Malformed("proto: string is not UTF-8") from None
