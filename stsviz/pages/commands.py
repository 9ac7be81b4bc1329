"""What a viewer can do to a thing: for each command its form, its kubectl line, and the verb it performs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from core.api.kinds import BY_KIND
from core.apimachinery.errors import ApiError, BadRequest, Conflict
from core.apimachinery.meta import Obj, Ref
from core.apply import LAST_APPLIED
from core.cluster import Cluster

MAX_REPLICAS = 5000
SHORT = {"PersistentVolumeClaim": "pvc", "PersistentVolume": "pv", "StorageClass": "sc", "Service": "service"}


@dataclass(frozen=True, slots=True)
class Command:
    """A verb that a kind has; ``line`` is the kubectl line before the form's values are filled in."""

    verb: str
    title: str
    line: str
    danger: bool = False


def short(kind: str) -> str:
    """Name a kind as people type it."""
    return SHORT.get(kind, kind.lower())


def _space(ref: Ref) -> str:
    return f" -n {ref.namespace}" if ref.namespace not in ("", "default") else ""


def commands_for(ref: Ref, obj: Obj | None) -> list[Command]:
    """Return what may be done to *ref* as it is now."""
    if obj is None or ref.kind not in BY_KIND:
        return []
    thing = f"{short(ref.kind)} {ref.name}{_space(ref)}"
    found: list[Command] = []
    if ref.kind in ("StatefulSet", "Deployment"):
        found.append(Command("scale", "Scale", f"kubectl scale {thing} --replicas=…"))
    found.append(Command("delete", "Delete", f"kubectl delete {thing}", danger=True))
    if ref.kind == "Pod":
        force = f"kubectl delete {thing} --grace-period=0 --force"
        found.append(Command("force", "Delete without waiting", force, danger=True))
    if ref.kind == "StatefulSet":
        orphan = f"kubectl delete {thing} --cascade=orphan"
        found.append(Command("orphan", "Delete, keep its Pods", orphan, danger=True))
    return found


def holds_files(ref: Ref, obj: Obj | None) -> bool:
    """Whether files can be written here: into a bound volume, or through a Pod that mounts a claim."""
    if obj is None:
        return False
    if ref.kind == "Pod":
        return any("persistentVolumeClaim" in v for v in obj["spec"].get("volumes") or ())
    return ref.kind == "PersistentVolume"


def mount_path(pod: Obj) -> str:
    """Return where the Pod mounts its first claim, or "/"."""
    claims = {v["name"] for v in pod["spec"].get("volumes") or () if "persistentVolumeClaim" in v}
    for container in pod["spec"].get("containers") or ():
        for mount in container.get("volumeMounts") or ():
            if mount["name"] in claims:
                return str(mount["mountPath"])
    return "/"


# -- performing ----------------------------------------------------------------------------------------


def ref_of(values: Mapping[str, str]) -> Ref:
    """Return what a form is about. Raises: BadRequest."""
    ref = Ref(values.get("kind", ""), values.get("namespace", ""), values.get("name", ""))
    if ref.kind not in BY_KIND or ref.kind == "VolumeFile" or not ref.name:
        raise BadRequest("the form does not name an object")
    return ref


def _delete(cluster: Cluster, ref: Ref, values: Mapping[str, str]) -> tuple[str, str]:
    cluster.delete(ref, uid=values.get("uid", ""))
    return (
        f"kubectl delete {short(ref.kind)} {ref.name}{_space(ref)}",
        f'{_resource(ref)} "{ref.name}" deleted',
    )


def _force(cluster: Cluster, ref: Ref, values: Mapping[str, str]) -> tuple[str, str]:
    cluster.delete(ref, grace_period_seconds=0, uid=values.get("uid", ""))
    line = f"kubectl delete {short(ref.kind)} {ref.name}{_space(ref)} --grace-period=0 --force"
    return line, f'{_resource(ref)} "{ref.name}" force deleted'


