"""ReplicaSet strategy: defaults, validation, generation.

Source: pkg/registry/apps/replicaset/strategy.go, pkg/apis/apps/validation/validation.go (v1.36).
"""

from __future__ import annotations

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import dns1123_subdomain, immutable, non_negative
from core.apiserver.registry.context import Context
from core.apiserver.registry.counts import counters, not_greater
from core.apiserver.registry.podspec_defaults import default_pod_template, ensured
from core.apiserver.registry.podspec_warnings import named_template_warnings
from core.apiserver.registry.podtemplate import Wording, validate_selector_and_template

KIND = "ReplicaSet"
name_check = dns1123_subdomain

_WORDING = Wording(
    empty_selector="empty selector is invalid for deployment",
    no_deadline="activeDeadlineSeconds in ReplicaSet is not Supported",
    invalid_selector="invalid label selector",
)
_COUNTERS = (
    "replicas",
    "fullyLabeledReplicas",
    "readyReplicas",
    "availableReplicas",
    "terminatingReplicas",
    "observedGeneration",
)


def defaults(obj: Obj) -> None:
    spec = ensured(obj, "spec")
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    default_pod_template(ensured(spec, "template"))


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["status"] = {"replicas": 0}
    obj["metadata"]["generation"] = 1


warnings = named_template_warnings


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj["status"] = old.get("status") or {}
    if obj["spec"] != old["spec"]:
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def validate(obj: Obj) -> list[FieldError]:
    spec = obj["spec"]
    errors = non_negative("spec.replicas", spec["replicas"])
    errors += non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    return errors + validate_selector_and_template(spec, _WORDING)


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    if obj["spec"] == old["spec"]:
        return []
    return validate(obj) + immutable(
        "spec.selector", obj["spec"].get("selector"), old["spec"].get("selector")
    )


def validate_status_update(obj: Obj, old: Obj) -> list[FieldError]:
    status = obj["status"]
    errors = counters(status, _COUNTERS)
    for key in ("fullyLabeledReplicas", "readyReplicas", "availableReplicas"):
        errors += not_greater(status, key, "replicas", "cannot be greater than status.replicas")
    return errors + not_greater(
        status, "availableReplicas", "readyReplicas", "cannot be greater than readyReplicas"
    )
