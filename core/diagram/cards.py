"""From objects to what the picture says of them: one Node for each seat, claim, volume and class.

Engraved is what a Pod of a StatefulSet keeps (name, DNS name, claim, volume, bytes); what flips is what
the next Pod has anew (uid, address, node). The layout gives each line that class; here is only the text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.api.classnames import class_name_of
from core.apimachinery.meta import (
    Obj,
    Ref,
    controller_of,
    field,
    labels_of,
    name_of,
    namespace_of,
    ref_of,
    uid_of,
)
from core.client.cache import View
from core.diagram import facts
from core.diagram.elements import Node, Slots
from core.diagram.facts import BLOCKED, EMPTY, EXPECTED, FAILED, READY, TERMINATING, State
from core.diagram.ids import element_id
from core.diagram.names import Domain, full_name
from core.diagram.resting import Memory
from core.storage.backend import backend_key

SCALED_DOWN = "scaled down, its claim stays"


@dataclass(slots=True)
class Scene:
    """What every card may look at."""

    view: View
    tombstones: Mapping[Ref, Obj]
    """The last deleted object by Ref."""
    now: float
    notes: Mapping[Ref, str]
    """Why an object is in its state, by Ref."""
    memory: Memory = dataclasses.field(default_factory=Memory)
    """What the next picture may take over from this one; give it again with the next scene."""
    changed: Collection[Ref] | None = None
    """What was written since the picture that the memory is of; None: nobody knows."""
    many_namespaces: bool = False
    _dark: dict[str, bool] = dataclasses.field(default_factory=dict)

    def note(self, ref: Ref, state: State) -> str:
        """Return why *ref* is as it is: its controller's own words, else what the state implies."""
        return self.notes.get(ref) or state.note if state.cls != READY else ""

    def is_dark(self, machine: str) -> bool:
        """Tell whether the node *machine* is there and NotReady."""
        known = self._dark.get(machine)
        if known is None:
            node = self.view.get("Node", "", machine) if machine else None
            known = self._dark[machine] = node is not None and facts.machine_state(node).cls == FAILED
        return known


def _label(kind: str, name: str, *clauses: str) -> str:
    return f"{kind} {name}, " + ", ".join(clause for clause in clauses if clause)


def _identity(pod: Obj) -> Slots:
    """Return the lines of *pod* that its successor will not have."""
    return {
        "uid": str(pod["metadata"].get("uid", ""))[:8],
        "address": (pod.get("status") or {}).get("podIP", ""),
        "machine": pod["spec"].get("nodeName", ""),
    }


def _was(pod: Obj | None) -> str:
    return " ".join(filter(None, _identity(pod).values())) if pod is not None else ""


def _is_held_up(view: View, pod: Obj) -> bool:
    """Say whether its volumes could not be attached or mounted, as its Events tell."""
    told = view.indexed("events-by-involved", uid_of(pod))
    return any(event["reason"] in ("FailedMount", "FailedAttachVolume") for event in told)


def _revision(pod: Obj) -> str:
    labels = labels_of(pod)
    text = labels.get("pod-template-hash") or labels.get("controller-revision-hash", "").rpartition("-")[2]
    return f"rev {text[:10]}" if text else ""


def _claims_text(claims: Sequence[Node]) -> str:
    return ", ".join(f"claim {claim.title} {claim.word or 'missing'}" for claim in claims)


