"""The strategies by kind: defaults, prepare_for_create/update, validate/validate_update."""

from __future__ import annotations

from types import ModuleType

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

STRATEGIES: dict[str, ModuleType] = {
    module.KIND: module
    for module in (
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
}
