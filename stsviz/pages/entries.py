"""What may be done to a thing: one row an entry of its menu, each an action of the shared vocabulary.

The verbs are those of scenarios (stsviz/scenarios/actions.py); here stands for which things they are offered,
what is asked before, and whether a preview comes first.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from core import losses
from core.api.faults import PROVISIONER, fails_to_attach, is_switched_off, not_ready_since
from core.api.kinds import BY_KIND
from core.apimachinery.errors import BadRequest
from core.apimachinery.meta import Obj, annotations_of, condition_of, field, labels_of, name_of, ref_of
from core.client.cache import View
from core.explain.kubectl import space
from core.kubelet.status import is_running
from core.losses import Losses
from core.storage.classes import RUNNING_PROVISIONERS
from stsviz.scenarios.actions import Action
from stsviz.scenarios.faults import SLOW, readiness_line

MAX_REPLICAS = 5000
ZONE = "topology.kubernetes.io/zone"
_ELLIPSIS = "…"

Build = Callable[[Obj, str], Action]
"""(the thing, what was answered) -> the action. Raises: BadRequest."""


class Question(NamedTuple):
    """What is asked before. *start*: what stands in the field at first. *choices*: (value, label)."""

    label: str
    start: Callable[[Obj], str]
    number: bool = False
    choices: Sequence[tuple[str, str]] = ()


class Entry(NamedTuple):
    """*offered*: for which things. *loses*: what its doing takes, for the preview."""

    key: str
    title: str
    build: Build
    offered: Callable[[Obj], bool] = lambda obj: True
    asks: Question | None = None
    loses: Callable[[View, Obj, str], Losses] | None = None
    fault: str = ""
    """Says what it is, where no kubectl line does it."""


def _plain(verb: str, **values: Any) -> Build:
    return lambda obj, answer: Action(verb, ref_of(obj), values)


def _patched(make: Callable[[str], Any], kind: str = "strategic") -> Build:
    return lambda obj, answer: Action("patch", ref_of(obj), {"with": make(answer), "type": kind})


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) > most:
        raise BadRequest(f'"{text[:40]}" is not a number from 0 to {most}')
    return int(text)


def _scaled(obj: Obj, answer: str) -> Action:
    return Action("scale", ref_of(obj), {"replicas": _number(answer, MAX_REPLICAS)})


def _image(obj: Obj, answer: str) -> Action:
    containers = obj["spec"]["template"]["spec"]["containers"]
    image = _one_line(answer, "an image")
    return Action("image", ref_of(obj), {"image": image, "container": containers[0]["name"]})


def _one_line(text: str, what: str) -> str:
    text = text.strip()
    if not text or len(text) > 300 or not text.isprintable():
        raise BadRequest(f"{what} has 1 to 300 printable characters")
    return text


def _exec(obj: Obj, answer: str) -> Action:
    return Action("exec", ref_of(obj), {"command": ["sh", "-c", _one_line(answer, "a command")]})


def _zone(obj: Obj, answer: str) -> Action:
    return Action("label", ref_of(obj), {"labels": {ZONE: answer.strip() or None}})


def _retention(obj: Obj, answer: str) -> Action:
    deleted, _, scaled = answer.partition("/")
    policy = {"whenDeleted": deleted, "whenScaled": scaled}
    patch = {"spec": {"persistentVolumeClaimRetentionPolicy": policy}}
    return Action("patch", ref_of(obj), {"with": patch, "type": "strategic"})


def _retention_of(obj: Obj) -> str:
    policy = obj["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return f"{policy.get('whenDeleted') or 'Retain'}/{policy.get('whenScaled') or 'Retain'}"


def _deletion(view: View, obj: Obj, answer: str) -> Losses:
    return losses.of_deletion(view, ref_of(obj))


def _orphaning(view: View, obj: Obj, answer: str) -> Losses:
    return losses.of_deletion(view, ref_of(obj), orphan=True)


def _scaling(view: View, obj: Obj, answer: str) -> Losses:
    if obj["kind"] != "StatefulSet" or not answer.isdecimal():
        return Losses(())
    return losses.of_scaling(view, obj, min(int(answer), MAX_REPLICAS))


def _draining(view: View, obj: Obj, answer: str) -> Losses:
    return losses.of_draining(view, name_of(obj))


def _runs(pod: Obj) -> bool:
    return any(is_running(pod, container["name"]) for container in pod["spec"]["containers"])


def _is_broken(pod: Obj) -> bool:
    """Say whether there may be something to mend: it runs and is not Ready, or was made so."""
    ready = (condition_of(pod, "Ready") or {}).get("status") == "True"
    return not_ready_since(pod) is not None or (
        _runs(pod) and not ready and bool(readiness_line(pod, back=True))
    )


def _made_by(storage_class: Obj) -> bool:
    return storage_class["provisioner"] in RUNNING_PROVISIONERS


def _provisioner_is(value: str) -> Callable[[Obj], bool]:
    return lambda obj: annotations_of(obj).get(PROVISIONER, "") == value


_RETENTION = tuple(
    (f"{d}/{s}", f"deleted: {d}, scaled: {s}") for d in ("Retain", "Delete") for s in ("Retain", "Delete")
)
_POLICIES = (("Retain", "Retain"), ("Delete", "Delete"))

DELETE = Entry("delete", "Delete", _plain("delete"), loses=_deletion)
SCALE = Entry(
    "scale",
    "Scale…",
    _scaled,
    asks=Question("replicas", lambda obj: str(obj["spec"].get("replicas", 1)), number=True),
    loses=_scaling,
)
IMAGE = Entry(
    "image",
    "Change the image…",
    _image,
    asks=Question(
        "image", lambda obj: str(obj["spec"]["template"]["spec"]["containers"][0].get("image", ""))
    ),
)
RESTART = Entry("restart", "Restart its Pods", _plain("restart"))

ENTRIES: Mapping[str, tuple[Entry, ...]] = {
    "Pod": (
        DELETE,
        Entry("force", "Delete without waiting", _plain("delete", force=True), loses=_deletion),
        Entry(
            "crash", "Crash its container", _plain("crash"), _runs, fault="its program ends with exit code 1"
        ),
        Entry(
            "break-readiness",
            "Break readiness",
            _plain("break-readiness"),
            lambda pod: _runs(pod) and not _is_broken(pod),
            fault="its program answers no readiness probe",
        ),
        Entry(
            "mend-readiness",
            "Mend readiness",
            _plain("mend-readiness"),
            _is_broken,
            fault="undoes that fault",
        ),
        Entry("exec", "Run a command…", _exec, _runs, Question("command", lambda pod: "hostname")),
    ),
    "Node": (
        Entry("cordon", "Cordon", _plain("cordon"), lambda node: not node["spec"].get("unschedulable")),
        Entry(
            "uncordon", "Uncordon", _plain("uncordon"), lambda node: bool(node["spec"].get("unschedulable"))
        ),
        Entry("drain", "Drain", _plain("drain"), loses=_draining),
        Entry(
            "zone",
            "Put into a zone…",
            _zone,
            asks=Question("zone", lambda node: labels_of(node).get(ZONE, "")),
        ),
        Entry(
            "node-down",
            "Cut its power",
            _plain("node-down"),
            lambda node: not is_switched_off(node),
            fault="its kubelet says and does nothing",
        ),
        Entry("node-up", "Switch it on", _plain("node-up"), is_switched_off, fault="undoes that fault"),
        DELETE,
    ),
    "PersistentVolumeClaim": (
        DELETE,
        Entry(
            "expand",
            "Ask for more…",
            _patched(
                lambda size: {"spec": {"resources": {"requests": {"storage": _one_line(size, "a size")}}}}
            ),
            asks=Question("size", lambda claim: str(field(claim, "spec.resources.requests.storage", ""))),
        ),
    ),
    "PersistentVolume": (
        DELETE,
        Entry(
            "policy",
            "Change its reclaim policy…",
            _patched(lambda policy: {"spec": {"persistentVolumeReclaimPolicy": policy}}),
            asks=Question(
                "policy",
                lambda pv: pv["spec"].get("persistentVolumeReclaimPolicy", "Retain"),
                choices=_POLICIES,
            ),
        ),
        Entry(
            "fail-attach",
            "Fail to attach",
            _plain("fail-attach"),
            lambda pv: not fails_to_attach(pv),
            fault="no node gets at it, but one that has it already",
        ),
        Entry(
            "mend-attach",
            "Let it be attached",
            _plain("mend-attach"),
            fails_to_attach,
            fault="undoes that fault",
        ),
    ),
    "StorageClass": (
        Entry(
            "stop-provisioner",
            "Stop its provisioner",
            _plain("stop-provisioner"),
            lambda obj: _made_by(obj) and not _provisioner_is("off")(obj),
            fault="nobody makes or deletes its volumes",
        ),
        Entry(
            "slow-provisioner",
            "Slow its provisioner",
            _plain("slow-provisioner"),
            lambda obj: (
                obj["provisioner"] == "rancher.io/local-path" and not annotations_of(obj).get(PROVISIONER)
            ),
            fault=f"a volume takes {SLOW} s to make",
        ),
        Entry(
            "start-provisioner",
            "Start its provisioner again",
            _plain("start-provisioner"),
            lambda obj: bool(annotations_of(obj).get(PROVISIONER)),
            fault="undoes that fault",
        ),
        DELETE,
    ),
    "Service": (
        Entry(
            "publish",
            "Publish Pods that are not Ready",
            _patched(lambda _: _publishing(True)),
            lambda service: not service["spec"].get("publishNotReadyAddresses"),
        ),
        Entry(
            "unpublish",
            "Publish only Ready Pods",
            _patched(lambda _: _publishing(False)),
            lambda service: bool(service["spec"].get("publishNotReadyAddresses")),
        ),
        DELETE,
    ),
    "StatefulSet": (
        SCALE,
        IMAGE,
        RESTART,
        Entry(
            "partition",
            "Set the partition…",
            _patched(
                lambda text: {
                    "spec": {"updateStrategy": {"rollingUpdate": {"partition": _number(text, 10**6)}}}
                }
            ),
            lambda sts: field(sts, "spec.updateStrategy.type") != "OnDelete",
            Question(
                "partition",
                lambda sts: str(field(sts, "spec.updateStrategy.rollingUpdate.partition", 0)),
                True,
            ),
        ),
        Entry(
            "on-delete",
            "Update only what is deleted",
            _patched(lambda _: _strategy("OnDelete"), "merge"),
            lambda sts: field(sts, "spec.updateStrategy.type") != "OnDelete",
        ),
        Entry(
            "rolling",
            "Update Pod by Pod",
            _patched(lambda _: _strategy("RollingUpdate")),
            lambda sts: field(sts, "spec.updateStrategy.type") == "OnDelete",
        ),
        Entry(
            "retention",
            "Change the retention policy…",
            _retention,
            asks=Question("claims when", _retention_of, choices=_RETENTION),
        ),
        DELETE,
        Entry("orphan", "Delete, keep its Pods", _plain("delete", cascade="orphan"), loses=_orphaning),
    ),
    "Deployment": (SCALE, IMAGE, RESTART, DELETE),
    "ReplicaSet": (SCALE, DELETE),
    "DaemonSet": (IMAGE, RESTART, DELETE),
}


def _publishing(on: bool) -> Any:
    return {"spec": {"publishNotReadyAddresses": on}}


def _strategy(name: str) -> Any:
    # a merge patch takes rollingUpdate away, which OnDelete may not have
    return {
        "spec": {"updateStrategy": {"type": name, **({"rollingUpdate": None} if name == "OnDelete" else {})}}
    }


def entries_of(obj: Obj | None) -> list[Entry]:
    """Return what is offered for *obj* as it is now."""
    if obj is None or obj["kind"] not in BY_KIND:
        return []
    return [entry for entry in ENTRIES.get(obj["kind"], (DELETE,)) if entry.offered(obj)]


def entry_named(kind: str, key: str) -> Entry | None:
    return next((entry for entry in ENTRIES.get(kind, (DELETE,)) if entry.key == key), None)


def line_of(entry: Entry, obj: Obj, answer: str | None = None) -> str:
    """Return the kubectl line, "" for a fault; with *answer* None an ellipsis stands for what is asked."""
    if entry.key in ("break-readiness", "mend-readiness"):
        moved = not_ready_since(obj) is None
        return readiness_line(obj, back=entry.key == "mend-readiness") if moved else ""
    if entry.asks is None:
        return entry.build(obj, "").line
    if entry.key == "exec":
        command = _ELLIPSIS if answer is None else shlex.quote(answer)
        return f"kubectl exec {name_of(obj)}{space(ref_of(obj))} -- sh -c {command}"
    start = entry.asks.start(obj) or "a"
    line = entry.build(obj, start if answer is None else answer).line
    return line if answer is not None else _elided(line, start)


def _elided(line: str, start: str) -> str:
    """Return *line* with an ellipsis for its last *start*."""
    head, found, tail = line.rpartition(start)
    return f"{head}{_ELLIPSIS}{tail}" if found else line
