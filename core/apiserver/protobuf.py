"""Protobuf request bodies: kubectl's typed clients send them since v1.32, and do not fall back to JSON.

Only reading, and only the messages that kubectl sends for the kinds served; answers are always JSON.
Source: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/protobuf and the generated.proto files (v1.36).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, NamedTuple

from core.apimachinery.timestamps import timestamp

PREFIX = b"k8s\0"


class Malformed(ValueError):
    """Not a protobuf message that can be read."""


class UnknownMessage(ValueError):
    """A kind whose fields are not in the table below."""


# number name:type; no type is a string; "*" repeats; "map<x>" has x as values; "0": zero says something
_TABLE = """
ObjectMeta: 1 name, 2 generateName, 3 namespace, 5 uid, 6 resourceVersion, 7 generation:int, 8
  creationTimestamp:Time, 9 deletionTimestamp:Time, 10 deletionGracePeriodSeconds:int, 11
  labels:map<str>, 12 annotations:map<str>, 13 ownerReferences:OwnerReference*, 14 finalizers:str*
OwnerReference: 1 kind, 3 name, 4 uid, 5 apiVersion, 6 controller:bool, 7 blockOwnerDeletion:bool
LabelSelector: 1 matchLabels:map<str>, 2 matchExpressions:LabelSelectorRequirement*
LabelSelectorRequirement: 1 key, 2 operator, 3 values:str*
Namespace: 1 metadata:ObjectMeta, 2 spec:NamespaceSpec, 3 status:NamespaceStatus
NamespaceSpec: 1 finalizers:str*
NamespaceStatus: 1 phase
DeleteOptions: 1 gracePeriodSeconds:int, 2 preconditions:Preconditions, 3 orphanDependents:bool, 4
  propagationPolicy, 5 dryRun:str*
Preconditions: 1 uid, 2 resourceVersion
Service: 1 metadata:ObjectMeta, 2 spec:ServiceSpec
ServiceSpec: 1 ports:ServicePort*, 2 selector:map<str>, 3 clusterIP, 4 type, 5 externalIPs:str*, 7
  sessionAffinity, 8 loadBalancerIP, 10 externalName, 11 externalTrafficPolicy, 13
  publishNotReadyAddresses:bool, 17 ipFamilyPolicy, 18 clusterIPs:str*, 19 ipFamilies:str*, 20
  allocateLoadBalancerNodePorts:bool, 22 internalTrafficPolicy
ServicePort: 1 name, 2 protocol, 3 port:int, 4 targetPort:IntOrString, 5 nodePort:int, 6 appProtocol
Deployment: 1 metadata:ObjectMeta, 2 spec:DeploymentSpec
DeploymentSpec: 1 replicas:int0, 2 selector:LabelSelector, 3 template:PodTemplateSpec, 4
  strategy:DeploymentStrategy, 5 minReadySeconds:int, 6 revisionHistoryLimit:int0, 7 paused:bool, 9
  progressDeadlineSeconds:int0
DeploymentStrategy: 1 type, 2 rollingUpdate:RollingUpdateDeployment
RollingUpdateDeployment: 1 maxUnavailable:IntOrString, 2 maxSurge:IntOrString
PodTemplateSpec: 1 metadata:ObjectMeta, 2 spec:PodSpec
PodSpec: 2 containers:Container*, 3 restartPolicy, 4 terminationGracePeriodSeconds:int0, 6 dnsPolicy, 7
  nodeSelector:map<str>, 8 serviceAccountName, 10 nodeName, 16 hostname, 17 subdomain, 19 schedulerName,
  20 initContainers:Container*, 22 tolerations:Toleration*
Toleration: 1 key, 2 operator, 3 value, 4 effect, 5 tolerationSeconds:int0
Container: 1 name, 2 image, 3 command:str*, 4 args:str*, 5 workingDir, 6 ports:ContainerPort*, 7
  env:EnvVar*, 8 resources:ResourceRequirements, 9 volumeMounts:VolumeMount*, 13 terminationMessagePath,
  14 imagePullPolicy, 20 terminationMessagePolicy
ContainerPort: 1 name, 2 hostPort:int, 3 containerPort:int, 4 protocol, 5 hostIP
EnvVar: 1 name, 2 value
ResourceRequirements: 1 limits:map<Quantity>, 2 requests:map<Quantity>
VolumeMount: 1 name, 2 readOnly:bool, 3 mountPath, 4 subPath
ConfigMap: 1 metadata:ObjectMeta, 2 data:map<str>, 3 binaryData:map<bytes>, 4 immutable:bool
PodDisruptionBudget: 1 metadata:ObjectMeta, 2 spec:PodDisruptionBudgetSpec
PodDisruptionBudgetSpec: 1 minAvailable:IntOrString0, 2 selector:LabelSelector, 3
  maxUnavailable:IntOrString0, 4 unhealthyPodEvictionPolicy
ServiceAccount: 1 metadata:ObjectMeta, 4 automountServiceAccountToken:bool
SelfSubjectAccessReview: 1 metadata:ObjectMeta, 2 spec:SelfSubjectAccessReviewSpec
SelfSubjectAccessReviewSpec: 1 resourceAttributes:ResourceAttributes, 2
  nonResourceAttributes:NonResourceAttributes
