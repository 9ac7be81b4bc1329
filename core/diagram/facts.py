"""What one object says about itself in the picture: a state, a word for it, and what it waits for.

Pending is two states: *expected* (somebody is about to act) and *blocked* (nobody will). The first is
how every claim of a WaitForFirstConsumer class begins; the second is what needs a hand.
Source: pkg/printers/internalversion/printers.go (v1.36, the words); storage.md, workloads.md (the states).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from core.api.classnames import class_name_of
from core.api.faults import not_ready_since
from core.apimachinery.meta import Obj, condition_of, field, is_terminating
from core.apimachinery.timestamps import seconds
from core.client.cache import View
from core.storage.classes import NO_PROVISIONER, SELECTED_NODE_ANNOTATION, provisioner_trouble
from core.storage.volumefile import is_plain

READY, EXPECTED, BLOCKED = "ready", "pending-expected", "pending-blocked"
TERMINATING, FAILED, RELEASED, LOST, EMPTY = "terminating", "failed", "released", "lost", "empty"

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_EXPECTED_WAITS = frozenset({"ContainerCreating", "PodInitializing"})
_IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"


class State(NamedTuple):
    """A CSS class, the word beside the name, and a clause that says what is missing ("" if nothing)."""

    cls: str
    word: str
    note: str = ""


def pod_state(pod: Obj, now: float, claims: Sequence[State]) -> State:
    """Return the state of *pod*, whose claims are in the states *claims*."""
    status = pod.get("status") or {}
    if is_terminating(pod):
        grace = pod["metadata"].get("deletionGracePeriodSeconds", 0)
        over = now > seconds(pod["metadata"]["deletionTimestamp"])
        note = "its grace period is over" if over else f"asked to stop within {grace} s"
        return State(TERMINATING, "Terminating", note)
    phase = status.get("phase", "Pending")
    if phase == "Failed":
        return State(FAILED, status.get("reason") or "Failed", status.get("message", ""))
    if phase == "Succeeded":
        return State(EMPTY, "Completed")
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        state = container.get("state") or {}
        waiting, ended = state.get("waiting"), state.get("terminated")
        if waiting and waiting.get("reason", "ContainerCreating") not in _EXPECTED_WAITS:
            return State(FAILED, waiting["reason"], waiting.get("message", ""))
        if ended and ended.get("exitCode"):
            return State(FAILED, ended.get("reason") or "Error", f"exit code {ended['exitCode']}")
    ready = condition_of(pod, "Ready")
    if ready is not None and ready["status"] == "True":
        return State(READY, "Ready")
    return _unready(pod, phase, claims)


def is_ready(pod: Obj) -> bool:
    """Tell whether *pod* is in the state READY, which no clock and no claim can change."""
    return pod_state(pod, 0.0, ()).cls == READY


def _unready(pod: Obj, phase: str, claims: Sequence[State]) -> State:
    if phase == "Running":
        silent = not_ready_since(pod) is not None
        return State(BLOCKED if silent else EXPECTED, "not Ready", "runs, but is not Ready")
    if field(pod, "spec.nodeName"):
        return State(EXPECTED, "starting", "its containers are being started")
    scheduled = condition_of(pod, "PodScheduled")
    if scheduled is None or scheduled["status"] != "False":
        return State(EXPECTED, "Pending", "waits for a node")
    message = scheduled.get("message", "")
    if scheduled.get("reason") == "SchedulingGated":
        return State(BLOCKED, "gated", message)
    # A claim that a controller is about to bind; for one that waits for its first Pod no Pod is refused.
    about_claims = "unbound immediate" in message or "not found" in message
    if about_claims and claims and all(claim.cls not in (BLOCKED, LOST) for claim in claims):
        return State(EXPECTED, "Pending", "waits for its claim to be Bound")
    return State(BLOCKED, "Unschedulable", message)


def claim_state(claim: Obj, view: View) -> State:
    """Return the state of *claim*; its class decides which Pending it is."""
    if is_terminating(claim):
        held = "kubernetes.io/pvc-protection" in (claim["metadata"].get("finalizers") or ())
        return State(TERMINATING, "Terminating", "held while in use" if held else "")
    phase = (claim.get("status") or {}).get("phase", "Pending")
    if phase == "Bound":
        return State(READY, "Bound")
    if phase == "Lost":
        return State(LOST, "Lost", "its volume is gone")
    volume = claim["spec"].get("volumeName")
    if volume:
        known = view.get("PersistentVolume", "", volume) is not None
        return State(EXPECTED, "Pending", f"waits for {volume}") if known else _blocked(f"no volume {volume}")
    name = class_name_of(claim)
    if not name:
        return _blocked("no class, no volume")
    storage_class = view.get("StorageClass", "", name)
    if storage_class is None:
        return _blocked(f"there is no class {name}")
    if storage_class.get("volumeBindingMode") == "WaitForFirstConsumer":
        return _first_consumer(claim, storage_class, view)
    if storage_class["provisioner"] == NO_PROVISIONER:
        return _blocked("no volume fits it")
    return _being_made(storage_class)


def _being_made(storage_class: Obj) -> State:
    trouble = provisioner_trouble(storage_class)
    if trouble:
        return _blocked(f"its provisioner {trouble}")
    return State(EXPECTED, "Pending", "a volume is being made")


def _blocked(note: str) -> State:
    return State(BLOCKED, "Pending", note)


def _first_consumer(claim: Obj, storage_class: Obj, view: View) -> State:
    meta = claim["metadata"]
    if SELECTED_NODE_ANNOTATION in (meta.get("annotations") or {}):
        return _being_made(storage_class)
    for pod in view.indexed("pods-by-claim", (meta.get("namespace", ""), meta["name"])):
        if field(pod, "status.phase") not in ("Succeeded", "Failed"):
            if pod["spec"].get("nodeName"):
                return _blocked("its Pod names its node")
            return State(EXPECTED, "Pending", f"waits for {pod['metadata']['name']}'s node")
    return State(EXPECTED, "Pending", "waits for a first Pod")


def volume_state(volume: Obj) -> State:
    if is_terminating(volume):
        return State(TERMINATING, "Terminating", "held while bound")
    status = volume.get("status") or {}
    phase = status.get("phase", "Pending")
    if phase in ("Bound", "Available"):
        return State(READY, phase)
    if phase == "Released":
        return State(RELEASED, phase, "keeps its data for nobody")
    if phase == "Failed":
        return State(FAILED, phase, status.get("message", ""))
    return State(EXPECTED, phase)


def machine_state(node: Obj) -> State:
    ready = condition_of(node, "Ready")
    if ready is None or ready["status"] != "True":
        return State(FAILED, "NotReady", "its kubelet does not report")
    if node["spec"].get("unschedulable"):
        return State(BLOCKED, "cordoned", "takes no new Pods")
    return State(READY, "Ready")


def is_default_class(storage_class: Obj) -> bool:
    return (storage_class["metadata"].get("annotations") or {}).get(_IS_DEFAULT) == "true"


def modes_of(obj: Obj) -> str:
    """Return the access modes as kubectl shortens them: ``RWO,ROX``."""
    modes = obj["spec"].get("accessModes") or ()
    return ",".join(_MODES.get(mode, mode) for mode in modes)


def size_of(obj: Obj) -> str:
    """Return how large a volume is, or what a claim got, else asked for."""
    if obj["kind"] == "PersistentVolume":
        return str(field(obj, "spec.capacity.storage", ""))
    return str(field(obj, "status.capacity.storage") or field(obj, "spec.resources.requests.storage", ""))


@lru_cache(maxsize=4096)
def _sha(content: str, binary: bool) -> str:
    try:
        data = (
            base64.b64decode(content, validate=True) if binary else content.encode("utf-8", "surrogateescape")
        )
    except (binascii.Error, UnicodeEncodeError):
        return "?"
    return hashlib.sha256(data).hexdigest()[:8]


def files_text(files: list[Obj]) -> str:
    """Return what is in a volume: ``index.html 9a3c01ff``, with a count if there is more."""
    files = [file for file in files if is_plain(file)]
    if not files:
        return ""
    first = min(files, key=lambda file: str(file.get("path", "")))
    more = f" +{len(files) - 1}" if len(files) > 1 else ""
    sha = _sha(str(first.get("content") or ""), bool(first.get("binary")))
    return f"{str(first.get('path', '')).lstrip('/')} {sha}{more}"
