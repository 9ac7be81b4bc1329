"""The past of a cluster: what it was at any revision that its history still holds.

A moment is put together from the nearest one that is at hand (the cluster as it is now, or a moment
looked at before): of what was written in between, each object's newest state up to the moment. Every
object has one in the history, since compaction keeps the last state of what lived on (apiserver/rows.py).
Source: etcd's reads of an old revision (server/storage/mvcc); the rest has no counterpart in Kubernetes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from core.apimachinery.errors import BadRequest, Gone
from core.apimachinery.meta import Obj, Ref
from core.apiserver.rows import Line as Line
from core.apiserver.store import Change, Store, is_seated
from core.client.cache import Cache
from core.client.component import Component
from core.client.hindsight import Hindsight
from core.kubelet.mounts import files_in
from core.sim.settings import Settings

MOMENTS = 6  # kept at hand
FOUNDERS = ("kubeadm",)  # write, and are neither a person nor a component
FORGOTTEN = 5_000  # lines of compacted revisions held before they are dropped
ONE_ACT = 0.05  # simulated seconds between the documents of one `kubectl apply`, at most


@dataclass(frozen=True, slots=True)
class Moment:
    """A cluster at one revision, to be read as the cluster itself is. ``now``: simulated epoch seconds.

    ``tombstones``: the last deleted Pod of each seat; ``notes``: what the components made of it.
    """

    name: str
    settings: Settings
    revision: int
    now: float
    started: float
    view: Cache
    tombstones: dict[Ref, Obj]
    notes: Hindsight

    def reading(self) -> AbstractContextManager[Cache]:
        """As the cluster's; a moment holds still by itself."""
        return nullcontext(self.view)

    def why(self, ref: Ref) -> str:
        """Return one clause about *ref*, or "" when no component would have said anything."""
        return self.notes.get(ref, "")

    def list_files(self, ref: Ref) -> list[Obj]:
        """Return the VolumeFile objects of a volume, or of all volumes that a Pod mounts."""
        obj = self.view.get(*ref)
        if obj is None or ref.kind not in ("Pod", "PersistentVolume"):
            return []
        return files_in(self.view, obj)


