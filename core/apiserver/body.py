"""Request bodies: bytes of a media type into one object of the kind that the path names.

Source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/{create,update,rest}.go,
staging/src/k8s.io/apimachinery/pkg/runtime/serializer/{json,protobuf} (v1.36).
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

import yaml

from core.apimachinery import schema
from core.apimachinery.decode import MAX_DEPTH, decode, is_too_deep, json_word, path_text
from core.apimachinery.errors import BadRequest
from core.apimachinery.meta import Obj
from core.apimachinery.yamltree import Refused, read_tree
from core.apiserver import protobuf
from core.apiserver.discovery import Resource
from core.apiserver.refusals import UnsupportedMediaType
from core.apiserver.zeros import without_zeros

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
MAX_BYTES = 3 * 1024 * 1024
_MAX_NODES = 500_000
_UNKNOWN = "the body of the request was in an unknown format - accepted media types include: "
_SCHEME = 'in scheme "pkg/runtime/scheme.go:111"'
_KIND_AND_VERSION = (
    r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'
)
_MAX_INT64 = 2**63 - 1
_INT64_DIGITS = 20  # and its sign
_QUOTED = 30  # bytes of a body that a refusal quotes


class NotData(ValueError):
    """Not JSON (or YAML); its text is Go's."""


class Body(NamedTuple):
    """JSON data, and the path of each key that stands twice."""

    data: Any
    duplicates: list[str]


# -- bytes to data ---------------------------------------------------------------------------------


def media_type(content_type: str) -> str:
    """Return which of the three a Content-Type means; none is JSON. Raises: UnsupportedMediaType."""
    media = content_type.partition(";")[0].strip().lower() or JSON
    if media not in (JSON, YAML, PROTOBUF):
        raise UnsupportedMediaType(_UNKNOWN + ", ".join((JSON, YAML, PROTOBUF)))
    return media


