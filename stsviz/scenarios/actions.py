"""What a beat may do: verbs of the façade, each with its kubectl line unless it is a fault."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.apimachinery.errors import ApiError, BadRequest
from core.apimachinery.labels import matches_all, parse_selector
from core.apimachinery.meta import Ref, controller_of, labels_of, name_of, ref_of
from core.apimachinery.meta import field as field_of
from core.apimachinery.timestamps import timestamp
from core.apiserver.eviction import evict
from core.apiserver.registry.deletion import DeleteOptions
from core.cluster import Cluster
from core.explain import kubectl
from core.explain.kubectl import slashed, space, typed
from stsviz.scenarios import faults

ACTOR = "you"
FAULT = "no kubectl line does this: it is a fault"


@dataclass(frozen=True, slots=True)
class Action:
    """*verb* with its arguments, as they were checked. *refused*: words of the refusal that it must get."""

    verb: str
    ref: Ref | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    refused: str = ""

    @property
    def line(self) -> str:
        """Return the kubectl line that does the same, "" for a fault that none makes."""
        return _LINES[self.verb](self)

    def perform(self, cluster: Cluster) -> str:
        """Do it; return the API server's refusal if one was expected, else "". Raises: ApiError."""
        try:
            _DEEDS[self.verb](cluster, self)
        except ApiError as error:
            if self.refused and self.refused in error.message:
                return error.message
            raise
        if self.refused:
            raise BadRequest(f"{self.line or self.verb} was not refused: {self.refused!r} was expected")
        return ""

    @property
    def fault(self) -> str:
        """Say what a fault without a kubectl line is: ``node-down node-1``."""
        if self.verb == "flags":
            return " ".join(f"--{flag}={value}" for flag, value in self.values["written"].items())
        return f"{self.verb} {self.target.name}"

    @property
    def target(self) -> Ref:
        assert self.ref is not None  # the reader saw to it
        return self.ref


# -- deeds ---------------------------------------------------------------------------------------------


def _apply(cluster: Cluster, action: Action) -> None:
    for outcome in cluster.apply(action.values["text"], ACTOR):
        if outcome.verb == "refused":
            raise BadRequest(outcome.message)


def _delete(cluster: Cluster, action: Action) -> None:
    grace = 0 if action.values.get("force") else None
    propagation = action.values.get("cascade", "background").title()
    for ref in _meant(cluster, action):
        cluster.delete(ref, grace, propagation, actor=ACTOR)


def _meant(cluster: Cluster, action: Action) -> list[Ref]:
    """Return the object that is named, or those of its kind that a selector finds (their name is "")."""
    if action.target.name:
        return [action.target]
    selector = parse_selector(action.values["selector"])
    found = cluster.view.list(action.target.kind, action.target.namespace)
    return [ref_of(obj) for obj in found if matches_all(selector, labels_of(obj))]


def _flags(cluster: Cluster, action: Action) -> None:
    cluster.configure(**action.values["settings"])


def _scale(cluster: Cluster, action: Action) -> None:
    cluster.scale(action.target, action.values["replicas"], ACTOR)


def _patch(cluster: Cluster, action: Action) -> None:
    cluster.patch(action.target, action.values["with"], action.values.get("type", "strategic"), ACTOR)


def _image(cluster: Cluster, action: Action) -> None:
    containers = field_of(cluster.get(action.target), "spec.template.spec.containers", [])
    named = action.values.get("container") or (containers[0]["name"] if containers else "")
    patch = {
        "spec": {"template": {"spec": {"containers": [{"name": named, "image": action.values["image"]}]}}}
    }
    cluster.patch(action.target, patch, "strategic", ACTOR)


def _label(cluster: Cluster, action: Action) -> None:
    cluster.patch(action.target, {"metadata": {"labels": action.values["labels"]}}, "merge", ACTOR)


def _write(cluster: Cluster, action: Action) -> None:
    cluster.write_file(action.target, action.values["path"], action.values["text"].encode(), ACTOR)


def _read(cluster: Cluster, action: Action) -> None:
    there = cluster.read_file(action.target, action.values["path"]).decode("utf-8", "replace")
    if there != action.values["expect"]:
        raise BadRequest(f"{action.values['path']} holds {there[:60]!r}, and not what was written")


