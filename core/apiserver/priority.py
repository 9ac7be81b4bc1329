"""The admission plugin Priority: a new Pod's number follows from its class; there is one default class.

Source: plugin/pkg/admission/priority/admission.go, pkg/registry/scheduling/priorityclass/storage/storage.go
(v1.36).
"""

from __future__ import annotations

from typing import Final

from core.api.priorities import SYSTEM_NAMES
from core.apimachinery.meta import Obj, name_of
from core.apiserver.registry.context import Context

_NOT_IN_SPEC: Final = (
    "must not be provided in pod spec; priority admission controller computed {} from the given"
    " PriorityClass name"
)


class Refused(Exception):
    """Why an object is forbidden: admission.py adds whose name it is."""


def admit_pod(obj: Obj, context: Context) -> None:
    """Fill in class, priority and preemption policy of a new Pod.

    Raises: Refused for a class that does not exist, or a number or policy that is not its class's.
    """
    spec = obj["spec"]
    name = spec.get("priorityClassName") or ""
    if name:
        chosen = context.view.get("PriorityClass", "", name)
        if chosen is None:
            raise Refused(f"no PriorityClass with name {name} was found")
    else:
        chosen = _default_class(context)
        if chosen is not None:
            spec["priorityClassName"] = name_of(chosen)
    priority = chosen["value"] if chosen is not None else 0
    given = spec.get("priority")
    if given is not None and given != priority:
        raise Refused(f"the integer value of priority ({given}) {_NOT_IN_SPEC.format(priority)}")
    spec["priority"] = priority
    policy = chosen["preemptionPolicy"] if chosen is not None else "PreemptLowerPriority"
    given = spec.get("preemptionPolicy")
    if given is not None and given != policy:
        raise Refused(f"the string value of PreemptionPolicy ({given}) {_NOT_IN_SPEC.format(policy)}")
    spec["preemptionPolicy"] = policy


def keep_in_pod(obj: Obj, old: Obj) -> None:
    """Let an update that leaves priority and policy out keep what admission once filled in."""
    for field in ("priority", "preemptionPolicy"):
        if obj["spec"].get(field) is None and old["spec"].get(field) is not None:
            obj["spec"][field] = old["spec"][field]


def validate_class(obj: Obj, context: Context) -> None:
    """Refuse a second default class. Raises: Refused."""
    default = _default_class(context) if obj.get("globalDefault") else None
    if default is not None and name_of(default) != name_of(obj):
        raise Refused(
            f"PriorityClass {name_of(default)} is already marked as default. Only one default can exist"
        )


def validate_deletion(obj: Obj) -> None:
    """Raises: Refused for one of the system's classes."""
    if name_of(obj) in SYSTEM_NAMES:
        raise Refused("this is a system priority class and cannot be deleted")


def _default_class(context: Context) -> Obj | None:
    """Return the default class; of several, which a race can leave, the least."""
    found = [one for one in context.view.list("PriorityClass") if one.get("globalDefault")]
    return min(found, key=lambda one: int(one["value"]), default=None)