class Past:
    """The history of one cluster, at a glance and moment by moment. Thread-safe."""

    def __init__(self, store: Store, settings: Settings, components: Sequence[Component]) -> None:
        """*components* are asked why things were as they were."""
        self._store = store
        self._settings = settings
        self._components = components
        self._workers = frozenset((*(component.name for component in components), *FOUNDERS))
        self._lines: list[Line] = []
        self._told: list[Line] = []
        self._of: dict[Ref, list[Line]] = {}
        self._moments: OrderedDict[int, Moment] = OrderedDict()

    # -- at a glance -------------------------------------------------------------------------------

    @property
    def first(self) -> int:
        """The oldest revision that can be looked at."""
        return max(1, self._store.compacted)

    @property
    def last(self) -> int:
        return self._store.revision

    def lines(self, after: int = 0) -> list[Line]:
        """Return every write after *after* that can be looked at, oldest first."""
        with self._store.looking_back:
            self._catch_up()
            return self._lines[self._place(max(after, self._store.compacted)) :]

    def told(self, upto: int = 1 << 62) -> list[Line]:
        """Return the writes up to the revision *upto* that are worth telling, oldest first.

        Events tell of another write, and a node only says that it is there: a cluster left alone for an
        hour would be nothing but these.
        """
        with self._store.looking_back:
            self._catch_up()
            low = bisect_right(self._told, self._store.compacted, key=_revision)
            return self._told[low : bisect_right(self._told, upto, key=_revision)]

    def lines_of(self, ref: Ref) -> list[Line]:
        """Return the writes of one object, oldest first; also of others that had its name."""
        with self._store.looking_back:
            self._catch_up()
            return list(self._of.get(ref, ()))

    def refs(self, kind: str) -> list[Ref]:
        """Return everything of *kind* that the history has heard of."""
        with self._store.looking_back:
            self._catch_up()
            return [ref for ref in self._of if ref.kind == kind]

    def states(self, lines: Collection[Line]) -> dict[int, Obj]:
        """Return revision -> the object after that write (of a deletion: its last state)."""
        return {c.revision: c.obj for c in self._store.changes_at([line.revision for line in lines])}

    def change(self, revision: int) -> Change | None:
        """Return the write that made *revision*, with what was there before it."""
        found = self.lines(revision - 1)[:1]
        return next(iter(self.changes(found)), None) if found and found[0].revision == revision else None

    def changes(self, lines: Sequence[Line]) -> list[Change]:
        """Return the writes of *lines* with what was there before each."""
        before: dict[int, int] = {}
        for line in lines:
            of_it = self.lines_of(line.ref)
            at = bisect_right(of_it, line.revision, key=_revision) - 2
            if at >= 0 and line.type != "ADDED":
                before[line.revision] = of_it[at].revision
        wanted = {*before.values(), *(line.revision for line in lines)}
        found = {change.revision: change for change in self._store.changes_at(sorted(wanted))}
        kept = [found[line.revision] for line in lines if line.revision in found]
        olds = {revision: found.get(earlier) for revision, earlier in before.items()}
        return [replace(c, old=old.obj if (old := olds.get(c.revision)) else None) for c in kept]

    def is_person(self, actor: str) -> bool:
        """Tell whether a write by *actor* was somebody's wish, and not a component's work."""
        return actor not in self._workers

    def made_by_person(self, ref: Ref) -> bool | None:
        """Tell whether somebody wished for what has this name now; None when the history is too short."""
        made = next((line for line in reversed(self.lines_of(ref)) if line.type == "ADDED"), None)
        return self.is_person(made.actor) if made is not None else None

    def last_act(self, upto: int) -> list[Line]:
        """Return the last thing that a person did at or before revision *upto*, oldest write first.

        What one `kubectl apply` created counts as one thing.
        """
        found: list[Line] = []
        lines = self.lines()
        for line in reversed(lines[: bisect_right(lines, upto, key=_revision)]):
            if not found:
                if self.is_person(line.actor):
                    found.append(line)
                continue
            later = found[-1]
            together = line.revision + 1 == later.revision and line.actor == later.actor
            if not (together and line.type == later.type == "ADDED" and later.at - line.at <= ONE_ACT):
                break
            found.append(line)
        return found[::-1]

    # -- moments -----------------------------------------------------------------------------------

    def at(self, revision: int) -> Moment:
        """Return the cluster as it was at *revision*.

        Raises: Gone when it has been compacted, BadRequest when there is no such revision yet.
        """
        with self._store.looking_back:
            self._catch_up()
            self._check(revision)
            moment = self._moments.get(revision)
            if moment is None:
                moment = self._moments[revision] = self._put_together(revision)
                while len(self._moments) > MOMENTS:
                    self._moments.popitem(last=False)
            self._moments.move_to_end(revision)
            return moment

    def check(self, revision: int) -> None:
        """Refuse a revision that :meth:`at` has not got. Raises: Gone, BadRequest."""
        with self._store.looking_back:
            self._catch_up()
            self._check(revision)

    def _check(self, revision: int) -> None:
        if revision > self._seen:
            raise BadRequest(f"there is no revision {revision} yet: the newest is {self._seen}")
        if revision < self.first:
            raise Gone(f"revision {revision} is no longer kept: the oldest is {self.first}")

    @property
    def _seen(self) -> int:
        return self._lines[-1].revision if self._lines else 0

    def _catch_up(self) -> None:
        store = self._store
        if store.revision == self._seen:
            return
        stale = self._place(store.compacted)
        if stale > FORGOTTEN:
            with store.reading() as view:
                stale -= len(view.everything())
        if stale > FORGOTTEN:
            self._lines, self._told, self._of = [], [], {}  # read once more, without what is compacted by now
        for line in store.lines_since(self._seen):
            self._lines.append(line)
            if _is_told(line):
                self._told.append(line)
            self._of.setdefault(line.ref, []).append(line)

    def _place(self, revision: int) -> int:
        """Return how many of the lines are of *revision* or before."""
        return bisect_right(self._lines, revision, key=_revision)

    def _base(self, revision: int) -> tuple[int, Cache, dict[Ref, Obj]]:
        """Return a copy of the nearest moment at hand, which may be now."""
        place = self._place(revision)
        nearest = min(self._moments, key=lambda at: abs(self._place(at) - place), default=None)
        if nearest is not None:
            away = abs(self._place(nearest) - place)
            if away <= len(self._lines) - place:
                moment = self._moments[nearest]
                return nearest, moment.view.copy(), dict(moment.tombstones)
        with self._store.reading() as view:
            base = self._store.revision, view.copy(), dict(self._store.tombstones)
        self._catch_up()
        return base

    def _put_together(self, revision: int) -> Moment:
        base, view, tombstones = self._base(revision)
        low, high = sorted((self._place(base), self._place(revision)))
        touched = {line.ref for line in self._lines[low:high]}
        wanted: list[int] = []
        for ref in touched:
            newest = self._newest(ref, revision)
            if newest is None or newest.type == "DELETED":
                view.drop(ref)
            else:
                held = view.get(*ref)
                if held is None or held["metadata"]["resourceVersion"] != str(newest.revision):
                    wanted.append(newest.revision)
        for change in sorted(self._store.changes_at(wanted), key=_revision):
            view.put(change.obj)
        self._rebury(tombstones, [ref for ref in touched if ref.kind == "Pod"], revision)
        at = self._lines[self._place(revision) - 1].at if self._lines else self._store.now
        notes = Hindsight(view, tombstones, at, self._components)
        name, started = self._store.name, self._store.started
        return Moment(name, self._settings, revision, at, started, view, tombstones, notes)

    def _newest(self, ref: Ref, revision: int) -> Line | None:
        lines = self._of[ref]
        place = bisect_right(lines, revision, key=_revision)
        return lines[place - 1] if place else None

    def _rebury(self, tombstones: dict[Ref, Obj], pods: Sequence[Ref], revision: int) -> None:
        """Let *tombstones* hold the last of each of *pods* that was gone by *revision* and had a seat."""
        wanted: list[list[Line]] = []
        for ref in pods:
            gone = [line for line in self._of[ref] if line.type == "DELETED" and line.revision <= revision]
            held = tombstones.get(ref)
            if not gone or held is None or held["metadata"]["resourceVersion"] != str(gone[-1].revision):
                tombstones.pop(ref, None)
                wanted.append(gone)
        while wanted := [lines for lines in wanted if lines]:  # the last of each, else the one before
            last = {lines.pop().revision: lines for lines in wanted}
            for change in self._store.changes_at(list(last)):
                if is_seated(change.ref, change.obj):
                    tombstones[change.ref] = change.obj
                    last[change.revision].clear()


def _is_told(line: Line) -> bool:
    beat = line.ref.kind == "Node" and line.actor == "kubelet"
    return not beat and line.ref.kind not in ("Event", "Lease")


def _revision(line: Line | Change) -> int:
    return line.revision
