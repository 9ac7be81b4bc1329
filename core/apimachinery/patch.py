"""The patches the API takes (JSON, merge, strategic merge), and the one that ``kubectl apply`` computes.

All are pure: the object and the patch are never changed, the result shares what did not change.
Source: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go, apiserver/pkg/endpoints/handlers/
patch.go (v1.36); RFC 6902, RFC 7386.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import jsonpatch
from jsonpointer import JsonPointerException

from core.apimachinery import schema
from core.apimachinery.decode import json_word
from core.apimachinery.errors import ApiError, BadRequest, Invalid
from core.apimachinery.meta import Obj, copied
from core.apimachinery.schema import Type
from core.apimachinery.validation import invalid

MAX_OPERATIONS = 10_000
MAX_DEPTH = 200
MAX_COPIED = 200_000  # values in a document that a JSON patch copies into itself

_DIRECTIVE = "$patch"
_RETAIN = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE = "$deleteFromPrimitiveList/"
_NOT_A_MAP = "json: cannot unmarshal {} into Go value of type map[string]interface {{}}"


class Unprocessable(ApiError):
    """A JSON patch that is well formed and cannot be applied."""

    code, reason = 422, "Invalid"

    def __init__(self) -> None:
        super().__init__("the server rejected our request due to an error in our request")

    def status(self) -> dict[str, Any]:
        """Return the Status; its details are empty, not absent."""
        return {**super().status(), "details": {}}


# -- JSON patch ------------------------------------------------------------------------------------


def json_patch(obj: Obj, operations: Any) -> Obj:
    """Apply an RFC 6902 patch.

    Raises: BadRequest when it is none, Unprocessable when it does not apply.
    """
    if not isinstance(operations, list) or not all(isinstance(op, dict) for op in operations):
        wrong = operations if not isinstance(operations, list) else "x"
        target = "handlers.jsonPatchOp" if isinstance(operations, list) else "[]handlers.jsonPatchOp"
        raise BadRequest(
            f"error decoding patch: json: cannot unmarshal {json_word(wrong)} into Go value of type {target}"
        )
    if len(operations) > MAX_OPERATIONS:
        raise BadRequest(f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}")
    out: Any = copied(obj)
    try:
        for operation in operations:
            if operation.get("op") in ("add", "replace", "test"):
                operation = {"value": None, **operation}
            out = jsonpatch.JsonPatch([operation]).apply(out, in_place=True)
            if operation.get("op") == "copy" and not _fits(out):
                raise Unprocessable
    except (jsonpatch.JsonPatchException, JsonPointerException, TypeError, KeyError, ValueError):
        raise Unprocessable from None
    if not isinstance(out, dict):
        raise Unprocessable
    return out


def _fits(value: Any) -> bool:
    left, waiting = MAX_COPIED, [value]
    while waiting and left:
        item = waiting.pop()
        left -= 1
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return not waiting


# -- merge patch -----------------------------------------------------------------------------------


def merge_patch(obj: Obj, patch: Any) -> Obj:
    """Apply an RFC 7386 patch: null deletes, lists replace.

    Raises: BadRequest when it is no object.
    """
    if patch is None:
        raise BadRequest("Invalid JSON Patch")
    if not isinstance(patch, Mapping):
        raise BadRequest("error decoding patch: " + _NOT_A_MAP.format(json_word(patch)))
    return _merged(obj, patch, 0)


def _merged(target: Any, patch: Mapping[str, Any], depth: int) -> Obj:
    if depth > MAX_DEPTH:
        raise BadRequest(f"the patch is nested deeper than {MAX_DEPTH} levels")
    out = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, Mapping):
            out[key] = _merged(out.get(key), value, depth + 1)
        else:
            out[key] = value
    return out


# -- strategic merge patch -------------------------------------------------------------------------


def strategic_merge_patch(obj: Obj, patch: Any) -> Obj:
    """Apply a strategic merge patch; merge keys come from the official schema of the object's kind.

    Raises: BadRequest when it is no object or lacks a merge key, Invalid when a list meets an object.
    """
    if not isinstance(patch, Mapping):
        raise BadRequest(_NOT_A_MAP.format(json_word(patch)))
    root = schema.type_of(obj.get("kind", ""), obj.get("apiVersion", ""))
    try:
        return _merge_map(obj, patch, root, 0) or {}
    except _Mismatch as exc:
        raise Invalid("", "", [invalid("patch", go_text(patch), str(exc))]) from None


class _Mismatch(Exception):
    """A list where the schema or the object has something else, or the other way round."""


def _merge_map(original: Any, patch: Mapping[str, Any], type_: Type | None, depth: int) -> Obj | None:
    """Return *original* with *patch* merged in; None: a directive deletes it."""
    if depth > MAX_DEPTH:
        raise BadRequest(f"the patch is nested deeper than {MAX_DEPTH} levels")
    directive = patch.get(_DIRECTIVE)
    if directive == "delete":
        return None
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != _DIRECTIVE}
    if directive not in (None, "merge"):
        raise BadRequest(f"unknown patch type: {directive} in map: {go_text(patch)}")
    out = dict(original) if isinstance(original, dict) else {}
    if _RETAIN in patch:
        out = {key: value for key, value in out.items() if key in patch[_RETAIN]}

    for key, value in patch.items():
        if key.startswith((_ORDER, _DELETE)):
            field = key.partition("/")[2]
            inner = schema.field_type(type_, field)
            # without the field itself there is nothing to merge, only to order or take out
            if inner and inner.merge and field not in patch and isinstance(out.get(field), list):
                out[field] = _merge_list(out[field], [], inner, _directives(patch, field))
        elif key in (_DIRECTIVE, _RETAIN):
            continue
        elif value is None:
            out.pop(key, None)
        else:
            merged = _merge_value(out.get(key), value, (key, patch), type_, depth)
            if merged is None:
                out.pop(key, None)
            else:
                out[key] = merged
    return out


def _merge_value(
    old: Any, new: Any, at: tuple[str, Mapping[str, Any]], parent: Type | None, depth: int
) -> Any:
    key, patch = at
    type_ = schema.field_type(parent, key)
    if isinstance(new, Mapping):
        if isinstance(old, list) or (type_ and type_.shape == "list"):
            raise _Mismatch("cannot restore slice from map")
        return _merge_map(old, new, type_, depth + 1)
    if isinstance(new, list):
        if isinstance(old, dict):
            raise _Mismatch("cannot restore map from slice")
        return _merge_list(old if isinstance(old, list) else [], new, type_, _directives(patch, key))
    return new


Directives = tuple[list[Any] | None, list[Any]]
"""The wanted order ($setElementOrder), and the primitives to take out ($deleteFromPrimitiveList)."""


def _directives(patch: Mapping[str, Any], field: str) -> Directives:
    return patch.get(_ORDER + field), patch.get(_DELETE + field) or []


def _merge_list(old: list[Any], new: list[Any], type_: Type | None, directives: Directives) -> list[Any]:
    order, removed = directives
    if type_ is None or not type_.merge:
        return new
    if type_.merge_key:
        return _merge_objects(old, new, type_, order)
    merged = [item for item in old if item not in removed]
    merged += [item for item in new if item not in merged]
    wanted = order if order is not None else new
    return _ordered(merged, [item for item in wanted if item in merged], old, None)


def _merge_objects(old: list[Any], new: list[Any], type_: Type, order: list[Any] | None) -> list[Any]:
    key = type_.merge_key
    if any(isinstance(item, dict) and item.get(_DIRECTIVE) == "replace" for item in new):
        return [item for item in new if item.get(_DIRECTIVE) != "replace"]
    merged = list(old)
    for item in new:
        value = _merge_key_of(item, key)
        at = next((n for n, have in enumerate(merged) if have.get(key) == value), None)
        result = _merge_map({} if at is None else merged[at], item, type_.of, 0)
        if at is None:
            merged += [] if result is None else [result]
        elif result is None:
            del merged[at]
        else:
            merged[at] = result
    present = {_hashable(item.get(key)) for item in merged}
    wanted = [_merge_key_of(item, key) for item in (order if order is not None else new)]
    return _ordered(merged, [value for value in wanted if _hashable(value) in present], old, key)


def _merge_key_of(item: Any, key: str) -> Any:
    if not isinstance(item, dict) or key not in item:
        raise BadRequest(f"map: {go_text(item)} does not contain declared merge key: {key}")
    return item[key]


def _ordered(merged: list[Any], wanted: list[Any], old: list[Any], key: str | None) -> list[Any]:
    """Return *merged* with the *wanted* ones in that order; the others keep their place among the *old*."""

    def value(item: Any) -> Hashable:
        return _hashable(item if key is None else item.get(key))

    by_value = {value(item): item for item in merged}
    place = {value(item): at for at, item in enumerate(old)}
    right = list(dict.fromkeys(_hashable(item) for item in wanted))
    left = [value(item) for item in merged if value(item) not in set(right)]
    out = []
    while left and right:
        # a stored element comes first only if both are stored and it stood first
        first = left[0] in place and right[0] in place and place[left[0]] < place[right[0]]
        out.append((left if first else right).pop(0))
    return [by_value[item] for item in [*out, *left, *right]]


def _hashable(value: Any) -> Hashable:
    return value if isinstance(value, Hashable) else json.dumps(value, sort_keys=True)


# -- what kubectl apply sends ----------------------------------------------------------------------


def three_way(original: Obj | None, modified: Obj, current: Obj) -> Obj:
    """Return the strategic merge patch that client-side apply sends; ``{}``: nothing to do.

    *original*: what was applied last; *modified*: what is applied now; *current*: what the cluster has.
    Fields that are in *original* and no longer in *modified* are deleted, others are left as they are.
    """
    root = schema.type_of(current.get("kind", ""), current.get("apiVersion", ""))
    return _difference(original or {}, modified, current, root)


def _difference(original: Obj, modified: Obj, current: Obj, type_: Type | None) -> Obj:
    out: Obj = {}
    for key, new in modified.items():
        if key not in current:
            out[key] = new
            continue
        old, field = current[key], schema.field_type(type_, key)
        if isinstance(new, dict) and isinstance(old, dict):
            inner = _difference(_dict(original.get(key)), new, old, field)
            if inner:
                out[key] = {**inner, _RETAIN: sorted(new)} if field and field.retain_keys else inner
        elif isinstance(new, list) and isinstance(old, list) and field and field.merge:
            before = original.get(key)
            _list_difference(out, (key, field), before if isinstance(before, list) else [], new, old)
        elif new != old:
            out[key] = new
    for key in original:
        if key not in modified:
            out[key] = None
    return out


def _list_difference(
    out: Obj, at: tuple[str, Type], original: list[Any], modified: list[Any], current: list[Any]
) -> None:
    """Put into *out* what turns the merging list *current* into *modified*."""
    name, type_ = at
    key = type_.merge_key
    if not key:
        gone = [item for item in original if item not in modified]
        changes = [item for item in modified if item not in current]
        if gone:
            out[_DELETE + name] = gone
        order: list[Any] = modified
    else:
        changes, gone = _object_changes(type_, original, modified, current), []
        order = [{key: item[key]} for item in modified if key in item]
    if changes:
        out[name] = changes
    if changes or gone or _out_of_order(order, current, key):
        out[_ORDER + name] = order


def _object_changes(type_: Type, original: list[Any], modified: list[Any], current: list[Any]) -> list[Any]:
    key = type_.merge_key
    have, before = _by_key(current, key), _by_key(original, key)
    changes: list[Any] = []
    for item in modified:
        value = _hashable(item.get(key))
        if value not in have:
            changes.append(item)
            continue
        inner = _difference(before.get(value, {}), item, have[value], type_.of)
        if inner:
            if type_.retain_keys:
                inner[_RETAIN] = sorted(item)
            changes.append({**inner, key: item[key]})
    kept = _by_key(modified, key)
    changes += [{_DIRECTIVE: "delete", key: item[key]} for value, item in before.items() if value not in kept]
    return changes


def _by_key(items: Iterable[Any], key: str) -> dict[Hashable, Obj]:
    return {_hashable(item[key]): item for item in items if key in item}


def _out_of_order(order: list[Any], current: list[Any], key: str) -> bool:
    wanted = [item[key] if key else item for item in order]
    have = [item.get(key) if key else item for item in current]
    return [item for item in wanted if item in have] != [item for item in have if item in wanted]


def _dict(value: Any) -> Obj:
    return value if isinstance(value, dict) else {}


# -- Go's words ------------------------------------------------------------------------------------


def go_text(value: Any) -> str:
    """Return *value* as Go's ``%v`` prints it: ``map[image:x name:c]``."""
    if isinstance(value, Mapping):
        return f"map[{' '.join(f'{key}:{go_text(item)}' for key, item in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(go_text(item) for item in value)}]"
    if value is None:
        return "<nil>"
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
