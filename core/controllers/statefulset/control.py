"""StatefulSet controller: decide which Pod to create, repair, condemn or replace next.

Source: pkg/controller/statefulset/stateful_set_control.go, stateful_pod_control.go (v1.36).
Differs: the batches of a Parallel set go out in one plan, lowest ordinal first, and end with the batch
in which an error is foreseen; what the API is known to refuse is tried last, after the status.
Not modelled: the 1.37 order of deletions under maxUnavailable (STS-R27).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from core.apimachinery.meta import Obj, Ref, labels_of, replaced
from core.client.actions import Action, Create, Delete, Plan, Update, UpdateStatus, side_by_side
from core.client.cache import View
from core.controllers.adoption import Ownership, matcher
from core.controllers.history import template_of
from core.controllers.pods import next_availability
from core.controllers.slowstart import batches
from core.controllers.statefulset.claims import ClaimControl
from core.controllers.statefulset.events import PodEvents, joined
from core.controllers.statefulset.identity import (
    PodMould,
    identity_matches,
    parent_and_ordinal,
    repaired,
    start_ordinal,
    storage_matches,
)
from core.controllers.statefulset.revisions import Revisions, revisions_of, truncated
from core.controllers.statefulset.status import Counts, Replica, completed, count, inconsistent, status_of
from core.controllers.statefulset.strategy import is_current_revision_needed, max_unavailable, partition
from core.sim.settings import Settings

MAX_LABEL = 63
NOTED = 10  # empty seats that are told what they wait for


def update_stateful_set(view: View, sts: Obj, now: float, settings: Settings) -> Plan:
    """Return what one sync of *sts* does: history, Pods, status, in the order of the real writes."""
    return _Sync(view, sts, now, settings).plan()


class _Sync:
    """One sync at work: what it knows of the set, and what it has decided so far."""

    def __init__(self, view: View, sts: Obj, now: float, settings: Settings) -> None:
        spec = sts["spec"]
        self.view, self.sts, self.now, self.settings = view, sts, now, settings
        self.name: str = sts["metadata"]["name"]
        self.namespace: str = sts["metadata"]["namespace"]
        self.start = start_ordinal(sts)
        self.size = int(spec["replicas"])
        self.min_ready = int(spec.get("minReadySeconds") or 0)
        self.monotonic = spec.get("podManagementPolicy") != "Parallel"
        self.claims = ClaimControl(view, sts)
        self.events = PodEvents(sts)
        self.actions: list[Action] = []
        self.together: set[int] = set()
        self.doomed: list[Action] = []
        self.failed = False
        self.because = ""
        self.hold = ""  # what keeps the empty seats empty
        self.notes: dict[Ref, str] = {}
        self.members: list[Replica] = []
        self.slots: list[Replica | None] = [None] * self.size
        self.condemned: list[Replica] = []
        self.replaced_now = 0  # Pods this sync deletes to update them

    def plan(self) -> Plan:
        deleting = "deletionTimestamp" in self.sts["metadata"]
        matches = matcher(self.sts["spec"]["selector"])
        history = self._history(matches, deleting)
        if history is None:
            return Plan(because="is being deleted and its revisions are orphans already", failed=True)
        self._claim_pods(matches)
        self.revisions: Revisions = revisions_of(
            self.view,
            self.sts,
            history,
            creation_timestamp=not self.settings.revision_data_without_creation_timestamp,
        )
        self.actions += self.revisions.actions
        self.current_revision: str = self.revisions.current["metadata"]["name"]
        self.update_revision: str = self.revisions.update["metadata"]["name"]
        self._moulds: dict[str, PodMould] = {}
        if deleting:
            self.because = "is being deleted: the garbage collector takes its Pods"
        else:
            self._reconcile()
        steps = len(self.actions)
        counts = self._write_status()
        self.actions += truncated(self.sts, self.revisions, {replica.revision for replica in self.members})
        self.actions += self.doomed
        return Plan(
            tuple(self.actions),
            self._requeue_after(counts),
            self.because,
            self.notes,
            failed=self.failed,
            closing=len(self.actions) - steps,
            together=frozenset(self.together),
        )

    # -- what is there -----------------------------------------------------------------------------

    def _history(self, matches: Callable[[dict[str, str]], bool], deleting: bool) -> list[Obj] | None:
        """Return the set's revisions, orphans adopted; None if there are orphans it may not adopt."""
        uid = self.sts["metadata"]["uid"]
        owned = self.view.indexed("by-controller", ("ControllerRevision", uid))
        ownership = Ownership(self.sts, lambda revision: matches(labels_of(revision)))
        orphans = self.view.indexed("orphans", ("ControllerRevision", self.namespace))
        for revision in orphans:
            if matches(labels_of(revision)):
                if deleting:
                    return None
                ownership.adopt(revision)
        self.actions += ownership.patches
        return [revision for revision in owned if matches(labels_of(revision))] + ownership.kept

    def _claim_pods(self, matches: Callable[[dict[str, str]], bool]) -> None:
        """Take the Pods that are the set's, and seat them: a slot for each in range, the rest condemned."""
        name, start, end = self.name, self.start, self.start + self.size

        def is_member(pod: Obj) -> bool:
            meta = pod["metadata"]
            return matches(meta.get("labels") or {}) and parent_and_ordinal(meta["name"])[0] == name

        ownership = Ownership(self.sts, is_member).take(self.view, "Pod")
        self.actions += ownership.patches
        for pod in ownership.kept:
            ordinal = parent_and_ordinal(pod["metadata"]["name"])[1]
            replica = Replica(pod, ordinal, self.min_ready, self.now)
            self.members.append(replica)
            if start <= ordinal < end:
                self.slots[ordinal - start] = replica
            else:
                self.condemned.append(replica)
        self.condemned.sort(key=lambda replica: -replica.ordinal)

    # -- the stages --------------------------------------------------------------------------------

    def _reconcile(self) -> None:
        """Run the stages; each is entered only if the one before did not say stop (STS-S6)."""
        if self._run_for_all(self.size, self._process_replica):
            self._note_empty_seats()
            return
        for replica in self.condemned:
            if not self.claims.match_retention_policy(
                (replica.name, replica.uid), replica.ordinal, condemned=True
            ):
                self.actions += self.claims.update_owners(
                    (replica.name, replica.uid), replica.ordinal, condemned=True
                )
        if self._run_for_all(len(self.condemned), self._process_condemned):
            return
        strategy = self.sts["spec"]["updateStrategy"]
        if strategy["type"] == "OnDelete":
            self._explain_on_delete()
        elif self.settings.max_unavailable_stateful_set:
            self._update_within_budget()
        else:
            self._update_one()

    def _run_for_all(self, size: int, process: Callable[[int], bool]) -> bool:
        """Process 0..size-1 and return whether to stop: OrderedReady at the first that says so,
        Parallel only after the slow-start batch (1, 2, 4, ... 500) in which an error turned up.
        """
        if self.monotonic:
            return any(process(at) or self.failed for at in range(size))
        for batch in batches(size):
            before, lists = self.actions, []
            for at in batch:
                self.actions = []
                process(at)
                lists.append(self.actions)
            added, together = side_by_side(lists, len(before))
            self.actions, self.together = before + added, self.together | together
            if self.failed:
                return True
        return False

    def _process_replica(self, at: int) -> bool:
        """Bring one slot on; return True to go no further under OrderedReady (processReplica)."""
        replica = self.slots[at]
        if replica is None:
            return self._fill(at)
        if replica.phase in ("Failed", "Succeeded"):
            if not replica.terminating:
                if self.settings.recreating_failed_pod_events:
                    self.actions.append(self.events.recreating(replica.pod))
                self._delete(replica)
            return self._say(f"replaces {replica.name}, which ended as {replica.phase}")
        if replica.phase == "Pending" and self._complete_claims(replica):
            return True
        if self.monotonic:
            if replica.terminating:
                return self._wait_for(replica, "to be gone")
            if not replica.ready:
                return self._wait_for(replica, "to be Ready")
            if not replica.available:
                return self._wait_for(replica, f"to be Ready for {self.min_ready} s")
        self._repair(replica)
        return False

    def _process_condemned(self, at: int) -> bool:
        """Delete one surplus Pod, or wait (processCondemned)."""
        replica = self.condemned[at]
        if self.monotonic:
            if replica.terminating:
                return self._wait_for(replica, "to be gone")
            if not replica.available and replica is not self._first_unavailable():
                return self._wait_for(replica, "to be Ready, or the lower unhealthy Pod to go first")
        elif replica.terminating:
            return False
        self._delete(replica)
        return self._say(f"deletes {replica.name}: its ordinal is out of range")

    def _first_unavailable(self) -> Replica | None:
        """Return the lowest unavailable replica, of those condemned only if all others are available.

        The living ones are: OrderedReady condemns nothing before.
        """
        return next((replica for replica in reversed(self.condemned) if replica.unavailable), None)

    def _update_one(self) -> None:
        """Delete the highest Pod that is not of the update revision, or wait for the one before."""
        for at in range(self.size - 1, partition(self.sts) - 1, -1):
            replica = self.slots[at]
            if replica is not None and replica.revision != self.update_revision and not replica.terminating:
                self._replace(replica)
                return
            if replica is None or replica.unavailable:
                if replica is not None and not self.because:
                    self._wait_for(replica, "to be Ready before it updates the next Pod")
                return

    def _update_within_budget(self) -> None:
        """The same with maxUnavailable, switch SW1 (updateStatefulSetAfterInvariantEstablished)."""
        unavailable = sum(replica is None or replica.unavailable for replica in self.slots)
        budget = max_unavailable(self.sts) - unavailable
        for at in range(self.size - 1, partition(self.sts) - 1, -1):
            replica = self.slots[at]
            if replica is None or replica.revision == self.update_revision or replica.terminating:
                continue
            if budget <= 0:
                self._say(self.because or f"waits to update {replica.name}: {unavailable} are unavailable")
                return
            budget -= 1
            self._replace(replica)

    # -- what is done to one Pod -------------------------------------------------------------------

    def _fill(self, at: int) -> bool:
        """Create the claims and the Pod of an empty slot (CreateStatefulPod)."""
        ordinal = self.start + at
        name = f"{self.name}-{ordinal}"
        if stale := self.claims.stale(name, ordinal):
            self._note(name, f"is not created yet: claim {stale} still goes with the {name} before it")
            return self._say(f"waits for claim {stale} to be gone before it creates {name}")
        actions, made, errors = self.claims.create(name, ordinal)
        self.actions += actions
        if errors:
            self.actions.append(self.events.failure("Create", name, joined(errors)))
            self._note(name, f"is not created yet: {errors[0]}")
            return self._fail(f"cannot create {name}: {errors[0]}")
        if self.view.get("Pod", self.namespace, name) is not None:
            # The API would answer AlreadyExists, of which no Event is made (STS-P13).
            self._note(name, f"is not {self.name}'s own, and holds the name of one it must create")
            return self._fail(f"cannot create {name}: another Pod has that name")
        return self._create(at, name, made)

    def _create(self, at: int, name: str, made: list[str]) -> bool:
        """*made*: the claims created just before."""
        ordinal = self.start + at
        mould = self._mould(at)
        pod = mould.pod(ordinal)
        # The API will refuse a revision label too long (STS-I10): the status goes first.
        doomed = len(mould.revision) > MAX_LABEL
        target = self.doomed if doomed else self.actions
        owners = (*self.claims.own_new(made), *self.claims.update_owners((name, ""), ordinal))
        failed, done = self.events.failure("Create", name), self.events.success("Create", name)
        create = Create(pod, on_error=failed, silent_exists=True, when_refused=owners)
        target += (create, *owners, done)
        self.slots[at] = Replica(pod, ordinal, self.min_ready, self.now)
        if doomed:
            return self._fail(f"cannot create {name}: its revision label is too long")
        return self._say(f"creates {name}", hold=f"waits for {name} to be Ready")

    def _mould(self, at: int) -> PodMould:
        """Return the mould of the revision that a Pod created in slot *at* gets (STS-R4)."""
        revision = self.revisions.update
        if self.current_revision != self.update_revision and is_current_revision_needed(self.sts, at):
            revision = self.revisions.current
        name = revision["metadata"]["name"]
        if name not in self._moulds:
            self._moulds[name] = PodMould(self.sts, template_of(revision, self.sts), name)
        return self._moulds[name]

    def _complete_claims(self, replica: Replica) -> bool:
        """Create what claims a Pending Pod lacks; return True on an error, of which no Event is made."""
        actions, made, errors = self.claims.create(replica.name, replica.ordinal)
        self.actions += actions
        if errors:
            return self._fail(f"cannot complete {replica.name}: {errors[0]}")
        self.actions += self.claims.own_new(made)
        self.actions += self.claims.update_owners((replica.name, replica.uid), replica.ordinal)
        return False

    def _repair(self, replica: Replica) -> None:
        """Give a Pod back its labels and volumes, and its claims their owners (UpdateStatefulPod)."""
        owner, ordinal = (replica.name, replica.uid), replica.ordinal
        # Claims that a Pending Pod lacked were settled just above, in this very plan.
        retained = replica.phase == "Pending" or self.claims.match_retention_policy(
            owner, ordinal, condemned=False
        )
        stored = storage_matches(self.sts, replica.pod, ordinal)
        if retained and stored and identity_matches(replica.pod):
            return
        made: list[str] = []
        if not stored:
            actions, made, errors = self.claims.create(replica.name, ordinal)
            self.actions += actions
            if errors:
                self.actions.append(self.events.failure("Update", replica.name, joined(errors)))
                self._fail(f"cannot repair {replica.name}: {errors[0]}")
                return
        self.actions += self.claims.own_new(made)
        if not retained:
            self.actions += self.claims.update_owners(owner, ordinal)
        # The API never lets the volumes of a Pod change (STS-A9): the status goes first.
        target = self.actions if stored else self.doomed
        pod = repaired(self.sts, replica.pod, ordinal)
        if pod is not replica.pod:
            target.append(Update(pod, on_error=self.events.failure("Update", replica.name)))
        target.append(self.events.success("Update", replica.name))
        if not stored:
            self._fail(f"cannot give {replica.name} the volumes it should have: a Pod's never change")

    def _replace(self, replica: Replica) -> None:
        self._delete(replica)
        self.replaced_now += 1
        self._say(f"deletes {replica.name} to create it again as {self.update_revision}")

    def _delete(self, replica: Replica) -> None:
        ref, refused = Ref("Pod", self.namespace, replica.name), self.events.failure("Delete", replica.name)
        self.actions.append(Delete(ref, uid=replica.uid, on_error=refused))
        self.actions.append(self.events.success("Delete", replica.name))

    # -- status ------------------------------------------------------------------------------------

    def _write_status(self) -> Counts:
        counts = count(self.members, self.current_revision, self.update_revision)
        counts.current = max(counts.current - self.replaced_now, 0)
        revisions = (self.current_revision, self.update_revision)
        if completed(self.sts, counts, on_delete_promotion=self.settings.on_delete_promotion):
            counts.current = counts.updated
            revisions = (self.update_revision, self.update_revision)
        status = status_of(self.sts, counts, revisions, self.revisions.collision_count)
        if inconsistent(self.sts.get("status") or {}, status):
            self.actions.append(UpdateStatus(replaced(self.sts, "status", status)))
        return counts

    def _requeue_after(self, counts: Counts) -> float | None:
        if not self.min_ready or self.failed or counts.available == self.size:
            return None
        waiting = (r.since for r in self.members if r.ready and not r.available)
        return next_availability(waiting, self.min_ready, self.now)

    # -- words for the page ------------------------------------------------------------------------

    def _say(self, words: str, hold: str = "") -> bool:
        """Set what the set is doing (Parallel: about the first slot) and return True, for *stop*."""
        if not self.because:
            self.because, self.hold = words, hold or words
        return True

    def _fail(self, words: str) -> bool:
        self.failed = True
        return self._say(words)

    def _note(self, pod: str, words: str) -> None:
        self.notes[Ref("Pod", self.namespace, pod)] = words

    def _wait_for(self, replica: Replica, what: str) -> bool:
        self._note(replica.name, f"{self.name} waits for it {what}")
        return self._say(f"waits for {replica.name} {what}")

    def _note_empty_seats(self) -> None:
        """Tell the first empty seats what keeps them empty; the others wait for the same."""
        for ordinal in islice((self.start + at for at, found in enumerate(self.slots) if not found), NOTED):
            seat = Ref("Pod", self.namespace, f"{self.name}-{ordinal}")
            self.notes.setdefault(seat, f"is not created yet: {self.hold}")

    def _explain_on_delete(self) -> None:
        old = [r.name for r in self.slots if r is not None and r.revision != self.update_revision]
        if old:
            self._say(f"leaves {old[0]} on its old revision until someone deletes it (OnDelete)")
