"""Carries out what components decided: one action, through the API server's verbs; how far a plan is.

Source: the client calls in pkg/controller (v1.36), e.g. controller_utils.go's RealPodControl.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.apimachinery.errors import AlreadyExists, ApiError, NotFound
from core.apimachinery.meta import Obj, Ref, ref_of, replaced
from core.apiserver.registry.deletion import DeleteOptions
from core.apiserver.registry.generic import Registry
from core.client.actions import (
    Action,
    Bind,
    Create,
    Delete,
    Patch,
    Plan,
    RecordEvent,
    Update,
    UpdateStatus,
)

Versions = dict[Ref, str]
"""The resourceVersion at which a plan left each object that it wrote."""


def perform(registry: Registry, action: Action, actor: str, plan: Plan, versions: Versions) -> str:
    """Do *action*; return the API server's words when it refused it, else "".

    An object without a resourceVersion that the plan has written before must still be as the plan left it
    (*versions*): upstream goes on with what its first write returned, so nobody's write between is lost.
    """
    try:
        _do(registry, _as_left(action, versions), actor, plan, versions)
    except ApiError as error:
        on_error = getattr(action, "on_error", None) or ()
        silent = isinstance(error, AlreadyExists) and getattr(action, "silent_exists", False)
        for other in () if silent else getattr(action, "when_refused", ()):
            perform(registry, other, actor, plan, versions)
        for event in on_error if isinstance(on_error, tuple) else (on_error,):
            if not silent:
                text = event.message.replace("{error}", error.message)
                registry.record_event(replace(event, message=text), actor)
        return error.message
    return ""


@dataclass(slots=True)
class Performing:
    """A plan half performed. ``dirty``: news came meanwhile, sync again when it is done (client-go's set).

    ``refused``: the API server's words about the first write that it refused; ``closes``: only the end of
    the plan is left.
    """

    plan: Plan
    at: int = 0
    wrote: bool = False
    refused: str = ""
    closes: bool = False
    dirty: bool = False
    versions: Versions = field(default_factory=dict)

    def skip_events_of_refused(self) -> None:
        """An Event tells of the write before it, which was not done."""
        actions = self.plan.actions
        while self.at < len(actions) and isinstance(actions[self.at], RecordEvent):
            self.at += 1

    def is_in_batch(self) -> bool:
        """Say whether what comes next went out side by side with the write before it, or tells of it."""
        actions = self.plan.actions
        tells = self.at < len(actions) and isinstance(actions[self.at], RecordEvent)
        return tells or self.at in self.plan.together

    def close(self) -> None:
        """Leave out all but what the plan wants done even when something was refused."""
        self.closes = True
        self.at = max(self.at, len(self.plan.actions) - self.plan.closing)
        if self.plan.refused is not None:
            self.plan, self.at = _after_refusal(self.plan, self.plan.refused, self.refused), 0


def _after_refusal(plan: Plan, wanted: Obj, why: str) -> Plan:
    """Return what is left of *plan*, an action of which was refused: *wanted*, the status to write then."""
    conditions = [
        {**condition, "message": condition.get("message", "").replace("{error}", why)}
        for condition in wanted["status"]["conditions"]
    ]
    status = {**wanted["status"], "conditions": conditions}
    return Plan((UpdateStatus({**wanted, "status": status}),), because=plan.because, failed=True)


def _as_left(action: Action, versions: Versions) -> Action:
    if not isinstance(action, Update | UpdateStatus) or "resourceVersion" in action.obj["metadata"]:
        return action
    version = versions.get(ref_of(action.obj))
    if version is None:
        return action
    return replace(action, obj=replaced(action.obj, "metadata.resourceVersion", version))


def _do(registry: Registry, action: Action, actor: str, plan: Plan, versions: Versions) -> None:
    because = plan.because
    match action:
        case RecordEvent():
            registry.record_event(action, actor, because)
        case Create(obj=obj):
            ref = _maybe_ref(obj)
            if action.exists_ok and ref is not None and registry.store.get(ref) is not None:
                return  # before a quota refuses what it has counted already
            try:
                registry.create(obj, actor, _reason(plan, ref))
            except AlreadyExists:
                if not action.exists_ok:
                    raise
        case UpdateStatus(obj=obj):
            _note(versions, registry.update_status(obj, actor, _reason(plan, ref_of(obj))))
        case Update(obj=obj):
            _note(versions, registry.update(obj, actor, _reason(plan, ref_of(obj))))
        case Bind():
            registry.bind(action.pod, action.uid, action.node, actor, _reason(plan, action.pod))
        case Patch(ref=ref):
            patched = registry.patch(
                ref,
                action.patch,
                actor,
                _reason(plan, ref),
                kind_of_patch="strategic" if action.strategic else "merge",
                subresource=action.subresource,
                uid=action.uid,
            )
            _note(versions, patched)
        case Delete(ref=ref):
            options = DeleteOptions(
                action.grace_period_seconds, action.propagation, action.uid, action.resource_version
            )
            try:
                registry.delete(ref, options, actor, _reason(plan, ref))
            except NotFound:
                return  # gone already: what was wanted


def _note(versions: Versions, written: Obj) -> None:
    versions[ref_of(written)] = written["metadata"]["resourceVersion"]


def written_ref(action: Action) -> Ref | None:
    """Return what *action* writes, with the name "" if the API server gives it one; None for an Event."""
    match action:
        case RecordEvent():
            return None
        case Create(obj=obj):
            return _maybe_ref(obj) or Ref(obj["kind"], obj["metadata"].get("namespace", ""), "")
        case Update(obj=obj) | UpdateStatus(obj=obj):
            return ref_of(obj)
        case Bind(pod=ref) | Patch(ref=ref) | Delete(ref=ref):
            return ref


def _reason(plan: Plan, ref: Ref | None) -> str:
    return plan.notes.get(ref, plan.because) if ref is not None else plan.because


def _maybe_ref(obj: Obj) -> Ref | None:
    meta = obj["metadata"]
    name = meta.get("name")
    return Ref(obj["kind"], meta.get("namespace", ""), name) if name else None


def describe(action: Action) -> str:
    """Say an action in a few plain words: ``create Pod web-0``."""
    match action:
        case RecordEvent():
            return f"record {action.reason}: {action.message}"
        case Create(obj=obj):
            return (
                f"create {obj['kind']} {obj['metadata'].get('name') or obj['metadata'].get('generateName')}"
            )
        case UpdateStatus(obj=obj):
            return f"update the status of {obj['kind']} {obj['metadata']['name']}"
        case Update(obj=obj):
            return f"update {obj['kind']} {obj['metadata']['name']}"
        case Bind():
            return f"bind Pod {action.pod.name} to {action.node}"
        case Patch(ref=ref) | Delete(ref=ref):
            return f"{type(action).__name__.lower()} {ref.kind} {ref.name}"
