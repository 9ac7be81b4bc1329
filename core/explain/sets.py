"""Why a StatefulSet is not where its spec says: the Pod that holds it up, the Service that is not there."""

from __future__ import annotations

from core.apimachinery.meta import (
    Obj,
    Ref,
    field,
    has_condition,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    ref_of,
    uid_of,
)
from core.client.cache import View
from core.controllers.statefulset.identity import parent_and_ordinal, start_ordinal
from core.controllers.statefulset.strategy import partition
from core.diagram import facts
from core.explain import kubectl
from core.explain.explanation import NOTHING, Asked, Culprit, Explanation, Remedy, own

NAME = "statefulset-controller"


def explain(asked: Asked) -> Explanation:
    view, sts = asked.view, asked.found
    if is_terminating(sts):
        return NOTHING
    cork = _cork(view, sts, asked.now)
    if cork is not None:
        return cork
    left = _left_on_old(view, sts)
    return left if left is not None else _service(view, sts) or NOTHING


def _pods(view: View, sts: Obj) -> list[Obj]:
    pods = view.indexed("by-controller", ("Pod", uid_of(sts)))
    return sorted(pods, key=lambda pod: parent_and_ordinal(name_of(pod))[1])


def _cork(view: View, sts: Obj, now: float) -> Explanation | None:
    """Name the first Pod that is not Ready, for which an ordered set waits.

    With the exact line when it is unambiguous: the template was corrected, the broken Pod has the old one.
    """
    if sts["spec"].get("podManagementPolicy") == "Parallel":
        return None
    waiting = (pod for pod in _pods(view, sts) if not has_condition(pod, "Ready"))
    pod = next((pod for pod in waiting if not is_terminating(pod)), None)
    if pod is None:
        return None
    culprits = [own(sts, "spec.podManagementPolicy", f"OrderedReady: {name_of(pod)} must be Ready first")]
    state = facts.pod_state(pod, now, ())
    broken = state.cls in (facts.FAILED, facts.BLOCKED)
    newest = field(sts, "status.updateRevision")
    ordinal = parent_and_ordinal(name_of(pod))[1] - start_ordinal(sts)
    old = labels_of(pod).get("controller-revision-hash") != newest and ordinal >= partition(sts)
    sentence, remedies = "", []
    if broken and old and sts["spec"]["updateStrategy"]["type"] == "RollingUpdate":
        which = f"which has the old template and is {state.word}"
        sentence = f"waits for {name_of(pod)}, {which}: it will not mend itself"
        words = f"the set makes {name_of(pod)} again from the new template"
        remedies = [Remedy(kubectl.delete(ref_of(pod)), words)]
        culprits.append(own(sts, "spec.template", "correcting it does not replace a Pod that is not Ready"))
    return Explanation(
        sentence, NAME, tuple(culprits), remedies=tuple(remedies), related=(ref_of(pod),), blocked=broken
    )


def _left_on_old(view: View, sts: Obj) -> Explanation | None:
    """Name the Pods that keep the template before, because the strategy says so."""
    newest, strategy = field(sts, "status.updateRevision"), sts["spec"]["updateStrategy"]
    old = [pod for pod in _pods(view, sts) if labels_of(pod).get("controller-revision-hash") != newest]
    if not old or not newest:
        return None
    ref, names = (
        ref_of(sts),
        ", ".join(name_of(pod) for pod in old[:3]) + (" and more" if len(old) > 3 else ""),
    )
    related = tuple(ref_of(pod) for pod in old[:5])
    if strategy["type"] == "OnDelete":
        words = f"OnDelete: {names} {'keeps' if len(old) == 1 else 'keep'} the old template until deleted"
        remedy = Remedy(kubectl.delete(related[0]), "the set makes it again from the new template")
        culprit = own(sts, "spec.updateStrategy.type", words)
        return Explanation("", NAME, (culprit,), remedies=(remedy,), related=related)
    start = start_ordinal(sts)
    if partition(sts) and all(parent_and_ordinal(name_of(p))[1] - start < partition(sts) for p in old):
        words = f"{names}: below the partition, and made again from the old template"
        line = kubectl.patch(ref, {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})
        culprit = own(sts, "spec.updateStrategy.rollingUpdate.partition", words)
        sentence = f"keeps {names} on the old template, as its partition is {partition(sts)}"
        return Explanation(
            sentence, NAME, (culprit,), remedies=(Remedy(line, "updates them too"),), related=related
        )
    return None


def _service(view: View, sts: Obj) -> Explanation | None:
    """Say what is wrong with the Service that gives its Pods their names."""
    name, namespace = sts["spec"].get("serviceName") or "", namespace_of(sts)
    labels = labels_of({"metadata": sts["spec"]["template"].get("metadata") or {}})
    if not name:
        words = "is not set: its Pods have no DNS names"
        return Explanation("has Pods without DNS names", "", (own(sts, "spec.serviceName", words),))
    ref = Ref("Service", namespace, name)
    service = view.get(*ref)
    if service is None:
        make = f"kubectl create service clusterip {name}{kubectl.space(ref)} --clusterip=None"
        select = f"kubectl set selector service {name}{kubectl.space(ref)} {_pairs(labels)}"
        remedies = [Remedy(make, "makes the headless Service")]
        if labels != {"app": name}:
            remedies.append(Remedy(select, "lets it select the Pods of this set"))
        sentence = f"names Service {name}, which is not there: its Pods have no DNS names"
        culprit = own(sts, "spec.serviceName", f"there is no Service {name}")
        return Explanation(sentence, "", (culprit,), remedies=tuple(remedies), blocked=True)
    selector = service["spec"].get("selector") or {}
    if not selector.items() <= labels.items():
        line = f"kubectl set selector service {name}{kubectl.space(ref)} {_pairs(labels)}"
        culprits = (Culprit(ref, "spec.selector", f"selects {_pairs(selector) or 'nobody'}"),)
        sentence = f"has Pods that Service {name} does not select: they have no DNS names"
        return Explanation(sentence, "", culprits, remedies=(Remedy(line),), related=(ref,), blocked=True)
    if service["spec"].get("clusterIP") != "None":
        culprit = Culprit(ref, "spec.clusterIP", "only a headless Service (None) gives each Pod a name")
        again = Remedy(
            kubectl.delete(ref), "clusterIP never changes: delete it and create it with clusterIP: None"
        )
        sentence = f"has Pods without names of their own: Service {name} is not headless"
        return Explanation(sentence, "", (culprit,), remedies=(again,), related=(ref,), blocked=True)
    return None


def _pairs(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())
