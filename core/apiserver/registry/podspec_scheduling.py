"""Validation of the parts of a pod spec that the scheduler reads: affinity, tolerations, spreading.

Source: pkg/apis/core/validation/validation.go, validateAffinity, ValidateTolerations,
validateTopologySpreadConstraints (v1.36).
Not modelled: matchLabelKeys and mismatchLabelKeys are stored and not checked.
"""

from __future__ import annotations

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    check,
    dns1123_label,
    dns1123_subdomain,
    duplicate,
    forbidden,
    invalid,
    label_value,
    not_supported,
    qualified_name,
    required,
    validate_label_selector,
)

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_OPERATORS = ("Equal", "Exists")
_POLICIES = ("Honor", "Ignore")
_UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")
_NOT_AN_OPERATOR = "not a valid selector operator"
_PREFERRED, _REQUIRED = (
    "preferredDuringSchedulingIgnoredDuringExecution",
    "requiredDuringSchedulingIgnoredDuringExecution",
)


def validate_affinity(affinity: Obj, path: str, errors: list[FieldError]) -> None:
    node = affinity.get("nodeAffinity")
    if node is not None:
        needed = node.get(_REQUIRED)
        if needed is not None:
            validate_node_selector(needed, f"{path}.nodeAffinity.{_REQUIRED}", errors)
        for at, term in enumerate(node.get(_PREFERRED) or ()):
            here = f"{path}.nodeAffinity.{_PREFERRED}[{at}]"
            _validate_weight(term, here, errors)
            # label values of a mere preference are not checked
            _validate_term(term.get("preference") or {}, f"{here}.preference", errors, check_values=False)
    for key in ("podAffinity", "podAntiAffinity"):
        rule = affinity.get(key) or {}
        for at, term in enumerate(rule.get(_REQUIRED) or ()):
            _validate_pod_term(term, f"{path}.{key}.{_REQUIRED}[{at}]", errors)
        for at, weighted in enumerate(rule.get(_PREFERRED) or ()):
            here = f"{path}.{key}.{_PREFERRED}[{at}]"
            _validate_weight(weighted, here, errors)
            _validate_pod_term(weighted.get("podAffinityTerm") or {}, f"{here}.podAffinityTerm", errors)


def validate_node_selector(selector: Obj, path: str, errors: list[FieldError]) -> None:
    """Append what is wrong with a NodeSelector (of a Pod, or of a PersistentVolume)."""
    path = f"{path}.nodeSelectorTerms"
    terms = selector.get("nodeSelectorTerms")
    if not terms:
        errors.append(required(path, "must have at least one node selector term"))
    for at, term in enumerate(terms or ()):
        _validate_term(term, f"{path}[{at}]", errors)


def _validate_weight(term: Obj, path: str, errors: list[FieldError]) -> None:
    weight = term.get("weight") or 0
    if not 1 <= weight <= 100:
        errors.append(invalid(f"{path}.weight", weight, "must be in the range 1-100"))


def _validate_term(term: Obj, path: str, errors: list[FieldError], *, check_values: bool = True) -> None:
    for at, requirement in enumerate(term.get("matchExpressions") or ()):
        here = f"{path}.matchExpressions[{at}]"
        _validate_expression(requirement, here, errors)
        if check_values:
            for value_at, value in enumerate(requirement.get("values") or ()):
                errors += check(f"{here}.values[{value_at}]", value, label_value)
    for at, requirement in enumerate(term.get("matchFields") or ()):
        _validate_field(requirement, f"{path}.matchFields[{at}]", errors)


def _validate_expression(requirement: Obj, path: str, errors: list[FieldError]) -> None:
    operator, values = requirement.get("operator") or "", requirement.get("values") or ()
    if operator in ("In", "NotIn"):
        if not values:
            errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            errors.append(forbidden(f"{path}.values", text))
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            text = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            errors.append(required(f"{path}.values", text))
    else:
        errors.append(invalid(f"{path}.operator", operator, _NOT_AN_OPERATOR))
    errors += check(f"{path}.key", requirement.get("key") or "", qualified_name)


