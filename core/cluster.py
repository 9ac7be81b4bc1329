"""The façade: one cluster as sites, commands and tests see it. Nothing else of core is needed.

It joins the store, the API server's verbs and the manager, and adds what a person wants: apply a
text, step, settle, ask why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from typing import Any

from core import world
from core.apimachinery import validation
from core.apimachinery.errors import BadRequest
from core.apimachinery.meta import Obj, Ref, field
from core.apiserver import printers
from core.apiserver.podlog import LogOptions
from core.apiserver.registry.deletion import DeleteOptions
from core.apiserver.registry.generic import Registry
from core.apiserver.rows import Origin as Origin
from core.apiserver.store import Change, Store
from core.apply import Outcome, apply_text
from core.client.cache import Cache
from core.exec import Exec
from core.export import written
from core.files import Files
from core.journal import Entry, entry_of
from core.kubelet.shell.run import Result
from core.manager import Decision, Manager
from core.past import Past
from core.podlogs import Log, log_of
from core.settling import SETTLE_BATCH, SETTLED_AFTER, NotSettled, step_to_event
from core.settling import Settling as Settling
from core.sim.settings import Settings, from_kept


class Cluster:
    """A cluster that is open in this process. Thread-safe: every verb is one transaction."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._compose(from_kept(store.settings))
        self._holder = ""  # of the lease, when this object takes part in leases at all

    def _compose(self, settings: Settings) -> None:
        self.settings = settings
        self.registry = Registry(self.store, settings)
        self.files = Files(self.registry)
        self.executor = Exec(self.registry, settings)
        self.manager = Manager(self.registry, world.components(settings))
        self.past = Past(self.store, settings, world.components(settings))

    # -- clusters --------------------------------------------------------------------------------

    @classmethod
    def names(cls, *, sealed: bool = False) -> list[str]:
        """Return the names of the clusters, or those of the *sealed* ones, which are stored runs."""
        return Store.names(sealed=sealed)

    @classmethod
    def open(cls, name: str) -> Cluster:
        """Open a cluster of the database: it goes on from where its objects stand. Raises: NotFound."""
        return cls(Store.open(name))

    @classmethod
    def new(
        cls,
        name: str,
        *,
        start: float,
        seed: int = 1,
        settings: Settings | None = None,
        nodes: int = 2,
    ) -> Cluster:
        """Make a cluster with its namespaces and *nodes* Ready nodes. *start*: epoch seconds of its clock.

        Raises: AlreadyExists, BadRequest (a name that is no DNS label).
        """
        _check_name(name)
        with Store.founding(name, start, seed, _differing(settings or Settings())) as store:
            cluster = cls(store)
            cluster._furnish(nodes)
        cluster.settle(quiet=1.0)  # a node is tainted not-ready until its controller has seen it Ready
        return cluster

    def fork(self, name: str, revision: int, *, seal: bool = False) -> Cluster:
        """Make the cluster *name*, which begins as this one was at *revision* and has its history up to then.

        What either makes from then on has another uid in each. With *seal* nobody can make anything in it.
        Raises: AlreadyExists, BadRequest, Gone.
        """
        _check_name(name)
        moment = self.past.at(revision)
        objects = sorted(moment.view.everything(), key=_creation)
        with self.store.forking(name, (revision, moment.now), objects, seal) as store:
            return Cluster(store)

    def origin(self) -> Origin | None:
        """Return the cluster and revision that this one was forked from, or None."""
        return self.store.origin()

    def _furnish(self, nodes: int) -> None:
        with self.store.transaction():
            for obj in world.lab(self.settings, self.store.now, nodes):
                status = obj.get("status")
                made = self.registry.create(obj, "kubeadm")
                if status:
                    self.registry.update_status({**made, "status": status}, "kubeadm")

    def destroy(self) -> None:
        """Delete the cluster with all its history. This object is of no use afterwards."""
        self.store.destroy()

    # -- what it is ------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.store.name

    @property
    def sealed(self) -> bool:
        """Whether this is a stored run, which only can be looked at."""
        return self.store.sealed

    @property
    def revision(self) -> int:
        return self.store.revision

    @property
    def now(self) -> float:
        return self.store.now

    @property
    def started(self) -> float:
        """Simulated epoch seconds at which its clock began."""
        return self.store.started

    @property
    def pace(self) -> float:
        return self.store.pace

    @property
    def mode(self) -> str:
        return self.store.mode

    def configure(self, **flags: Any) -> None:
        """Restart all components with other settings, and keep those: fields of Settings by name."""
        with self.reading():
            before, settings = self.settings, replace(self.settings, **flags)
            if settings != before:
                self.store.set_settings(_differing(settings))
                self._compose(settings)
            if settings.max_pods != before.max_pods:
                self._resize_nodes(str(before.max_pods))

    def _resize_nodes(self, before: str) -> None:
        """Let the nodes say how many Pods their kubelets take now; those that said something else keep it."""
        with self.store.transaction():
            for node in self.view.list("Node"):
                if field(node, "status.capacity.pods") == before:
                    status = world.with_room(node["status"], self.settings.max_pods)
                    self.registry.update_status({**node, "status": status}, "kubelet")

    def set_pace(self, pace: float, mode: str = "real") -> None:
        """*pace*: simulated seconds a wall second, 0 to pause; *mode* "real" or "lesson"."""
        if not 0 <= pace <= 1000 or mode not in ("real", "lesson"):
            raise BadRequest("a pace is a number from 0 to 1000, a mode is real or lesson")
        self.store.set_pace(pace, mode)

    @property
    def view(self) -> Cache:
        """The whole store, as of now. To read several things of one revision hold :meth:`reading`."""
        return self.store.view

    def reading(self) -> AbstractContextManager[Cache]:
        return self.store.reading()

    @property
    def tombstones(self) -> Mapping[Ref, Obj]:
        """The last deleted Pod of each seat."""
        return self.store.tombstones

    @property
    def notes(self) -> Mapping[Ref, str]:
        """Why things are as they are, by the component that decided so."""
        return self.manager.notes

    def why(self, ref: Ref) -> str:
        """Return one clause about *ref*, or "" when no component has anything to say."""
        return self.manager.notes.get(ref, "")

    def table(self, kind: str, namespace: str | None = None) -> printers.Table:
        return printers.table(kind, self.view.list(kind, namespace), self.now)

    # -- verbs -----------------------------------------------------------------------------------

    def apply(
        self, text: str | bytes, actor: str = "you", stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Outcome]:
        """Apply the documents of a text, one by one."""
        return apply_text(self.registry, text, actor, stop)

    def get(self, ref: Ref) -> Obj:
        return self.registry.get(ref)

    def create(self, obj: Obj, actor: str = "you") -> Obj:
        return self.registry.create(obj, actor)

    def update(self, obj: Obj, actor: str = "you") -> Obj:
        return self.registry.update(obj, actor)

    def patch(self, ref: Ref, patch: object, kind_of_patch: str = "merge", actor: str = "you") -> Obj:
        return self.registry.patch(ref, patch, actor, kind_of_patch=kind_of_patch)

    def delete(
        self,
        ref: Ref,
        grace_period_seconds: int | None = None,
        propagation: str = "Background",
        uid: str = "",
        actor: str = "you",
    ) -> Obj:
        options = DeleteOptions(grace_period_seconds, propagation, uid)
        return self.registry.delete(ref, options, actor)

    def scale(self, ref: Ref, replicas: int, actor: str = "you") -> Obj:
        return self.registry.scale(ref, replicas, actor)

    def write_file(self, ref: Ref, path: str, content: bytes, actor: str = "you") -> Obj:
        return self.files.write(ref, path, content, actor)

    def read_file(self, ref: Ref, path: str) -> bytes:
        return self.files.read(ref, path)

    def list_files(self, ref: Ref) -> list[Obj]:
        return self.files.list(ref)

    def exec(
        self, ref: Ref, argv: list[str], container: str = "", stdin: bytes = b"", actor: str = "kubectl"
    ) -> Result:
        """Run a command in a container, as kubectl exec does. Raises: ApiError."""
        return self.executor.run(ref, argv, container=container, stdin=stdin, actor=actor)

    def log(self, ref: Ref, options: LogOptions) -> Log | None:
        """Return what a container has printed; None for a Pod without a node. Raises: ApiError."""
        with self.reading():
            return log_of(self.registry, self.settings, ref, options)

    def written(self) -> list[Obj]:
        """Return what people made of this cluster, in an order in which it can be applied to another."""
        with self.store.looking_back, self.reading() as view:  # in this order, as all who read the history
            return written(view, self.past.made_by_person)

    # -- history ---------------------------------------------------------------------------------

    def changes_since(self, revision: int, limit: int = 1_000_000) -> list[Change]:
        return self.store.changes_since(revision, limit)

    def timeline(self, limit: int = 200, before: int = 1 << 62, after: int = 0) -> list[Entry]:
        """Return the last *limit* writes between the revisions *after* and *before*, newest first.

        Events are left out. Fewer than *limit* are all that there are.
        """
        told: list[Change] = []
        while len(told) < limit:
            changes = self.store.history(before, limit * 3)
            told += (c for c in changes if c.revision > after and c.ref.kind != "Event")
            if len(changes) < limit * 3 or changes[-1].revision <= after:
                break
            before = changes[-1].revision
        return [entry_of(change) for change in told[:limit]]

    # -- time ------------------------------------------------------------------------------------

    def next_at(self) -> float | None:
        """Return when something is due next (simulated epoch seconds), or None."""
        with self.reading():
            return self.manager.next_at()

    def advance(self, until: float, more: Callable[[], bool] = lambda: True) -> bool:
        """Do what is due up to *until* (simulated epoch seconds) as long as *more* says so.

        Returns True when something due is left over. One transaction: keep it short. Nothing is done
        when another process has taken the lease.
        """
        manager, store = self.manager, self.store
        try:
            with store.transaction():
                while self.leads:
                    at = manager.next_at()
                    if at is None or at > until:
                        store.move_clock(until)
                        return False
                    manager.run_one()
                    if not more():
                        return True
            return False
        except BaseException:
            manager.restart()
            raise

    def step(self, limit: int = 10_000, *, until: float = math.inf) -> bool:
        """Go on until one component has carried out a decision; False when nothing is left to decide by
        *until* (simulated epoch seconds)."""
        with self.store.transaction():
            for _ in range(limit):
                at = self.manager.next_at() if self.leads else None
                if at is None or at > until:
                    return False
                if self.manager.run_one():
                    return True
        return False

    def step_to_event(self) -> bool:
        """Go on until a component has written an Event; False when none comes within a minute."""
        return step_to_event(self)

    def settle(self, limit: int = 2_000_000, quiet: float = SETTLED_AFTER) -> int:
        """Run until nothing is due but timers that had nothing to do for *quiet* simulated seconds.

        Returns the number of syncs. Raises: NotSettled after *limit* of them.
        """
        first = self.manager.syncs
        settling = Settling(self, quiet)
        while not settling.go_on(SETTLE_BATCH):
            if self.manager.syncs - first > limit:
                raise NotSettled(f"cluster {self.name} is still busy after {limit} syncs")
        return self.manager.syncs - first

    def next_decision(self, look_at: int = 50) -> Decision | None:
        """Return what some component is about to do next, without doing it."""
        with self.reading():
            self.manager.pump()
            return self.manager.next_decision(look_at)

    # -- who steps it ----------------------------------------------------------------------------

    def try_lease(self, holder: str, wall_now: float, seconds: float, *, force: bool = False) -> bool:
        """Take or renew the right to step this cluster. *wall_now*: wall epoch seconds.

        With *force* also from a process that still has it; that one notices at its next transaction.
        """
        self._holder = holder
        self.store.refresh()
        led_before = self.store.lease_holder == holder
        taken = self.store.take_lease(holder, wall_now + seconds, None if force else wall_now)
        if taken and not led_before:
            with self.reading():  # elected: begin as after a crash, from where the objects stand
                self.manager.restart()
        return taken

    @property
    def leader(self) -> str:
        """Who holds the lease, as of the last look at the database."""
        return self.store.lease_holder

    @property
    def leads(self) -> bool:
        """Whether this object may step the cluster, as of its last look at the database."""
        return self._holder in ("", self.store.lease_holder)

    def follow(self, more: Callable[[], bool] = lambda: True) -> None:
        """Take in what the process that leads wrote, and work out why things are as they are."""
        self.store.refresh()
        with self.reading():
            self.manager.listen(more)


def _check_name(name: str) -> None:
    for complaint in validation.dns1123_label(name):
        raise BadRequest(f'"{name}" is no cluster name: {complaint}')


def _creation(obj: Obj) -> tuple[str, int]:
    """Return a key by which objects stand in the order of their creation, as far as they still tell."""
    meta = obj["metadata"]
    return meta.get("creationTimestamp") or "", int(meta["resourceVersion"])


def _differing(settings: Settings) -> dict[str, Any]:
    plain = Settings()
    return {name: value for name, value in asdict(settings).items() if value != getattr(plain, name)}
