"""What is served beside the resources: version, health, discovery, OpenAPI.

Source: staging/src/k8s.io/apiserver/pkg/server/{routes,healthz}, pkg/endpoints/discovery/aggregated/etag.go,
staging/src/k8s.io/kube-openapi/pkg/handler3 (v1.36).
"""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

from core.apiserver import discovery, openapi
from core.apiserver.body import JSON
from core.apiserver.options import flag, text
from core.apiserver.refusals import NotAcceptable, UnknownRoute
from stsviz.kubeapi.http import Request, Response, json_bytes, json_response, plain
from stsviz.kubeapi.negotiation import clauses
from stsviz.kubeapi.routing import NoSuchPage

VERSION = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": openapi.VERSION,
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2026-04-22T00:00:00Z",
    "goVersion": "go1.26.0",
    "compiler": "gc",
    "platform": "linux/amd64",
}
_AGGREGATED = f"{JSON};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_HEALTH = ("ping", "log", "etcd")
_OPENAPI_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_OPENAPI_V2_ASKED = (_OPENAPI_V2, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
_ONE_YEAR = 31_536_000


def serve(request: Request, parts: list[str], address: str) -> Response | None:
    """Answer a GET of something that is no resource; None when *parts* names one.

    *address*: host and port we were called by. Raises: NoSuchPage, UnknownRoute, NotAcceptable.
    """
    match parts:
        case ["version"]:
            return Response(json_bytes(VERSION, pretty=True).rstrip(b"\n"))
        case ["healthz" | "livez" | "readyz" as check, *names]:
            return _health(request, check, names)
        case ["api" | "apis" as root]:
            return _discovery(request, root, address)
        case ["api", version] if version in discovery.groups()[""]:
            return json_response(discovery.api_resource_list("", version), request)
        case ["apis", group]:
            if group not in discovery.groups():
                raise NoSuchPage
            return json_response(discovery.api_group(group), request)
        case ["apis", group, version] if version in discovery.groups().get(group, ()):
            return json_response(discovery.api_resource_list(group, version), request)
        case ["apis", group, _] if group not in discovery.groups():
            raise NoSuchPage
        case ["api", _] | ["apis", _, _]:
            raise UnknownRoute
        case ["openapi", *rest]:
            return _openapi(request, rest)
        case []:
            return json_response({"paths": _paths()}, request)
    return None


def _paths() -> list[str]:
    found = {"/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"}
    for group, versions in discovery.groups().items():
        found.add(f"/apis/{group}".rstrip("/"))
        found |= {"/" + openapi.path_of(group, version) for version in versions}
    return sorted(found)


def _health(request: Request, check: str, names: list[str]) -> Response:
    if names:
        return plain("ok") if len(names) == 1 and names[0] in _HEALTH else plain("404 page not found\n", 404)
    if not flag(request.query, "verbose"):
        return plain("ok")
    return plain("".join(f"[+]{name} ok\n" for name in _HEALTH) + f"{check} check passed\n")


# -- discovery -------------------------------------------------------------------------------------


def _discovery(request: Request, root: str, address: str) -> Response:
    for clause in clauses(request.header("accept") or JSON):
        asked = clause.parameters
        if clause.media not in (JSON, "*/*"):
            continue
        if not asked.get("as"):
            legacy = discovery.api_versions(address) if root == "api" else discovery.api_group_list()
            return json_response(legacy, request)
        wanted = (asked.get("g"), asked.get("v"), asked["as"])
        if wanted == ("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList"):
            body = json_bytes(discovery.aggregated(core=root == "api"))
            return _tagged(request, Response(body, _AGGREGATED, headers={"Cache-Control": "public"}))
    raise NotAcceptable(f"only the following media types are accepted: {JSON}, application/yaml")


def _tagged(request: Request, response: Response) -> Response:
    """Give *response* an ETag; answer 304 to who has it already."""
    tag = f'"{hashlib.sha512(response.body).hexdigest().upper()}"'
    headers = {"Vary": "Accept", "Etag": tag, **response.headers}
    if request.header("if-none-match") == tag:
        return Response(b"", response.content_type, 304, headers)
    return Response(response.body, response.content_type, 200, headers)


# -- OpenAPI ---------------------------------------------------------------------------------------


def _openapi(request: Request, rest: list[str]) -> Response:
    match rest:
        case ["v2"]:
            return _openapi_v2(request)
        case ["v3"]:
            return Response(json_bytes(openapi.index()), "text/plain; charset=utf-8")
        case ["v3", "api", version] if version in discovery.groups()[""]:
            return _openapi_v3(request, "", version)
        case ["v3", "apis", group, version] if version in discovery.groups().get(group, ()):
            return _openapi_v3(request, group, version)
        case ["v3", _, *_]:
            return Response(b"", "text/plain; charset=utf-8", 404)
    raise NoSuchPage


def _openapi_v2(request: Request) -> Response:
    asked = [clause.media for clause in clauses(request.header("accept") or JSON)]
    if any(media in _OPENAPI_V2_ASKED for media in asked):
        return _tagged(request, Response(openapi.V2_PROTOBUF, _OPENAPI_V2))
    if any(media in (JSON, "*/*") for media in asked):
        return _tagged(request, Response(openapi.V2_JSON))
    return Response(b"", "text/plain; charset=utf-8", 406)


def _openapi_v3(request: Request, group: str, version: str) -> Response:
    body, digest = openapi.document(group, version)
    asked = text(request.query, "hash")
    if asked and asked != digest:
        where = f"{urlsplit(request.path).path}?hash={digest}"
        return Response(b"", code=301, headers={"Location": where})
    headers: dict[str, Any] = {"Vary": "Accept", "Etag": f'"{digest}"'}
    if asked:
        headers["Cache-Control"] = f"public, immutable, max-age={_ONE_YEAR}"
    if request.header("if-none-match") == f'"{digest}"':
        return Response(b"", code=304, headers=headers)
    return Response(body, headers=headers)
