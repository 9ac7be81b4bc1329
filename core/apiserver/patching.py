"""PATCH: the bytes of a patch applied to a served object, decoded, and checked for unknown fields.

Source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go (v1.36).
"""

from __future__ import annotations

from typing import Any

import orjson

from core.apimachinery.decode import decode
from core.apimachinery.errors import BadRequest
from core.apimachinery.meta import Obj
from core.apimachinery.patch import go_text, json_patch, merge_patch, strategic_merge_patch
from core.apimachinery.schema import type_of
from core.apiserver.body import JSON, Body, NotData, parse
from core.apiserver.refusals import UnsupportedPatchType, invalid_patch
from core.apiserver.zeros import without_zeros

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)


def patch_type(content_type: str) -> str:
    """Return the patch type of a Content-Type. Raises: UnsupportedPatchType."""
    media = content_type.partition(";")[0].strip().lower()
    if media not in TYPES:
        raise UnsupportedPatchType
    return media


def patched(obj: Obj, body: bytes, media: str, validation: str, warnings: list[str]) -> Obj:
    """Return *obj* changed by the patch in *body*; what field validation warns of goes to *warnings*.

    Raises: BadRequest, Unprocessable, Invalid.
    """
    try:
        patch = parse(body, JSON)
    except NotData as exc:
        raise BadRequest(f"error decoding patch: {exc}") from None
    new = _applied(obj, patch.data, media)
    new = {**new, "kind": new.get("kind"), "apiVersion": new.get("apiVersion")}
    if (new["kind"], new["apiVersion"]) != (obj["kind"], obj["apiVersion"]):
        why = f'no kind "{new["kind"]}" is registered for version "{new["apiVersion"]}"'
        raise invalid_patch(_shown(new, patch, media), f'{why} in scheme "pkg/runtime/scheme.go:111"')
    return _decoded(new, patch, media, validation, warnings)


def _applied(obj: Obj, patch: Any, media: str) -> Obj:
    if media == JSON_PATCH:
        return json_patch(obj, patch)
    return strategic_merge_patch(obj, patch) if media == STRATEGIC_PATCH else merge_patch(obj, patch)


def _decoded(new: Obj, patch: Body, media: str, validation: str, warnings: list[str]) -> Obj:
    if type_of(new["kind"], new["apiVersion"]) is None:
        return new
    decoded = decode(new, new["kind"], new["apiVersion"])
    if decoded.wrong:
        why = decoded.wrong[0].message
        if media == STRATEGIC_PATCH:  # which does not go through JSON
            go_type = why.rpartition(" of type ")[2]
            why = "cannot restore slice from map" if go_type[:2] == "[]" else f"unrecognized type: {go_type}"
        raise invalid_patch(_shown(new, patch, media), why)
    strict = [finding.message for finding in decoded.unknown]
    strict += [f'duplicate field "{path}"' for path in patch.duplicates]
    if strict and validation == "Strict":
        raise invalid_patch(_shown(new, patch, media), f"strict decoding error: {', '.join(strict)}")
    if validation == "Warn":
        warnings += strict
    return without_zeros(decoded.obj)


def _shown(new: Obj, patch: Body, media: str) -> str:
    """What the refusal quotes: the patched object, of a strategic patch the patch as Go prints a map."""
    if media == STRATEGIC_PATCH:
        return go_text(patch.data)
    text = orjson.dumps(new, option=orjson.OPT_SORT_KEYS).decode()
    return text.replace("\\", "\\\\").replace('"', '\\"')