def _orphan(cluster: Cluster, ref: Ref, values: Mapping[str, str]) -> tuple[str, str]:
    cluster.delete(ref, propagation="Orphan", uid=values.get("uid", ""))
    line = f"kubectl delete {short(ref.kind)} {ref.name}{_space(ref)} --cascade=orphan"
    return line, f'{_resource(ref)} "{ref.name}" deleted'


def _scale(cluster: Cluster, ref: Ref, values: Mapping[str, str]) -> tuple[str, str]:
    text = values.get("replicas", "")
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) > MAX_REPLICAS:
        raise BadRequest(f'"{text[:40]}" is not a number of replicas from 0 to {MAX_REPLICAS}')
    uid, obj = values.get("uid", ""), cluster.get(ref)
    if uid and obj["metadata"]["uid"] != uid:
        raise Conflict(f"{ref.kind} {ref.name} is another one now: uid {obj['metadata']['uid']}, not {uid}")
    cluster.scale(ref, int(text))
    line = f"kubectl scale {short(ref.kind)} {ref.name}{_space(ref)} --replicas={int(text)}"
    return line, f"{_resource(ref)}/{ref.name} scaled"


def _write(cluster: Cluster, ref: Ref, values: Mapping[str, str]) -> tuple[str, str]:
    path, content = values.get("path", "").strip(), values.get("content", "")
    if not path or len(path) > 200 or any(not c.isprintable() for c in path):
        raise BadRequest("a path has 1 to 200 printable characters")
    cluster.write_file(ref, path, content.encode())
    if ref.kind != "Pod":
        return (
            f"echo {shlex.quote(content[:60])} > {shlex.quote(path)}",
            f"{path} written into volume {ref.name}",
        )
    script = f"echo {shlex.quote(content[:60])} > {shlex.quote(path)}"
    line = f"kubectl exec {ref.name}{_space(ref)} -- sh -c {shlex.quote(script)}"
    return line, f"{path} written by {ref.name}"


def _resource(ref: Ref) -> str:
    resource = BY_KIND[ref.kind]
    return f"{resource.singular}.{resource.group}" if resource.group else resource.singular


_VERBS: dict[str, Callable[[Cluster, Ref, Mapping[str, str]], tuple[str, str]]] = {
    "delete": _delete,
    "force": _force,
    "orphan": _orphan,
    "scale": _scale,
    "write": _write,
}


def perform(cluster: Cluster, verb: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Do what a form asks; return the kubectl line and what kubectl would print. Raises: ApiError."""
    action = _VERBS.get(verb)
    if action is None:
        raise BadRequest(f'there is no command "{verb}"')
    ref = ref_of(values)
    return action(cluster, ref, values)


def as_kubectl_says(error: ApiError) -> str:
    """Write a refusal as kubectl prints it."""
    return f"Error from server ({error.reason}): {error.message}"


def cat_line(ref: Ref, path: str) -> str:
    """Return the line that reads a file."""
    if ref.kind != "Pod":
        return f"cat {shlex.quote(path)}"
    return f"kubectl exec {ref.name}{_space(ref)} -- cat {shlex.quote(path)}"


def again(obj: Obj) -> Obj:
    """Return what a person would have to write to make *obj* once more: no uid, no status, no binding.

    What `kubectl apply` recorded is the best answer; else the object without what the system put in.
    """
    with suppress(ValueError, TypeError, KeyError, AttributeError):  # anybody may have written it
        made: Obj = json.loads(obj["metadata"]["annotations"][LAST_APPLIED])
        if not made["metadata"].get("annotations"):
            made["metadata"].pop("annotations", None)
        return made
    meta = {k: v for k, v in obj["metadata"].items() if k in ("name", "namespace", "labels", "annotations")}
    rest = {k: v for k, v in obj.items() if k not in ("metadata", "status", "apiVersion", "kind")}
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": meta, **rest}
