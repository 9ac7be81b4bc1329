"""Deployment controller: decide which ReplicaSet grows and which shrinks.

Source: pkg/controller/deployment/{deployment_controller,sync,rolling,recreate}.go (v1.36).
Not modelled: the deprecated rollbackTo.
"""

from __future__ import annotations

from core.apimachinery.meta import Obj, annotations_of, condition_of, labels_of, ref_of, replaced, without
from core.client.actions import Action, Create, Delete, Plan, RecordEvent, Update, UpdateStatus
from core.client.cache import View
from core.controllers.adoption import Ownership, matcher
from core.controllers.deployment import replicasets as rses
from core.controllers.deployment import status as progress
from core.controllers.deployment.replicasets import REVISION, active, size, total, total_size


def sync_deployment(view: View, deployment: Obj, now: float) -> Plan:
    """Return what one sync of *deployment* does, in the order of the real writes."""
    return _Sync(view, deployment, now).plan()


class _Sync:
    """One sync at work. ``new`` and ``old`` are the ReplicaSets as this sync will have left them."""

    def __init__(self, view: View, deployment: Obj, now: float) -> None:
        self.view, self.deployment, self.now = view, deployment, now
        self.replicas = size(deployment)
        self.paused = bool(deployment["spec"].get("paused"))
        matches = matcher(deployment["spec"]["selector"])
        ownership = Ownership(deployment, lambda rs: matches(labels_of(rs))).take(view, "ReplicaSet")
        self.actions: list[Action] = list(ownership.patches)
        self.new = rses.find_new_replica_set(deployment, ownership.kept)
        self.old = sorted((rs for rs in ownership.kept if rs is not self.new), key=rses.by_age)
        self.because = "is paused" if self.paused else ""
        self.failed = False
        self.refused: Obj | None = None  # what it says of itself if its new ReplicaSet is refused
        self._written: set[str] = set()
        self._status_written = False

    def plan(self) -> Plan:
        if "deletionTimestamp" in self.deployment["metadata"]:
            self._sync_new()
            requeue = self._write_status(rollout=False)
        else:
            self._check_paused_conditions()
            self._sync_new()
            if self.paused or self._is_scaling_event():
                self._scale()
                if self.paused:
                    self._cleanup()
                requeue = self._write_status(rollout=False)
            else:
                (self._roll if rses.is_rolling_update(self.deployment) else self._recreate)()
                requeue = self._write_status(rollout=True)
        return Plan(tuple(self.actions), requeue, self.because, failed=self.failed, refused=self.refused)

    @property
    def sets(self) -> list[Obj]:
        return [*self.old, self.new] if self.new is not None else self.old

    # -- the new ReplicaSet ------------------------------------------------------------------------

    def _next_revision(self) -> int:
        return max((rses.revision_of(rs) for rs in self.old), default=0) + 1

    def _sync_new(self) -> None:
        """Bring the annotations of the new ReplicaSet, if there is one, and of the Deployment up to date."""
        if self.new is None:
            return
        annotations = rses.annotations_for(self.deployment, annotations_of(self.new), self._next_revision())
        wanted = self.deployment["spec"].get("minReadySeconds") or 0
        if annotations != annotations_of(self.new) or wanted != (
            self.new["spec"].get("minReadySeconds") or 0
        ):
            rs = replaced(self.new, "metadata.annotations", annotations)
            path = "spec.minReadySeconds"
            self._update(replaced(rs, path, wanted) if wanted else without(rs, path))
            return
        found = f'Found new replica set "{self.new["metadata"]["name"]}"'
        self._note_revision(rses.revision_of(self.new), "FoundNewReplicaSet", found, anew=False)

    def _create_new(self) -> bool:
        """Create the ReplicaSet of the template; return False if its name is taken."""
        revision = self._next_revision()
        replicas = rses.new_rs_new_replicas(self.deployment, self.old, 0)
        rs = rses.new_replica_set(self.deployment, replicas, revision)
        name = rs["metadata"]["name"]
        if self.view.get(*ref_of(rs)) is not None:
            status = self.deployment.get("status") or {}
            self._put_status({**status, "collisionCount": (status.get("collisionCount") or 0) + 1})
            self.failed = True
            return False
        reason, text = "ReplicaSetCreateError", f'Failed to create new replica set "{name}": {{error}}'
        if progress.has_progress_deadline(self.deployment) and not self.actions:
            stuck = progress.condition("Progressing", "False", reason, text)
            status = progress.with_condition(self.deployment.get("status") or {}, stuck, self.now)
            self.refused = replaced(self.deployment, "status", status)
        event = RecordEvent(self.deployment, "Warning", reason, text)
        self.actions.append(Create(rs, on_error=event, silent_exists=True))  # a slow cache
        if replicas:
            self._event(f"Scaled up replica set {name} from 0 to {replicas}")
        self.new = rs
        self.because = f"creates ReplicaSet {name}"
        created = f'Created new replica set "{name}"'
        self._note_revision(revision, "NewReplicaSetCreated", created, anew=True)
        return True

    def _note_revision(self, revision: int, reason: str, message: str, *, anew: bool) -> None:
        """Write the Deployment's revision and why it progresses; *anew*: whatever it said before."""
        status = self.deployment.get("status") or {}
        if progress.has_progress_deadline(self.deployment) and (
            anew or condition_of(self.deployment, "Progressing") is None
        ):
            moving = progress.condition("Progressing", "True", reason, message)
            status = progress.with_condition(status, moving, self.now)
        annotated = {**annotations_of(self.deployment), REVISION: str(revision)}
        if annotated != annotations_of(self.deployment) or status != (self.deployment.get("status") or {}):
            # One write of the status endpoint, which takes annotations and leaves the generation.
            self.deployment = replaced(self.deployment, "metadata.annotations", annotated)
            self._put_status(status)

    # -- sizes -------------------------------------------------------------------------------------

    def _is_scaling_event(self) -> bool:
        desired = (rses.desired_replicas(rs) for rs in active(self.sets))
        return any(number not in (None, self.replicas) for number in desired)

    def _scale(self) -> None:
        """Spread a changed size over the ReplicaSets without moving the rollout on (scale)."""
        only = rses.find_active_or_latest(self.new, self.old)
        if only is not None:
            self._resize(only, self.replicas)
        elif rses.is_saturated(self.deployment, self.new):
            for rs in active(self.old):
                self._resize(rs, 0)
        elif rses.is_rolling_update(self.deployment):
            self._scale_proportionally()

    def _scale_proportionally(self) -> None:
        sets = active(self.sets)
        allowed = self.replicas + rses.max_surge(self.deployment) if self.replicas else 0
        to_add = allowed - total_size(sets)
        # The largest first; among equals grow the newer, shrink the older.
        sets.sort(key=rses.by_age, reverse=to_add > 0)
        sets.sort(key=size, reverse=True)
        sizes: list[int] = []
        added = 0
        for rs in sets:
            share = rses.proportion(self.deployment, rs, to_add, added)
            sizes.append(size(rs) + share)
            added += share
        if sets:
            sizes[0] = max(sizes[0] + to_add - added, 0)
        for rs, wanted in zip(sets, sizes, strict=True):
            self._write_size(rs, wanted)

    def _resize(self, rs: Obj, wanted: int) -> bool:
        """Return whether the size changed; without a change nothing is written."""
        if size(rs) == wanted:
            return False
        self._write_size(rs, wanted)
        return True

    def _write_size(self, rs: Obj, wanted: int) -> None:
        """Write size and size annotations, and tell of a changed size (scaleReplicaSet)."""
        before, name = size(rs), rs["metadata"]["name"]
        annotations = rses.with_size_annotations(self.deployment, annotations_of(rs))
        if before == wanted and annotations == annotations_of(rs):
            return
        self._update(replaced(replaced(rs, "spec.replicas", wanted), "metadata.annotations", annotations))
        if before != wanted:
            direction = "up" if before < wanted else "down"
            self._event(f"Scaled {direction} replica set {name} from {before} to {wanted}")
            self.because = self.because or f"scales {name} {direction} from {before} to {wanted}"

    # -- strategies --------------------------------------------------------------------------------

    def _roll(self) -> None:
        """Grow the new ReplicaSet as far as the surge allows; if it may not, shrink old ones."""
        if self.new is None and not self._create_new():
            return
        assert self.new is not None
        if size(self.new) != self.replicas:
            wanted = self.replicas
            if size(self.new) < wanted:
                wanted = rses.new_rs_new_replicas(self.deployment, self.old, size(self.new))
            if self._resize(self.new, wanted):
                return
        if self._shrink_old():
            return
        self._finish()

    def _shrink_old(self) -> bool:
        """Shrink old ReplicaSets: unhealthy Pods first, then as many as may be unavailable."""
        assert self.new is not None
        if not total_size(self.old):
            return False
        least = self.replicas - rses.max_unavailable(self.deployment)
        not_available = size(self.new) - total([self.new], "availableReplicas")
        surplus = total_size(self.sets) - least - not_available
        if surplus <= 0:
            return False
        shrunk = 0
        for rs in active(self.old):
            unhealthy = size(rs) - total([rs], "availableReplicas")
            step = min(surplus - shrunk, unhealthy)
            if step > 0:
                self._write_size(rs, size(rs) - step)
                shrunk += step
        spare = total(self.sets, "availableReplicas") - least
        for rs in active(self.old):
            step = min(size(rs), spare)
            if step > 0:
                self._write_size(rs, size(rs) - step)
                shrunk += step
                spare -= step
        return shrunk > 0

    def _recreate(self) -> None:
        """Shrink all old ReplicaSets to 0, wait for their Pods to be gone, then start anew."""
        shrinking = active(self.old)
        for rs in shrinking:
            self._resize(rs, 0)
        if shrinking:
            return
        if total(self.old, "replicas") or self._old_pods_running():
            self.because = "waits for the old Pods to be gone before it creates new ones (Recreate)"
            return
        if self.new is None and not self._create_new():
            return
        assert self.new is not None
        self._resize(self.new, self.replicas)
        self._finish()

    def _old_pods_running(self) -> bool:
        pods = (
            pod
            for rs in self.old
            for pod in self.view.indexed("by-controller", ("Pod", rs["metadata"]["uid"]))
        )
        return any(pod["status"].get("phase") not in ("Succeeded", "Failed") for pod in pods)

    def _finish(self) -> None:
        if progress.is_complete(self.deployment, self.deployment.get("status") or {}):
            self._cleanup()
        elif self.new is not None and not self.because:
            self.because = f"waits for Pods of {self.new['metadata']['name']} to be available"

    def _cleanup(self) -> None:
        """Delete the oldest empty ReplicaSets beyond revisionHistoryLimit."""
        kept = [rs for rs in self.old if "deletionTimestamp" not in rs["metadata"]]
        surplus = len(kept) - int(self.deployment["spec"].get("revisionHistoryLimit", 10))
        for rs in sorted(kept, key=rses.revision_of)[: max(surplus, 0)]:
            status = rs.get("status") or {}
            observed = status.get("observedGeneration", 0) >= rs["metadata"].get("generation", 0)
            if size(rs) == 0 and not status.get("replicas") and observed:
                self.actions.append(Delete(ref_of(rs), uid=rs["metadata"]["uid"]))

    # -- writes ------------------------------------------------------------------------------------

    def _check_paused_conditions(self) -> None:
        """Say that progress is unknown while paused, so that no deadline runs."""
        current = condition_of(self.deployment, "Progressing")
        reason = current["reason"] if current else ""
        if not progress.has_progress_deadline(self.deployment) or reason == progress.TIMED_OUT:
            return
        if self.paused == (reason == "DeploymentPaused"):
            return
        word = "paused" if self.paused else "resumed"
        said = progress.condition(
            "Progressing", "Unknown", f"Deployment{word.capitalize()}", f"Deployment is {word}"
        )
        self._put_status(progress.with_condition(self.deployment.get("status") or {}, said, self.now))

    def _write_status(self, *, rollout: bool) -> float | None:
        """Write the status if it differs and return when to look again.

        Upstream's second status write of one sync conflicts with its first and is done by the next sync.
        """
        if self._status_written:
            return None
        status = progress.calculate_status(self.deployment, self.sets, self.new, self.now)
        if rollout:
            status = progress.with_progress(self.deployment, status, self.new, self.now)
            status = progress.with_replica_failures(status, self.sets, self.new)
        if status != self.deployment.get("status"):
            self._put_status(status)
            return None
        return progress.next_progress_check(self.deployment, status, self.now) if rollout else None

    def _put_status(self, status: Obj) -> None:
        self.deployment = replaced(self.deployment, "status", status)
        self.actions.append(UpdateStatus(self.deployment))
        self._status_written = True

    def _update(self, rs: Obj) -> None:
        """Write *rs* and remember it; a second write of one sync cannot name its resourceVersion."""
        name = rs["metadata"]["name"]
        self.actions.append(Update(without(rs, "metadata.resourceVersion") if name in self._written else rs))
        self._written.add(name)
        if self.new is not None and self.new["metadata"]["name"] == name:
            self.new = rs
        self.old = [rs if old["metadata"]["name"] == name else old for old in self.old]

    def _event(self, message: str) -> None:
        self.actions.append(RecordEvent(self.deployment, "Normal", "ScalingReplicaSet", message))
