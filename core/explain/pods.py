"""Why a Pod is not Ready: the scheduler's verdict on every node, the kubelet's mounts, containers, probes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.api.faults import is_switched_off, not_ready_since
from core.api.podclaims import claim_name_of
from core.api.resources import is_terminal
from core.apimachinery.meta import (
    Obj,
    Ref,
    condition_of,
    controller_of,
    field,
    finalizers_of,
    is_terminating,
    name_of,
    namespace_of,
    ref_of,
)
from core.client.cache import View
from core.explain import kubectl
from core.explain.explanation import MOST, NOTHING, Asked, Candidate, Culprit, Explanation, Remedy, own
from core.kubelet.mounts import mount_errors
from core.scheduler.verdicts import Verdict, verdicts
from core.storage.classes import is_delay_binding_mode

SCHEDULER, KUBELET, SETS = "default-scheduler", "kubelet", "statefulset-controller"
_OF_THE_NODE = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})


def explain(asked: Asked) -> Explanation:
    if asked.obj is None:
        return _empty_seat(asked)
    pod = asked.obj
    if is_terminating(pod):
        return _stopping(asked.view, pod)
    if is_terminal(pod):
        return NOTHING
    if not pod["spec"].get("nodeName"):
        return _unscheduled(asked, pod)
    node = asked.view.get("Node", "", pod["spec"]["nodeName"])
    if node is None or is_switched_off(node):
        return NOTHING if node is None else _on_dead_node(node)
    return _not_mounted(asked.view, pod, node) or _containers(asked.view, pod)


def _empty_seat(asked: Asked) -> Explanation:
    """A seat waits for the set's order, if the set has one."""
    name = asked.ref.name.rpartition("-")[0]
    sts = asked.view.get("StatefulSet", asked.ref.namespace, name)
    if sts is None or sts["spec"].get("podManagementPolicy") == "Parallel":
        return NOTHING
    before = int(asked.ref.name.rpartition("-")[2] or 0) - 1
    lower = asked.view.get("Pod", asked.ref.namespace, f"{name}-{before}")
    words = "OrderedReady: each Pod waits until the one before it is Ready"
    related = (ref_of(lower),) if lower is not None else ()
    return Explanation("", SETS, (own(sts, "spec.podManagementPolicy", words),), related=related)


# -- going -----------------------------------------------------------------------------------------


def _stopping(view: View, pod: Obj) -> Explanation:
    node = view.get("Node", "", pod["spec"].get("nodeName") or "")
    if node is not None and is_switched_off(node):
        force = Remedy(
            kubectl.delete(ref_of(pod), "--grace-period=0", "--force"),
            "another may then run beside it: nobody knows whether this one has stopped",
        )
        found = _on_dead_node(node)
        return Explanation(
            "",
            KUBELET,
            found.culprits,
            remedies=(force, *found.remedies),
            related=found.related,
            blocked=True,
        )
    finalizers = finalizers_of(pod)
    if finalizers:
        words = "; ".join(f"{name}: whoever put it there must take it away" for name in finalizers)
        return Explanation("", "", (own(pod, "metadata.finalizers", words),))
    return Explanation("", KUBELET, (own(pod, "spec.terminationGracePeriodSeconds"),))


def _on_dead_node(node: Obj) -> Explanation:
    ref = ref_of(node)
    culprit = Culprit(ref, "metadata.annotations", "its power is off")
    fault = Remedy("", f"a fault: switch {ref.name} on in its menu")
    return Explanation("", KUBELET, (culprit,), remedies=(fault,), related=(ref,), blocked=True)


# -- no node ---------------------------------------------------------------------------------------