def _exec(cluster: Cluster, action: Action) -> None:
    result = cluster.exec(action.target, list(action.values["command"]), actor=ACTOR)
    if result.code:
        raise BadRequest(result.stderr.decode("utf-8", "replace").strip() or f"exit code {result.code}")
    there = result.stdout.decode("utf-8", "replace")
    if action.values.get("expect", there) not in there:
        raise BadRequest(f"the command printed {there[:60]!r}")


def _set_unschedulable(cluster: Cluster, action: Action) -> None:
    wanted = True if action.verb == "cordon" else None
    cluster.patch(action.target, {"spec": {"unschedulable": wanted}}, "merge", ACTOR)


def _drain(cluster: Cluster, action: Action) -> None:
    cluster.patch(action.target, {"spec": {"unschedulable": True}}, "merge", ACTOR)
    for pod in list(cluster.view.indexed("pods-by-node", action.target.name)):
        owner = controller_of(pod)
        if owner is None or owner["kind"] != "DaemonSet":
            ref = Ref("Pod", pod["metadata"]["namespace"], name_of(pod))
            evict(cluster.registry, ref, DeleteOptions(), ACTOR)


def _restart(cluster: Cluster, action: Action) -> None:
    """Change the template by the time of now, as kubectl does."""
    stamp = {"kubectl.kubernetes.io/restartedAt": timestamp(cluster.now)}
    patch = {"spec": {"template": {"metadata": {"annotations": stamp}}}}
    cluster.patch(action.target, patch, "strategic", ACTOR)


_DEEDS: Mapping[str, Callable[[Cluster, Action], None]] = {
    "apply": _apply,
    "delete": _delete,
    "scale": _scale,
    "patch": _patch,
    "image": _image,
    "label": _label,
    "write": _write,
    "read": _read,
    "exec": _exec,
    "cordon": _set_unschedulable,
    "uncordon": _set_unschedulable,
    "drain": _drain,
    "restart": _restart,
    "flags": _flags,
    **faults.DEEDS,
}
VERBS = tuple(_DEEDS)


# -- kubectl lines -------------------------------------------------------------------------------------


def _delete_line(action: Action) -> str:
    selector = action.values.get("selector")
    line = f"kubectl delete {typed(action.target).strip()}" + (f" -l {selector}" if selector else "")
    if action.values.get("cascade", "background") != "background":
        line += f" --cascade={action.values['cascade']}"
    return line + (" --grace-period=0 --force" if action.values.get("force") else "")


def _patch_line(action: Action) -> str:
    return kubectl.patch(action.target, action.values["with"], action.values.get("type", "strategic"))


def _image_line(action: Action) -> str:
    container = action.values.get("container") or "*"
    return (
        f"kubectl set image {slashed(action.target)} {shlex.quote(container + '=' + action.values['image'])}"
    )


def _label_line(action: Action) -> str:
    given = action.values["labels"]
    labels = [f"{key}-" if value is None else f"{key}={value}" for key, value in given.items()]
    return f"kubectl label {typed(action.target)} --overwrite {' '.join(labels)}"


def _write_line(action: Action) -> str:
    script = f"echo {shlex.quote(action.values['text'].strip())} > {shlex.quote(action.values['path'])}"
    if action.target.kind != "Pod":
        return ""
    return f"kubectl exec {_in(action)} -- sh -c {shlex.quote(script)}"


def _read_line(action: Action) -> str:
    pod = action.target.kind == "Pod"
    return f"kubectl exec {_in(action)} -- cat {shlex.quote(action.values['path'])}" if pod else ""


def _in(action: Action) -> str:
    return f"{action.target.name}{space(action.target)}"


_LINES: Mapping[str, Callable[[Action], str]] = {
    "apply": lambda action: f"kubectl apply -f {action.values['name']}.yaml",
    "delete": _delete_line,
    "scale": lambda action: f"kubectl scale {typed(action.target)} --replicas={action.values['replicas']}",
    "patch": _patch_line,
    "image": _image_line,
    "label": _label_line,
    "write": _write_line,
    "read": _read_line,
    "exec": lambda action: f"kubectl exec {_in(action)} -- {shlex.join(action.values['command'])}",
    "cordon": lambda action: f"kubectl cordon {action.target.name}",
    "uncordon": lambda action: f"kubectl uncordon {action.target.name}",
    "drain": lambda action: f"kubectl drain {action.target.name} --ignore-daemonsets --delete-emptydir-data",
    "restart": lambda action: f"kubectl rollout restart {slashed(action.target)}",
    "flags": lambda action: "",
    **dict.fromkeys(faults.DEEDS, lambda action: ""),
}
