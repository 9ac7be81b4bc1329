"""ReplicationController strategy: a ReplicaSet of before, with labels instead of a selector.

Source: pkg/registry/core/replicationcontroller/strategy.go; pkg/apis/core/v1/defaults.go;
pkg/apis/core/validation/validation.go ValidateReplicationController (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.api.selecting import pod_selector
from core.apimachinery.errors import FieldError
from core.apimachinery.labels import matches
from core.apimachinery.meta import Obj
from core.apimachinery.validation import dns1123_subdomain, invalid, non_negative, required
from core.apiserver.registry import replicaset
from core.apiserver.registry.podspec_defaults import default_pod_template, ensured
from core.apiserver.registry.podspec_warnings import name_warnings, template_warnings
from core.apiserver.registry.podtemplate import validate_fixed_fields, validate_template

KIND: Final = "ReplicationController"

name_check = dns1123_subdomain
prepare_for_create = replicaset.prepare_for_create
prepare_for_update = replicaset.prepare_for_update
validate_status_update = replicaset.validate_status_update
_NO_DEADLINE: Final = "activeDeadlineSeconds in ReplicationController is not Supported"


def defaults(obj: Obj) -> None:
    """Let selector and labels be those of the template."""
    spec = ensured(obj, "spec")
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    template = spec.get("template")
    if template is None:
        return
    default_pod_template(template)
    labels = (template.get("metadata") or {}).get("labels")
    if labels:
        spec["selector"] = spec.get("selector") or dict(labels)
        obj["metadata"]["labels"] = obj["metadata"].get("labels") or dict(labels)


def validate(obj: Obj) -> list[FieldError]:
    spec = obj["spec"]
    errors = non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    if not spec.get("selector"):
        errors.append(required("spec.selector"))
    errors += non_negative("spec.replicas", spec["replicas"])
    template = spec.get("template")
    if template is None:
        return [*errors, required("spec.template")]
    labels = (template.get("metadata") or {}).get("labels")
    if spec.get("selector") and not matches(pod_selector(obj), labels or {}):
        text = "`selector` does not match template `labels`"
        errors.append(invalid("spec.template.metadata.labels", labels, text))
    errors += validate_template(template, "spec.template")
    return errors + validate_fixed_fields(spec, _NO_DEADLINE)


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return validate(obj)


def warnings(obj: Obj, old: Obj | None) -> list[str]:
    if old is None:
        return name_warnings(obj, "Pod names and hostnames") + template_warnings(obj, None)
    changed = obj["metadata"]["generation"] != old["metadata"]["generation"]
    return template_warnings(old, None) if changed else []  # of the old template: upstream mixes them up
