"""The attacker with the manual: requests made from the served OpenAPI documents, right and wrong ones.

schemathesis makes them, of every operation; most are a valid object with pieces of a generated one put in,
so that they get past decoding. More of them by hand: STSVIZ_EXAMPLES=100 pytest <this file>.
"""

from __future__ import annotations

import copy
import http.client
import os
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from core.api.kinds import BY_KIND
from core.apiserver import discovery, openapi
from core.apiserver.patching import TYPES
from core.apiserver.registry.kept import KEPT
from tests.clients.manifests import MANIFESTS, manifest
from tests.clients.server import Server

EXAMPLES = int(os.environ.get("STSVIZ_EXAMPLES", "3"))
SPACE, NAMES = "fuzz", ["a", "b", "c"]
MODES = [GenerationMode.POSITIVE] * 3 + [GenerationMode.NEGATIVE]
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
POINTERS = ["", "/", "/spec", "/status", "/metadata", "/metadata/labels/a", "/metadata/name", "/spec/ports/-"]
OPERATION = {
    "type": "object",
    "required": ["op", "path"],
    "properties": {
        "op": {"enum": ["add", "remove", "replace", "move", "copy", "test", "nope"]},
        "path": {"enum": [*POINTERS, "/spec/replicas", "/spec/template/spec/containers/0", "nope"]},
        "from": {"enum": POINTERS},
        "value": {},
    },
}
JSON_PATCH = {"type": "array", "maxItems": 3, "items": OPERATION}
OPTIONS = {
    "type": "object",
    "properties": {
        "gracePeriodSeconds": {"type": "integer"},
        "propagationPolicy": {"enum": ["Foreground", "Background", "Orphan", ""]},
        "orphanDependents": {"type": "boolean"},
        "preconditions": {"type": "object", "properties": {"uid": {"type": "string"}}},
        "dryRun": {"type": "array", "items": {"enum": ["All", ""]}},
    },
}


def document() -> dict[str, Any]:
    """Return all served v3 documents as one, with the bodies that they do not list."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for group, versions in discovery.groups().items():
        for version in versions:
            served = orjson.loads(openapi.document(group, version)[0])
            paths |= served["paths"]
            schemas |= served["components"]["schemas"]
    schemas[META]["properties"] |= {"name": {"enum": NAMES}, "namespace": {"enum": [SPACE]}}
    for item in paths.values():
        for parameter in item["parameters"]:
            parameter["schema"] = {"enum": [SPACE] if parameter["name"] == "namespace" else NAMES}
        if "patch" in item:
            whole = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            bodies = {media: {"schema": JSON_PATCH if "json-patch" in media else whole} for media in TYPES}
            item["patch"]["requestBody"] = {"required": True, "content": bodies}
        if "delete" in item:
            item["delete"]["requestBody"] = {"content": {"application/json": {"schema": OPTIONS}}}
    head = {"openapi": "3.0.0", "info": {"title": "stsviz", "version": openapi.VERSION}}
    return {**head, "paths": paths, "components": {"schemas": schemas}}


ALIKE = set(KEPT) - {"Job", "HorizontalPodAutoscaler", "CustomResourceDefinition"}
"""Kinds that are kept by the same strategy as one of these three."""
OPERATIONS = [
    found
    for found in (one.ok() for one in schemathesis.openapi.from_dict(document()).get_all_operations())
    if found.definition.raw["x-kubernetes-group-version-kind"]["kind"] not in ALIKE
]


def paths_of(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in *value*; of a list, of its first element."""
    below = (
        value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    )
    for key, item in below:
        yield (*at, key)
        yield from paths_of(item, (*at, key))


def put(target: Any, path: tuple[Any, ...], value: Any) -> None:
    """Set *value* at *path*, making what is missing on the way; where something else stands, do nothing."""
    for key, following in zip(path, [*path[1:], None], strict=True):
        if not isinstance(target, list if isinstance(key, int) else dict):
            return
        if isinstance(key, int) and not target:
            target.append(None)
        if following is None:
            target[key] = value
            return
        inside = target[key] if isinstance(key, int) else target.get(key)
        if not isinstance(inside, dict | list):
            inside = target[key] = [] if isinstance(following, int) else {}
        target = inside


