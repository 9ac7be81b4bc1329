"""Deployment controller: which Deployments a change concerns, and their sync.

Source: pkg/controller/deployment/deployment_controller.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.apimachinery.meta import Obj, Ref, ref_of
from core.client.actions import NOTHING, Plan
from core.client.cache import View
from core.client.component import Handler
from core.controllers.adoption import controller_ref, owners_to_sync
from core.controllers.deployment.control import sync_deployment
from core.sim.settings import Settings


def _of_the_deployment(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    changed = new or old
    return (ref_of(changed),) if changed else ()


def _of_its_replica_set(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return owners_to_sync(view, "Deployment", old, new)


def _of_a_pod_that_is_gone(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """Strategy Recreate waits for Pods to be gone; no ReplicaSet says so."""
    found = controller_ref(old, "ReplicaSet") if new is None else None
    rs = view.get(*found[0]) if found else None
    owner = controller_ref(rs, "Deployment")
    deployment = view.get(*owner[0]) if owner else None
    if deployment is None or deployment["spec"]["strategy"]["type"] != "Recreate":
        return ()
    return (ref_of(deployment),)


class DeploymentController:
    name = "deployment-controller"
    process = "kube-controller-manager"
    latency = 0.005
    watches: Mapping[str, Handler] = {
        "Deployment": _of_the_deployment,
        "ReplicaSet": _of_its_replica_set,
        "Pod": _of_a_pod_that_is_gone,
    }
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(deployment) for deployment in view.list("Deployment")]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        deployment = view.get(*key)
        return NOTHING if deployment is None else sync_deployment(view, deployment, now)
