"""Why a claim is Pending, Lost or will not go: the binder's tests on every volume, and who holds its key."""

from __future__ import annotations

from collections import Counter

from core.api.classnames import class_name_of
from core.apimachinery.meta import (
    Obj,
    Ref,
    annotations_of,
    controller_of,
    field,
    finalizers_of,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    ref_of,
)
from core.client.cache import View
from core.controllers.pvcprotection import FINALIZER, pods_using
from core.explain import kubectl
from core.explain.explanation import MOST, NOTHING, Asked, Candidate, Culprit, Explanation, Remedy, own
from core.storage.classes import (
    IS_DEFAULT_ANNOTATION,
    NO_PROVISIONER,
    SELECTED_NODE_ANNOTATION,
    is_default_class,
    is_delay_binding_mode,
    persistent_volume_claim_has_class,
    provisioner_trouble,
)
from core.storage.misses import Miss, misses
from core.storage.topology import check_volume_node_affinity

BINDER = "persistentvolume-controller"


def explain(asked: Asked) -> Explanation:
    claim = asked.found
    phase = field(claim, "status.phase", "Pending")
    if is_terminating(claim):
        return _held(asked.view, claim)
    if phase == "Lost":
        again = Remedy(kubectl.delete(ref_of(claim)), "its data is gone; a new claim gets a new volume")
        words = "the volume that it names is not there or is another's"
        return Explanation(
            "", BINDER, (own(claim, "spec.volumeName", words),), remedies=(again,), blocked=True
        )
    if phase != "Pending":
        return NOTHING
    if claim["spec"].get("volumeName"):
        return _named(asked.view, claim)
    return _unbound(asked.view, claim)


# -- being deleted ---------------------------------------------------------------------------------


def _held(view: View, claim: Obj) -> Explanation:
    """Name who holds the key of each finalizer."""
    finalizers = finalizers_of(claim)
    users = pods_using(claim, view) if FINALIZER in finalizers else []
    others = [name for name in finalizers if name != FINALIZER]
    if not users and not others:
        return NOTHING
    words = [f"{FINALIZER}: Pod {name_of(pod)} holds the key" for pod in users]
    words += [f"{name}: whoever put it there must take it away" for name in others]
    culprit = own(claim, "metadata.finalizers", "; ".join(words))
    remedies = [Remedy(kubectl.delete(ref_of(pod)), _after(pod)) for pod in users[:3]]
    component = "pvc-protection-controller" if users else ""
    related = tuple(ref_of(pod) for pod in users[:5])
    return Explanation("", component, (culprit,), remedies=tuple(remedies), related=related, blocked=True)


def _after(pod: Obj) -> str:
    owner = controller_of(pod)
    if owner is None:
        return "the claim goes when its last Pod is gone"
    return f"the claim goes with it; {owner['kind']} {owner['name']} makes the Pod again, with a new claim"


# -- pending ---------------------------------------------------------------------------------------


def _named(view: View, claim: Obj) -> Explanation:
    """The claim names its volume: that one alone is looked at."""
    name = claim["spec"]["volumeName"]
    volume = view.get("PersistentVolume", "", name)
    if volume is None:
        culprit = own(claim, "spec.volumeName", f"there is no volume {name}")
        return Explanation("", BINDER, (culprit,), blocked=True)
    found = misses(claim, volume)
    if not found:
        return NOTHING
    culprits = _fields(claim, found) or (own(claim, "spec.volumeName"),)
    remedies = tuple(_remedies(claim, [(volume, found)]))
    return Explanation(
        "",
        BINDER,
        culprits,
        "The volume that it names",
        (_candidate(volume, found),),
        0,
        remedies,
        (ref_of(volume),),
        blocked=True,
    )


def _unbound(view: View, claim: Obj) -> Explanation:
    name = class_name_of(claim)
    storage_class = view.get("StorageClass", "", name) if name else None
    if is_delay_binding_mode(storage_class) and SELECTED_NODE_ANNOTATION not in annotations_of(claim):
        return _waiting_for_consumer(view, claim, storage_class or {})
    if storage_class is not None and storage_class["provisioner"] != NO_PROVISIONER:
        return _provisioned(storage_class)
    return _refused(view, claim, storage_class)


def _waiting_for_consumer(view: View, claim: Obj, storage_class: Obj) -> Explanation:
    pods = view.indexed("pods-by-claim", (namespace_of(claim), name_of(claim)))
    live = [pod for pod in pods if field(pod, "status.phase") not in ("Succeeded", "Failed")]
    forced = next((pod for pod in live if pod["spec"].get("nodeName")), None)
    if forced is not None:
        words = "goes past the scheduler, which alone chooses for a claim that waits for its Pod"
        culprits = (Culprit(ref_of(forced), "spec.nodeName", words),)
        why = f"waits for the scheduler to choose a node, and Pod {name_of(forced)} named one itself"
        remedy = Remedy(kubectl.delete(ref_of(forced)), "create it again without nodeName")
        return Explanation(
            why, "default-scheduler", culprits, remedies=(remedy,), related=(ref_of(forced),), blocked=True
        )
    mode = Culprit(
        ref_of(storage_class), "volumeBindingMode", "WaitForFirstConsumer: to wait is its normal first state"
    )
    listed: tuple[Candidate, ...] = ()
    left_out = 0
    if storage_class["provisioner"] == NO_PROVISIONER:
        listed, left_out, _ = _volumes(view, claim, delayed=True)
    heading = "Volumes that a Pod's node may reach" if listed else ""
    return Explanation("", BINDER, (mode,), heading, listed, left_out, related=tuple(map(ref_of, live[:5])))


