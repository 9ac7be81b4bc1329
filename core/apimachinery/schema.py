"""The Go types of the API, read once from the official OpenAPI schemas that kubernetes-validate ships.

Only what decoding and strategic merge need is kept: the fields of each struct, the shape of each field,
the merge key of each list. Field descriptions and enumerations are dropped.
Source: api/openapi-spec/swagger.json (v1.36), by way of the package kubernetes-validate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

_RELEASE = "v1.36.0-local-strict"
_SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": ("quantity", "resource.Quantity"),
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": ("int-or-string", "intstr.IntOrString"),
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": ("time", "v1.Time"),
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": ("micro-time", "v1.MicroTime"),
}
_RETENTION = "StatefulSetPersistentVolumeClaimRetentionPolicy"
# the schemas call these plain strings; Go, whose names the API server's errors print, does not
_NAMED_STRINGS = {
    "Container.imagePullPolicy": "v1.PullPolicy",
    "ContainerPort.protocol": "v1.Protocol",
    "DaemonSetUpdateStrategy.type": "v1.DaemonSetUpdateStrategyType",
    "DeploymentStrategy.type": "v1.DeploymentStrategyType",
    "HostPathVolumeSource.type": "v1.HostPathType",
    "LabelSelectorRequirement.operator": "v1.LabelSelectorOperator",
    "NodeSelectorRequirement.operator": "v1.NodeSelectorOperator",
    "ObjectMeta.uid": "types.UID",
    "OwnerReference.uid": "types.UID",
    "PersistentVolumeClaimSpec.accessModes": "v1.PersistentVolumeAccessMode",
    "PersistentVolumeClaimSpec.volumeMode": "v1.PersistentVolumeMode",
    "PersistentVolumeSpec.accessModes": "v1.PersistentVolumeAccessMode",
    "PersistentVolumeSpec.persistentVolumeReclaimPolicy": "v1.PersistentVolumeReclaimPolicy",
    "PersistentVolumeSpec.volumeMode": "v1.PersistentVolumeMode",
    "PodSpec.dnsPolicy": "v1.DNSPolicy",
    "PodSpec.preemptionPolicy": "v1.PreemptionPolicy",
    "PodSpec.restartPolicy": "v1.RestartPolicy",
    "PriorityClass.preemptionPolicy": "v1.PreemptionPolicy",
    "ServicePort.protocol": "v1.Protocol",
    "ServiceSpec.sessionAffinity": "v1.ServiceAffinity",
    "ServiceSpec.type": "v1.ServiceType",
    f"{_RETENTION}.whenDeleted": "v1.PersistentVolumeClaimRetentionPolicyType",
    f"{_RETENTION}.whenScaled": "v1.PersistentVolumeClaimRetentionPolicyType",
    "StatefulSetSpec.podManagementPolicy": "v1.PodManagementPolicyType",
    "StatefulSetUpdateStrategy.type": "v1.StatefulSetUpdateStrategyType",
    "StorageClass.reclaimPolicy": "v1.PersistentVolumeReclaimPolicy",
    "StorageClass.volumeBindingMode": "v1.VolumeBindingMode",
    "Taint.effect": "v1.TaintEffect",
    "Toleration.effect": "v1.TaintEffect",
    "Toleration.operator": "v1.TolerationOperator",
}


class Type(NamedTuple):
    """The shape of a value.

    *shape*: string, integer, boolean, number, quantity, int-or-string, time, micro-time, any, list, map
    or struct. *go*: its Go name, as errors print it. *of*: the elements of a list or map.
    *struct*: which struct. *merge_key*, *merge*, *retain_keys*: its strategic merge strategy.
    *topology*: how server-side apply merges it: atomic, set, map (a list by *keys*), or "" (field by field).
    """

    shape: str
    go: str
    of: Type | None = None
    struct: str = ""
    merge_key: str = ""
    merge: bool = False
    retain_keys: bool = False
    topology: str = ""
    keys: tuple[str, ...] = ()


class Schema(NamedTuple):
    structs: Mapping[str, Mapping[str, Type]]
    """Struct -> field -> type."""
    kinds: Mapping[tuple[str, str], str]
    """(apiVersion, kind) -> struct."""
    required: Mapping[str, tuple[str, ...]]
    """Struct -> the fields that it must have; those without are left out."""


@lru_cache(maxsize=1)
def load() -> Schema:
    """Read the definitions: about 50 ms, once a process."""
    path = files("kubernetes_validate") / "kubernetes-json-schema" / _RELEASE / "_definitions.json"
    definitions: dict[str, Any] = json.loads(path.read_bytes())["$defs"]
    structs: dict[str, dict[str, Type]] = {}
    kinds: dict[tuple[str, str], str] = {}
    known: dict[Type, Type] = {}
    for name, definition in definitions.items():
        if "properties" in definition:
            structs[name] = {
                field: known.setdefault(made := _type(spec, f"{_short(name)}.{field}", definitions), made)
                for field, spec in definition["properties"].items()
            }
        for gvk in definition.get("x-kubernetes-group-version-kind") or ():
            api_version = f"{gvk['group']}/{gvk['version']}" if gvk["group"] else gvk["version"]
            kinds[api_version, gvk["kind"]] = name
    needed = {name: tuple(found) for name, made in definitions.items() if (found := made.get("required"))}
    return Schema(structs, kinds, needed)


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _type(spec: Mapping[str, Any], field: str, definitions: Mapping[str, Any]) -> Type:
    if "$ref" in spec:
        made = _referenced(spec["$ref"].rpartition("/")[2], definitions)
    else:
        made = _plain(spec, field, definitions)
    strategy = spec.get("x-kubernetes-patch-strategy", "").split(",")
    return made._replace(
        merge_key=spec.get("x-kubernetes-patch-merge-key", ""),
        merge="merge" in strategy,
        retain_keys="retainKeys" in strategy,
        topology=spec.get("x-kubernetes-list-type") or spec.get("x-kubernetes-map-type") or made.topology,
        keys=tuple(spec.get("x-kubernetes-list-map-keys", ())),
    )


def _referenced(name: str, definitions: Mapping[str, Any]) -> Type:
    if name in _SPECIAL:
        return Type(*_SPECIAL[name])
    definition = definitions[name]
    if "properties" in definition:
        return Type(
            "struct",
            f"v1.{_short(name)}",
            struct=name,
            topology=definition.get("x-kubernetes-map-type", ""),
        )
    # raw JSON (RawExtension, FieldsV1), or a struct without fields
    return Type("any", f"v1.{_short(name)}")


def _plain(spec: Mapping[str, Any], field: str, definitions: Mapping[str, Any]) -> Type:
    kind = spec.get("type", "any")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "array":
        element = _type(spec["items"], field, definitions)
        return Type("list", f"[]{element.go}", of=element)
    if kind == "object":
        values = spec.get("additionalProperties")
        if not isinstance(values, dict):
            return Type("any", "map[string]interface {}")
        element = _type(values, field, definitions)
        go = "v1.ResourceList" if element.shape == "quantity" else f"map[string]{element.go}"
        return Type("map", go, of=element)
    if kind == "string":
        return Type("string", _NAMED_STRINGS.get(field, "string"))
    if kind == "integer":
        return Type("integer", spec.get("format", "int64"))
    if kind == "boolean":
        return Type("boolean", "bool")
    if kind == "number":
        return Type("number", "float64")
    return Type("any", "interface {}")


def type_of(kind: str, api_version: str) -> Type | None:
    """Return the struct of a kind, or None when Kubernetes has no such kind."""
    struct = load().kinds.get((api_version, kind))
    return Type("struct", f"v1.{kind}", struct=struct) if struct else None


def required_fields(struct: str) -> tuple[str, ...]:
    """Return the fields that the schema requires of *struct*."""
    return load().required.get(struct, ())


def field_type(parent: Type | None, field: str) -> Type | None:
    """Return the type of *field* in *parent*, or None when the schema does not say."""
    if parent is None:
        return None
    if parent.shape == "map":
        return parent.of
    return load().structs[parent.struct].get(field) if parent.shape == "struct" else None
