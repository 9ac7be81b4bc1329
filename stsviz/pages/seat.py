"""The identity card of a seat: what is engraved in it, what flips with each Pod, and who sat there before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from core.apimachinery.errors import ApiError
from core.apimachinery.meta import Obj, Ref, controller_of, field, is_terminating, labels_of
from core.apimachinery.timestamps import seconds
from core.client.cache import View
from core.cluster import Cluster
from core.files import content_of
from core.past import Line, Moment, Past
from stsviz.pages.timeline import clock

MOST_HOLDERS = 6


class Fact(NamedTuple):
    """A line of the card: what it was is struck through when it is another now."""

    name: str
    now: str
    was: str = ""


class Holder(NamedTuple):
    """A Pod that sat in the seat. *since*, *until*: of the cluster's clock, as it is written."""

    uid: str
    node: str
    address: str
    since: str
    until: str
    why: str


class File(NamedTuple):
    """*path*: as the thing it was read through names it. *sha*: the first 8 digits of SHA-256."""

    path: str
    size: int
    sha: str


def engraved(view: View, ref: Ref, pod: Obj, domain: str) -> list[Fact]:
    """Return what every Pod of this seat has: name, ordinal, host name, DNS name, claims and volumes."""
    spec, owner = pod["spec"], controller_of(pod)
    seated = owner is not None and owner["kind"] == "StatefulSet"
    facts = [Fact("name", ref.name)]
    if seated:
        facts.append(Fact("ordinal", ref.name.rpartition("-")[2]))
    hostname = spec.get("hostname") or ref.name
    facts.append(Fact("hostname", hostname))
    if spec.get("subdomain"):
        facts.append(Fact("DNS", f"{hostname}.{spec['subdomain']}.{ref.namespace}.svc.{domain}"))
    for volume in spec.get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if name:
            claim = view.get("PersistentVolumeClaim", ref.namespace, name)
            facts.append(Fact("claim", name))
            facts.append(Fact("volume", field(claim or {}, "spec.volumeName") or "none yet"))
    return facts


def flips(pod: Obj | None, before: Obj | None) -> list[Fact]:
    """Return what the next Pod has anew, and what the one before had."""
    now, was = _flipping(pod), _flipping(before)
    return [Fact(name, now[name], was[name] if was[name] != now[name] else "") for name in now]


def _flipping(pod: Obj | None) -> dict[str, str]:
    names = ("uid", "address", "node", "revision", "restarts")
    if pod is None:
        return dict.fromkeys(names, "")
    labels = labels_of(pod)
    revision = labels.get("controller-revision-hash", "").rpartition("-")[2] or labels.get(
        "pod-template-hash", ""
    )
    restarts = sum(status["restartCount"] for status in field(pod, "status.containerStatuses", []))
    values = (
        pod["metadata"]["uid"][:8] + "…",
        str(field(pod, "status.podIP", "")),
        str(pod["spec"].get("nodeName", "")),
        revision,
        str(restarts),
    )
    return dict(zip(names, values, strict=True))


def files(cluster: Cluster | Moment, ref: Ref, obj: Obj | None) -> list[File]:
    """Return what is in the volumes of a Pod, or in a volume."""
    if obj is None or ref.kind not in ("Pod", "PersistentVolume"):
        return []
    try:
        found = cluster.list_files(ref)
    except ApiError:
        return []  # nothing is mounted yet
    contents = [(file["path"].lstrip("/"), content_of(file)) for file in found]
    return [File(path, len(data), hashlib.sha256(data).hexdigest()[:8]) for path, data in contents]


# -- who sat there before ----------------------------------------------------------------------------

_told: WeakKeyDictionary[Past, dict[int, Holder]] = WeakKeyDictionary()
"""Past -> revision of a deletion -> who it was; a line of history never changes."""


def holders(past: Past, ref: Ref, started: float, upto: int) -> list[Holder]:
    """Return the last Pods of this name that were gone at revision *upto*, newest first.

    *started*: epoch seconds of the clock's start.
    """
    lines = [line for line in past.lines_of(ref) if line.revision <= upto]
    known = _told.setdefault(past, {})
    gone = (at for at in reversed(range(len(lines))) if lines[at].type == "DELETED")
    found = []
    for at in islice(gone, MOST_HOLDERS):
        revision = lines[at].revision
        if revision not in known:
            known[revision] = _holder(past, lines, at, started)
        found.append(known[revision])
    return found


def _holder(past: Past, lines: Sequence[Line], at: int, started: float) -> Holder:
    life = at
    while life > 0 and lines[life - 1].type != "DELETED":
        life -= 1
    states = past.states(lines[life : at + 1])
    pod = states[lines[at].revision]
    asked = next((line for line in lines[life:at] if is_terminating(states[line.revision])), lines[at])
    change = past.change(asked.revision)
    because = change.because if change is not None else ""
    return Holder(
        pod["metadata"]["uid"][:8],
        str(pod["spec"].get("nodeName", "")),
        str(field(pod, "status.podIP", "")),
        clock(seconds(pod["metadata"]["creationTimestamp"]) - started),
        clock(lines[at].at - started),
        _ended(asked, because, lines[at], pod),
    )


def _ended(asked: Line, because: str, removed: Line, pod: Obj) -> str:
    """Say who had it deleted and why, and who did not wait for its end."""
    said = f"{asked.actor}: {because}" if because else f"deleted by {asked.actor}"
    forced = pod["metadata"].get("deletionGracePeriodSeconds", 0) == 0 and removed.actor != "kubelet"
    if forced and field(pod, "spec.nodeName"):
        said += ", by force" if removed.actor == asked.actor else f"; forced by {removed.actor}"
    return said + (", Failed" if field(pod, "status.phase") == "Failed" else "")


def card(cluster: Cluster | Moment, view: View, ref: Ref) -> dict[str, Any]:
    """Return the card of a Pod's seat for the template; of anything else an empty one."""
    if ref.kind != "Pod":
        return {}
    pod, before = view.get(*ref), cluster.tombstones.get(ref)
    either = pod or before
    if either is None:
        return {}
    domain = cluster.settings.cluster_domain
    owner = controller_of(either)
    return {
        "seated": owner is not None and owner["kind"] == "StatefulSet",
        "engraved": engraved(view, ref, either, domain),
        "flips": flips(pod, before),
    }
