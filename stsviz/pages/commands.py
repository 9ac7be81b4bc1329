"""Carrying out what a viewer asks of a thing: the entries of its menu, and files; with the kubectl line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from contextlib import suppress

from core.api.kinds import BY_KIND
from core.apimachinery.errors import ApiError, BadRequest, Conflict
from core.apimachinery.meta import Obj, Ref
from core.apply import LAST_APPLIED
from core.cluster import Cluster
from core.explain.kubectl import space
from stsviz.pages.entries import Entry, entry_named, line_of

LONG_OUTPUT = 10_000  # characters that are shown


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


_SAYS: Mapping[str, str] = {
    "delete": '{named} "{name}" deleted',
    "force": '{named} "{name}" force deleted',
    "orphan": '{named} "{name}" deleted',
    "scale": "{thing} scaled",
    "image": "{thing} image updated",
    "restart": "{thing} restarted",
    "zone": "{thing} labeled",
    "cordon": "{thing} cordoned",
    "uncordon": "{thing} uncordoned",
    "drain": "{thing} drained",
}
"""Entry -> what kubectl prints; whatever else has a line is a patch."""


def _by_entry(cluster: Cluster, entry: Entry, ref: Ref, values: Mapping[str, str]) -> tuple[str, str]:
    """Carry out an entry of the menu."""
    obj, uid = cluster.get(ref), values.get("uid", "")
    if uid and obj["metadata"]["uid"] != uid:
        raise Conflict(f"{ref.kind} {ref.name} is another one now: uid {obj['metadata']['uid']}, not {uid}")
    answer = values.get("answer", values.get("replicas", ""))
    action, line = entry.build(obj, answer), line_of(entry, obj, answer)
    if entry.key == "exec":
        return line, _output(cluster, ref, action.values["command"])
    action.perform(cluster)
    thing = f"{_resource(ref)}/{ref.name}"
    if entry.fault:
        return line, f"{thing}: {entry.title.lower()}" + ("" if line else f". A fault: {entry.fault}.")
    return line, _SAYS.get(entry.key, "{thing} patched").format(
        named=_resource(ref), name=ref.name, thing=thing
    )


def _output(cluster: Cluster, ref: Ref, command: list[str]) -> str:
    """Run a command in the Pod's first container; return what it printed."""
    container = cluster.get(ref)["spec"]["containers"][0]["name"]
    result = cluster.exec(ref, command, container, actor="you")
    text = (result.stdout + result.stderr).decode("utf-8", "backslashreplace")
    text = text if len(text) < LONG_OUTPUT else text[:LONG_OUTPUT] + " …"
    return text + (f"command terminated with exit code {result.code}" if result.code else "")


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
    line = f"kubectl exec {ref.name}{space(ref)} -- sh -c {shlex.quote(script)}"
    return line, f"{path} written by {ref.name}"


def _resource(ref: Ref) -> str:
    resource = BY_KIND[ref.kind]
    return f"{resource.singular}.{resource.group}" if resource.group else resource.singular


def perform(cluster: Cluster, verb: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Do what a form asks; return the kubectl line and what kubectl would print. Raises: ApiError."""
    ref = ref_of(values)
    if verb == "write":
        return _write(cluster, ref, values)
    entry = entry_named(ref.kind, verb)
    if entry is None:
        raise BadRequest(f'there is no command "{verb}" for a {ref.kind}')
    return _by_entry(cluster, entry, ref, values)


def as_kubectl_says(error: ApiError) -> str:
    """Write a refusal as kubectl prints it."""
    return f"Error from server ({error.reason}): {error.message}"


def cat_line(ref: Ref, path: str) -> str:
    """Return the line that reads a file."""
    if ref.kind != "Pod":
        return f"cat {shlex.quote(path)}"
    return f"kubectl exec {ref.name}{space(ref)} -- cat {shlex.quote(path)}"


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
