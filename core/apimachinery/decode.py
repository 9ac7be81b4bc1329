"""The API server's decoder: JSON data into one kind's fields, with what strict decoding finds.

Source: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json and sigs.k8s.io/json (v1.36).
Differs: every wrong type is found, where Go's decoder reports the first only; and a value may be nested
a hundred levels deep, not ten thousand.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from core.apimachinery import quantity, schema
from core.apimachinery.meta import Obj
from core.apimachinery.schema import Type

Path = tuple[str | int, ...]

_TIME = "2006-01-02T15:04:05Z07:00"
_MICRO_TIME = "2006-01-02T15:04:05.000000Z07:00"
MAX_DEPTH = 100  # levels, as in a manifest
_BITS = {"int32": 31, "int64": 63}


class Finding(NamedTuple):
    """*message*: the API server's words, without the sentence around them."""

    path: Path
    message: str


class Decoded(NamedTuple):
    obj: Obj
    """A new object: unknown fields and nulls dropped, quantities and times in canonical text."""
    unknown: list[Finding]
    """``unknown field "spec.foo"``: an error under fieldValidation=Strict, else a warning."""
    wrong: list[Finding]
    """Values of the wrong type: refused whatever fieldValidation says; the API server reports the first."""


def path_text(path: Path) -> str:
    """Return ``spec.containers[0].name`` for ``("spec", "containers", 0, "name")``."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
    return out


def decode(obj: Obj, kind: str, api_version: str = "") -> Decoded:
    """Decode *obj* as *kind*; *api_version* "" means the object's own.

    A kind that Kubernetes does not have is returned as it came.
    """
    root = schema.type_of(kind, api_version or obj.get("apiVersion") or "")
    if root is None:
        return Decoded(obj, [], [])
    decoder = _Decoder()
    return Decoded(decoder.struct(obj, root, (), ""), decoder.unknown, decoder.wrong)


def strict_decode(obj: Obj, kind: str, api_version: str = "") -> list[Finding]:
    """Return what the API server would refuse under fieldValidation=Strict: the wrong, else the unknown."""
    decoded = decode(obj, kind, api_version)
    return decoded.wrong or decoded.unknown


class _Decoder:
    """Walks value and type side by side.

    *field* is what Go's errors name: the innermost struct, then the fields on the way, without list
    indexes and map keys (``ContainerPort.spec.containers.ports.containerPort``).
    """

    def __init__(self) -> None:
        self.structs = schema.load().structs
        self.unknown: list[Finding] = []
        self.wrong: list[Finding] = []

    def struct(self, value: Obj, type_: Type, path: Path, field: str) -> Obj:
        fields, out = self.structs[type_.struct], {}
        name = type_.struct.rpartition(".")[2]
        above = field.partition(".")[2]
        for key, item in value.items():
            of = fields.get(key)
            if of is None:
                self.unknown.append(Finding((*path, key), f'unknown field "{path_text((*path, key))}"'))
            elif item is not None:
                inner = f"{name}.{above}.{key}" if above else f"{name}.{key}"
                out[key] = self.value(item, of, (*path, key), inner)
        return out

    def value(self, value: Any, type_: Type, path: Path, field: str) -> Any:
        shape = type_.shape
        if value is None:
            return {} if shape in ("struct", "map") else [] if shape == "list" else ""
        if shape == "string":
            if not isinstance(value, str):
                self._mismatch(value, type_.go, path, field)
            return value
        if shape == "struct" and isinstance(value, dict):
            return self.struct(value, type_, path, field)
        if shape == "list" and isinstance(value, list) and type_.of:
            return [self.value(item, type_.of, (*path, at), field) for at, item in enumerate(value)]
        if shape == "map" and isinstance(value, dict) and type_.of:
            return self._map(value, type_.of, path, field)
        if shape in ("quantity", "time", "micro-time", "int-or-string"):
            return self._written(value, shape, path)
        if shape == "any":
            if is_too_deep(value):
                self._wrong(path, "exceeded max depth")
            return value
        return self._number(value, type_, path, field)

    def _map(self, value: Obj, of: Type, path: Path, field: str) -> Obj:
        if of.shape != "quantity":
            return {key: self.value(item, of, (*path, key), field) for key, item in value.items()}
        # a ResourceList: its defaulting rounds up to a milli
        return {key: self._quantity(item, (*path, key), milli=True) for key, item in value.items()}

    def _number(self, value: Any, type_: Type, path: Path, field: str) -> Any:
        """Booleans and numbers; whatever else comes here is a mismatch."""
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if (type_.shape == "boolean" and isinstance(value, bool)) or (type_.shape == "number" and is_number):
            return value
        if type_.shape == "integer" and is_number:
            whole = int(value) if math.isfinite(value) and int(value) == value else None
            bits = _BITS.get(type_.go, 63)
            if whole is not None and -(2**bits) <= whole < 2**bits:
                return whole
            self._mismatch(value, type_.go, path, field, literal=f" {value}")
            return value
        self._mismatch(value, type_.go, path, field)
        return value

    def _written(self, value: Any, shape: str, path: Path) -> Any:
        """The types with a text of their own, whose errors name no Go field."""
        if shape == "quantity":
            return self._quantity(value, path)
        if shape == "int-or-string":
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not isinstance(value, str) and not (whole and -(2**31) <= value < 2**31):
                word = json_word(value) + (f" {value}" if whole else "")
                self._wrong(path, f"json: cannot unmarshal {word} into Go value of type int32")
            return value
        if not isinstance(value, str):
            self._wrong(path, f"json: cannot unmarshal {json_word(value)} into Go value of type string")
            return value
        problem = _time_error(value, _MICRO_TIME if shape == "micro-time" else _TIME)
        if problem:
            self._wrong(path, problem)
            return value
        moment = datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if shape == "micro-time" else "%Y-%m-%dT%H:%M:%SZ")

    def _quantity(self, value: Any, path: Path, *, milli: bool = False) -> Any:
        if value is None:
            return "0"
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            self._wrong(path, quantity.FORMAT_WRONG)
            return value
        try:
            return quantity.canonical(value, milli=milli)
        except quantity.QuantityError as exc:
            self._wrong(path, str(exc))
            return value

    def _mismatch(self, value: Any, go: str, path: Path, field: str, *, literal: str = "") -> None:
        word = json_word(value) + literal
        self._wrong(path, f"json: cannot unmarshal {word} into Go struct field {field} of type {go}")

    def _wrong(self, path: Path, message: str) -> None:
        self.wrong.append(Finding(path, message))


def is_too_deep(value: Any) -> bool:
    """Tell whether *value* is nested deeper than components can follow: MAX_DEPTH levels."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def json_word(value: Any) -> str:
    """Return what Go's decoder calls the JSON value *value*."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array"


_ELEMENTS = re.compile(r"2006|01|02|15|04|05|\.0+|Z07:00|.")
_EXPECTED = {"2006": r"\d{4}", "Z07:00": r"Z|[+-]\d\d:\d\d"}


def _time_error(text: str, layout: str) -> str:
    """Return how Go's time.Parse refuses *text*, or ""."""
    rest = text
    for element in _ELEMENTS.findall(layout):
        if element[0] == "." and len(element) > 1:
            pattern = rf"\.\d{{{len(element) - 1}}}"
        elif element.isdigit() or element == "Z07:00":
            pattern = _EXPECTED.get(element, r"\d\d")
        else:
            pattern = re.escape(element)
        found = re.match(pattern, rest, re.ASCII)
        if not found:
            return f'parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{element}"'
        rest = rest[found.end() :]
        if element == "05" and ".0" not in layout and (fraction := re.match(r"\.\d+", rest)):
            rest = rest[fraction.end() :]
    if rest:
        return f'parsing time "{text}": extra text: "{rest}"'
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
    except OverflowError:
        return f'parsing time "{text}": year out of range'
    except ValueError as exc:
        return f'parsing time "{text}": {str(exc).split(" must ")[0]} out of range'
    return ""
