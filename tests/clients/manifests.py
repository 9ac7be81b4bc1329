"""The smallest valid object of each kind, without metadata; no component minds it."""

from __future__ import annotations

from typing import Any

CONTAINERS = [{"name": "c", "image": "nginx:1.27"}]
POD_SPEC = {"containers": CONTAINERS, "schedulerName": "nobody"}
SET_SPEC = {
    "replicas": 0,
    "selector": {"matchLabels": {"app": "web"}},
    "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": CONTAINERS}},
}
CLAIM_SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
VOLUME_SPEC = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}
ENDS = {"spec": {**POD_SPEC, "restartPolicy": "Never"}}
ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "x"}
NOWHERE = {**SET_SPEC["template"], "spec": {**POD_SPEC, "nodeSelector": {"no": "node"}}}

MANIFESTS: dict[str, dict[str, Any]] = {
    "Namespace": {},
    "Node": {},
    "Pod": {"spec": POD_SPEC},
    "PersistentVolumeClaim": {"spec": CLAIM_SPEC},
    "PersistentVolume": {"spec": VOLUME_SPEC},
    "Service": {"spec": {"ports": [{"port": 80}]}},
    "Event": {"reason": "Testing", "message": "hello", "type": "Normal"},
    "ConfigMap": {"data": {"a": "b"}},
    "Secret": {"stringData": {"a": "b"}},
    "ServiceAccount": {},
    "PodTemplate": {"template": SET_SPEC["template"]},
    "ReplicationController": {"spec": {"replicas": 0, "template": SET_SPEC["template"]}},
    "Endpoints": {"subsets": []},
    "StatefulSet": {"spec": {**SET_SPEC, "serviceName": "x"}},
    "Deployment": {"spec": SET_SPEC},
    "ReplicaSet": {"spec": SET_SPEC},
    "DaemonSet": {"spec": {"selector": SET_SPEC["selector"], "template": NOWHERE}},
    "ControllerRevision": {"revision": 1, "data": {"a": 1}},
    "StorageClass": {"provisioner": "example.com/none"},
    "PriorityClass": {"value": 7},
    "PodDisruptionBudget": {"spec": {"minAvailable": 1, "selector": SET_SPEC["selector"]}},
    "ResourceQuota": {"spec": {"hard": {"count/mine": "1"}}},
    "LimitRange": {"spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}},
    "HorizontalPodAutoscaler": {
        "spec": {
            "maxReplicas": 3,
            "scaleTargetRef": {"kind": "Deployment", "name": "x", "apiVersion": "apps/v1"},
        }
    },
    "Job": {"spec": {"template": ENDS}},
    "CronJob": {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": ENDS}}}},
    "Ingress": {"spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}}},
    "IngressClass": {"spec": {"controller": "example.com/none"}},
    "NetworkPolicy": {"spec": {"podSelector": {}}},
    "Role": {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]},
    "ClusterRole": {"rules": []},
    "RoleBinding": {"roleRef": ROLE, "subjects": [{"kind": "User", "name": "me"}]},
    "ClusterRoleBinding": {"roleRef": ROLE},
    "RuntimeClass": {"handler": "runc"},
    "CSIDriver": {"spec": {}},
    "CSINode": {"spec": {"drivers": []}},
    "CSIStorageCapacity": {"storageClassName": "x"},
    "VolumeAttachment": {"spec": {"attacher": "x", "nodeName": "x", "source": {"persistentVolumeName": "x"}}},
    "Lease": {"spec": {"holderIdentity": "me"}},
    "EndpointSlice": {
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"]}],
        "ports": [],
    },
}


def manifest(kind: str, name: str, namespace: str) -> dict[str, Any]:
    """Return a valid object *name* of *kind*; its label says which namespace made it."""
    found = {"metadata": {"name": name, "labels": {"made-for": namespace}}, **MANIFESTS[kind]}
    if kind == "Event":
        found["involvedObject"] = {"kind": "Pod", "name": "p", "namespace": namespace}
    return found
