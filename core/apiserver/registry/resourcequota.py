"""ResourceQuota strategy: names that a quota can count, amounts that are not negative, scopes that fit them.

Source: pkg/registry/core/resourcequota/strategy.go; pkg/apis/core/validation/validation.go
ValidateResourceQuota; pkg/apis/core/helper/helpers.go (v1.36).
"""

from __future__ import annotations

from typing import Any, Final

from core.apimachinery import quantity
from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import check, dns1123_subdomain, invalid, qualified_name, required
from core.apiserver.registry.context import Context
from core.apiserver.registry.podspec_defaults import ensured

KIND: Final = "ResourceQuota"
_COUNTS: Final = frozenset(
    (
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
        "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
    )
)  # fmt: skip
_COMPUTE: Final = frozenset(p + name for name in ("cpu", "memory") for p in ("", "requests.", "limits."))
_EPHEMERAL: Final = frozenset(p + "ephemeral-storage" for p in ("", "requests.", "limits."))
_STANDARD: Final = _COUNTS | _COMPUTE | _EPHEMERAL | {"requests.storage"}
_OF_PODS: Final = _COMPUTE | {"pods"}
_SCOPES: Final = {
    **dict.fromkeys(
        ("Terminating", "NotTerminating", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity"),
        _OF_PODS,
    ),
    "BestEffort": frozenset(("pods",)),
    "VolumeAttributesClass": frozenset(("persistentvolumeclaims", "requests.storage")),
}
"""Scope -> the standard resources that it may be applied to."""
_CHOSEN_BY_VALUE: Final = ("PriorityClass", "VolumeAttributesClass")
_OPPOSITES: Final = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
_MUST_EXIST: Final = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating,"
    " ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or"
    " ResourceQuotaScopeCrossNamespacePodAffinity"
)

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    spec = ensured(obj, "spec")
    if "hard" in spec:
        spec["hard"] = _canonical(spec["hard"])


def _canonical(amounts: Obj | None) -> Obj:
    return {name: quantity.canonical(amount, milli=True) for name, amount in (amounts or {}).items()}


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["status"] = {}


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    obj["status"] = old.get("status") or {}


def prepare_for_status_update(obj: Obj, old: Obj, context: Context) -> None:
    status = obj["status"]
    obj["status"] = {side: _canonical(status[side]) for side in ("hard", "used") if status.get(side)}


def validate(obj: Obj) -> list[FieldError]:
    spec = obj["spec"]
    hard = spec.get("hard") or {}
    errors = _amounts(hard, "spec.hard")
    errors += _scopes(spec.get("scopes") or [], hard)
    return errors + _scope_selector(spec, hard)


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    errors = validate(obj)
    scopes = obj["spec"].get("scopes") or []
    if set(scopes) != set(old["spec"].get("scopes") or ()):
        errors.append(invalid("spec.scopes", scopes, "field is immutable"))
    return errors


def validate_status_update(obj: Obj, old: Obj) -> list[FieldError]:
    status = obj["status"]
    return [e for side in ("hard", "used") for e in _amounts(status.get(side) or {}, f"status.{side}")]


def _amounts(amounts: Obj, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for name, amount in sorted(amounts.items()):
        at = f"{path}[{name}]"
        errors += _resource_name(name, at)
        value = quantity.parse(amount)
        if value < 0:
            errors.append(invalid(at, amount, "must be greater than or equal to 0"))
        if name in _COUNTS and value % 1:
            errors.append(invalid(at, amount, "must be an integer"))
    return errors


def _resource_name(name: str, path: str) -> list[FieldError]:
    errors = check(path, name, qualified_name)
    if "/" in name or _is_standard(name):
        return errors
    if not errors and name != "storage":
        errors.append(invalid(path, name, "must be a standard resource type or fully qualified"))
    return [*errors, invalid(path, name, "must be a standard resource for quota")]


def _is_standard(name: str) -> bool:
    return name in _STANDARD or name.startswith(("hugepages-", "requests.hugepages-"))


def _scopes(scopes: list[str], hard: Obj) -> list[FieldError]:
    errors: list[FieldError] = []
    for scope in scopes:
        if scope not in _SCOPES:
            errors.append(invalid("spec.scopes", scopes, "unsupported scope"))
        misapplied = invalid("spec.scopes", scopes, "unsupported scope applied to resource")
        errors += [misapplied] * _misfits(scope, hard)
    return errors + _conflicts(set(scopes), scopes, "spec.scopes")


def _misfits(scope: str, hard: Obj) -> int:
    """Return how many of the standard resources *scope* cannot be applied to."""
    fitting = _SCOPES.get(scope)
    return 0 if fitting is None else sum(_is_standard(name) and name not in fitting for name in hard)


def _conflicts(named: set[str], scopes: list[str], path: str) -> list[FieldError]:
    return [invalid(path, scopes, "conflicting scopes") for pair in _OPPOSITES if pair <= named]


def _scope_selector(spec: Obj, hard: Obj) -> list[FieldError]:
    path, selector = "spec.scopeSelector.matchExpressions", spec.get("scopeSelector") or {}
    errors: list[FieldError] = []
    chosen = selector.get("matchExpressions") or []
    for one in chosen:
        scope = one.get("scopeName") or ""
        if scope not in _SCOPES:
            errors.append(invalid(f"{path}.scopeName", scope, "unsupported scope"))
        errors += [invalid(path, selector, "unsupported scope applied to resource")] * _misfits(scope, hard)
        errors += _requirement(one, scope, path)
    return errors + _conflicts({one.get("scopeName") for one in chosen}, spec.get("scopes") or [], path)


def _requirement(one: Obj, scope: str, path: str) -> list[FieldError]:
    operator: Any = one.get("operator") or ""
    values = one.get("values") or []
    errors: list[FieldError] = []
    if operator != "Exists" and scope in _SCOPES and scope not in _CHOSEN_BY_VALUE:
        errors.append(invalid(f"{path}.operator", operator, _MUST_EXIST))
    if operator in ("In", "NotIn"):
        if not values:
            text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            errors.append(required(f"{path}.values", text))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            errors.append(invalid(f"{path}.values", values, text))
    else:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    return errors


def warnings(obj: Obj, old: Obj | None) -> list[str]:
    """Return what is said of a new quota that lets more be asked for than be used."""
    hard = obj["spec"].get("hard") or {}
    out = []
    for name in ("cpu", "memory", "storage", "ephemeral-storage") if old is None else ():
        request, limit = f"requests.{name}", f"limits.{name}"
        if request not in hard and name in ("cpu", "memory"):
            request = name
        if request in hard and limit in hard and quantity.compare(hard[request], hard[limit]) > 0:
            out.append(
                f"ResourceQuota {request} ({hard[request]}) should be less than {limit} ({hard[limit]})"
            )
    return out
