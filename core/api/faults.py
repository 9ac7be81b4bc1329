"""Faults that somebody made on purpose: annotations of stsviz's own, which the component concerned looks at.

A fault is state of an object like any other: it survives a restart, is in the history, goes into a fork, and
is undone by its opposite. docs/faults.md lists them.
Source: none in Kubernetes; real clusters have these faults without saying so.
"""

from __future__ import annotations

import re
from typing import Final

from core.apimachinery.meta import Obj, annotations_of
from core.apimachinery.timestamps import seconds

POWER: Final = "stsviz.dev/power"
"""Of a Node. ``off``: its kubelet says and does nothing."""
PROVISIONER: Final = "stsviz.dev/provisioner"
"""Of a StorageClass. ``off``: nobody makes or deletes its volumes; ``30s``: making one takes so long."""
ATTACH: Final = "stsviz.dev/attach"
"""Of a PersistentVolume. ``fails``: no node gets at it, unless it has it already."""
NOT_READY_SINCE: Final = "stsviz.dev/not-ready-since"
"""Of a Pod. An RFC 3339 time: from then on its containers answer no readiness probe."""

_SECONDS = re.compile(r"([0-9]{1,5})s")


def is_switched_off(node: Obj) -> bool:
    """Say whether the node has no power."""
    return annotations_of(node).get(POWER) == "off"


def is_stopped(storage_class: Obj | None) -> bool:
    """Say whether the provisioner hears nothing of this class; a class that is gone stops nobody."""
    return storage_class is not None and annotations_of(storage_class).get(PROVISIONER) == "off"


def slowness(storage_class: Obj) -> float:
    """Return the seconds that a volume of this class takes to make, 0 without the fault."""
    found = _SECONDS.fullmatch(annotations_of(storage_class).get(PROVISIONER, ""))
    return float(found[1]) if found else 0.0


def fails_to_attach(volume: Obj) -> bool:
    return annotations_of(volume).get(ATTACH) == "fails"


def not_ready_since(pod: Obj) -> float | None:
    """Return since when (epoch seconds) the Pod is to answer no readiness probe; None: it may."""
    stamp = annotations_of(pod).get(NOT_READY_SINCE)
    try:
        return seconds(stamp) if stamp else None
    except ValueError:
        return None  # somebody wrote another word there
