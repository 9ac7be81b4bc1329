"""ResourceQuota controller: takes over what a quota allows, and counts what is used of it.

New objects are counted by admission (apiserver/quota); this one hears of what goes, ends or changes.
Source: pkg/controller/resourcequota/resource_quota_controller.go; pkg/quota/v1/install/update_filter.go;
CalculateUsage of staging/src/k8s.io/apiserver/pkg/quota/v1/resources.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.api import quotas
from core.api.quotas import Amounts
from core.api.resources import is_terminal
from core.apimachinery.meta import Obj, Ref, namespace_of, ref_of
from core.client.actions import NOTHING, Plan, UpdateStatus
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings

_PORT_TYPES = ("NodePort", "LoadBalancer")


class ResourceQuotaController:
    """Its keys are quotas."""

    name = "resourcequota-controller"
    process = "kube-controller-manager"
    latency = 0.01
    resync_period: float | None = 300.0

    def __init__(self, settings: Settings) -> None:
        self.watches: Mapping[str, Handler] = dict.fromkeys(quotas.COUNTED, _of_counted)

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(quota) for quota in view.list("ResourceQuota")]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        quota = view.get(*key)
        if quota is None:
            return NOTHING
        hard: Amounts = dict(quota["spec"].get("hard") or {})
        status = quota.get("status") or {}
        before: Amounts = status.get("used") or {}
        used = quotas.masked({**before, **_used(view, quota, now)}, hard)
        because = _because(hard, used)
        if hard == (status.get("hard") or {}) and quotas.same(used, before):
            return Plan(because=because)
        new = {name: amounts for name, amounts in (("hard", hard), ("used", used)) if amounts}
        return Plan((UpdateStatus({**quota, "status": new}),), because=because)


def _because(hard: Amounts, used: Amounts) -> str:
    counted = ", ".join(f"{used.get(name, '?')} of {hard[name]} {name}" for name in sorted(hard))
    return f"counts {counted}" if counted else "limits nothing"


def _used(view: View, quota: Obj, now: float) -> Amounts:
    """Return what the objects of the quota's namespace use of the resources that anyone can use."""
    total: Amounts = {}
    for kind in quotas.COUNTED:
        names = quotas.concerning(kind, quota["spec"].get("hard") or ())
        if not names:
            continue
        total = {**dict.fromkeys(names, "0"), **total}
        for obj in view.list(kind, namespace_of(quota)):
            if quotas.in_scope(quota, obj):
                total = quotas.added(total, quotas.masked(quotas.usage(obj, now, names), names))
    return total


def _of_counted(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """Return the quotas that must count anew, now that *old* has become *new*."""
    changed = new or old
    if changed is None:
        return ()
    own = [ref_of(new)] if new is not None and new["kind"] == "ResourceQuota" and _asks_more(old, new) else []
    if old is None or (new is not None and not _frees(old, new)):
        return own
    kind = changed["kind"]
    return own + [
        ref_of(quota)
        for quota in view.list("ResourceQuota", namespace_of(changed))
        if quotas.concerning(kind, (quota.get("status") or {}).get("hard") or ())
    ]


def _asks_more(old: Obj | None, new: Obj) -> bool:
    return old is None or old["spec"].get("hard") != new["spec"].get("hard")


def _frees(old: Obj, new: Obj) -> bool:
    """Say whether an update may change what *old* used."""
    match new["kind"]:
        case "Pod":
            ended = is_terminal(new) and not is_terminal(old)
            return ended or quotas.is_bounded(old) != quotas.is_bounded(new)
        case "Service":
            types = [obj["spec"].get("type") for obj in (old, new)]
            return types[0] != types[1] and any(kind in _PORT_TYPES for kind in types)
        case "PersistentVolumeClaim":
            return True
    return False
