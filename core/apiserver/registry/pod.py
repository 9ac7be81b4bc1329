"""Pod strategy: defaults, what admission adds, validation, the few fields that may change.

Source: pkg/registry/core/pod/strategy.go, pkg/apis/core/validation/validation.go ValidatePodUpdate,
plugin/pkg/admission/{serviceaccount,defaulttolerationseconds} (v1.36).
Differs: every namespace has the one service account ``default``.
Not modelled: mirror pods, in-place resize, ephemeral container updates.
"""

from __future__ import annotations

from core.apimachinery import quantity
from core.apimachinery.errors import FieldError, Forbidden
from core.apimachinery.meta import Obj, namespace_of
from core.apimachinery.timestamps import timestamp
from core.apimachinery.validation import dns1123_subdomain, forbidden, immutable, invalid
from core.apiserver import priority
from core.apiserver.registry.context import Context
from core.apiserver.registry.podspec_defaults import all_containers, default_pod_spec, ensured
from core.apiserver.registry.podspec_internal import pod_spec_diff
from core.apiserver.registry.podspec_scheduling import validate_tolerations
from core.apiserver.registry.podspec_validation import validate_pod_annotations, validate_pod_spec
from core.apiserver.registry.podspec_warnings import name_warnings, pod_warnings
from core.sim.settings import Settings

KIND = "Pod"
name_check = dns1123_subdomain

_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOKEN_VOLUME = "kube-api-access-"
_GATED = {
    "type": "PodScheduled",
    "status": "False",
    "lastProbeTime": None,
    "reason": "SchedulingGated",
    "message": "Scheduling is blocked due to non-empty scheduling gates",
}
_FROZEN = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


# -- defaults --------------------------------------------------------------------------------------


def defaults(obj: Obj) -> None:
    spec = ensured(obj, "spec")
    default_pod_spec(spec)
    if spec.get("enableServiceLinks") is None:
        spec["enableServiceLinks"] = True
    for container in all_containers(spec):
        resources = container["resources"]
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}
    if spec.get("hostNetwork"):
        for container in all_containers(spec):
            for port in container.get("ports") or ():
                if not port.get("hostPort"):
                    port["hostPort"] = port.get("containerPort")


# -- mutating admission ----------------------------------------------------------------------------


def admit_pod(obj: Obj, context: Context) -> None:
    """Add to a new Pod what admission adds: service account and token, priority, tolerations.

    Raises: Forbidden for a service account or priority class that does not exist.
    """
    spec = obj["spec"]
    _admit_service_account(obj, spec, context)
    try:
        priority.admit_pod(obj, context)
    except priority.Refused as error:
        raise _refused(obj, str(error)) from None
    _admit_tolerations(spec, context.settings)


def _admit_service_account(obj: Obj, spec: Obj, context: Context) -> None:
    account = spec.get("serviceAccountName") or "default"
    # upstream waits for the one called default, which every namespace gets
    if account != "default" and context.view.get("ServiceAccount", namespace_of(obj), account) is None:
        where = f"{namespace_of(obj)}/{account}"
        text = f'error looking up service account {where}: serviceaccount "{account}" not found'
        raise _refused(obj, text)
    spec["serviceAccountName"] = spec["serviceAccount"] = account
    if spec.get("automountServiceAccountToken") is not False:
        _mount_service_account_token(spec, context)


def _mount_service_account_token(spec: Obj, context: Context) -> None:
    volumes = spec.get("volumes") or []
    name = next((v["name"] for v in volumes if _is_token_volume(v)), "")
    has_volume = bool(name)
    needs_volume = False
    for key in ("initContainers", "containers"):
        for container in spec.get(key) or ():
            mounts = container.get("volumeMounts") or []
            if any(mount.get("mountPath") == _TOKEN_PATH for mount in mounts):
                continue
            name = name or _TOKEN_VOLUME + context.random_name_suffix()
            mount = {"name": name, "readOnly": True, "mountPath": _TOKEN_PATH}
            container["volumeMounts"] = [*mounts, mount]
            needs_volume = True
    if needs_volume and not has_volume:
        spec["volumes"] = [*volumes, _token_volume(name)]


def _is_token_volume(volume: Obj) -> bool:
    return bool(volume.get("projected")) and str(volume.get("name") or "").startswith(_TOKEN_VOLUME)


def _token_volume(name: str) -> Obj:
    field_ref = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    return {
        "name": name,
        "projected": {
            "sources": [
                # one hour and seven seconds: told apart from what a user asks for
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field_ref}]}},
            ],
            "defaultMode": 420,
        },
    }


def _admit_tolerations(spec: Obj, settings: Settings) -> None:
    patience = {
        "node.kubernetes.io/not-ready": settings.default_not_ready_toleration_seconds,
        "node.kubernetes.io/unreachable": settings.default_unreachable_toleration_seconds,
    }
    given = spec.get("tolerations") or []
    added = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}
        for key, seconds in patience.items()
        if not any(_names_taint(toleration, key) for toleration in given)
    ]
    if added:
        spec["tolerations"] = [*given, *added]


def _names_taint(toleration: Obj, key: str) -> bool:
    if toleration.get("key") and toleration["key"] != key:
        return False
    return (toleration.get("effect") or "NoExecute") == "NoExecute"


def _refused(obj: Obj, why: str) -> Forbidden:
    name = obj["metadata"].get("name", "")
    return Forbidden(f'pods "{name}" is forbidden: {why}', name=name, kind="pods")


# -- create and update -----------------------------------------------------------------------------


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["metadata"]["generation"] = 1
    obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj["spec"])}
    if obj["spec"].get("schedulingGates"):
        gated = {**_GATED, "lastTransitionTime": timestamp(context.now)}
        obj["status"]["conditions"] = [gated]


