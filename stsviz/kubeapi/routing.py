"""Paths: which resource, namespace, name and subresource one names, and what a method means there.

Source: staging/src/k8s.io/apiserver/pkg/endpoints/{installer,request/requestinfo}.go (v1.36).
"""

from __future__ import annotations

from core.apiserver import discovery
from core.apiserver.handlers import Target
from core.apiserver.refusals import UnknownRoute, WrongMethod

_ON_COLLECTION = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
_ON_OBJECT = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_ON_SUBRESOURCE = {"GET": "get", "PUT": "update", "PATCH": "patch", "POST": "create"}


class NoSuchPage(Exception):
    """Nothing is served below this path: a plain 404, which is no Status."""


def target_of(parts: list[str]) -> Target:
    """Return what ``api/v1/…`` or ``apis/<group>/<version>/…`` names.

    Raises: NoSuchPage for an unknown group, UnknownRoute for all else that is unknown.
    """
    group, version, rest = _group_version(parts)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    resource = discovery.resources().get((group, version, rest[0]))
    if resource is None or len(rest) > 3 or not all(rest):
        raise UnknownRoute
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    if resource.namespaced != bool(namespace) and (name or not resource.namespaced):
        raise UnknownRoute
    if subresource and resource.subresource(subresource) is None:
        raise UnknownRoute
    return Target(resource, namespace, name, subresource)


def warning_of(parts: list[str]) -> str:
    """Return what every answer below this path warns of, refusals too, or ""."""
    try:
        return target_of(parts).resource.warning
    except (IndexError, NoSuchPage, UnknownRoute):
        return ""


def _group_version(parts: list[str]) -> tuple[str, str, list[str]]:
    group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
    versions = discovery.groups().get(group)
    if versions is None:
        raise NoSuchPage
    if version not in versions:
        raise UnknownRoute
    return group, version, rest


def verb_of(target: Target, method: str) -> str:
    """Return the verb that *method* means there. Raises: WrongMethod."""
    resource = target.resource
    if target.subresource:
        verb = _ON_SUBRESOURCE.get(method, "")
        sub = resource.subresource(target.subresource)
        allowed = sub.verbs if sub else ()
    else:
        verb = (_ON_OBJECT if target.name else _ON_COLLECTION).get(method, "")
        allowed = resource.verbs
    everywhere = resource.namespaced and not target.namespace
    if verb not in allowed or (everywhere and verb != "list"):
        raise WrongMethod
    return verb
