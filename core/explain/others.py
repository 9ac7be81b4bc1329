"""Why a volume, a Service, a node or a class is not as it should be."""

from __future__ import annotations

from collections.abc import Iterable

from core.api.faults import is_switched_off, slowness
from core.apimachinery.meta import (
    Obj,
    Ref,
    condition_of,
    field,
    is_terminating,
    name_of,
    namespace_of,
    ref_of,
)
from core.client.cache import View
from core.dns.records import endpoints_of
from core.explain import kubectl
from core.explain.explanation import NOTHING, Asked, Explanation, Remedy, own
from core.storage.classes import provisioner_trouble


def volume(asked: Asked) -> Explanation:
    obj, ref = asked.found, asked.ref
    phase, owner = field(obj, "status.phase"), field(obj, "spec.claimRef", {})
    claim = Ref("PersistentVolumeClaim", owner.get("namespace", ""), owner.get("name", ""))
    if is_terminating(obj):
        related = (claim,) if phase == "Bound" else ()
        words = f"kubernetes.io/pv-protection: claim {claim.name} holds the key" if related else ""
        remedies = (
            (Remedy(kubectl.delete(claim), "the volume goes when its claim is gone"),) if related else ()
        )
        return Explanation(
            "",
            "pv-protection-controller",
            (own(obj, "metadata.finalizers", words),),
            remedies=remedies,
            related=related,
            blocked=bool(related),
        )
    if phase == "Released":
        return _released(asked.view, obj, claim)
    if phase == "Failed":
        keep = Remedy(
            kubectl.patch(ref, {"spec": {"persistentVolumeReclaimPolicy": "Retain"}}),
            "nobody tries to delete it any more, and its data stays",
        )
        words = field(obj, "status.message", "")
        culprit = own(obj, "spec.persistentVolumeReclaimPolicy", words)
        return Explanation("", "persistentvolume-controller", (culprit,), remedies=(keep,), blocked=True)
    if phase == "Available" and owner:
        return Explanation(
            "", "persistentvolume-controller", (own(obj, "spec.claimRef", "reserved by name"),)
        )
    return NOTHING


def _released(view: View, obj: Obj, claim: Ref) -> Explanation:
    """Say whom it remembers, and who would have to act."""
    ref, policy = ref_of(obj), obj["spec"].get("persistentVolumeReclaimPolicy", "Retain")
    culprit = own(
        obj,
        "spec.claimRef",
        f"remembers {claim.namespace}/{claim.name}, uid "
        f"{field(obj, 'spec.claimRef.uid', '')[:8]}: another claim of that name is not the one",
    )
    if policy != "Retain":
        return Explanation("", "", (own(obj, "spec.persistentVolumeReclaimPolicy"),))
    forget = [{"op": "remove", "path": "/spec/claimRef"}]
    remedies = (Remedy(kubectl.patch(ref, forget, "json"), "offers it again, with its data in it"),)
    related = (claim,) if view.get(*claim) is not None else ()
    component = "persistentvolume-controller"
    return Explanation("", component, (culprit,), remedies=remedies, related=related, blocked=True)


def service(asked: Asked) -> Explanation:
    obj, view = asked.found, asked.view
    selector = obj["spec"].get("selector")
    if not selector:
        return NOTHING
    known = list(endpoints_of(view, obj))
    if not known and not _is_selected(view, obj, selector):
        return _selects_nobody(view, obj, selector)
    silent = [endpoint for endpoint in known if not endpoint.ready]
    if silent and not obj["spec"].get("publishNotReadyAddresses"):
        line = kubectl.patch(asked.ref, {"spec": {"publishNotReadyAddresses": True}})
        names = ", ".join(_name(view, endpoint.address) for endpoint in silent[:3])
        sentence = f"does not answer for {names}, which {'is' if len(silent) == 1 else 'are'} not Ready"
        culprit = own(obj, "spec.publishNotReadyAddresses", "only Ready Pods have an answer")
        remedy = Remedy(
            line, "publishes the names of Pods that are not Ready too, so that peers find each other"
        )
        return Explanation(sentence, "endpointslice-controller", (culprit,), remedies=(remedy,))
    return NOTHING