def _provisioned(storage_class: Obj) -> Explanation:
    """A provisioner is asked; all depends on it."""
    ref, provisioner = ref_of(storage_class), storage_class["provisioner"]
    trouble = provisioner_trouble(storage_class)
    if trouble == "is stopped":
        fault = Remedy("", f"a fault: start {provisioner} again in the menu of class {ref.name}")
        culprit = Culprit(ref, "metadata.annotations", f"{provisioner} {trouble}")
        return Explanation("", provisioner, (culprit,), remedies=(fault,), related=(ref,), blocked=True)
    culprit = Culprit(ref, "provisioner", f"{provisioner} {trouble}" if trouble else "")
    return Explanation("", provisioner, (culprit,), related=(ref,), blocked=bool(trouble))


def _refused(view: View, claim: Obj, storage_class: Obj | None) -> Explanation:
    """No volume fits and nobody is asked to make one."""
    name = class_name_of(claim)
    delayed = is_delay_binding_mode(storage_class)
    listed, left_out, near = _volumes(view, claim, delayed=delayed)
    remedies = [*_remedies(claim, near)]
    culprits: list[Culprit] = []
    if not name:
        culprits.append(own(claim, "spec.storageClassName", _of_no_class(claim)))
        remedies += _default_class(view, claim)
    elif storage_class is None:
        culprits.append(own(claim, "spec.storageClassName", f"there is no StorageClass {name}"))
    nearest = near[0][1] if near else []
    known = [culprit.path for culprit in culprits]
    culprits += [culprit for culprit in _fields(claim, nearest) if culprit.path not in known]
    heading = "Every volume, and the test it failed" if listed else ""
    return Explanation("", BINDER, tuple(culprits), heading, listed, left_out, tuple(remedies), blocked=True)


def _of_no_class(claim: Obj) -> str:
    if persistent_volume_claim_has_class(claim):
        return "is empty: only a volume without a class will do, and nobody makes one"
    return "is not set, and no class is the default"


def _default_class(view: View, claim: Obj) -> list[Remedy]:
    """Return the line that makes the only class the default one, for a claim that says nothing of classes."""
    classes = view.list("StorageClass")
    if persistent_volume_claim_has_class(claim) or len(classes) != 1 or is_default_class(classes[0]):
        return []
    mark = {"metadata": {"annotations": {IS_DEFAULT_ANNOTATION: "true"}}}
    words = "the binder then gives this claim the default class"
    return [Remedy(kubectl.patch(ref_of(classes[0]), mark), words)]


Failing = list[tuple[Obj, list[Miss]]]


def _volumes(view: View, claim: Obj, *, delayed: bool) -> tuple[tuple[Candidate, ...], int, Failing]:
    """Return the volumes as candidates, nearest first, how many are left out, and the nearest that failed."""
    volumes = view.list("PersistentVolume")
    free = [volume for volume in volumes if (volume.get("status") or {}).get("phase") != "Bound"]
    looked_at = [*free, *(volume for volume in volumes if volume not in free[:MOST])][:MOST]
    nodes = view.list("Node") if delayed else []
    tested = [(volume, [*misses(claim, volume), *_unreachable(volume, nodes)]) for volume in looked_at]
    tested.sort(key=lambda pair: (len(pair[1]), any(m.test == "claimRef" for m in pair[1]), name_of(pair[0])))
    listed = tuple(_candidate(volume, found) for volume, found in tested)
    near = [(volume, found) for volume, found in tested if found]
    return listed, len(volumes) - len(looked_at), near


def _unreachable(volume: Obj, nodes: list[Obj]) -> list[Miss]:
    if not nodes or any(check_volume_node_affinity(volume, labels_of(node)) for node in nodes):
        return []
    return [Miss("node affinity", "", "can be reached from no node")]


def _candidate(volume: Obj, found: list[Miss]) -> Candidate:
    tests = tuple(Counter(miss.test for miss in found))
    return Candidate(ref_of(volume), tests, " and ".join(miss.words for miss in found) or "fits")


def _fields(claim: Obj, found: list[Miss]) -> tuple[Culprit, ...]:
    return tuple(own(claim, miss.field, f"the volume {miss.words}") for miss in found if miss.field)


def _remedies(claim: Obj, near: Failing) -> list[Remedy]:
    """Return the line that makes one volume fit, if one change of it is all that it takes."""
    single = [(volume, found[0]) for volume, found in near if len(found) == 1]
    lines = [remedy for volume, miss in single if (remedy := _mend(claim, volume, miss)) is not None]
    return lines[:1] if len(lines) == 1 else []


def _mend(claim: Obj, volume: Obj, miss: Miss) -> Remedy | None:
    ref: Ref = ref_of(volume)
    if miss.test == "claimRef" and field(volume, "status.phase") == "Released":
        forget = [{"op": "remove", "path": "/spec/claimRef"}]
        return Remedy(kubectl.patch(ref, forget, "json"), f"{ref.name} forgets its claim, and keeps its data")
    if miss.test == "class":
        wanted = {"spec": {"storageClassName": class_name_of(claim)}}
        return Remedy(kubectl.patch(ref, wanted), f"{ref.name} then is of the class that the claim asks for")
    labels = field(claim, "spec.selector.matchLabels")
    if miss.test == "selector" and labels and not field(claim, "spec.selector.matchExpressions"):
        pairs = " ".join(f"{key}={value}" for key, value in labels.items())
        line = f"kubectl label {kubectl.typed(ref)} --overwrite {pairs}"
        return Remedy(line, f"the claim then selects {ref.name}")
    return None
