"""What a new cluster holds before anyone asks anything of it, and who works in it.

Source: the objects a kubeadm cluster has after its start; cmd/kube-controller-manager/app (v1.36).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import timestamp
from core.client.component import Component
from core.controllers.attachdetach import AttachDetachController
from core.controllers.daemonset import DaemonSetController
from core.controllers.deployment import DeploymentController
from core.controllers.disruption import DisruptionController
from core.controllers.endpoints import EndpointsController
from core.controllers.endpointslice import EndpointSliceController
from core.controllers.ephemeral import EphemeralVolumeController
from core.controllers.eventttl import EventTTL
from core.controllers.expand import ExpandController
from core.controllers.garbagecollector import GarbageCollectorController
from core.controllers.kubernetesservice import KubernetesService
from core.controllers.namespace import NamespaceController
from core.controllers.nodelifecycle import NodeLifecycleController, NodeTaintController
from core.controllers.persistentvolume import PersistentVolumeController
from core.controllers.podgc import PodGCController
from core.controllers.provisioner import LocalPathProvisioner
from core.controllers.pvcprotection import PVCProtectionController
from core.controllers.pvprotection import PVProtectionController
from core.controllers.replicaset import ReplicaSetController
from core.controllers.replication import ReplicationManager
from core.controllers.resourcequota import ResourceQuotaController
from core.controllers.rootcacertpublisher import RootCACertPublisher
from core.controllers.serviceaccounts import ServiceAccountsController
from core.controllers.statefulset import StatefulSetController
from core.controllers.systempriorities import SystemPriorities
from core.controllers.tainteviction import TaintEvictionController
from core.kubelet.kubelet import Kubelet
from core.scheduler.scheduler import Scheduler
from core.sim.settings import Settings

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
KUBELET_VERSION = "v1.36.3"


COMPONENTS: tuple[Callable[[Settings], Component], ...] = (
    StatefulSetController,
    ReplicaSetController,
    ReplicationManager,
    DeploymentController,
    DaemonSetController,
    PersistentVolumeController,
    LocalPathProvisioner,
    Scheduler,
    Kubelet,
    EndpointSliceController,
    EndpointsController,
    PVCProtectionController,
    PVProtectionController,
    AttachDetachController,
    ExpandController,
    EphemeralVolumeController,
    GarbageCollectorController,
    NamespaceController,
    NodeTaintController,
    NodeLifecycleController,
    TaintEvictionController,
    PodGCController,
    DisruptionController,
    ResourceQuotaController,
    RootCACertPublisher,
    ServiceAccountsController,
    EventTTL,
    KubernetesService,
    SystemPriorities,
)


def components(settings: Settings) -> list[Component]:
    """Return one of each component, in the order that breaks ties of simulated time."""
    return [make(settings) for make in COMPONENTS]


def namespace(name: str) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name},
    }


def node(name: str, number: int, settings: Settings, now: float) -> Obj:
    """A Ready node as its kubelet registers it. *number* from 1: it gives the Pod range and address."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "beta.kubernetes.io/arch": "amd64",
                "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
            },
        },
        "spec": _pod_range(number, settings),
        "status": node_status(name, number, settings, now),
    }


def _pod_range(number: int, settings: Settings) -> Obj:
    # a /24 as usual; a node that takes more Pods than a /24 has addresses gets a /16
    cidr = f"10.244.{number}.0/24" if settings.max_pods <= 250 else f"10.{(243 + number) % 256}.0.0/16"
    return {"podCIDR": cidr, "podCIDRs": [cidr]}


def node_status(name: str, number: int, settings: Settings, now: float) -> Obj:
    resources = {
        "cpu": "32",
        "ephemeral-storage": "100Gi",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": "64Gi",
        "pods": str(settings.max_pods),
    }
    stamp = timestamp(now)
    return {
        "addresses": [
            {"type": "InternalIP", "address": f"172.18.0.{number + 1}"},
            {"type": "Hostname", "address": name},
        ],
        "allocatable": resources,
        "capacity": resources,
        "conditions": [
            {
                "type": kind,
                "status": status,
                "reason": reason,
                "message": message,
                "lastHeartbeatTime": stamp,
                "lastTransitionTime": stamp,
            }
            for kind, status, reason, message in (
                (
                    "MemoryPressure",
                    "False",
                    "KubeletHasSufficientMemory",
                    "kubelet has sufficient memory available",
                ),
                ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            )
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": "",
            "containerRuntimeVersion": "stsviz://1.0",
            "kernelVersion": "6.1.0",
            "kubeProxyVersion": "",
            "kubeletVersion": KUBELET_VERSION,
            "machineID": name,
            "operatingSystem": "linux",
            "osImage": "stsviz",
            "systemUUID": name,
        },
    }


def with_room(status: Obj, pods: int) -> Obj:
    """Return a node's *status* with room for so many *pods*."""
    room = {"pods": str(pods)}
    return {
        **status,
        "capacity": {**status["capacity"], **room},
        "allocatable": {**(status.get("allocatable") or {}), **room},
    }


def lab(settings: Settings, now: float, nodes: int = 2) -> Iterable[Obj]:
    """Return the objects of a new cluster: namespaces and *nodes* Ready nodes."""
    yield from (namespace(name) for name in NAMESPACES)
    for number in range(1, nodes + 1):
        yield node(f"node-{number}", number, settings, now)
