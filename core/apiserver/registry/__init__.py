"""The strategies by kind, a module or a Kept: defaults, prepare_for_create/update, validate/_update."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from core.apimachinery.meta import Obj
from core.apiserver.registry import (
    configmap,
    controllerrevision,
    daemonset,
    deployment,
    endpoints,
    endpointslice,
    event,
    lease,
    namespace,
    node,
    persistentvolume,
    persistentvolumeclaim,
    pod,
    poddisruptionbudget,
    podtemplates,
    priorityclass,
    replicaset,
    replicationcontroller,
    resourcequota,
    secret,
    service,
    serviceaccount,
    statefulset,
    storageclass,
    volumefile,
)
from core.apiserver.registry.kept import KEPT

_MODULES: tuple[ModuleType, ...] = (
    configmap,
    controllerrevision,
    daemonset,
    deployment,
    endpoints,
    endpointslice,
    event,
    lease,
    namespace,
    node,
    persistentvolume,
    persistentvolumeclaim,
    pod,
    poddisruptionbudget,
    podtemplates,
    priorityclass,
    replicaset,
    replicationcontroller,
    resourcequota,
    secret,
    service,
    serviceaccount,
    statefulset,
    storageclass,
    volumefile,
)
STRATEGIES: dict[str, Any] = {**{module.KIND: module for module in _MODULES}, **KEPT}


def warnings_of(obj: Obj, old: Obj | None) -> tuple[str, ...]:
    """Return what the author of *obj*, just written over *old* (None: created), is warned of."""
    warn = getattr(STRATEGIES[obj["kind"]], "warnings", None)
    return tuple(warn(obj, old)) if warn is not None else ()
