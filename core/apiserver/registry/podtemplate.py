"""What StatefulSet, Deployment and ReplicaSet share: a selector, and the pod template it must match.

Source: pkg/apis/apps/validation/validation.go, pkg/apis/core/validation, ValidatePodTemplateSpec (v1.36).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.apimachinery import labels
from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    forbidden,
    invalid,
    not_supported,
    required,
    validate_annotations,
    validate_label_selector,
    validate_labels,
)
from core.apiserver.registry.podspec_validation import validate_pod_annotations, validate_pod_spec

_SELECTOR = "spec.selector"
_TEMPLATE = "spec.template"


@dataclass(frozen=True, slots=True)
class Wording:
    """In what the kinds differ: who refuses an empty selector, a deadline, and a selector that is none."""

    empty_selector: str
    no_deadline: str
    invalid_selector: str


def validate_selector_and_template(spec: Obj, wording: Wording) -> list[FieldError]:
    """Return every finding about spec.selector and spec.template, in the API server's order."""
    selector = spec.get("selector")
    errors: list[FieldError] = []
    if selector is None:
        errors.append(required(_SELECTOR))
    else:
        malformed = validate_label_selector(selector, _SELECTOR)
        errors += malformed
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            errors.append(invalid(_SELECTOR, selector, wording.empty_selector))
        if malformed:
            errors.append(invalid(_SELECTOR, selector, wording.invalid_selector))
            return errors + validate_fixed_fields(spec, wording.no_deadline)
    template = spec.get("template") or {}
    return errors + _validate_template(template, selector) + validate_fixed_fields(spec, wording.no_deadline)


def _validate_template(template: Obj, selector: Obj | None) -> list[FieldError]:
    return validate_labelled(template, selector) + validate_template(template, _TEMPLATE)


def validate_labelled(template: Obj, selector: Obj | None) -> list[FieldError]:
    """Return the finding that the selector of a controller does not name the Pods of its own template."""
    own = (template.get("metadata") or {}).get("labels")
    # no selector at all matches nothing, and an empty one everything
    if selector is not None and labels.matches(selector, own or {}):
        return []
    text = "`selector` does not match template `labels`"
    value = dict(sorted(own.items())) if own else own
    return [invalid(f"{_TEMPLATE}.metadata.labels", value, text)]


def validate_template(template: Obj, path: str) -> list[FieldError]:
    """Return every finding about a pod template alone (ValidatePodTemplateSpec); *path*: of the template."""
    meta, spec = template.get("metadata") or {}, template.get("spec") or {}
    errors = validate_labels(meta.get("labels"), f"{path}.labels")
    errors += validate_annotations(meta.get("annotations"), f"{path}.annotations")
    errors += validate_pod_annotations(meta, path)
    errors += validate_pod_spec(spec, f"{path}.spec")
    if spec.get("ephemeralContainers"):
        text = "ephemeral containers not allowed in pod template"
        errors.append(forbidden(f"{path}.spec.ephemeralContainers", text))
    return errors


def validate_fixed_fields(spec: Obj, no_deadline: str) -> list[FieldError]:
    """Return what a template for Pods that come back may not say. *no_deadline*: the refusal of one."""
    template = (spec.get("template") or {}).get("spec") or {}
    errors: list[FieldError] = []
    policy = template.get("restartPolicy")
    if policy != "Always":
        errors.append(not_supported(f"{_TEMPLATE}.spec.restartPolicy", policy or "", ("Always",)))
    if template.get("activeDeadlineSeconds") is not None:
        errors.append(forbidden(f"{_TEMPLATE}.spec.activeDeadlineSeconds", no_deadline))
    return errors
