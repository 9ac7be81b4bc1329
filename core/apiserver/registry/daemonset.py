"""DaemonSet strategy: defaults, validation, generation.

Source: pkg/registry/apps/daemonset/strategy.go, pkg/apis/apps/v1/{defaults,conversion}.go,
pkg/apis/apps/validation/validation.go (v1.36).
"""

from __future__ import annotations

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    dns1123_subdomain,
    immutable,
    invalid,
    non_negative,
    not_supported,
    required,
    validate_label_selector,
)
from core.apiserver.registry.context import Context
from core.apiserver.registry.counts import (
    counters,
    int_or_percent,
    not_more_than_100_percent,
    positive_int_or_percent,
)
from core.apiserver.registry.podspec_defaults import default_pod_template, ensured
from core.apiserver.registry.podspec_warnings import template_warnings
from core.apiserver.registry.podtemplate import validate_fixed_fields, validate_labelled, validate_template

KIND = "DaemonSet"
name_check = dns1123_subdomain

_GENERATION = "deprecated.daemonset.template.generation"
_ALWAYS = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
_COUNTERS = (
    *_ALWAYS,
    "observedGeneration",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
    "collisionCount",
)


def defaults(obj: Obj) -> None:
    spec = ensured(obj, "spec")
    if spec.get("revisionHistoryLimit") is None:
        spec["revisionHistoryLimit"] = 10
    strategy = ensured(spec, "updateStrategy")
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = ensured(strategy, "rollingUpdate")
        for key, value in (("maxUnavailable", 1), ("maxSurge", 0)):
            if rolling.get(key) is None:
                rolling[key] = value
    default_pod_template(ensured(spec, "template"))


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["status"] = dict.fromkeys(_ALWAYS, 0)
    obj["metadata"]["generation"] = 1
    _number(obj, max(_generation(obj), 1))


warnings = template_warnings


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj["status"] = old.get("status") or {}
    changed = obj["spec"]["template"] != old["spec"]["template"]
    _number(obj, _generation(old) + changed)
    if obj["spec"] != old["spec"]:
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _generation(obj: Obj) -> int:
    """Return the generation of the template, which v1 keeps in an annotation."""
    text = (obj["metadata"].get("annotations") or {}).get(_GENERATION) or ""
    return int(text) if text.isascii() and text.isdecimal() else 0


def _number(obj: Obj, generation: int) -> None:
    meta = obj["metadata"]
    meta["annotations"] = {**(meta.get("annotations") or {}), _GENERATION: str(generation)}


def validate(obj: Obj) -> list[FieldError]:
    spec = obj["spec"]
    selector, template = spec.get("selector"), spec["template"]
    malformed = validate_label_selector(selector, "spec.selector") if selector is not None else []
    errors = list(malformed)
    if not malformed:
        errors += validate_labelled(template, selector)
    if selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions"):
        errors.append(invalid("spec.selector", selector, "empty selector is invalid for daemonset"))
    errors += validate_template(template, "spec.template")
    errors += validate_fixed_fields(spec, "activeDeadlineSeconds in DaemonSet is not Supported")
    errors += non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    errors += _validate_strategy(spec["updateStrategy"])
    return errors + non_negative("spec.revisionHistoryLimit", spec["revisionHistoryLimit"])


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    if obj["spec"] == old["spec"]:
        return []
    selector, before = obj["spec"].get("selector"), old["spec"].get("selector")
    return immutable("spec.selector", selector, before) + validate(obj)


def validate_status_update(obj: Obj, old: Obj) -> list[FieldError]:
    errors = counters(obj["status"], _COUNTERS)
    count, before = ((one.get("status") or {}).get("collisionCount") or 0 for one in (obj, old))
    if count < before:
        errors.append(invalid("status.collisionCount", count, "cannot be decremented"))
    return errors


def _validate_strategy(strategy: Obj) -> list[FieldError]:
    path, kind, rolling = "spec.updateStrategy", strategy["type"], strategy.get("rollingUpdate")
    if kind == "OnDelete":
        return []
    if kind != "RollingUpdate":
        shown = {"Type": kind, "RollingUpdate": rolling}  # upstream prints the struct, by its Go names
        return [not_supported(path, shown, ("RollingUpdate", "OnDelete"))]
    path = f"{path}.rollingUpdate"
    if rolling is None:
        return [required(path)]
    unavailable, surge = rolling["maxUnavailable"], rolling["maxSurge"]
    errors = positive_int_or_percent(f"{path}.maxUnavailable", unavailable)
    errors += positive_int_or_percent(f"{path}.maxSurge", surge)
    errors += not_more_than_100_percent(f"{path}.maxUnavailable", unavailable)
    errors += not_more_than_100_percent(f"{path}.maxSurge", surge)
    if int_or_percent(unavailable) and int_or_percent(surge):
        text = "may not be set when maxUnavailable is non-zero"
        errors.append(invalid(f"{path}.maxSurge", surge, text))
    if not int_or_percent(unavailable) and not int_or_percent(surge):
        errors.append(required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    return errors
