"""StatefulSet strategy: defaults, validation, what may change, generation.

Source: pkg/registry/apps/statefulset/strategy.go, pkg/apis/apps/v1/defaults.go,
pkg/apis/apps/validation/validation.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    check,
    dns1123_label,
    forbidden,
    invalid,
    non_negative,
    not_supported,
)
from core.apiserver.registry import persistentvolumeclaim
from core.apiserver.registry.context import Context
from core.apiserver.registry.counts import (
    counters,
    int_or_percent,
    not_greater,
    not_more_than_100_percent,
    positive_int_or_percent,
)
from core.apiserver.registry.podspec_defaults import default_pod_template, ensured
from core.apiserver.registry.podspec_validation import validate_pod_spec
from core.apiserver.registry.podspec_warnings import template_warnings
from core.apiserver.registry.podtemplate import (
    Wording,
    validate_fixed_fields,
    validate_selector_and_template,
)
from core.sim.settings import Settings

KIND = "StatefulSet"
name_check = dns1123_label

_WORDING = Wording(
    empty_selector="empty selector is invalid for statefulset",
    no_deadline="activeDeadlineSeconds in StatefulSet is not Supported",
    invalid_selector="",
)
_POD = "spec.template.spec"
_MUTABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
_IMMUTABLE_TEXT = (
    "updates to statefulset spec for fields other than "
    + ", ".join(f"'{name}'" for name in _MUTABLE[:-1])
    + f" and '{_MUTABLE[-1]}' are forbidden"
)
_NEGATIVE_LIMIT = (
    "spec.revisionHistoryLimit: a negative value retains all historical revisions; "
    "a value >= 0 is recommended"
)
_COUNTERS = (
    "replicas",
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
    "observedGeneration",
    "collisionCount",
)


def defaults(obj: Obj) -> None:
    spec = ensured(obj, "spec")
    for key, value in (("replicas", 1), ("revisionHistoryLimit", 10), ("serviceName", "")):
        if spec.get(key) is None:
            spec[key] = value
    if not spec.get("podManagementPolicy"):
        spec["podManagementPolicy"] = "OrderedReady"
    if spec.get("ordinals") is not None:
        spec["ordinals"].setdefault("start", 0)  # which Go writes though it is zero
    strategy = ensured(spec, "updateStrategy")
    if not strategy.get("type"):
        # a written-out type without rollingUpdate stays without: revisions depend on it (STS-D4)
        strategy["type"] = "RollingUpdate"
        ensured(strategy, "rollingUpdate")
    if strategy["type"] == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        strategy["rollingUpdate"].setdefault("partition", 0)
    retention = ensured(spec, "persistentVolumeClaimRetentionPolicy")
    for key in ("whenDeleted", "whenScaled"):
        if not retention.get(key):
            retention[key] = "Retain"
    default_pod_template(ensured(spec, "template"))
    for claim in spec.get("volumeClaimTemplates") or ():
        _default_claim_template(claim)


def _default_claim_template(claim: Obj) -> None:
    claim["apiVersion"], claim["kind"] = "v1", "PersistentVolumeClaim"
    ensured(claim, "metadata").pop("creationTimestamp", None)
    persistentvolumeclaim.default_claim_spec(ensured(claim, "spec"))
    status = ensured(claim, "status")
    if not status.get("phase"):
        status["phase"] = "Pending"


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["status"] = {"replicas": 0, "availableReplicas": 0}
    obj["metadata"]["generation"] = 1
    _drop_or_default_max_unavailable(obj, None, context)


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj["status"] = old.get("status") or {}
    _drop_or_default_max_unavailable(obj, old, context)
    if obj["spec"] != old["spec"]:
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _drop_or_default_max_unavailable(obj: Obj, old: Obj | None, context: Context) -> None:
    """Behind the gate MaxUnavailableStatefulSet; off, only a value already stored is kept (STS-D6)."""
    rolling = obj["spec"]["updateStrategy"].get("rollingUpdate")
    if rolling is None:
        return
    if context.settings.max_unavailable_stateful_set:
        rolling.setdefault("maxUnavailable", 1)
        return
    stored = ((old or {}).get("spec") or {}).get("updateStrategy", {}).get("rollingUpdate") or {}
    if "maxUnavailable" not in stored:
        rolling.pop("maxUnavailable", None)


def validate_under(obj: Obj, old: Obj | None, settings: Settings) -> list[FieldError]:
    """Validate as the release does that *settings* stand for: before 1.34 a bad template was let in (SW5)."""
    errors = validate(obj) if old is None else validate_update(obj, old)
    if settings.full_template_validation:
        return errors
    found = set(map(str, validate_pod_spec(_with_claims_as_volumes(obj["spec"])["template"]["spec"], _POD)))
    fixed = set(map(str, validate_fixed_fields(obj["spec"], _WORDING.no_deadline)))
    return [error for error in errors if str(error) not in found - fixed]


def validate(obj: Obj) -> list[FieldError]:
    return _validate_spec(obj["spec"], new=True)


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    spec, old_spec = obj["spec"], old["spec"]
    if spec == old_spec:
        return []
    errors = _validate_spec(spec, new=False)
    if _fixed(spec) != _fixed(old_spec):
        errors.append(forbidden("spec", _IMMUTABLE_TEXT))
    return errors


def validate_status_update(obj: Obj, old: Obj) -> list[FieldError]:
    status = obj["status"]
    errors = counters(status, _COUNTERS)
    for name in ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"):
        errors += not_greater(status, name, "replicas", "cannot be greater than status.replicas")
    text = "cannot be greater than status.readyReplicas"
    errors += not_greater(status, "availableReplicas", "readyReplicas", text)
    collisions = status.get("collisionCount") or 0
    if collisions < ((old.get("status") or {}).get("collisionCount") or 0):
        errors.append(invalid("status.collisionCount", collisions, "cannot be decremented"))
    return errors


def warnings(obj: Obj, old: Obj | None) -> list[str]:
    """Source: WarningsOnCreate, WarningsOnUpdate; paths of claims are spelled as there."""
    out = template_warnings(obj, old)
    for path, claim in _claim_specs(obj["spec"], "" if old is None else ".Spec"):
        out += persistentvolumeclaim.spec_warnings(claim, path)
    if obj["spec"]["revisionHistoryLimit"] < 0:
        out.append(_NEGATIVE_LIMIT)
    return out


def _fixed(spec: Obj) -> Obj:
    return {key: value for key, value in spec.items() if key not in _MUTABLE}


def _validate_spec(spec: Obj, *, new: bool) -> list[FieldError]:
    """*new*: look at service name and claim templates too, which cannot change later."""
    errors: list[FieldError] = []
    policy = spec["podManagementPolicy"]
    if policy not in ("OrderedReady", "Parallel"):
        errors.append(invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"))
    errors += _validate_update_strategy(spec["updateStrategy"])
    for key in ("whenDeleted", "whenScaled"):
        value = spec["persistentVolumeClaimRetentionPolicy"][key]
        if value not in ("Retain", "Delete"):
            path = f"spec.persistentVolumeClaimRetentionPolicy.{key}"
            errors.append(not_supported(path, value, ("Retain", "Delete")))
    if new:
        errors += _validate_claim_templates(spec)
    errors += non_negative("spec.replicas", spec["replicas"])
    errors += non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    errors += non_negative("spec.ordinals.start", (spec.get("ordinals") or {}).get("start"))
    if new and spec["serviceName"]:
        errors += check("spec.serviceName", spec["serviceName"], dns1123_label)
    return errors + validate_selector_and_template(_with_claims_as_volumes(spec), _WORDING)


def _validate_claim_templates(spec: Obj) -> list[FieldError]:
    return [
        error
        for path, claim in _claim_specs(spec)
        for error in persistentvolumeclaim.validate_claim_spec(claim, path)
    ]


def _claim_specs(spec: Obj, leaf: str = ".spec") -> Iterator[tuple[str, Obj]]:
    for at, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        yield f"spec.volumeClaimTemplates[{at}]{leaf}", claim["spec"]


def _validate_update_strategy(strategy: Obj) -> list[FieldError]:
    path, kind, rolling = "spec.updateStrategy", strategy["type"], strategy.get("rollingUpdate")
    if kind == "OnDelete":
        if rolling is None:
            return []
        text = "only allowed for updateStrategy 'RollingUpdate'"
        return [invalid(f"{path}.rollingUpdate", _go_rolling_update(rolling), text)]
    if kind != "RollingUpdate":
        shown = {"Type": kind, "RollingUpdate": _go_rolling_update(rolling)}
        return [invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'")]
    if rolling is None:
        return []
    path = f"{path}.rollingUpdate"
    errors = non_negative(f"{path}.partition", rolling["partition"])
    unavailable = rolling.get("maxUnavailable")
    if unavailable is not None:
        errors += positive_int_or_percent(f"{path}.maxUnavailable", unavailable)
        if not errors and int_or_percent(unavailable) == 0:
            errors.append(invalid(f"{path}.maxUnavailable", unavailable, "cannot be 0"))
        errors += not_more_than_100_percent(f"{path}.maxUnavailable", unavailable)
    return errors


def _go_rolling_update(rolling: Obj | None) -> dict[str, Any] | None:
    """The struct by its Go names, as error texts show it."""
    if rolling is None:
        return None
    return {"Partition": rolling.get("partition", 0), "MaxUnavailable": rolling.get("maxUnavailable")}


def _with_claims_as_volumes(spec: Obj) -> Obj:
    """Return *spec* with a volume for each claim template (STS-V16); its Pods get names of their own."""
    claims = [claim["metadata"].get("name") or "" for claim in spec.get("volumeClaimTemplates") or ()]
    pod_spec = {k: v for k, v in spec["template"]["spec"].items() if k not in ("hostname", "subdomain")}
    if claims:
        own = [v for v in pod_spec.get("volumes") or () if v.get("name") not in claims]
        made = [{"name": n, "persistentVolumeClaim": {"claimName": n}} for n in dict.fromkeys(claims)]
        pod_spec["volumes"] = [*made, *own]
    return {**spec, "template": {**spec["template"], "spec": pod_spec}}
