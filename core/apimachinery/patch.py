"""Patches: JSON (RFC 6902), merge (RFC 7386), strategic merge, and the one kubectl apply computes.

Nothing that goes in is changed. Merge keys come from the official schemas.
Source: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go,
apiserver/pkg/endpoints/handlers/patch.go (v1.36); api.md section 2.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import jsonpatch

from core.apimachinery.errors import ApiError, BadRequest, FieldError, Invalid
from core.apimachinery.meta import Obj, copied
from core.apimachinery.schema import Type, field_type, type_of

_ORDER = "$setElementOrder/"
_DELETE_PRIMITIVES = "$deleteFromPrimitiveList/"
_DIRECTIVES = ("$patch", "$retainKeys")


class Unprocessable(ApiError):
    """A patch that is well formed and cannot be applied."""

    code, reason = 422, "Invalid"


# -- JSON patch and merge patch --------------------------------------------------------------------


def json_patch(obj: Obj, operations: Any) -> Obj:
    """Apply RFC 6902 *operations*. Raises: BadRequest, Unprocessable."""
    if not isinstance(operations, list):
        found = "object" if isinstance(operations, dict) else type(operations).__name__
        raise BadRequest(
            f"error decoding patch: json: cannot unmarshal {found} into Go value of type []handlers.jsonPatchOp"
        )
    prepared = [_with_value(operation) for operation in operations]
    try:
        new = jsonpatch.JsonPatch(prepared).apply(obj)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, KeyError, TypeError) as error:
        raise Unprocessable("the server rejected our request due to an error in our request") from error
    if not isinstance(new, dict):
        raise Unprocessable("the server rejected our request due to an error in our request")
    return new


def _with_value(operation: Any) -> Any:
    if isinstance(operation, dict) and operation.get("op") == "replace" and "value" not in operation:
        return {**operation, "value": None}
    return operation


def merge_patch(obj: Any, patch: Any) -> Any:
    """Apply an RFC 7386 *patch*. Raises: BadRequest when the whole of it is no object."""
    if not isinstance(patch, dict):
        raise _no_object(patch, "error decoding patch: ")
    return _merged(obj, patch)


def _merged(value: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copied(patch)
    out = dict(value) if isinstance(value, dict) else {}
    for key, change in patch.items():
        if change is None:
            out.pop(key, None)
        else:
            out[key] = _merged(out.get(key), change)
    return out


def _no_object(patch: Any, prefix: str) -> BadRequest:
    if patch is None:
        return BadRequest("Invalid JSON Patch")
    found = "array" if isinstance(patch, list) else "string" if isinstance(patch, str) else "number"
    return BadRequest(
        f"{prefix}json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
    )


# -- strategic merge patch -------------------------------------------------------------------------


def strategic_merge_patch(obj: Obj, patch: Any) -> Obj:
    """Apply a strategic merge *patch* to *obj*, whose kind says how its lists merge.

    Raises: BadRequest, Invalid.
    """
    if not isinstance(patch, dict):
        raise _no_object(patch, "")
    merged = _strategic(obj, patch, type_of(obj["kind"], obj["apiVersion"]))
    assert isinstance(merged, dict)
    return merged


def _strategic(value: Any, patch: dict[str, Any], kind: Type | None) -> Any:
    directive = patch.get("$patch", "merge")
    if directive == "replace":
        return copied({k: v for k, v in patch.items() if k != "$patch"})
    if directive == "delete":
        return {}
    if directive != "merge":
        raise BadRequest(f"unknown patch type: {directive} in map: {_go_map(patch)}")
    out = dict(value) if isinstance(value, dict) else {}
    for key, change in patch.items():
        if key in _DIRECTIVES or key.startswith((_ORDER, _DELETE_PRIMITIVES)):
            continue
        if change is None:
            out.pop(key, None)
        else:
            out[key] = _strategic_field(out.get(key), change, field_type(kind, key), patch, key)
    _apply_list_directives(out, patch, kind)
    kept = patch.get("$retainKeys")
    return {key: item for key, item in out.items() if key in kept} if kept is not None else out


def _strategic_field(value: Any, change: Any, kind: Type | None, patch: dict[str, Any], key: str) -> Any:
    if isinstance(change, dict):
        if kind is not None and kind.shape == "list":
            raise _patch_invalid(patch, "cannot restore slice from map")
        return _strategic(value, change, kind)
    if isinstance(change, list) and kind is not None and kind.shape == "list" and kind.merge:
        old = value if isinstance(value, list) else []
        if kind.merge_key:
            return _merged_by_key(old, change, kind)
        return list(dict.fromkeys([*old, *change]))
    return copied(_without_directives(change)) if isinstance(change, list) else change


def _apply_list_directives(out: dict[str, Any], patch: dict[str, Any], kind: Type | None) -> None:
    for directive, values in patch.items():
        if directive.startswith(_DELETE_PRIMITIVES):
            key = directive[len(_DELETE_PRIMITIVES) :]
            out[key] = [item for item in out.get(key) or () if item not in values]
    for directive, values in patch.items():
        if directive.startswith(_ORDER):
            key = directive[len(_ORDER) :]
            field = field_type(kind, key)
            if key in out and field is not None:
                out[key] = _ordered(out[key], values, field.merge_key)


def _without_directives(change: list[Any]) -> list[Any]:
    return [
        {k: v for k, v in item.items() if k not in _DIRECTIVES} if isinstance(item, dict) else item
        for item in change
        if not (isinstance(item, dict) and set(item) == {"$patch"})
    ]


def _merged_by_key(old: list[Any], change: list[Any], kind: Type) -> list[Any]:
    key = kind.merge_key
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in change):
        return copied([item for item in change if item.get("$patch") != "replace"])
    out = list(old)
    for item in change:
        if not isinstance(item, dict) or key not in item:
            raise BadRequest(f"map: {_go_map(item)} does not contain declared merge key: {key}")
        at = next((n for n, found in enumerate(out) if found.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            if at is not None:
                del out[at]
        elif at is None:
            out.append(_strategic({}, item, kind.of))
        else:
            out[at] = _strategic(out[at], item, kind.of)
    return out


def _ordered(items: list[Any], wanted: Sequence[Any], key: str) -> list[Any]:
    """Put the elements that *wanted* names in its order; the others keep to the neighbour before them."""

    def name(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    rank = {name(item): number for number, item in enumerate(wanted)}
    named = sorted((item for item in items if name(item) in rank), key=lambda item: rank[name(item)])
    out: list[Any] = []
    rest = iter(named)
    for item in items:
        out.append(next(rest) if name(item) in rank else item)
    return out


def _patch_invalid(patch: Any, why: str) -> Invalid:
    message = f'Invalid value: "{_go_map(patch)}": {why}'
    return Invalid("", "", [FieldError("patch", "FieldValueInvalid", message)])


def _go_map(value: Any) -> str:
    """Print *value* as Go prints a map: ``map[spec:map[replicas:5]]``."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go_map(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(_go_map(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "<nil>" if value is None else str(value)