ResourceAttributes: 1 namespace, 2 verb, 3 group, 4 version, 5 resource, 6 subresource, 7 name
NonResourceAttributes: 1 path, 2 verb
SelfSubjectRulesReview: 1 metadata:ObjectMeta, 2 spec:SelfSubjectRulesReviewSpec
SelfSubjectRulesReviewSpec: 1 namespace
SelfSubjectReview: 1 metadata:ObjectMeta
"""
_TOP = frozenset(
    (
        "ConfigMap",
        "DeleteOptions",
        "Deployment",
        "Namespace",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    )
)
_REVIEWS = frozenset(("SelfSubjectAccessReview", "SelfSubjectRulesReview", "SelfSubjectReview"))


class _Field(NamedTuple):
    name: str
    type: str
    repeated: bool
    values: str  # of a map


def _field(text: str) -> tuple[int, _Field]:
    number, _, rest = text.strip().partition(" ")
    name, _, type_ = rest.partition(":")
    repeated = type_.endswith("*")
    type_ = type_.removesuffix("*") or "str"
    values = type_[4:-1] if type_.startswith("map<") else ""
    return int(number), _Field(name, type_, repeated, values)


_MESSAGES: dict[str, dict[int, _Field]] = {}
for _line in _TABLE.replace("\n  ", " ").strip().splitlines():
    _name, _, _fields = _line.partition(": ")
    _MESSAGES[_name] = dict(_field(text) for text in _fields.split(","))


def decode(body: bytes) -> dict[str, Any]:
    """Return the object in *body* as JSON data. Raises: Malformed, UnknownMessage."""
    if not body.startswith(PREFIX):
        raise Malformed(
            "provided data does not appear to be a protobuf message, expected prefix"
            f" [{' '.join(str(byte) for byte in PREFIX)}]"
        )
    type_meta: dict[int, str] = {}
    raw = b""
    for number, value in _wire(body[len(PREFIX) :]):
        if number == 1:
            type_meta = {at: _text(part) for at, part in _wire(_bytes(value))}
        elif number == 2:
            raw = _bytes(value)
    kind = type_meta.get(2, "")
    if kind not in _TOP | _REVIEWS:
        raise UnknownMessage(kind)
    return {"kind": kind, "apiVersion": type_meta.get(1, ""), **_message(raw, kind)}


def _message(data: bytes, name: str) -> dict[str, Any]:
    fields = _MESSAGES[name]
    out: dict[str, Any] = {}
    for number, value in _wire(data):
        field = fields.get(number)
        if field is None:
            continue
        if field.values:
            entry = dict(_wire(_bytes(value)))
            out.setdefault(field.name, {})[_text(entry.get(1, b""))] = _value(entry.get(2, b""), field.values)
        elif field.repeated:
            out.setdefault(field.name, []).append(_value(value, field.type))
        else:
            read = _value(value, field.type)
            # the sender writes what is empty too; absent is what it means, but where zero says something
            if read or field.type in ("int0", "IntOrString0"):
                out[field.name] = read
    return out


def _value(value: int | bytes, type_: str) -> Any:
    if type_ in ("int", "int0"):
        number = _int(value)
        return number - (1 << 64) if number >= 1 << 63 else number
    if type_ == "bool":
        return bool(_int(value))
    if type_ == "str":
        return _text(value)
    if type_ == "Time":
        parts = dict(_wire(_bytes(value)))
        return timestamp(float(_int(parts[1]))) if 1 in parts else None
    if type_ == "Quantity":
        return _text(dict(_wire(_bytes(value))).get(1, b""))
    if type_ == "bytes":
        return base64.b64encode(_bytes(value)).decode()
    if type_ in ("IntOrString", "IntOrString0"):
        parts = dict(_wire(_bytes(value)))
        return _text(parts.get(3, b"")) if parts.get(1) == 1 else _value(parts.get(2, 0), "int")
    return _message(_bytes(value), type_)


# -- the wire --------------------------------------------------------------------------------------


def _wire(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield field numbers and values: numbers as int, all else as bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        value: int | bytes
        if kind == 0:
            value, at = _varint(data, at)
        elif kind in (1, 2, 5):
            size, at = _varint(data, at) if kind == 2 else (8 if kind == 1 else 4, at)
            if at + size > len(data):
                raise Malformed("unexpected EOF")
            value, at = data[at : at + size], at + size
        else:
            raise Malformed(f"proto: illegal wireType {kind}")
        yield key >> 3, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise Malformed("unexpected EOF" if shift < 70 else "proto: integer overflow")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    raise Malformed("proto: wrong wireType")


def _int(value: int | bytes) -> int:
    if isinstance(value, int):
        return value
    raise Malformed("proto: wrong wireType")


def _text(value: int | bytes) -> str:
    try:
        return _bytes(value).decode()
    except UnicodeDecodeError:
        raise Malformed("proto: string is not UTF-8") from None