def _name(view: View, address: str) -> str:
    """Return the Pod that has *address*."""
    return next((name_of(pod) for pod in view.indexed("pod-addresses", address)), address)


def _is_selected(view: View, obj: Obj, selector: dict[str, str]) -> bool:
    key, value = next(iter(selector.items()))
    pods: Iterable[Obj] = view.indexed("labelled", ("Pod", namespace_of(obj), key, value))
    return any(selector.items() <= (pod["metadata"].get("labels") or {}).items() for pod in pods)


def _selects_nobody(view: View, obj: Obj, selector: dict[str, str]) -> Explanation:
    named = [
        s for s in view.list("StatefulSet", namespace_of(obj)) if s["spec"].get("serviceName") == name_of(obj)
    ]
    pairs = ",".join(f"{key}={value}" for key, value in selector.items())
    culprit = own(obj, "spec.selector", f"no Pod has the labels {pairs}")
    remedies = []
    labels = field(named[0], "spec.template.metadata.labels", {}) if len(named) == 1 else {}
    fits = bool(labels) and selector.items() <= labels.items()
    if labels and not fits:
        wanted = ",".join(f"{key}={value}" for key, value in labels.items())
        line = f"kubectl set selector service {name_of(obj)}{kubectl.space(ref_of(obj))} {wanted}"
        remedies = [Remedy(line, f"selects the Pods of {name_of(named[0])}, which names this Service")]
    return Explanation(
        "selects no Pod",
        "endpointslice-controller",
        (culprit,),
        remedies=tuple(remedies),
        related=tuple(map(ref_of, named[:3])),
        blocked=not fits,
    )


def node(asked: Asked) -> Explanation:
    obj, name = asked.found, asked.ref.name
    ready = condition_of(obj, "Ready") or {}
    if is_switched_off(obj):
        words = "stsviz.dev/power: its kubelet says nothing"
        fault = Remedy("", "a fault: switch it on in its menu")
        sentence = "has no power" if ready.get("status") == "True" else "has no power, and is not Ready"
        return Explanation(
            sentence,
            "node-controller",
            (own(obj, "metadata.annotations", words),),
            remedies=(fault,),
            blocked=True,
        )
    if ready.get("status") != "True":
        culprit = own(obj, "status.conditions", ready.get("message", ""))
        return Explanation(
            "is not Ready: its kubelet does not report", "node-controller", (culprit,), blocked=True
        )
    if obj["spec"].get("unschedulable"):
        remedy = Remedy(f"kubectl uncordon {name}", "it takes new Pods again")
        culprit = own(obj, "spec.unschedulable", "plugin NodeUnschedulable refuses it to every new Pod")
        return Explanation(
            "is cordoned: no new Pod comes here", "default-scheduler", (culprit,), remedies=(remedy,)
        )
    taints = [t for t in obj["spec"].get("taints") or () if t["effect"] != "PreferNoSchedule"]
    if taints:
        keys = ", ".join(f"{taint['key']}:{taint['effect']}" for taint in taints)
        line = f"kubectl taint nodes {name} {taints[0]['key']}:{taints[0]['effect']}-"
        culprit = own(obj, "spec.taints", keys)
        sentence = "takes only Pods that tolerate its taints"
        return Explanation(
            sentence, "default-scheduler", (culprit,), remedies=(Remedy(line, "takes it away"),)
        )
    return NOTHING


def storage_class(asked: Asked) -> Explanation:
    obj = asked.found
    provisioner, trouble, slow = obj["provisioner"], provisioner_trouble(obj), slowness(obj)
    if trouble == "is stopped":
        culprit = own(obj, "metadata.annotations", "stsviz.dev/provisioner")
        fault = Remedy("", "a fault: start it again in this menu")
        return Explanation(
            f"makes no volumes: {provisioner} is stopped",
            provisioner,
            (culprit,),
            remedies=(fault,),
            blocked=True,
        )
    if trouble:
        sentence = f"makes no volumes: {provisioner} {trouble}"
        return Explanation(sentence, "", (own(obj, "provisioner", trouble),), blocked=True)
    if slow:
        sentence = f"makes volumes slowly: each takes {slow:.0f} s"
        return Explanation(
            sentence, provisioner, (own(obj, "metadata.annotations", "stsviz.dev/provisioner"),)
        )
    return NOTHING
