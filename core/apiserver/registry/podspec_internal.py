"""The internal Go struct of a pod spec, which the API server shows when it refuses a change of it.

Source: pkg/apis/core/types.go (v1.36): fields in the order of declaration.
Differs: structs that a set's Pods rarely have (affinity, probes, env, foreign volumes) show only the
fields that are set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.apimachinery.meta import Obj
from core.apiserver.registry.specdiff import diff, go_name

# A field's value in a schema is its zero value; or {...}: pointer to a struct, [{...}]: list of structs,
# ({...},): struct by value. An empty struct is one whose fields are not listed here.
_ANY: dict[str, Any] = {}
_KEY_TO_PATH = {"key": "", "path": "", "mode": None}
_DOWNWARD_FILE = {
    "path": "",
    "fieldRef": {"apiVersion": "", "fieldPath": ""},
    "resourceFieldRef": _ANY,
    "mode": None,
}
_PROJECTION = {
    "secret": {"name": "", "items": [_KEY_TO_PATH], "optional": None},
    "downwardAPI": {"items": [_DOWNWARD_FILE]},
    "configMap": {"name": "", "items": [_KEY_TO_PATH], "optional": None},
    "serviceAccountToken": {"audience": "", "expirationSeconds": 0, "path": ""},
    "clusterTrustBundle": _ANY,
    "podCertificate": _ANY,
}
_VOLUME = {
    "name": "",
    "hostPath": {"path": "", "type": None},
    "emptyDir": {"medium": "", "sizeLimit": None},
    "gcePersistentDisk": _ANY,
    "awsElasticBlockStore": _ANY,
    "gitRepo": _ANY,
    "secret": {"secretName": "", "items": [_KEY_TO_PATH], "defaultMode": None, "optional": None},
    "nfs": {"server": "", "path": "", "readOnly": False},
    "iscsi": _ANY,
    "glusterfs": _ANY,
    "persistentVolumeClaim": {"claimName": "", "readOnly": False},
    "rbd": _ANY,
    "quobyte": _ANY,
    "flexVolume": _ANY,
    "cinder": _ANY,
    "cephfs": _ANY,
    "flocker": _ANY,
    "downwardAPI": {"items": [_DOWNWARD_FILE], "defaultMode": None},
    "fc": _ANY,
    "azureFile": _ANY,
    "configMap": {"name": "", "items": [_KEY_TO_PATH], "defaultMode": None, "optional": None},
    "vsphereVolume": _ANY,
    "azureDisk": _ANY,
    "photonPersistentDisk": _ANY,
    "projected": {"sources": [_PROJECTION], "defaultMode": None},
    "portworxVolume": _ANY,
    "scaleIO": _ANY,
    "storageos": _ANY,
    "csi": _ANY,
    "ephemeral": _ANY,
    "image": _ANY,
}
_CONTAINER = {
    "name": "",
    "image": "",
    "command": None,
    "args": None,
    "workingDir": "",
    "ports": [{"name": "", "hostPort": 0, "containerPort": 0, "protocol": "", "hostIP": ""}],
    "envFrom": [_ANY],
    "env": [{"name": "", "value": "", "valueFrom": _ANY}],
    "resources": ({"limits": None, "requests": None, "claims": [_ANY]},),
    "resizePolicy": [{"resourceName": "", "restartPolicy": ""}],
    "restartPolicy": None,
    "restartPolicyRules": [_ANY],
    "volumeMounts": [
        {
            "name": "",
            "readOnly": False,
            "recursiveReadOnly": None,
            "mountPath": "",
            "subPath": "",
            "mountPropagation": None,
            "subPathExpr": "",
        }
    ],
    "volumeDevices": [{"name": "", "devicePath": ""}],
    "livenessProbe": _ANY,
    "readinessProbe": _ANY,
    "startupProbe": _ANY,
    "lifecycle": _ANY,
    "terminationMessagePath": "",
    "terminationMessagePolicy": "",
    "imagePullPolicy": "",
    "securityContext": _ANY,
    "stdin": False,
    "stdinOnce": False,
    "tty": False,
}
_HOST_FIELDS = {"hostNetwork": False, "hostPID": False, "hostIPC": False}
_HOST_POINTERS = {"shareProcessNamespace": None, "hostUsers": None}
_SECURITY_CONTEXT = {
    **_HOST_FIELDS,
    **_HOST_POINTERS,
    "seLinuxOptions": _ANY,
    "windowsOptions": _ANY,
    "runAsUser": None,
    "runAsGroup": None,
    "runAsNonRoot": None,
    "supplementalGroups": None,
    "supplementalGroupsPolicy": None,
    "fsGroup": None,
    "fsGroupChangePolicy": None,
    "sysctls": [{"name": "", "value": ""}],
    "seccompProfile": _ANY,
    "appArmorProfile": _ANY,
    "seLinuxChangePolicy": None,
}
_POD_SPEC = {
    "volumes": [_VOLUME],
    "initContainers": [_CONTAINER],
    "containers": [_CONTAINER],
    "ephemeralContainers": [{**_CONTAINER, "targetContainerName": ""}],
    "restartPolicy": "",
    "terminationGracePeriodSeconds": None,
    "activeDeadlineSeconds": None,
    "dnsPolicy": "",
    "nodeSelector": None,
    "serviceAccountName": "",
    "automountServiceAccountToken": None,
    "nodeName": "",
    "securityContext": _SECURITY_CONTEXT,
    "imagePullSecrets": [{"name": ""}],
    "hostname": "",
    "subdomain": "",
    "setHostnameAsFQDN": None,
    "affinity": _ANY,
    "schedulerName": "",
    "tolerations": [{"key": "", "operator": "", "value": "", "effect": "", "tolerationSeconds": None}],
    "hostAliases": [{"ip": "", "hostnames": None}],
    "priorityClassName": "",
    "priority": None,
    "preemptionPolicy": None,
    "dnsConfig": {"nameservers": None, "searches": None, "options": [{"name": "", "value": None}]},
    "readinessGates": [{"conditionType": ""}],
    "runtimeClassName": None,
    "overhead": None,
    "enableServiceLinks": None,
    "topologySpreadConstraints": [_ANY],
    "os": {"name": ""},
    "schedulingGates": [{"name": ""}],
    "resourceClaims": [{"name": "", "resourceClaimName": None, "resourceClaimTemplateName": None}],
    "resources": {"limits": None, "requests": None, "claims": [_ANY]},
    "hostnameOverride": None,
}
_GO_NAMES = {
    "dnsPolicy": "DNSPolicy",
    "dnsConfig": "DNSConfig",
    "tty": "TTY",
    "os": "OS",
    "ip": "IP",
    "iscsi": "ISCSI",
    "rbd": "RBD",
    "fc": "FC",
    "cephfs": "CephFS",
    "storageos": "StorageOS",
    "awsElasticBlockStore": "AWSElasticBlockStore",
    "seLinuxOptions": "SELinuxOptions",
    "seLinuxChangePolicy": "SELinuxChangePolicy",
    "httpGet": "HTTPGet",
    "tcpSocket": "TCPSocket",
    "grpc": "GRPC",
}


def pod_spec_diff(old: Obj, new: Obj) -> str:
    """Return the difference of two pod specs as the API server prints it."""
    return diff(_internal(old), _internal(new))


def _internal(spec: Obj) -> Any:
    # the host's namespaces stand in the internal security context, on the wire beside it
    moved = {key: spec[key] for key in (*_HOST_FIELDS, *_HOST_POINTERS) if key in spec}
    return _struct({**spec, "securityContext": {**(spec.get("securityContext") or {}), **moved}}, _POD_SPEC)


def _struct(value: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    fields = schema or {name: _ANY if isinstance(value[name], dict) else None for name in value}
    return {_GO_NAMES.get(name) or go_name(name): _field(value.get(name), fields[name]) for name in fields}


def _field(value: Any, zero: Any) -> Any:
    if isinstance(zero, tuple):
        return _struct(value or {}, zero[0])
    if value is None:
        return None if isinstance(zero, (dict, list)) else zero
    if isinstance(zero, dict):
        return _struct(value, zero)
    if isinstance(zero, list):
        return [_struct(item, zero[0]) for item in value]
    return dict(sorted(value.items())) if isinstance(value, dict) else value
