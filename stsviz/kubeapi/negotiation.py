"""Which form of an object the Accept header asks for, and the object in that form.

Source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/negotiation/negotiate.go (v1.36).
Not modelled: answers in protobuf and CBOR; every client offers JSON too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from core.apimachinery.errors import BadRequest
from core.apimachinery.meta import Obj
from core.apiserver import conversion
from core.apiserver.body import JSON, YAML
from core.apiserver.discovery import Resource
from core.apiserver.listing import Page
from core.apiserver.options import text
from core.apiserver.refusals import NoRepresentation, NotAcceptable
from stsviz.kubeapi.http import Request, Response, json_bytes

PROTOBUF = "application/vnd.kubernetes.protobuf"
_OBJECT = (JSON, YAML, PROTOBUF)
_STREAM = (f"{JSON};stream=watch", f"{PROTOBUF};stream=watch")
_ONLY = "only the following media types are accepted: "
_VERSIONS = {
    "Table": ("v1", "v1beta1"),
    "PartialObjectMetadata": ("v1",),
    "PartialObjectMetadataList": ("v1",),
}
_INCLUDE = "Unable to convert to Table as requested: includeObject: Invalid value"


@dataclass(frozen=True, slots=True)
class Form:
    """*target*: "" for the object itself, Table, PartialObjectMetadata or …List. *include*: of a Table."""

    media: str = JSON
    target: str = ""
    include: str = "Metadata"


@dataclass(frozen=True, slots=True)
class Clause:
    media: str
    parameters: dict[str, str]
    quality: float


def clauses(accept: str) -> list[Clause]:
    """Return the clauses of an Accept header, best first."""
    return sorted(_clauses(accept), key=lambda clause: -clause.quality)


def _clauses(accept: str) -> Iterator[Clause]:
    for part in accept.split(","):
        media, *given = (word.strip() for word in part.split(";"))
        if not media:
            continue
        parameters = {
            name.strip(): value.strip() for name, _, value in (word.partition("=") for word in given)
        }
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            quality = 1.0
        yield Clause(media.lower(), parameters, quality)


def form_of(request: Request, *, collection: bool, watch: bool = False, tables: bool = True) -> Form:
    """Return the form to answer in; *tables*: whether there can be one.

    Raises: NotAcceptable, NoRepresentation, BadRequest.
    """
    accept = request.header("accept")
    if not accept.strip():
        return Form()
    known = False
    for clause in clauses(accept):
        media = JSON if clause.media == "*/*" else clause.media
        known = known or media in _OBJECT
        target = clause.parameters.get("as", "")
        if media not in (JSON, YAML) or (watch and media == YAML):
            continue
        if target and not (_is_served(target, clause.parameters) and (tables or target != "Table")):
            continue
        return Form(media, target, _include(request) if target == "Table" else "Metadata")
    if known:
        raise NotAcceptable(_ONLY + ", ".join(_STREAM if watch else _OBJECT))
    raise NoRepresentation((*_OBJECT, *_STREAM) if collection else _OBJECT)


def _is_served(target: str, parameters: dict[str, str]) -> bool:
    group, version = parameters.get("g"), parameters.get("v", "")
    return group == "meta.k8s.io" and version in _VERSIONS.get(target, ())


def _include(request: Request) -> str:
    include = text(request.query, "includeObject") or "Metadata"
    if include not in ("Metadata", "Object", "None"):
        wanted = "must be 'Metadata', 'Object', 'None', or empty"
        raise BadRequest(f'{_INCLUDE}: "{include}": {wanted}')
    return include


# -- the object in that form -----------------------------------------------------------------------


def object_as(obj: Obj, form: Form, now: float) -> Obj:
    """Return one object in *form*. Raises: NotAcceptable."""
    if form.target == "Table":
        if obj["kind"] == "Scale":
            return conversion.scale_table(obj, now, form.include)
        meta = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
        return conversion.table(obj["kind"], [obj], now, form.include, meta)
    if form.target == "PartialObjectMetadataList":
        why = f"the requested object is not a list (*core.{obj['kind']})"
        raise NotAcceptable(f"you requested PartialObjectMetadataList, but {why}")
    return conversion.metadata_only(obj) if form.target else obj


def page_as(page: Page, resource: Resource, form: Form, now: float) -> Obj:
    """Return a list in *form*. Raises: NotAcceptable."""
    if form.target == "Table":
        return conversion.table(resource.stored, page.items, now, form.include, page.metadata)
    if form.target == "PartialObjectMetadata":
        why = f"the requested object is a list (*core.{resource.kind}List)"
        raise NotAcceptable(f"you requested PartialObjectMetadata, but {why}")
    if form.target:
        return conversion.metadata_list(page.items, page.metadata)
    return conversion.listed(resource, page.items, page.metadata)


def response_of(
    obj: Obj, form: Form, request: Request, code: int = 200, warnings: tuple[str, ...] = ()
) -> Response:
    """Return *obj* as the body of an answer."""
    if form.media == YAML:
        body = yaml.dump(obj, Dumper=yaml.CSafeDumper, default_flow_style=False).encode()
        return Response(body, YAML, code, warnings=warnings)
    return Response(json_bytes(obj, pretty=request.pretty), JSON, code, warnings=warnings)