class Seats:
    """Cards of Pods and of the seats that wait for one."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def of_pod(self, id_: str, pod: Obj, claims: Sequence[Node], domain: Domain | None) -> Node:
        """Return the card of *pod*; with *domain* it is a seat that has a DNS name there."""
        scene, ref = self._scene, ref_of(pod)
        state = facts.pod_state(pod, scene.now, [State(c.state, c.word) for c in claims])
        if state.word == "starting" and _is_held_up(scene.view, pod):
            state = State(BLOCKED, "starting", state.note)
        slots = _identity(pod)
        slots["note"] = scene.note(ref, state)
        slots["revision"] = _revision(pod)
        if domain is not None:
            slots |= _dns(name_of(pod), domain)
            slots["was"] = _was(scene.tombstones.get(ref))
            slots["note"] = slots["note"] or domain.problem
        dark = scene.is_dark(slots["machine"])
        if dark:
            slots["note"] = f"{slots['machine']} is not Ready"
        label = _label(
            "Pod",
            ref.name,
            state.word,
            f"on {slots['machine']}" if slots["machine"] else "",
            f"address {slots['address']}" if slots["address"] else "",
            _claims_text(claims),
            slots["note"],
        )
        kind = "pod" if domain is None else "seat"
        more = "machine-down" if dark else "reseated" if slots.get("was") else ""
        return Node(id_, kind, state.cls, ref.name, state.word, slots, ref, label, more)

    def vacant(self, id_: str, ref: Ref, claims: Sequence[Node], domain: Domain, waits_for: str) -> Node:
        """Return the card of a seat without a Pod: empty if one sat there, else waiting for its first."""
        last = self._scene.tombstones.get(ref)
        note = waits_for or self._scene.notes.get(ref) or "its Pod is about to be made"
        slots = {**_dns(ref.name, domain), "last": _was(last), "note": note}
        empty = last is not None or waits_for == SCALED_DOWN
        state, word = (EMPTY, "empty seat") if empty else (EXPECTED, "waits")
        label = _label("Pod", ref.name, word, note, _claims_text(claims))
        return Node(id_, "seat", state, ref.name, word, slots, ref, label)


def _dns(pod: str, domain: Domain) -> Slots:
    name = f"{pod}.{domain.name}" if domain.name else ""
    return {"dns": name, "answer": domain.answers.get(pod, "no answer")}


class Storage:
    """Cards of claims, volumes and classes."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._claims: dict[Ref, tuple[Obj, State]] = {}

    def state_of(self, claim: Obj) -> State:
        return facts.claim_state(claim, self._scene.view)

    def claim(self, claim: Obj, unused: bool) -> Node:
        """Return the card of *claim*; *unused*: its seat is empty or emptying."""
        state, ref = self.state_of(claim), ref_of(claim)
        note = self._scene.note(ref, state)
        slots = {
            "size": " ".join(filter(None, (facts.size_of(claim), facts.modes_of(claim)))),
            "class": class_name_of(claim),
            "note": note or ("still bound" if unused and state.cls == READY else ""),
        }
        more = "still-bound" if unused and state.cls == READY else ""
        # Both are Pending; that one of them needs a hand is said in words too.
        word, words = ("blocked", "Pending, blocked") if state.cls == BLOCKED else (state.word, state.word)
        label = _label("Claim", ref.name, words, slots["size"], slots["note"])
        id_ = element_id("claim", ref.namespace, ref.name)
        return Node(id_, "claim", state.cls, ref.name, word, slots, ref, label, more)

    def missing_claim(self, namespace: str, name: str) -> Node:
        ref = Ref("PersistentVolumeClaim", namespace, name)
        note = self._scene.notes.get(ref) or "not made yet"
        slots = {"size": "", "class": "", "note": note}
        id_ = element_id("claim", namespace, name)
        return Node(id_, "claim", EMPTY, name, "no claim", slots, ref, _label("Claim", name, note))

    def volume(self, volume: Obj, claim: Obj | None, still_bound: bool) -> Node:
        state, ref = facts.volume_state(volume), ref_of(volume)
        files = facts.files_text(self._scene.view.list("VolumeFile", backend_key(volume)))
        policy = volume["spec"].get("persistentVolumeReclaimPolicy", "Retain")
        owner = volume["spec"].get("claimRef") or {}
        slots = {
            "size": facts.size_of(volume),
            "policy": f"{facts.modes_of(volume)} · {policy}",
            "files": files,
            "note": self._scene.note(ref, state),
            "was": owner.get("name", "") if claim is None and owner.get("uid") else "",
        }
        label = _label("Volume", ref.name, state.word, slots["size"], policy, files, slots["note"])
        more = "still-bound" if still_bound and state.cls == READY else ""
        id_ = element_id("volume", "", ref.name)
        return Node(id_, "volume", state.cls, ref.name, state.word, slots, ref, label, more)

    def vacant_volume(self, claim: Obj) -> Node:
        """Return the place where the volume of a claim without one will be."""
        state = self.state_of(claim)
        making = "made" in state.note and state.cls == EXPECTED
        note = "being made" if making else "volume is lost" if state.cls == facts.LOST else "no volume yet"
        id_ = element_id("vacant", namespace_of(claim), name_of(claim))
        cls = EXPECTED if state.cls == TERMINATING else state.cls
        return Node(
            id_, "vacant", cls, "", "", {"note": note}, None, _label("Volume of claim", name_of(claim), note)
        )

    def storage_class(self, name: str) -> Node:
        obj = self._scene.view.get("StorageClass", "", name)
        ref, id_ = Ref("StorageClass", "", name), element_id("class", "", name)
        if obj is None:
            note = "no such class"
            return Node(id_, "class", BLOCKED, name, note, {}, ref, _label("StorageClass", name, note))
        binding = obj.get("volumeBindingMode", "Immediate")
        slots = {
            "binding": {"WaitForFirstConsumer": "waits for a Pod"}.get(binding, binding),
            "policy": obj.get("reclaimPolicy", "Delete"),
            "provisioner": obj["provisioner"].rpartition("/")[2],
        }
        word = "default" if facts.is_default_class(obj) else ""
        label = _label("StorageClass", name, word, binding, slots["policy"], obj["provisioner"])
        return Node(id_, "class", READY, name, word, slots, ref, label)


