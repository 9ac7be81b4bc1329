"""What this API server serves: groups, resources, subresources, verbs, in the two forms clients read.

Source: staging/src/k8s.io/apiserver/pkg/endpoints/discovery and the discovery documents of kube-apiserver
v1.36. Not modelled: kinds that stsviz neither simulates nor keeps.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from core.api.kinds import BY_KIND, OTHER_VERSIONS, SERVED

ALL = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_RW = ("get", "patch", "update")


class Subresource(NamedTuple):
    """``pods/log``. *kind*, *group*, *version*: what it answers, "" for what its parent is."""

    name: str
    verbs: tuple[str, ...]
    kind: str = ""
    group: str = ""
    version: str = ""


class Resource(NamedTuple):
    """One resource of one group version. *stored*: the kind in the store, "" when nothing is stored."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    stored: str
    verbs: tuple[str, ...] = ALL
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[Subresource, ...] = ()
    warning: str = ""
    """What every request on it is told."""

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def group_resource(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def subresource(self, name: str) -> Subresource | None:
        return next((sub for sub in self.subresources if sub.name == name), None)


_STATUS = Subresource("status", _RW)
_SCALE = Subresource("scale", _RW, "Scale", "autoscaling", "v1")
_STREAM = ("create", "get")
_SUBRESOURCES: dict[str, tuple[Subresource, ...]] = {
    "Pod": (
        Subresource("attach", _STREAM, "PodAttachOptions"),
        Subresource("binding", ("create",), "Binding"),
        Subresource("eviction", ("create",), "Eviction", "policy", "v1"),
        Subresource("exec", _STREAM, "PodExecOptions"),
        Subresource("log", ("get",)),
        Subresource("portforward", _STREAM, "PodPortForwardOptions"),
        _STATUS,
    ),
    "Namespace": (Subresource("finalize", ("update",)), _STATUS),
    **dict.fromkeys(("Node", "PersistentVolume", "PersistentVolumeClaim", "PodDisruptionBudget"), (_STATUS,)),
    **dict.fromkeys(("DaemonSet", "ResourceQuota", "Service"), (_STATUS,)),
    **dict.fromkeys(("CronJob", "HorizontalPodAutoscaler", "Ingress", "Job", "VolumeAttachment"), (_STATUS,)),
    **dict.fromkeys(("APIService", "CertificateSigningRequest", "CustomResourceDefinition"), (_STATUS,)),
    **dict.fromkeys(("StatefulSet", "ReplicaSet", "ReplicationController", "Deployment"), (_SCALE, _STATUS)),
}
_REVIEWS = (
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
    ("authentication.k8s.io", "tokenreviews", "TokenReview"),
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
)
_GROUP_ORDER = (
    "", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io",
    "autoscaling", "batch", "certificates.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io",
    "storage.k8s.io", "admissionregistration.k8s.io", "apiextensions.k8s.io", "scheduling.k8s.io",
    "coordination.k8s.io", "node.k8s.io", "discovery.k8s.io",
)  # fmt: skip


_WARNINGS = {
    "Endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
}


@cache
def resources() -> dict[tuple[str, str, str], Resource]:
    """(group, version, plural) -> resource, groups in the order of the real server, plurals sorted."""
    found = [
        Resource(
            kind.group, kind.version, kind.plural, kind.kind, kind.namespaced, kind.kind,
            tuple(v for v in ALL if kind.kind != "Namespace" or v != "deletecollection"),
            kind.short_names, kind.categories, _SUBRESOURCES.get(kind.kind, ()),
            _WARNINGS.get(kind.kind, ""),
        )
        for kind in (*SERVED, *OTHER_VERSIONS)
    ]  # fmt: skip
    found.append(Resource("events.k8s.io", "v1", "events", "Event", True, "Event", short_names=("ev",)))
    found += [Resource(group, "v1", plural, kind, False, "", ("create",)) for group, plural, kind in _REVIEWS]
    found.sort(key=lambda r: (_GROUP_ORDER.index(r.group), r.plural))
    return {(r.group, r.version, r.plural): r for r in found}


@cache
def groups() -> dict[str, tuple[str, ...]]:
    """Group -> its versions, the preferred one first; the core group is ""."""
    found: dict[str, set[str]] = {}
    for resource in resources().values():
        found.setdefault(resource.group, set()).add(resource.version)
    return {group: tuple(sorted(versions, reverse=True)) for group, versions in found.items()}


def of_group(group: str, version: str) -> Iterator[Resource]:
    return (r for r in resources().values() if (r.group, r.version) == (group, version))


# -- the legacy form -------------------------------------------------------------------------------


def api_versions(address: str) -> dict[str, Any]:
    """``/api``. *address*: host and port this server was called by."""
    clients = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": list(groups()[""]), "serverAddressByClientCIDRs": clients}


def api_group_list() -> dict[str, Any]:
    """``/apis``."""
    return {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [_group(group) for group in groups() if group],
    }


def api_group(group: str) -> dict[str, Any]:
    """``/apis/<group>``."""
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(group)}


def _group(group: str) -> dict[str, Any]:
    versions = [{"groupVersion": f"{group}/{version}", "version": version} for version in groups()[group]]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def api_resource_list(group: str, version: str) -> dict[str, Any]:
    """``/api/v1`` and ``/apis/<group>/<version>``; the core list has no apiVersion."""
    listed = sorted(
        (entry for resource in of_group(group, version) for entry in _entries(resource)),
        key=lambda entry: str(entry["name"]),
    )
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{group}/{version}"}
    if not group:
        head = {"kind": "APIResourceList", "groupVersion": version}
    return {**head, "resources": listed}


def _entries(resource: Resource) -> Iterator[dict[str, Any]]:
    entry: dict[str, Any] = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.stored:
        stored = BY_KIND[resource.stored] if resource.group == BY_KIND[resource.stored].group else resource
        name = f"{stored.group}/{stored.version}/{resource.kind}".encode()
        entry["storageVersionHash"] = base64.b64encode(hashlib.sha256(name).digest()[:8]).decode()
    yield entry
    for sub in resource.subresources:
        foreign = {"group": sub.group, "version": sub.version} if sub.group else {}
        yield {
            "name": f"{resource.plural}/{sub.name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            **foreign,
            "kind": sub.kind or resource.kind,
            "verbs": list(sub.verbs),
        }


# -- the aggregated form ---------------------------------------------------------------------------


def aggregated(*, core: bool) -> dict[str, Any]:
    """``/api`` (*core*) or ``/apis`` as one APIGroupDiscoveryList."""
    items = [
        {
            "metadata": {"name": group} if group else {},
            "versions": [
                {
                    "version": version,
                    "resources": [_discovered(r) for r in of_group(group, version)],
                    "freshness": "Current",
                }
                for version in versions
            ],
        }
        for group, versions in groups().items()
        if core == (not group)
    ]
    head = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}}
    return {**head, "items": items}


def _discovered(resource: Resource) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        found["shortNames"] = list(resource.short_names)
    if resource.categories:
        found["categories"] = list(resource.categories)
    if resource.subresources:
        found["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": {
                    "group": sub.group or resource.group,
                    "version": sub.version or resource.version,
                    "kind": sub.kind or resource.kind,
                },
                "verbs": list(sub.verbs),
            }
            for sub in resource.subresources
        ]
    return found
