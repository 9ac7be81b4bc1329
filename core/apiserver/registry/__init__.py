"""The strategies by kind: defaults, prepare_for_create/update, validate/validate_update."""

from __future__ import annotations

from types import ModuleType

from core.apiserver.registry import (
    controllerrevision,
    deployment,
    endpointslice,
    event,
    namespace,
    node,
    persistentvolume,
    persistentvolumeclaim,
    pod,
    replicaset,
    service,
    statefulset,
    storageclass,
    volumefile,
)

STRATEGIES: dict[str, ModuleType] = {
    module.KIND: module
    for module in (
        controllerrevision,
        deployment,
        endpointslice,
        event,
        namespace,
        node,
        persistentvolume,
        persistentvolumeclaim,
        pod,
        replicaset,
        service,
        statefulset,
        storageclass,
        volumefile,
    )
}
