"""The write path of one strategy without a store, and the objects that the workload tests start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj, copied
from core.apiserver.registry import controllerrevision, deployment, pod, replicaset, statefulset
from core.apiserver.registry.context import Context
from core.client.cache import Cache
from core.sim.ids import Ids
from core.sim.settings import Settings

STRATEGIES: dict[str, Any] = {
    module.KIND: module for module in (controllerrevision, deployment, pod, replicaset, statefulset)
}
RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("recorded_workloads.json").read_text())


def context(**flags: Any) -> Context:
    return Context(1_700_000_000.0, Cache(), Settings(**flags), Ids(1))


def created(obj: Obj, **flags: Any) -> Obj:
    """Return *obj* as the API server would hand it to validation."""
    obj, strategy, where = copied(obj), STRATEGIES[obj["kind"]], context(**flags)
    strategy.defaults(obj)
    if obj["kind"] == "Pod":
        pod.admit_pod(obj, where)
    strategy.prepare_for_create(obj, where)
    return obj


def updated(obj: Obj, old: Obj, **flags: Any) -> Obj:
    obj, strategy = copied(obj), STRATEGIES[obj["kind"]]
    strategy.defaults(obj)
    strategy.prepare_for_update(obj, old, context(**flags))
    return obj


def refusals_of_create(obj: Obj, **flags: Any) -> list[str]:
    return texts(STRATEGIES[obj["kind"]].validate(created(obj, **flags)))


def refusals_of_update(obj: Obj, old: Obj) -> list[str]:
    return texts(STRATEGIES[obj["kind"]].validate_update(updated(obj, old), old))


def refusals_of_status(obj: Obj, status: Obj, old_status: Obj | None = None) -> list[str]:
    old = {**obj, "status": old_status or {}}
    return texts(STRATEGIES[obj["kind"]].validate_status_update({**obj, "status": status}, old))


def texts(errors: list[FieldError]) -> list[str]:
    return [str(error) for error in errors]


def web(**spec: Any) -> Obj:
    """The StatefulSet web of the recordings; *spec* replaces fields of its spec, None drops one."""
    return _with_spec(copied(RECORDED["StatefulSet"]["manifest"]), spec)


def front(**spec: Any) -> Obj:
    """The Deployment front of the recordings."""
    return _with_spec(copied(RECORDED["Deployment"]["manifest"]), spec)


def front_replicas(**spec: Any) -> Obj:
    return {**front(**spec), "kind": "ReplicaSet"}


def a_pod(**spec: Any) -> Obj:
    base = {"containers": [{"name": "nginx", "image": "nginx:1.9.1"}]}
    meta = {"name": "p", "namespace": "default"}
    return _with_spec({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": base}, spec)


def a_container(**fields: Any) -> Obj:
    return {"name": "nginx", "image": "nginx:1.9.1", **fields}


def template(labels: Obj | None = None, **spec: Any) -> Obj:
    base = {"containers": [a_container()], **spec}
    return {"metadata": {"labels": labels if labels is not None else {"app": "nginx"}}, "spec": base}


def _with_spec(obj: Obj, spec: Obj) -> Obj:
    merged = {**obj["spec"], **spec}
    obj["spec"] = {key: value for key, value in merged.items() if value is not None}
    return obj