def parse(body: bytes, media: str) -> Body:
    """Read JSON or YAML. Raises: NotData."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise NotData("invalid UTF-8") from None
    return _parse_yaml(text) if media == YAML else _parse_json(text)


def _parse_json(text: str) -> Body:
    doubled = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal doubled
        made = dict(items)
        doubled = doubled or len(made) != len(items)
        return made

    try:
        data = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_constant=_no_constant,
            parse_int=_whole,
            parse_float=_fraction,
        )
        duplicates = list(_duplicates(json.loads(text, object_pairs_hook=_Pairs), "")) if doubled else []
    except json.JSONDecodeError as exc:
        raise NotData(go_json_error(exc)) from None
    except RecursionError:
        raise NotData("exceeded max depth") from None
    if text.count("{") + text.count("[") > MAX_DEPTH and is_too_deep(data):
        raise NotData("exceeded max depth")
    return Body(data, duplicates)


def _no_constant(word: str) -> Any:
    raise NotData(f"invalid character '{word[0]}' looking for beginning of value")


def _whole(word: str) -> int | float:
    """An int64, or a float where it is too large for one, as sigs.k8s.io/json reads it."""
    if len(word) <= _INT64_DIGITS and -_MAX_INT64 - 1 <= (number := int(word)) <= _MAX_INT64:
        return number
    return _fraction(word)


def _fraction(word: str) -> float:
    number = float(word)
    if math.isinf(number):
        raise NotData(f"json: cannot unmarshal number {word} into Go value of type float64")
    return number


class _Pairs(list[Any]):
    """A JSON object with all its keys, also those that stand twice."""


def _duplicates(value: Any, path: str) -> list[str]:
    found: list[str] = []
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, item in value:
            below = f"{path}.{key}" if path else key
            if key in seen:
                found.append(below)
            seen.add(key)
            found += _duplicates(item, below)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            found += _duplicates(item, f"{path}[{at}]")
    return found


_GO_WORDS = {
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
    "Extra data": "after top-level value",
    "Invalid control character at": "in string literal",
    "Invalid \\escape": "in string escape code",
}


def go_json_error(error: json.JSONDecodeError) -> str:
    """Say in the words of Go's encoding/json what Python's decoder found."""
    at, text = error.pos, error.doc
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    if at >= len(text) or error.msg.startswith("Unterminated"):
        return "unexpected end of JSON input"
    where = _GO_WORDS.get(error.msg, "looking for beginning of value")
    return f"invalid character '{text[at]}' {where}"


def _parse_yaml(text: str) -> Body:
    try:
        trees = list(read_tree(text, 1, _MAX_NODES))
    except Refused as exc:
        raise NotData(f"yaml: line {exc.line}: {exc.message}") from None
    except yaml.MarkedYAMLError as exc:
        raise NotData(f"yaml: {_go_line(exc)}{exc.problem}") from None
    except yaml.YAMLError as exc:
        raise NotData(f"yaml: {exc}") from None
    if not trees:
        return Body(None, [])
    return Body(trees[0].value, [path_text(finding.path) for finding in trees[0].problems])


def _go_line(error: yaml.MarkedYAMLError) -> str:
    """Return the line as go-yaml counts (decode.go, fail): where it began, one short for the parser."""
    marks = (mark.line for mark in (error.context_mark, error.problem_mark) if mark and mark.line)
    line = next(marks, 0)
    if line and isinstance(error, yaml.scanner.ScannerError):
        line += 1
    return f"line {line}: " if line else ""


# -- data to an object -----------------------------------------------------------------------------


def read_object(
    body: bytes, media: str, resource: Resource, validation: str, kind: str = ""
) -> tuple[Obj, list[str]]:
    """Return the object in *body* and the warnings of field validation.

    *kind*: when a subresource takes another kind than its parent. Raises: BadRequest.
    """
    kind = kind or resource.kind
    try:
        found = _read_data(body, media)
        data = _interpreted(found.data)
    except (NotData, protobuf.Malformed) as exc:
        raise BadRequest(
            f"the object provided is unrecognized (must be of type {kind}): {exc} ({_quoted(body)})"
        ) from None
    api_version = _check_kind(data, resource, kind)
    if schema.type_of(kind, api_version) is None:
        return {**data, "kind": kind, "apiVersion": api_version}, []
    decoded = decode(data, kind, api_version)
    prefix = f'{kind} in version "{api_version.rpartition("/")[2]}" cannot be handled as a {kind}: '
    if decoded.wrong:
        raise BadRequest(prefix + decoded.wrong[0].message)
    strict = [f'duplicate field "{path}"' for path in found.duplicates]
    strict = [*(finding.message for finding in decoded.unknown), *strict]
    if strict and validation == "Strict":
        raise BadRequest(f"{prefix}strict decoding error: {', '.join(strict)}")
    obj = without_zeros({**decoded.obj, "kind": kind, "apiVersion": api_version})
    obj.setdefault("metadata", {})
    return obj, strict if validation == "Warn" else []


def read_options(body: bytes, media: str) -> Obj | None:
    """Return the DeleteOptions in *body*, None when it is empty. Raises: BadRequest, UnsupportedMediaType."""
    if not body:
        return None
    try:
        data = _interpreted(_read_data(body, media).data)
    except (NotData, protobuf.Malformed) as exc:
        raise BadRequest(str(exc)) from None
    kind, version = data.get("kind") or "DeleteOptions", data.get("apiVersion") or "meta.k8s.io/v1"
    if kind != "DeleteOptions":
        raise BadRequest(f'no kind "{kind}" is registered for version "{version}" {_SCHEME}')
    decoded = decode(data, kind, "v1")
    if decoded.wrong:
        raise BadRequest(decoded.wrong[0].message)
    return decoded.obj


def _read_data(body: bytes, media: str) -> Body:
    """Raises: NotData, Malformed, UnsupportedMediaType."""
    try:
        if media == PROTOBUF:
            return Body(protobuf.decode(body), [])
    except protobuf.UnknownMessage:
        raise UnsupportedMediaType(_UNKNOWN + ", ".join((JSON, YAML))) from None
    try:
        if not body:
            raise NotData("unexpected end of JSON input")
        return parse(body, media)
    except NotData as exc:
        if media == YAML:  # is made JSON before it is looked into
            raise
        raise NotData(f"couldn't get version/kind; json parse error: {exc}") from None


def _interpreted(data: Any) -> Obj:
    """Return *data* as the object it must be; null is one without anything (meta.go, Interpret).

    Raises: NotData.
    """
    if data is None:
        return {}
    why = ""
    if not isinstance(data, dict):
        why = f"json: cannot unmarshal {json_word(data)} into Go value of type {_KIND_AND_VERSION}"
    else:
        for name in ("apiVersion", "kind"):
            if not isinstance(data.get(name), str | None):
                word = json_word(data[name])
                why = f"json: cannot unmarshal {word} into Go struct field .{name} of type string"
    if why:
        raise NotData(f"couldn't get version/kind; json parse error: {why}")
    return {
        key: value for key, value in data.items() if value is not None or key not in ("apiVersion", "kind")
    }


def _quoted(body: bytes) -> str:
    """Return the start of *body*, as text if it is an object (rest.go, summarizeData)."""
    if not body:
        return "<empty>"
    start = body[:_QUOTED]
    shown = start.decode(errors="replace") if body.startswith(b"{") else start.hex()
    return f"{shown} ..." if len(body) > _QUOTED else shown


def _check_kind(data: Obj, resource: Resource, kind: str) -> str:
    """Return the apiVersion that *data* is of; refuse another kind than the path's."""
    sub = next((sub for sub in resource.subresources if sub.kind == kind and sub.group), None)
    expected = f"{sub.group}/{sub.version}" if sub else resource.api_version
    given_kind, given = data.get("kind") or kind, data.get("apiVersion") or expected
    if (given_kind, given) == (kind, expected):
        return expected
    version = expected.rpartition("/")[2]
    prefix = f'{given_kind} in version "{given.rpartition("/")[2]}" cannot be handled as a {kind}: '
    if schema.type_of(given_kind, given) is None:
        raise BadRequest(f'{prefix}no kind "{given_kind}" is registered for version "{given}" {_SCHEME}')
    package = (expected.rpartition("/")[0] or "core").partition(".")[0]
    raise BadRequest(f"{prefix}converting ({version}.{given_kind}) to ({package}.{kind}): unknown conversion")