def warnings(obj: Obj, old: Obj | None) -> list[str]:
    return name_warnings(obj, "the Pod's hostname") + pod_warnings(obj["spec"]) if old is None else []


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj["status"] = old.get("status") or {}
    if obj["spec"] != old["spec"]:
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def prepare_for_status_update(obj: Obj, old: Obj, context: Context) -> None:
    """Keep the class that the Pod was born with, whatever the kubelet says."""
    born = (old.get("status") or {}).get("qosClass")
    if born and "qosClass" not in obj["status"]:
        obj["status"] = {**obj["status"], "qosClass": born}


def qos_class(spec: Obj) -> str:
    """Return Guaranteed, Burstable or BestEffort by cpu and memory of all containers (ComputePodQOS)."""
    asks = False
    guaranteed = True
    for key in ("initContainers", "containers"):
        for container in spec.get(key) or ():
            resources = container.get("resources")
            if not resources:
                guaranteed = False
                continue
            requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
            for name in ("cpu", "memory"):
                request, limit = _positive(requests.get(name)), _positive(limits.get(name))
                asks = asks or request or limit
                if not limit or not request or quantity.compare(requests[name], limits[name]) != 0:
                    guaranteed = False
    if not asks:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _positive(amount: str | None) -> bool:
    return amount is not None and quantity.compare(amount, 0) > 0


# -- validation ------------------------------------------------------------------------------------


def validate(obj: Obj) -> list[FieldError]:
    spec = obj["spec"]
    errors = validate_pod_annotations(obj["metadata"], "metadata")
    errors += validate_pod_spec(spec, "spec", is_pod=True)
    for key in ("containers", "initContainers"):
        for at, container in enumerate(spec.get(key) or ()):
            image = container.get("image") or ""
            if image != image.strip():
                text = "must not have leading or trailing whitespace"
                errors.append(invalid(f"spec.{key}[{at}].image", image, text))
    if spec.get("schedulingGates") and spec.get("nodeName"):
        errors.append(forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"))
    return errors


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    """Source: ValidatePodUpdate. Everything but the munged fields of :data:`_FROZEN` must be equal."""
    spec, old_spec = obj["spec"], old["spec"]
    if spec == old_spec:
        return validate_pod_annotations(obj["metadata"], "metadata")
    errors = validate(obj)
    for key in ("containers", "initContainers"):
        if len(spec.get(key) or ()) != len(old_spec.get(key) or ()):
            text = "pod updates may not add or remove containers"
            errors.append(forbidden(f"spec.{key}", text))
            return errors
    errors += _validate_deadline(spec, old_spec)
    errors += _validate_tolerations(spec, old_spec)
    errors += _validate_gates(spec, old_spec)
    munged = _munged(spec, old_spec)
    if munged != old_spec:
        errors.append(forbidden("spec", f"{_FROZEN}\n{pod_spec_diff(old_spec, munged)}"))
    return errors


def _munged(spec: Obj, old: Obj) -> Obj:
    """Return *spec* with what may change set back to *old*'s."""
    munged = dict(spec)
    for key in ("containers", "initContainers"):
        if spec.get(key):
            munged[key] = [
                {**container, "image": was.get("image")}
                for container, was in zip(spec[key], old[key], strict=True)
            ]
    for key in ("activeDeadlineSeconds", "tolerations", "schedulingGates"):
        munged.pop(key, None)
        if key in old:
            munged[key] = old[key]
    grace = "terminationGracePeriodSeconds"
    if (old.get(grace) or 0) < 0 and spec.get(grace) == 1:
        munged[grace] = old[grace]
    if old.get("schedulingGates"):
        _munge_gated(munged, spec, old)
    return munged


def _munge_gated(munged: Obj, spec: Obj, old: Obj) -> None:
    """Until its gates are gone a Pod's nodeSelector may be narrowed."""
    chosen, before = spec.get("nodeSelector") or {}, old.get("nodeSelector") or {}
    if before.items() <= chosen.items():
        munged.pop("nodeSelector", None)
        if "nodeSelector" in old:
            munged["nodeSelector"] = old["nodeSelector"]


def _validate_deadline(spec: Obj, old: Obj) -> list[FieldError]:
    path = "spec.activeDeadlineSeconds"
    new_deadline, old_deadline = spec.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    if old_deadline is None:
        return []
    if new_deadline is None:
        return [invalid(path, None, "must not update from a positive integer to nil value")]
    if new_deadline > old_deadline:
        return [invalid(path, new_deadline, "must be less than or equal to previous value")]
    return []


def _validate_tolerations(spec: Obj, old: Obj) -> list[FieldError]:
    path = "spec.tolerations"
    tolerations = spec.get("tolerations") or []
    stripped = [_without_seconds(toleration) for toleration in tolerations]
    if any(_without_seconds(toleration) not in stripped for toleration in old.get("tolerations") or ()):
        return [forbidden(path, "existing toleration can not be modified except its tolerationSeconds")]
    errors: list[FieldError] = []
    validate_tolerations(tolerations, path, errors)
    return errors


def _without_seconds(toleration: Obj) -> Obj:
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _validate_gates(spec: Obj, old: Obj) -> list[FieldError]:
    known = {gate.get("name") for gate in old.get("schedulingGates") or ()}
    return [
        forbidden(
            f"spec.schedulingGates[{at}].name",
            f"only deletion is allowed, but found new scheduling gate '{gate.get('name')}'",
        )
        for at, gate in enumerate(spec.get("schedulingGates") or ())
        if gate.get("name") not in known
    ]


def validate_status_update(obj: Obj, old: Obj) -> list[FieldError]:
    born = (old.get("status") or {}).get("qosClass")
    return immutable("status.qosClass", obj["status"].get("qosClass"), born) if born else []