def _unscheduled(asked: Asked, pod: Obj) -> Explanation:
    spec = pod["spec"]
    if (spec.get("schedulerName") or SCHEDULER) != SCHEDULER:
        culprit = own(pod, "spec.schedulerName", f"no scheduler {spec['schedulerName']} runs here")
        return Explanation("", "", (culprit,), blocked=True)
    if spec.get("schedulingGates"):
        open_ = kubectl.patch(ref_of(pod), [{"op": "remove", "path": "/spec/schedulingGates"}], "json")
        culprit = own(pod, "spec.schedulingGates", "the scheduler does not look at a Pod with gates")
        return Explanation("", SCHEDULER, (culprit,), remedies=(Remedy(open_),), blocked=True)
    found = verdicts(asked.view, pod, asked.settings.wording)
    refused = [verdict for verdict in found if verdict.plugin]
    if not refused or len(refused) < len(found):
        return NOTHING
    if not refused[0].node:
        return _no_node_at_all(asked.view, pod, refused[0])
    listed = tuple(_candidate(verdict) for verdict in refused[:MOST])
    living = [verdict for verdict in refused if not _is_lost(asked.view, verdict.node)] or refused
    plugin, _ = Counter(verdict.plugin for verdict in living).most_common(1)[0]
    path = _path(pod, next(v.field for v in living if v.plugin == plugin))
    return Explanation(
        "",
        SCHEDULER,
        (own(pod, path, f"plugin {plugin} refuses"),),
        "Every node, and the plugin that refused it",
        listed,
        len(refused) - len(listed),
        tuple(_mend(asked.view, pod, refused)),
        blocked=True,
    )


def _is_lost(view: View, name: str) -> bool:
    """Say whether the node is not Ready: what it lacks is no matter of the Pod's."""
    node = view.get("Node", "", name) or {}
    return (condition_of(node, "Ready") or {}).get("status") != "True"


def _no_node_at_all(view: View, pod: Obj, verdict: Verdict) -> Explanation:
    """No node was looked at, since a claim of the Pod is not as it must be."""
    for at, volume in enumerate(pod["spec"].get("volumes") or ()):
        name = claim_name_of(pod, volume)
        claim = view.get("PersistentVolumeClaim", namespace_of(pod), name) if name else None
        if name and (claim is None or field(claim, "status.phase") != "Bound" or is_terminating(claim)):
            path = f"spec.volumes[{at}].persistentVolumeClaim.claimName"
            related = (Ref("PersistentVolumeClaim", namespace_of(pod), name),)
            words = f"plugin {verdict.plugin}: {verdict.reasons[0].text}"
            return Explanation("", SCHEDULER, (own(pod, path, words),), related=related)
    return NOTHING


def _candidate(verdict: Verdict) -> Candidate:
    words = " and ".join(reason.words for reason in verdict.reasons)
    return Candidate(Ref("Node", "", verdict.node), (verdict.plugin,), words)


def _path(pod: Obj, path: str) -> str:
    """Return *path*, or where that plugin's wish stands in this Pod."""
    if path == "spec.nodeSelector" and "nodeSelector" not in pod["spec"]:
        return "spec.affinity.nodeAffinity"
    if path == "spec.volumes":
        for at, volume in enumerate(pod["spec"].get("volumes") or ()):
            if "persistentVolumeClaim" in volume:
                return f"spec.volumes[{at}].persistentVolumeClaim.claimName"
    return path


def _mend(view: View, pod: Obj, refused: Sequence[Verdict]) -> list[Remedy]:
    """Return the lines that open a node to the Pod, of nodes that one plugin alone keeps closed."""
    out: list[Remedy] = []
    for verdict in refused:
        node = view.get("Node", "", verdict.node)
        if node is None:
            continue
        if verdict.plugin == "NodeUnschedulable":
            out.append(Remedy(f"kubectl uncordon {verdict.node}", f"{verdict.node} takes new Pods again"))
        elif verdict.plugin == "TaintToleration":
            for taint in node["spec"].get("taints") or ():
                if taint["key"] not in _OF_THE_NODE and taint["effect"] != "PreferNoSchedule":
                    line = f"kubectl taint nodes {verdict.node} {taint['key']}:{taint['effect']}-"
                    out.append(Remedy(line, f"takes the taint from {verdict.node}"))
        elif verdict.plugin == "NodeAffinity" and pod["spec"].get("nodeSelector"):
            pairs = " ".join(f"{key}={value}" for key, value in pod["spec"]["nodeSelector"].items())
            out.append(Remedy(f"kubectl label node {verdict.node} --overwrite {pairs}", "or another node"))
    return out[:1]


# -- on a node -------------------------------------------------------------------------------------


