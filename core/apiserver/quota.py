"""ResourceQuota admission: refuse what would use more than a quota leaves, and charge the quota for the rest.

The charge is written in the transaction of the object's own write, as status.used; so no Pod is counted
twice, and a thousand Pods are not counted anew for each. In a namespace without a quota it is one look-up.
Source: staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go CheckRequest (v1.36).
Differs: charge and object are one transaction, so a write refused for another reason charges nothing.
Not modelled: limitedResources of an admission configuration.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.api import quotas
from core.api.quotas import Amounts
from core.apimachinery import quantity
from core.apimachinery.meta import Obj, name_of, namespace_of
from core.apiserver.registry.context import Context


class Exceeded(Exception):
    """A quota forbids the write; its text is the API server's."""


def charges(obj: Obj, old: Obj | None, context: Context) -> list[Obj]:
    """Return the quotas that *obj* is charged to, with their new status.used. *old*: None for a new object.

    Raises: Exceeded.
    """
    found = context.view.list("ResourceQuota", namespace_of(obj))
    if not found or not _is_counted(obj, old):
        return []
    out, used = [], None
    for quota in found:
        names = _restricted(quota, obj)
        if not names:
            continue
        used = used or quotas.usage(obj, context.now)
        before = quotas.usage(old, context.now) if old is not None and quotas.in_scope(quota, old) else {}
        delta = quotas.masked(quotas.grown(used, before), quota["status"]["hard"])
        if delta:
            out.append(_charged(quota, delta))
    return out


def _is_counted(obj: Obj, old: Obj | None) -> bool:
    kind = obj["kind"]
    if old is None:
        return kind in quotas.COUNTED
    if kind == "Pod":
        return quotas.is_bounded(obj) != quotas.is_bounded(old)
    return kind in ("Service", "PersistentVolumeClaim")


def _restricted(quota: Obj, obj: Obj) -> list[str]:
    """Return which resources of *quota* concern *obj*. Raises: Exceeded."""
    status, name = quota.get("status") or {}, name_of(quota)
    names = quotas.concerning(obj["kind"], status.get("hard") or ())
    if not names or not quotas.in_scope(quota, obj):
        return []
    missing = quotas.unstated(obj, names) if obj["kind"] == "Pod" else ""
    if missing:
        raise Exceeded(f"failed quota: {name}: {missing}")
    if not (status.get("used") or {}).keys() >= set(names):
        raise Exceeded(f"status unknown for quota: {name}, resources: {','.join(names)}")
    return names


def _charged(quota: Obj, delta: Amounts) -> Obj:
    status = quota["status"]
    hard, used = status["hard"], status["used"]
    new = quotas.added(used, delta)
    over = sorted(name for name in delta if quantity.compare(new[name], hard[name]) > 0)
    if over:
        raise Exceeded(
            f"exceeded quota: {name_of(quota)}, requested: {_text(delta, over)},"
            f" used: {_text(used, over)}, limited: {_text(hard, over)}"
        )
    return {**quota, "status": {**status, "used": new}}


def _text(amounts: Amounts, names: Iterable[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in names if name in amounts)