# -- kubectl apply ---------------------------------------------------------------------------------


def three_way(original: Obj | None, modified: Obj, current: Obj) -> Obj:
    """Return the strategic merge patch that client-side apply sends.

    What *modified* says is set where *current* differs; what *original* (the last applied object) said and
    *modified* no longer says is removed; all else of *current* stays.
    """
    kind = type_of(modified["kind"], modified["apiVersion"])
    return _three_way(original or {}, modified, current, kind)


def _three_way(original: Any, modified: Obj, current: Any, kind: Type | None) -> Obj:
    original = original if isinstance(original, dict) else {}
    current = current if isinstance(current, dict) else {}
    patch: Obj = {}
    for key, wanted in modified.items():
        found = current.get(key)
        if key in current and found == wanted and original.get(key, wanted) == wanted:
            continue
        field = field_type(kind, key)
        if isinstance(wanted, dict):
            inner = _three_way(original.get(key), wanted, found, field)
            if inner or key not in current:
                patch[key] = inner
        elif _is_merged_list(wanted, field):
            assert field is not None
            _three_way_list(patch, key, (original.get(key) or [], wanted, found or []), field)
        elif key not in current or found != wanted:
            patch[key] = copied(wanted)
    for key in original:
        if key not in modified and key in current:
            patch[key] = None
    return patch


def _is_merged_list(value: Any, kind: Type | None) -> bool:
    return isinstance(value, list) and kind is not None and kind.shape == "list" and kind.merge


def _three_way_list(patch: Obj, key: str, lists: tuple[list[Any], list[Any], list[Any]], kind: Type) -> None:
    original, modified, current = lists
    name = kind.merge_key
    if not name:
        added = [item for item in modified if item not in current]
        dropped = [item for item in original if item not in modified and item in current]
        if added:
            patch[key] = added
        if dropped:
            patch[_DELETE_PRIMITIVES + key] = dropped
        return
    before, now = _by_key(original, name), _by_key(current, name)
    changes: list[Obj] = []
    for item in modified:
        identity = item.get(name)
        if identity not in now:
            changes.append(copied(item))
            continue
        inner = _three_way(before.get(identity), item, now[identity], kind.of)
        if inner:
            changes.append({**inner, name: identity})
    kept = _by_key(modified, name)
    changes += [{name: k, "$patch": "delete"} for k in before if k not in kept and k in now]
    wanted = [item.get(name) for item in modified]
    reordered = [k for k in now if k in kept] != [k for k in wanted if k in now]
    if changes or reordered:
        patch[key] = changes
        patch[_ORDER + key] = [{name: k} for k in wanted]


def _by_key(items: Iterable[Any], key: str) -> dict[Any, Any]:
    return {item.get(key): item for item in items if isinstance(item, dict)}