def _not_mounted(view: View, pod: Obj, node: Obj) -> Explanation | None:
    """Name the volume that cannot be mounted."""
    if (condition_of(pod, "PodReadyToStartContainers") or {}).get("status") == "True":
        return None
    for at, volume in enumerate(pod["spec"].get("volumes") or ()):
        alone = {**pod, "spec": {**pod["spec"], "volumes": [volume]}}
        error = next(mount_errors(alone, node, view), None)
        if error is None:
            continue
        name = claim_name_of(pod, volume)
        claim = view.get("PersistentVolumeClaim", namespace_of(pod), name) if name else None
        related = [ref_of(claim)] if claim is not None else []
        bound = field(claim or {}, "spec.volumeName")
        related += [Ref("PersistentVolume", "", bound)] if bound else []
        culprits = [own(pod, f"spec.volumes[{at}]")]
        storage_class = view.get("StorageClass", "", field(claim or {}, "spec.storageClassName") or "")
        if not bound and is_delay_binding_mode(storage_class):
            words = "was written by hand, past the scheduler, which alone chooses for such a claim"
            culprits = [own(pod, "spec.nodeName", words)]
        return Explanation(
            error.words, KUBELET, tuple(culprits), related=tuple(related), blocked=bool(error.message)
        )
    return None


def _containers(view: View, pod: Obj) -> Explanation:
    ref = ref_of(pod)
    for key, reported in (("initContainers", "initContainerStatuses"), ("containers", "containerStatuses")):
        known = {status["name"]: status for status in field(pod, f"status.{reported}", [])}
        for at, container in enumerate(pod["spec"].get(key) or ()):
            status = known.get(container["name"])
            if status is None or status["ready"]:
                continue
            place, waiting = f"spec.{key}[{at}]", status["state"].get("waiting") or {}
            reason = waiting.get("reason", "")
            if reason in _IMAGE:
                culprit = own(pod, f"{place}.image", "this image cannot be had")
                return Explanation(
                    "", KUBELET, (culprit,), remedies=tuple(_rolled_back(view, pod)), blocked=True
                )
            if reason == "CrashLoopBackOff" or "terminated" in status["state"]:
                log = f"kubectl logs {ref.name}{kubectl.space(ref)} -c {container['name']} --previous"
                culprit = own(pod, f"{place}.{'command' if container.get('command') else 'image'}")
                return Explanation("", KUBELET, (culprit,), remedies=(Remedy(log, "shows what it printed"),))
            if "running" in status["state"]:
                return _unready(pod, container, status, place)
    return NOTHING


def _unready(pod: Obj, container: Obj, status: Obj, place: str) -> Explanation:
    """Name the probe."""
    if not_ready_since(pod) is not None:
        fault = Remedy("", "a fault: mend it in the Pod's menu")
        culprit = own(pod, "metadata.annotations", "it was made not ready")
        return Explanation("", KUBELET, (culprit,), remedies=(fault,), blocked=True)
    probe = "readinessProbe" if status.get("started") or "startupProbe" not in container else "startupProbe"
    if probe not in container:
        return NOTHING
    return Explanation("", KUBELET, (own(pod, f"{place}.{probe}", "this probe has not succeeded"),))


def _rolled_back(view: View, pod: Obj) -> list[Remedy]:
    """Return how to get back to the template before, where there is one and the Pod has the newest."""
    owner = controller_of(pod)
    sts = view.get("StatefulSet", namespace_of(pod), owner["name"]) if owner else None
    if sts is None or owner is None or owner["kind"] != "StatefulSet":
        return []
    revisions = view.count("by-controller", ("ControllerRevision", owner["uid"]))
    mine = (pod["metadata"].get("labels") or {}).get("controller-revision-hash")
    if revisions < 2 or mine != field(sts, "status.updateRevision"):
        return []
    undo = Remedy(f"kubectl rollout undo {kubectl.slashed(ref_of(sts))}", "goes back to the template before")
    if sts["spec"].get("podManagementPolicy") == "Parallel":
        return [undo]
    return [
        undo,
        Remedy(kubectl.delete(ref_of(pod)), f"then: an ordered set waits for {name_of(pod)} for ever"),
    ]
