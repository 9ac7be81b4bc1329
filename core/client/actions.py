"""What a component wants done: ordered actions, each with its preconditions, gathered in a Plan.

A component decides and returns a Plan; only core/manager.py performs it, through the API server's
verbs. An action may not need the result of an earlier one of the same plan: if it would, end the
plan there, the watch event brings you back. The first refusal ends a plan, after what went out side by
side with it; its key is retried with back-off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.apimachinery.meta import Obj, Ref


@dataclass(frozen=True, slots=True)
class Create:
    """Create *obj*. ``metadata.generateName`` works. *exists_ok*: AlreadyExists is success.

    *on_error*: what to record when the API refuses; ``{error}`` in a message becomes the API's text.
    *silent_exists*: AlreadyExists is a failure (retried) of which no Event is recorded.
    *when_refused*: what upstream does nevertheless before it tells of any other refusal.
    """

    obj: Obj
    exists_ok: bool = False
    on_error: RecordEvent | tuple[RecordEvent, ...] | None = None
    silent_exists: bool = False
    when_refused: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """Replace metadata and spec. ``metadata.resourceVersion`` of *obj*, when there, is a precondition."""

    obj: Obj
    on_error: RecordEvent | None = None


@dataclass(frozen=True, slots=True)
class UpdateStatus:
    """Replace status only (the status subresource). Same precondition as :class:`Update`."""

    obj: Obj


@dataclass(frozen=True, slots=True)
class Patch:
    """JSON merge patch (RFC 7386) of *ref*, or a *strategic* one, which merges lists item by item.

    *subresource* "status" or "". *uid*: only that very object.
    """

    ref: Ref
    patch: Mapping[str, Any]
    subresource: str = ""
    uid: str = ""
    strategic: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete *ref*. NotFound is success. Preconditions: *uid*, *resource_version* when given.

    *grace_period_seconds* None: the object's own. *propagation*: "", "Background", "Foreground", "Orphan".
    """

    ref: Ref
    uid: str = ""
    resource_version: str = ""
    grace_period_seconds: int | None = None
    propagation: str = ""
    on_error: RecordEvent | None = None


@dataclass(frozen=True, slots=True)
class Bind:
    """Bind *pod* to *node* (pods/binding): sets spec.nodeName and condition PodScheduled=True."""

    pod: Ref
    uid: str
    node: str


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """Record a Kubernetes Event about *regarding* (an object with its uid). Correlated by the recorder.

    *component* "" means the component's own name; *host* is the node for the kubelet; *field_path* e.g.
    ``spec.containers{nginx}``; *modern* True writes a new-style Event (scheduler: eventTime, series), which
    may name a second object as *related*.
    """

    regarding: Obj
    type: str
    reason: str
    message: str
    field_path: str = ""
    component: str = ""
    host: str = ""
    modern: bool = False
    action: str = ""
    related: Obj | None = None


Action = Create | Update | UpdateStatus | Patch | Delete | Bind | RecordEvent


@dataclass(frozen=True, slots=True)
class Plan:
    """The result of one sync.

    *requeue_after*: simulated seconds until this key is looked at again (None: only on news).
    *because*: one clause in plain words about the key's object: ``waits for web-0 to be Ready``.
    *notes*: the same about other objects, for the page's *why* (a seat not yet created counts:
    ``Ref("Pod", ns, "web-1")`` may be a Pod that does not exist).
    *failed*: the sync ended in what upstream returns as an error; the key is retried with back-off
    (5 ms doubling, capped at 1000 s) after the actions were performed.
    *closing*: so many actions at the end are performed even when an earlier one was refused.
    *refused*: an object whose status is written, once an action was refused, instead of all that would
    follow; ``{error}`` in the messages of its conditions becomes the API's text.
    *together*: places of actions that go out with the write before them, not a round trip after it
    (upstream sends the calls of a slow-start batch side by side).
    *holds*: for so many round trips the component looks at nothing else; for one that takes its keys one at a
    time and decides the next by what it has just written, as the scheduler does.
    """

    actions: tuple[Action, ...] = ()
    requeue_after: float | None = None
    because: str = ""
    notes: Mapping[Ref, str] = field(default_factory=dict)
    failed: bool = False
    closing: int = 0
    refused: Obj | None = None
    together: frozenset[int] = frozenset()
    holds: int = 0


NOTHING = Plan()


def side_by_side(lists: Sequence[Sequence[Action]], start: int) -> tuple[list[Action], set[int]]:
    """Interleave the *lists* of a batch: first the first write of each, then the second of each, and so on.

    An Event goes with the write it follows. *start*: how many actions stand before in the plan. Returns
    the actions, and which of their places belong into :attr:`Plan.together`.
    """
    waves: list[list[list[Action]]] = []
    for actions in lists:
        wave = -1
        for action in actions:
            if not isinstance(action, RecordEvent) or wave < 0:
                wave += 1
                if wave == len(waves):
                    waves.append([])
                waves[wave].append([])
            waves[wave][-1].append(action)
    out: list[Action] = []
    together: set[int] = set()
    for groups in waves:
        for number, group in enumerate(groups):
            if number:
                together.add(start + len(out))
            out += group
    return out, together
