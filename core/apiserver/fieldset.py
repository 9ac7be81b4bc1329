"""Sets of field paths: what server-side apply owns, compares, merges and takes away.

A path is a tuple of elements as managedFields write them: ``f:spec``, ``k:{"name":"nginx"}`` for an element
of a list with keys, ``v:"x"`` for one of a set. A set of such paths stands for a FieldsV1 tree.
Source: sigs.k8s.io/structured-merge-diff/v6 (fieldpath, typed).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from core.apimachinery.meta import Obj
from core.apimachinery.schema import Type, field_type

Path = tuple[str, ...]
Leaves = dict[Path, Any]

_MARK = object()  # the value of a path that stands for a container: equal to itself only
_KEY_DEFAULTS = {"protocol": "TCP"}  # the one key field that has a default


# -- FieldsV1 --------------------------------------------------------------------------------------


def from_fields(fields: Mapping[str, Any], at: Path = ()) -> set[Path]:
    """Return the paths of a FieldsV1 tree."""
    found: set[Path] = set()
    for element, below in fields.items():
        if element == ".":
            found.add(at)
            continue
        path = (*at, element)
        if not below:
            found.add(path)
        else:
            found |= from_fields(below, path)
    return found


def to_fields(paths: Iterable[Path]) -> dict[str, Any]:
    """Return the FieldsV1 tree of *paths*."""
    root: dict[str, Any] = {}
    owned = set(paths)
    for path in sorted(owned):
        node = root
        for depth, element in enumerate(path, 1):
            if element not in node:
                node[element] = {}
            node = node[element]
            if depth < len(path) and path[:depth] in owned:
                node.setdefault(".", {})
    return root


def path_text(path: Path) -> str:
    """Return ``.spec.template.spec.containers[name="nginx"].image``."""
    out = ""
    for element in path:
        kind, _, rest = element.partition(":")
        if kind == "f":
            out += f".{rest}"
        elif kind == "k":
            keys = json.loads(rest)
            out += "[" + ",".join(f"{key}={_json(value)}" for key, value in keys.items()) + "]"
        else:
            out += f"[={rest}]"
    return out


def in_order(path: Path) -> list[tuple[bool, str]]:
    """Sort by this: at each node the leaves before what lies deeper."""
    return [(depth < len(path) - 1, element) for depth, element in enumerate(path)]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


# -- values ----------------------------------------------------------------------------------------


def leaves(value: Any, type_: Type | None, *, containers: bool) -> Leaves:
    """Return every path of *value* with what stands there.

    *containers*: also maps and lists themselves, as sets of Update have them.
    """
    found: Leaves = {}
    _walk(value, type_, (), containers, found)
    found.pop((), None)
    return found


def _walk(value: Any, type_: Type | None, path: Path, containers: bool, found: Leaves) -> None:
    shape = type_.shape if type_ is not None and type_.topology != "atomic" else "any"
    if shape in ("struct", "map") and isinstance(value, dict) and value:
        if containers and shape == "map":
            found[path] = _MARK
        for key, item in value.items():
            _walk(item, field_type(type_, key), (*path, f"f:{key}"), containers, found)
    elif shape == "list" and isinstance(value, list) and type_ and type_.topology in ("map", "set"):
        if containers or not value:
            found[path] = _MARK
        for item in value:
            below = (*path, element_of(item, type_))
            found[below] = _MARK if type_.topology == "map" else item
            if type_.topology == "map":
                _walk_element(item, type_.of, below, containers, found)
    else:
        found[path] = value


def _walk_element(item: Any, of: Type | None, path: Path, containers: bool, found: Leaves) -> None:
    for key, value in item.items():
        _walk(value, field_type(of, key), (*path, f"f:{key}"), containers, found)


def element_of(item: Any, type_: Type) -> str:
    """Return the path element that names *item* in a list of *type_*."""
    if type_.topology == "set" or not isinstance(item, dict):
        return f"v:{_json(item)}"
    keys = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in type_.keys}
    return f"k:{_json({key: value for key, value in keys.items() if value is not None})}"


def merged(live: Any, applied: Any, type_: Type | None) -> Any:
    """Return *live* with *applied* laid over it."""
    shape = type_.shape if type_ is not None and type_.topology != "atomic" else "any"
    if shape in ("struct", "map") and isinstance(live, dict) and isinstance(applied, dict):
        out = dict(live)
        for key, item in applied.items():
            out[key] = merged(live.get(key), item, field_type(type_, key))
        return out
    if shape == "list" and isinstance(live, list) and type_ and type_.topology in ("map", "set"):
        by_element = {element_of(item, type_): item for item in live}
        for item in applied:
            element = element_of(item, type_)
            by_element[element] = merged(by_element.get(element), item, type_.of)
        return list(by_element.values())
    return applied


def removed(value: Any, paths: set[Path], type_: Type | None) -> Any:
    """Return *value* without *paths*; what is left empty by that goes too."""
    here = {path for path in paths if path}
    if not here:
        return value
    by_element: dict[str, set[Path]] = {}
    for path in here:
        by_element.setdefault(path[0], set()).add(path[1:])
    if isinstance(value, dict):
        return _removed_from_map(value, by_element, type_)
    if isinstance(value, list) and type_ is not None:
        return _removed_from_list(value, by_element, type_)
    return value


def _removed_from_map(value: Obj, by_element: dict[str, set[Path]], type_: Type | None) -> Obj:
    out = {}
    for key, item in value.items():
        below = by_element.get(f"f:{key}")
        if below is None:
            out[key] = item
        elif () not in below:
            item = removed(item, below, field_type(type_, key))
            if item not in ({}, []):
                out[key] = item
    return out


def _removed_from_list(value: list[Any], by_element: dict[str, set[Path]], type_: Type) -> list[Any]:
    out = []
    for item in value:
        below = by_element.get(element_of(item, type_))
        if below is None:
            out.append(item)
        elif () not in below:
            out.append(removed(item, below, type_.of))
    return out