def workload(obj: Obj, scene: Scene) -> Node:
    """Return the card of a StatefulSet, Deployment or ReplicaSet."""
    ref = ref_of(obj)
    spec, status = obj["spec"], obj.get("status") or {}
    wanted = spec.get("replicas", 1)
    ready = status.get("readyReplicas", 0)
    word = f"{ready} / {wanted} ready"
    cls = TERMINATING if "deletionTimestamp" in obj["metadata"] else READY if ready == wanted else EXPECTED
    containers: list[Obj] = field(obj, "spec.template.spec.containers") or [{}]
    partition = field(obj, "spec.updateStrategy.rollingUpdate.partition", 0)
    strategy = field(obj, "spec.updateStrategy.type") or field(obj, "spec.strategy.type", "")
    slots = {
        "kind": ref.kind,
        "policy": spec.get("podManagementPolicy", ""),
        "strategy": strategy,
        "partition": f"partition {partition}" if partition else "",
        "image": str(containers[0].get("image", "")),
        "namespace": ref.namespace if scene.many_namespaces else "",
    }
    note = scene.note(ref, State(cls, word))
    id_ = element_id(f"workload-{ref.kind.lower()}", ref.namespace, ref.name)
    return Node(id_, "workload", cls, ref.name, word, slots, ref, _label(ref.kind, ref.name, word, note))


def service(obj: Obj, domain: Domain, note: str) -> Node:
    ref = ref_of(obj)
    headless = obj["spec"].get("clusterIP") == "None"
    word = f"{domain.ready} of {domain.known} answer" if domain.known else "nobody answers"
    slots = {"address": "headless" if headless else obj["spec"].get("clusterIP", ""), "note": note}
    cls = BLOCKED if note else READY if domain.ready else EXPECTED
    label = _label("Service", full_name(obj), slots["address"], word, note)
    id_ = element_id("service", ref.namespace, ref.name)
    return Node(id_, "service", cls, full_name(obj), word, slots, ref, label)


def no_service(sts: Obj, name: str) -> Node:
    """Return the lane of a Service that *sts* names and that nobody made."""
    ref = Ref("Service", namespace_of(sts), name)
    note = f"there is no Service {name}"
    id_ = element_id("service", ref.namespace, name)
    title = f"{name}.{ref.namespace}.svc.cluster.local"
    return Node(
        id_, "service", BLOCKED, title, note, {"address": "", "note": ""}, ref, _label("Service", name, note)
    )


def machine(node: Obj, pods: int) -> Node:
    state, ref = facts.machine_state(node), ref_of(node)
    zone = labels_of(node).get("topology.kubernetes.io/zone", "")
    slots = {"pods": f"{pods} Pod{'' if pods == 1 else 's'}", "zone": zone}
    label = _label("Node", ref.name, state.word, zone, slots["pods"])
    return Node(
        element_id("machine", "", ref.name), "machine", state.cls, ref.name, state.word, slots, ref, label
    )


def controlling(pod: Obj) -> str:
    """Return the uid of the controller of *pod*, or ""."""
    owner = controller_of(pod)
    return str(owner["uid"]) if owner else ""
