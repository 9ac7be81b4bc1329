"""The OpenAPI documents: what ``kubectl explain`` prints, and how kubectl learns what the server checks.

v3 has one document a group version, made of the official schemas and of the verbs that are served. v2 is
the smallest document kubectl accepts: it needs one to exist, for ``kind: List``, and reads nothing from it.
Source: staging/src/k8s.io/kube-openapi (handler, handler3), api/openapi-spec/v3 (v1.36).
Differs: patch operations list no request body, so that kubectl patches with its built-in types.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from core.apiserver import discovery
from core.apiserver.discovery import Resource

VERSION = "v1.36.3"
V2_PROTOBUF = b"\n\x032.0\x12\x15\n\nKubernetes\x12\x07" + VERSION.encode() + b"B\x00"
V2_JSON = orjson.dumps(
    {"swagger": "2.0", "info": {"title": "Kubernetes", "version": VERSION}, "paths": {}}
)  # fmt: skip
_RELEASE = "v1.36.0-local"
_METHODS = {  # verb -> HTTP method, and the action as operation ids name it
    "get": ("get", "get"),
    "update": ("put", "put"),
    "patch": ("patch", "patch"),
    "delete": ("delete", "delete"),
    "list": ("get", "list"),
    "create": ("post", "post"),
    "deletecollection": ("delete", "deletecollection"),
}
_ITEM_VERBS = frozenset(("get", "update", "patch", "delete"))
_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")
_LIST_PARAMETERS = ("labelSelector", "fieldSelector", "limit", "continue", "resourceVersion", "watch")
_SHAPES = {"limit": "integer", "watch": "boolean"}
_STATUS = "io.k8s.apimachinery.pkg.apis.meta.v1.Status"


def index() -> dict[str, Any]:
    """``/openapi/v3``: where each document is."""
    paths = {}
    for group, versions in discovery.groups().items():
        for version in versions:
            path = path_of(group, version)
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={document(group, version)[1]}"}
    return {"paths": paths}


def path_of(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


@cache
def document(group: str, version: str) -> tuple[bytes, str]:
    """Return the document of a served group version as JSON, and its hash."""
    definitions = _definitions()
    by_gvk = {
        (gvk["group"], gvk["version"], gvk["kind"]): name
        for name, definition in definitions.items()
        for gvk in definition.get("x-kubernetes-group-version-kind") or ()
    }
    paths: dict[str, Any] = {}
    names: set[str] = set()
    for resource in discovery.of_group(group, version):
        schema = by_gvk.get((group, version, resource.kind), "")
        listed = by_gvk.get((group, version, f"{resource.kind}List"), "")
        names |= {schema, listed} - {""}
        for path, item in _paths(resource, schema, listed):
            paths[path] = item
    body = {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": VERSION},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": _schemas(names | {_STATUS})},
    }
    text = orjson.dumps(body)
    return text, hashlib.sha512(text).hexdigest().upper()


# -- paths -----------------------------------------------------------------------------------------


def _paths(resource: Resource, schema: str, listed: str) -> Iterator[tuple[str, dict[str, Any]]]:
    root = "/" + path_of(resource.group, resource.version)
    base = f"{root}/namespaces/{{namespace}}" if resource.namespaced else root
    collection, item = f"{base}/{resource.plural}", f"{base}/{resource.plural}/{{name}}"
    on_collection = [verb for verb in resource.verbs if verb in _METHODS and verb not in _ITEM_VERBS]
    on_item = [verb for verb in resource.verbs if verb in _ITEM_VERBS]
    yield collection, _item(resource, on_collection, collection, schema, listed)
    if on_item:
        yield item, _item(resource, on_item, item, schema, listed)
    if resource.namespaced and "list" in resource.verbs:
        everywhere = f"{root}/{resource.plural}"
        yield everywhere, _item(resource, ["list"], everywhere, schema, listed)
    for sub in resource.subresources:
        if sub.name in ("status", "scale"):
            path = f"{item}/{sub.name}"
            yield path, _item(resource, list(sub.verbs), path, schema if sub.name == "status" else "", "")


def _item(resource: Resource, verbs: list[str], path: str, schema: str, listed: str) -> dict[str, Any]:
    in_path = [name for name in ("namespace", "name") if f"{{{name}}}" in path]
    item: dict[str, Any] = {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path
        ]
    }
    for verb in verbs:
        method, action = _METHODS[verb]
        parts = [part for part in path.split("/") if part and "{" not in part]
        item[method] = {
            "operationId": "_".join((action, *parts, *in_path)),
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": {
                "group": resource.group,
                "version": resource.version,
                "kind": resource.kind,
            },
            "parameters": list(_parameters(verb)),
            "responses": {"200": _content("OK", listed if verb == "list" else schema)},
        }
        if verb in ("create", "update"):
            body = _content("", schema)
            item[method]["requestBody"] = {"required": True, "content": body["content"]}
    return item


def _parameters(verb: str) -> Iterator[dict[str, Any]]:
    names: tuple[str, ...] = ()
    if verb in ("create", "update", "patch"):
        names = _WRITE_PARAMETERS
    elif verb in ("list", "deletecollection"):
        names = _LIST_PARAMETERS
    for name in names:
        yield {"name": name, "in": "query", "schema": {"type": _SHAPES.get(name, "string")}}


def _content(description: str, schema: str) -> dict[str, Any]:
    shape = {"$ref": f"#/components/schemas/{schema}"} if schema else {"type": "object"}
    return {"description": description, "content": {"application/json": {"schema": shape}}}


# -- schemas ---------------------------------------------------------------------------------------


@cache
def _definitions() -> dict[str, Any]:
    path = files("kubernetes_validate") / "kubernetes-json-schema" / _RELEASE / "_definitions.json"
    definitions: dict[str, Any] = json.loads(path.read_bytes())["$defs"]
    return definitions


def _schemas(names: set[str]) -> dict[str, Any]:
    """Return *names* and all that they refer to."""
    found: dict[str, Any] = {}
    waiting = sorted(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _schema(_definitions()[name], waiting)
    return dict(sorted(found.items()))


def _schema(node: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
    """Return a JSON schema as OpenAPI 3.0 has it; names it refers to are added to *waiting*."""
    out: dict[str, Any] = {}
    for key, value in node.items():
        if key == "$ref":
            name = value.rpartition("/")[2]
            waiting.append(name)
            target = {"$ref": f"#/components/schemas/{name}"}
            if "description" in node:
                out["allOf"] = [target]
            else:
                out |= target
        elif key == "type" and isinstance(value, list):
            out[key] = next(word for word in value if word != "null")
        elif key == "properties":
            out[key] = {name: _property(name, child, waiting) for name, child in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            out[key] = _schema(value, waiting)
        elif key == "oneOf":
            out[key] = [_schema(choice, waiting) for choice in value]
        elif key == "enum":
            out[key] = [word for word in value if word is not None]
        else:
            out[key] = value
    return out


def _property(name: str, node: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
    made = _schema(node, waiting)
    if name in ("apiVersion", "kind"):
        made.pop("enum", None)  # the package fixes them for each kind; the real documents do not
    return made
