"""The panel of the selected thing: why it is so, what it kept and what changed, YAML, Events, commands."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import yaml
from django.template.loader import render_to_string

from core.apimachinery.errors import ApiError
from core.apimachinery.meta import Obj, Ref, without
from core.apimachinery.timestamps import seconds
from core.client.cache import View
from core.cluster import Cluster
from core.diagram.facts import State, claim_state, pod_state, volume_state
from core.files import content_of
from core.past import Moment
from stsviz.pages import commands
from stsviz.pages.timeline import clock

MOST_EVENTS = 12
LONG_YAML = 40_000  # characters of YAML shown


class Fact(NamedTuple):
    """A line of the identity card: what it was is struck through when it is another now."""

    name: str
    now: str
    was: str = ""


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def as_yaml(obj: Obj) -> str:
    """Write *obj* as kubectl shows it: without managedFields."""
    obj = without(obj, "metadata.managedFields")
    text = yaml.dump(obj, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text if len(text) <= LONG_YAML else text[:LONG_YAML] + "\n# … cut here\n"


def render(cluster: Cluster | Moment, element: str, ref: Ref | None, folded: str = "") -> str:
    """Return the panel's HTML for the element *element* of the picture, which stands for *ref*.

    A range of ordinals stands for no object: *folded* says what is in it.
    """
    if ref is None:
        context = {"name": cluster.name, "element": element, "gone": True, "folded": folded}
        return render_to_string("parts/panel.html", context)
    with cluster.reading() as view:
        context = _context(cluster, view, ref)
    context |= {"name": cluster.name, "element": element}
    return render_to_string("parts/panel.html", context)


def _context(cluster: Cluster | Moment, view: View, ref: Ref) -> dict[str, Any]:
    obj = view.get(*ref)
    last = obj or cluster.tombstones.get(ref)
    events = view.indexed("events-by-involved", last["metadata"]["uid"]) if last else []
    newest = sorted(events, key=_revision, reverse=True)[:MOST_EVENTS]
    state = _state(view, ref, obj, cluster.now)
    why = _why(cluster, ref, last, state)
    engraved, flips = _identity(cluster, view, ref)
    started = float(cluster.started)
    return {
        "ref": ref,
        "kind": ref.kind,
        "uid": obj["metadata"]["uid"] if obj else "",
        "question": _question(ref, obj, state),
        "why": why,
        "event": newest[0] if newest else None,
        "events": [
            {"at": clock(seconds(e["lastTimestamp"]) - started) if e.get("lastTimestamp") else "", **e}
            for e in newest
        ],
        "engraved": engraved,
        "flips": flips,
        "commands": commands.commands_for(ref, obj),
        "replicas": obj["spec"].get("replicas", 1) if obj and "replicas" in obj.get("spec", {}) else 1,
        "writable": commands.holds_files(ref, obj),
        "path": _new_path(ref, obj),
        "files": _files(cluster, ref, obj),
        "yaml": as_yaml(obj) if obj else "",
    }


def _revision(obj: Obj) -> int:
    return int(obj["metadata"].get("resourceVersion", 0))


def _state(view: View, ref: Ref, obj: Obj | None, now: float) -> State | None:
    if obj is None:
        return None
    if ref.kind == "Pod":
        return pod_state(obj, now, ())
    if ref.kind == "PersistentVolumeClaim":
        return claim_state(obj, view)
    return volume_state(obj) if ref.kind == "PersistentVolume" else None


def _question(ref: Ref, obj: Obj | None, state: State | None) -> str:
    """Ask what a reader would ask of this thing: ``Why is web-0 Pending?``"""
    if state is not None:
        return f"Why is {ref.name} {state.word}?"
    if obj is None:
        return f"Why is the seat of {ref.name} empty?" if ref.kind == "Pod" else f"Where is {ref.name}?"
    return f"What does {ref.name} do?"


def _why(cluster: Cluster | Moment, ref: Ref, last: Obj | None, state: State | None) -> str:
    """Return one sentence, from whoever has something to say: a component about it, its state, its owner."""
    own = cluster.why(ref)
    if state is not None or ref.kind != "Pod":
        if own:
            return f"{ref.name} {own}"
        return f"{ref.name}: {state.note}" if state and state.note else ""
    owner = _owner(ref, last)
    sentences = [(ref.name, own), (f"{owner.kind} {owner.name}", cluster.why(owner))]
    return ". ".join(f"{subject} {said}" for subject, said in sentences if said)


def _owner(pod: Ref, last: Obj | None) -> Ref:
    """Return who makes the next Pod for this seat; of a Pod that never was, its name tells."""
    for owner in last["metadata"].get("ownerReferences") or () if last else ():
        if owner.get("controller"):
            return Ref(owner["kind"], pod.namespace, owner["name"])
    return Ref("StatefulSet", pod.namespace, pod.name.rpartition("-")[0])


def _identity(cluster: Cluster | Moment, view: View, ref: Ref) -> tuple[list[Fact], list[Fact]]:
    """Return what is engraved in the seat, and what flips with each Pod that sits there."""
    if ref.kind != "Pod":
        return [], []
    pod, before = view.get(*ref), cluster.tombstones.get(ref)
    either = pod or before
    if either is None:
        return [], []
    spec = either["spec"]
    engraved = [Fact("name", ref.name)]
    if spec.get("subdomain"):
        engraved.append(Fact("DNS", f"{spec.get('hostname', ref.name)}.{spec['subdomain']}"))
    for volume in spec.get("volumes") or ():
        claim_name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim_name:
            claim = view.get("PersistentVolumeClaim", ref.namespace, claim_name)
            engraved.append(Fact("claim", claim_name))
            engraved.append(Fact("volume", (claim or {}).get("spec", {}).get("volumeName") or "none yet"))
    flips = [
        Fact(name, now, was if was != now else "")
        for name, now, was in (
            ("uid", _uid(pod), _uid(before)),
            ("address", _address(pod), _address(before)),
            ("node", _node(pod), _node(before)),
        )
    ]
    return engraved, flips


def _uid(pod: Obj | None) -> str:
    return pod["metadata"]["uid"][:8] + "…" if pod else ""


def _address(pod: Obj | None) -> str:
    return str(pod.get("status", {}).get("podIP", "")) if pod else ""


def _node(pod: Obj | None) -> str:
    return str(pod["spec"].get("nodeName", "")) if pod else ""


def _new_path(ref: Ref, obj: Obj | None) -> str:
    if obj is not None and ref.kind == "Pod":
        return commands.mount_path(obj).rstrip("/") + "/index.html"
    return "index.html"


def _files(cluster: Cluster | Moment, ref: Ref, obj: Obj | None) -> list[dict[str, Any]]:
    if obj is None or ref.kind not in ("Pod", "PersistentVolume"):
        return []
    try:
        found = cluster.list_files(ref)
    except ApiError:
        return []  # nothing is mounted yet
    files = []
    for file in found:
        content = content_of(file)
        sha = hashlib.sha256(content).hexdigest()[:8]
        files.append({"path": file["path"].lstrip("/"), "bytes": len(content), "sha": sha})
    return files
