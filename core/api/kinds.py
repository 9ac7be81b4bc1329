"""The kinds that stsviz serves: group, version, plural, scope, short names.

``VolumeFile`` is ours: a file inside a volume's backend. It lives in the same store (so that history,
fork and replay have it too) and is never served by the Kubernetes API.
Source: the discovery documents of kube-apiserver v1.36.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Resource:
    kind: str
    group: str
    version: str
    plural: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_kind(self) -> str:
        """``StatefulSet.apps``, or ``Pod`` in the core group: as error texts name it."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def group_resource(self) -> str:
        """``statefulsets.apps``, or ``pods`` in the core group: as error texts name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_AUTOSCALER = Resource(
    "HorizontalPodAutoscaler", "autoscaling", "v2", "horizontalpodautoscalers", True, ("hpa",), ("all",)
)
RESOURCES: tuple[Resource, ...] = (
    Resource("Namespace", "", "v1", "namespaces", False, ("ns",)),
    Resource("Node", "", "v1", "nodes", False, ("no",)),
    Resource("Pod", "", "v1", "pods", True, ("po",), ("all",)),
    Resource("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", True, ("pvc",)),
    Resource("PersistentVolume", "", "v1", "persistentvolumes", False, ("pv",)),
    Resource("Service", "", "v1", "services", True, ("svc",), ("all",)),
    Resource("Event", "", "v1", "events", True, ("ev",)),
    Resource("ConfigMap", "", "v1", "configmaps", True, ("cm",)),
    Resource("PodTemplate", "", "v1", "podtemplates", True),
    Resource("Secret", "", "v1", "secrets", True),
    Resource("ServiceAccount", "", "v1", "serviceaccounts", True, ("sa",)),
    Resource("Endpoints", "", "v1", "endpoints", True, ("ep",)),
    Resource("ReplicationController", "", "v1", "replicationcontrollers", True, ("rc",), ("all",)),
    Resource("ResourceQuota", "", "v1", "resourcequotas", True, ("quota",)),
    Resource("StatefulSet", "apps", "v1", "statefulsets", True, ("sts",), ("all",)),
    Resource("Deployment", "apps", "v1", "deployments", True, ("deploy",), ("all",)),
    Resource("ReplicaSet", "apps", "v1", "replicasets", True, ("rs",), ("all",)),
    Resource("DaemonSet", "apps", "v1", "daemonsets", True, ("ds",), ("all",)),
    Resource("ControllerRevision", "apps", "v1", "controllerrevisions", True),
    Resource("StorageClass", "storage.k8s.io", "v1", "storageclasses", False, ("sc",)),
    Resource("PriorityClass", "scheduling.k8s.io", "v1", "priorityclasses", False, ("pc",)),
    Resource("PodDisruptionBudget", "policy", "v1", "poddisruptionbudgets", True, ("pdb",)),
    Resource("Lease", "coordination.k8s.io", "v1", "leases", True),
    Resource("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices", True),
    # kept: stored and served, but nothing acts upon them (apiserver/registry/kept)
    Resource("LimitRange", "", "v1", "limitranges", True, ("limits",)),
    _AUTOSCALER,
    Resource("Job", "batch", "v1", "jobs", True, (), ("all",)),
    Resource("CronJob", "batch", "v1", "cronjobs", True, ("cj",), ("all",)),
    Resource("Ingress", "networking.k8s.io", "v1", "ingresses", True, ("ing",)),
    Resource("IngressClass", "networking.k8s.io", "v1", "ingressclasses", False),
    Resource("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies", True, ("netpol",)),
    Resource("Role", "rbac.authorization.k8s.io", "v1", "roles", True),
    Resource("RoleBinding", "rbac.authorization.k8s.io", "v1", "rolebindings", True),
    Resource("ClusterRole", "rbac.authorization.k8s.io", "v1", "clusterroles", False),
    Resource("ClusterRoleBinding", "rbac.authorization.k8s.io", "v1", "clusterrolebindings", False),
    Resource("RuntimeClass", "node.k8s.io", "v1", "runtimeclasses", False),
    Resource("CSIDriver", "storage.k8s.io", "v1", "csidrivers", False),
    Resource("CSINode", "storage.k8s.io", "v1", "csinodes", False),
    Resource("CSIStorageCapacity", "storage.k8s.io", "v1", "csistoragecapacities", True),
    Resource("VolumeAttachment", "storage.k8s.io", "v1", "volumeattachments", False),
    # of these there are none
    Resource(
        "CustomResourceDefinition", "apiextensions.k8s.io", "v1", "customresourcedefinitions", False,
        ("crd", "crds"), ("api-extensions",),
    ),
    Resource(
        "APIService", "apiregistration.k8s.io", "v1", "apiservices", False, (), ("api-extensions",)
    ),
    Resource(
        "ValidatingWebhookConfiguration", "admissionregistration.k8s.io", "v1",
        "validatingwebhookconfigurations", False, (), ("api-extensions",),
    ),
    Resource(
        "MutatingWebhookConfiguration", "admissionregistration.k8s.io", "v1",
        "mutatingwebhookconfigurations", False, (), ("api-extensions",),
    ),
    Resource(
        "CertificateSigningRequest", "certificates.k8s.io", "v1",
        "certificatesigningrequests", False, ("csr",),
    ),
    Resource("VolumeFile", "stsviz.internal", "v1", "volumefiles", True),
)  # fmt: skip
OTHER_VERSIONS: tuple[Resource, ...] = (replace(_AUTOSCALER, version="v1"),)
"""In which else than the stored version a kind is served."""

BY_KIND: dict[str, Resource] = {resource.kind: resource for resource in RESOURCES}
SERVED: tuple[Resource, ...] = tuple(r for r in RESOURCES if r.kind != "VolumeFile")