def grafted(valid: dict[str, Any], made: Any, data: st.DataObject) -> dict[str, Any]:
    """Return *valid* with up to three pieces of *made* in it."""
    out = copy.deepcopy(valid)
    every = [path for path in paths_of(made) if path[0] not in ("apiVersion", "kind")][:400]
    for path in data.draw(st.lists(st.sampled_from(every), max_size=3)) if every else ():
        piece = made
        for key in path:
            piece = piece[key]
        if path not in (("metadata",), ("metadata", "name")):
            put(out, path, piece)
    return out


def request_of(operation: Any, data: st.DataObject) -> Any:
    case = data.draw(operation.as_strategy(generation_mode=data.draw(st.sampled_from(MODES))))
    kind = operation.definition.raw["x-kubernetes-group-version-kind"]
    if kind["kind"] in MANIFESTS and isinstance(case.body, dict) and operation.method.upper() != "DELETE":
        name = (case.path_parameters or {}).get("name") or data.draw(st.sampled_from([*NAMES, "d", "e"]))
        version = f"{kind['group']}/{kind['version']}".lstrip("/")
        head = {"apiVersion": version, "kind": kind["kind"]}
        if data.draw(st.integers(0, 3)):
            case.body = grafted({**head, **manifest(kind["kind"], name, SPACE)}, case.body, data)
    if operation.method.upper() == "GET":  # a wrong value of watch is true
        case.query = {**(case.query or {}), "timeoutSeconds": 1, "watch": "false"}
    return case


@pytest.fixture(autouse=True)
def _many_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    """http.client reads a hundred headers; a warning is one."""
    monkeypatch.setattr(http.client, "_MAXHEADERS", 5000)


@pytest.fixture(scope="module")
def sown(server: Server) -> Server:
    """Return the server with three objects of every kind."""
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": SPACE}})
    for resource in discovery.resources().values():
        stored = BY_KIND.get(resource.stored)
        if stored and stored.api_version == resource.api_version and resource.kind in MANIFESTS:
            where = f"/namespaces/{SPACE}" if resource.namespaced else ""
            path = f"/{openapi.path_of(resource.group, resource.version)}{where}/{resource.plural}"
            for name in NAMES:
                assert server.call("POST", path, manifest(resource.kind, name, SPACE)).code == 201
    return server


def deletes_last(operation: Any) -> bool:
    return operation.method.upper() == "DELETE"


@pytest.mark.parametrize("operation", sorted(OPERATIONS, key=deletes_last), ids=lambda found: found.label)
def test_whatever_is_asked_is_answered_or_refused(sown: Server, operation: Any) -> None:
    """API-E1: a Status says why; what the real server answers 500 to has no reason in it."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        answer = request_of(operation, data).call(base_url=sown.url, timeout=20)
        assert answer.status_code < 600
        if answer.status_code >= 400:
            status = answer.json()
            assert (status["kind"], status["code"]) == ("Status", answer.status_code)
            assert status.get("reason") != "InternalError", answer.request.body

    run()


def test_what_was_taken_breaks_nobody(sown: Server) -> None:
    """The components have seen all of it; the conftest looks for their tracebacks."""
    assert sown.get("/c/lab/").code == 200
    assert sown.get("/c/lab/tables.txt").code == 200
    asked = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    for resource in discovery.resources().values():
        if resource.stored:
            path = f"/{openapi.path_of(resource.group, resource.version)}/{resource.plural}"
            assert sown.get(path, **asked).json["kind"] == "Table"


def test_the_v2_document_lists_no_operation(sown: Server) -> None:
    """API-O3: kubectl needs it to be there, and nothing can be asked of it."""
    assert list(schemathesis.openapi.from_dict(sown.get("/openapi/v2").json).get_all_operations()) == []