# -- what server-side apply sends ------------------------------------------------------------------


def read_applied(body: bytes, resource: Resource, name: str, namespace: str) -> Obj:
    """Return the configuration in *body*, of the object that the path names. Raises: BadRequest."""
    try:
        data = parse(body, YAML).data
    except NotData as exc:
        raise BadRequest(f"error decoding YAML: {exc}") from None
    if not isinstance(data, dict):
        why = f"json: cannot unmarshal {json_word(data)} into Go value of type map[string]interface {{}}"
        raise BadRequest(f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {why}")
    api_version, kind = str(data.get("apiVersion") or ""), str(data.get("kind") or "")
    if (api_version, kind) != (resource.api_version, resource.kind):
        raise BadRequest(f"invalid object type: {api_version}, Kind={kind}")
    given = data.get("metadata")
    meta = given if isinstance(given, dict) else {}
    if "managedFields" in meta:
        raise BadRequest("metadata.managedFields must be nil")
    _check_identity(meta, resource, name, namespace)
    decoded = decode(data, kind, api_version)
    wrong = [finding.message for finding in decoded.wrong]
    wrong += [f".{path_text(finding.path)}: field not declared in schema" for finding in decoded.unknown]
    if wrong:
        whose = f"{meta.get('namespace') or ''}/{name}; {api_version}, Kind={kind}"
        raise BadRequest(f"failed to create typed patch object ({whose}): {wrong[0]}")
    config = decoded.obj
    own = {**config.get("metadata", {}), "name": name}
    if resource.namespaced:
        own["namespace"] = namespace
    return {**config, "metadata": own}


def _check_identity(meta: Obj, resource: Resource, name: str, namespace: str) -> None:
    given = meta.get("name") or ""
    if not given:
        why = "was undeterminable: name must be provided"
        raise BadRequest(f"the name of the object ({name} based on URL) {why}")
    if given != name:
        raise BadRequest(f"the name of the object ({given}) does not match the name on the URL ({name})")
    if resource.namespaced and meta.get("namespace") not in (None, "", namespace):
        raise BadRequest(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