def _validate_field(requirement: Obj, path: str, errors: list[FieldError]) -> None:
    operator, values = requirement.get("operator") or "", requirement.get("values") or ()
    if operator not in ("In", "NotIn"):
        errors.append(invalid(f"{path}.operator", operator, _NOT_AN_OPERATOR))
    elif len(values) != 1:
        text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        errors.append(required(f"{path}.values", text))
    key = requirement.get("key") or ""
    if key != "metadata.name":
        errors.append(invalid(f"{path}.key", key, "not a valid field selector key"))
        return
    for at, value in enumerate(values):
        errors += check(f"{path}.values[{at}]", value, dns1123_subdomain)


def _validate_pod_term(term: Obj, path: str, errors: list[FieldError]) -> None:
    errors += validate_label_selector(term.get("labelSelector"), f"{path}.labelSelector")
    errors += validate_label_selector(term.get("namespaceSelector"), f"{path}.namespaceSelector")
    for name in term.get("namespaces") or ():
        errors += check(f"{path}.namespace", name, dns1123_label)
    key = term.get("topologyKey") or ""
    if not key:
        errors.append(required(f"{path}.topologyKey", "can not be empty"))
    errors += check(f"{path}.topologyKey", key, qualified_name)


def validate_tolerations(tolerations: list[Obj], path: str, errors: list[FieldError]) -> None:
    for at, toleration in enumerate(tolerations):
        get = toleration.get
        key, operator, value, effect = get("key"), get("operator"), get("value") or "", get("effect")
        here = f"{path}[{at}]"
        if key:
            errors += check(f"{here}.key", key, qualified_name)
        elif operator != "Exists":
            text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            errors.append(invalid(f"{here}.operator", operator or "", text))
        if get("tolerationSeconds") is not None and effect != "NoExecute":
            text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            errors.append(invalid(f"{here}.effect", effect or "", text))
        if operator == "Exists":
            if value:
                text = "value must be empty when `operator` is 'Exists'"
                errors.append(invalid(f"{here}.operator", value, text))
        elif operator and operator != "Equal":
            errors.append(not_supported(f"{here}.operator", operator, _OPERATORS))
        elif texts := label_value(value):
            errors.append(invalid(f"{here}.operator", value, ";".join(texts)))
        if effect and effect not in _EFFECTS:
            errors.append(not_supported(f"{here}.effect", effect, _EFFECTS))


def validate_topology_spread_constraints(constraints: list[Obj], path: str, errors: list[FieldError]) -> None:
    seen: set[tuple[str, str]] = set()
    for at, constraint in enumerate(constraints):
        here = f"{path}[{at}]"
        skew, key = constraint.get("maxSkew") or 0, constraint.get("topologyKey") or ""
        action = constraint.get("whenUnsatisfiable") or ""
        if skew <= 0:
            errors.append(invalid(f"{here}.maxSkew", skew, "must be greater than zero"))
        if not key:
            errors.append(required(f"{here}.topologyKey", "can not be empty"))
        else:
            errors += check(f"{here}.topologyKey", key, qualified_name)
        if action not in _UNSATISFIABLE:
            errors.append(not_supported(f"{here}.whenUnsatisfiable", action, _UNSATISFIABLE))
        if (key, action) in seen:
            errors.append(duplicate(f"{here}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {action}}}"))
        seen.add((key, action))
        domains = constraint.get("minDomains")
        if domains is not None and domains <= 0:
            errors.append(invalid(f"{here}.minDomains", domains, "must be greater than zero"))
        for policy in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            value = constraint.get(policy)
            if value is not None and value not in _POLICIES:
                errors.append(not_supported(f"{here}.{policy}", value, _POLICIES))
        errors += validate_label_selector(constraint.get("labelSelector"), f"{here}.labelSelector")
