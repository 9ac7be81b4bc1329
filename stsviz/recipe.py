"""A run as a recipe: the seed and what people did when. Whoever follows it gets the same run, uids included.

It is worked out from the history, and is for small runs: a cluster that was forked, or whose history
begins later, has none. What components do is not in it, since it follows from the rest.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from core.apimachinery.errors import BadRequest
from core.apimachinery.meta import Obj, Ref, is_terminating
from core.apiserver.patching import MERGE_PATCH, patched
from core.apiserver.store import Change
from core.cluster import Cluster
from core.export import as_written
from core.sim.settings import Settings, from_kept
from core.storage.backend import backend_key
from core.storage.volumefile import is_plain

MOST_ACTS = 100
LONGEST = 7 * 86400.0  # simulated seconds of a run
PATIENCE = 20.0  # wall seconds for following a recipe
SLICE = 0.02  # of these in one transaction
MOST_NODES = 20
_PROPAGATION = {"orphan": "Orphan", "foregroundDeletion": "Foreground"}  # by the finalizer that it leaves


class Uncarried(Exception):
    """A run that no recipe makes; says why, as the end of a sentence."""


@dataclass(slots=True)
class Recipe:
    """``start``: epoch seconds; ``end``: seconds after it; ``acts``: [seconds after start, verb, …].

    Verbs: ``apply`` object; ``patch`` kind, namespace, name, merge patch; ``delete`` kind, namespace, name,
    grace or None, propagation; ``write`` volume, path, text. ``mark``: of how it comes out.
    """

    seed: int
    start: float
    end: float
    nodes: int = 2
    settings: dict[str, Any] = field(default_factory=dict)
    acts: list[list[Any]] = field(default_factory=list)
    mark: str = ""


def recipe_of(cluster: Cluster, upto: int) -> Recipe:
    """Return how *cluster* came to be what it was at the revision *upto*. Raises: Uncarried."""
    past = cluster.past
    if cluster.sealed or cluster.origin() is not None:
        raise Uncarried("it goes on from another run")
    if past.first > 1:
        raise Uncarried("the beginning of its history is no longer kept")
    lines = [line for line in past.lines() if line.revision <= upto]
    acts = [line for line in lines if past.is_person(line.actor)]
    if len(acts) > MOST_ACTS:
        raise Uncarried(f"it has {len(acts)} acts, and {MOST_ACTS} is the most")
    start, end = float(cluster.started), (lines[-1].at if lines else cluster.started)
    plain = asdict(Settings())
    recipe = Recipe(
        seed=cluster.store.ids.seed,
        start=start,
        end=end - start,
        nodes=sum(
            line.ref.kind == "Node" and line.actor == "kubeadm" and line.type == "ADDED" for line in lines
        ),
        settings={k: v for k, v in asdict(cluster.settings).items() if v != plain[k]},
        mark=mark_of(cluster, upto),
    )
    for change in past.changes(acts):
        recipe.acts += (
            [change.at - start, *act] for act in _acts(change, cluster) if not _is_end(recipe, change)
        )
    return recipe


def _is_end(recipe: Recipe, change: Change) -> bool:
    """Whether *change* is the second write of a deletion without grace, whose first is there."""
    last = recipe.acts[-1] if recipe.acts else []
    return (
        change.type == "DELETED"
        and last[1:5] == ["delete", *change.ref]
        and last[0] >= change.at - recipe.start
    )


def mark_of(cluster: Cluster, upto: int) -> str:
    """Return what tells two runs apart: who is there at the revision *upto*, by uid."""
    view = cluster.past.at(upto).view
    seen = (
        (kind, obj["metadata"]["name"], obj["metadata"]["uid"])
        for kind in ("Pod", "PersistentVolumeClaim", "PersistentVolume", "StatefulSet", "Deployment")
        for obj in view.list(kind)
    )
    return hashlib.sha256(repr(sorted(seen)).encode()).hexdigest()[:8]


def _acts(change: Change, cluster: Cluster) -> Iterator[list[Any]]:
    obj, old, ref = change.obj, change.old, change.ref
    if ref.kind == "VolumeFile":
        yield _file(change, cluster)
    elif change.type == "ADDED":
        yield ["apply", as_written(obj)]
    elif change.type == "DELETED":
        yield ["delete", *ref, 0, "Background"]
    elif old is None:
        raise Uncarried(f"what was there before revision {change.revision} is no longer kept")
    elif is_terminating(obj) and not is_terminating(old):
        finalizers = obj["metadata"].get("finalizers") or ()
        how = next((how for name, how in _PROPAGATION.items() if name in finalizers), "Background")
        yield ["delete", *ref, obj["metadata"].get("deletionGracePeriodSeconds"), how]
    elif obj.get("status") != old.get("status"):
        raise Uncarried(f"somebody wrote the status of {ref.kind} {ref.name}")
    else:
        patch = difference(_wished(old), _wished(obj))
        if patch:
            yield ["patch", *ref, patch]


def _file(change: Change, cluster: Cluster) -> list[Any]:
    key, view = change.ref.namespace, cluster.past.at(change.revision).view
    volume = next((v for v in view.list("PersistentVolume") if backend_key(v) == key), None)
    file = change.obj
    if (
        volume is None
        or change.type == "DELETED"
        or file.get("directory")
        or not is_plain(file)
        or file.get("binary")
    ):
        raise Uncarried(f"the file {change.obj.get('path')} cannot be written again")
    return ["write", volume["metadata"]["name"], file["path"], file["content"]]


def _wished(obj: Obj) -> Obj:
    """Return what a person may change of an object."""
    meta = {k: obj["metadata"].get(k) or {} for k in ("labels", "annotations")}
    meta["finalizers"] = obj["metadata"].get("finalizers") or []
    return {**{k: v for k, v in obj.items() if k not in ("metadata", "status")}, "metadata": meta}


def difference(old: Any, new: Any) -> dict[str, Any]:
    """Return the merge patch (RFC 7386) that turns *old* into *new*."""
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            inner = difference(before, value)
            if inner:
                patch[key] = inner
        elif key not in old or value != before:
            patch[key] = value
    return patch


# -- following one -------------------------------------------------------------------------------------


def follow(recipe: Recipe, name: str) -> Cluster:
    """Make the cluster *name* as *recipe* says; it is paused at the end. Raises: ApiError."""
    deadline = time.monotonic() + PATIENCE
    settings = from_kept(recipe.settings)
    cluster = Cluster.new(name, start=recipe.start, seed=recipe.seed, settings=settings, nodes=recipe.nodes)
    try:
        cluster.set_pace(0.0)  # no time may pass but what the recipe says
        for at, verb, *rest in recipe.acts:
            _advance(cluster, recipe.start + at, deadline)
            _VERBS[verb](cluster, *rest)
        _advance(cluster, recipe.start + recipe.end, deadline)
    except BaseException:
        cluster.destroy()
        raise
    return cluster


def _advance(cluster: Cluster, until: float, deadline: float) -> None:
    """Let time pass, in short transactions: others want to write as well."""
    left = True
    while left and cluster.now <= until:
        if time.monotonic() > deadline:
            raise BadRequest(f"this run takes more than {PATIENCE:g} s to play")
        slice_ends = time.monotonic() + SLICE
        left = cluster.advance(until, lambda ends=slice_ends: time.monotonic() < ends)  # type: ignore[misc]


def _apply(cluster: Cluster, obj: Obj) -> None:
    for outcome in cluster.apply(orjson.dumps(obj)):
        if outcome.verb == "refused":
            raise BadRequest(outcome.message)


def _patch(cluster: Cluster, kind: str, namespace: str, name: str, patch: Obj) -> None:
    ref = Ref(kind, namespace, name)
    # A link may be anybody's: what it changes is read as strictly as what kubectl sends.
    patched(cluster.get(ref), orjson.dumps(patch), MERGE_PATCH, "Strict", [])
    cluster.patch(ref, patch)


def _delete(cluster: Cluster, *what: Any) -> None:
    kind, namespace, name, grace, propagation = what
    cluster.delete(Ref(kind, namespace, name), grace, propagation)


def _write(cluster: Cluster, volume: str, path: str, text: str) -> None:
    cluster.write_file(Ref("PersistentVolume", "", volume), path, text.encode())


_VERBS: dict[str, Callable[..., None]] = {
    "apply": _apply,
    "patch": _patch,
    "delete": _delete,
    "write": _write,
}
