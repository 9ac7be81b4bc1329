"""ServiceAccounts controller: every namespace has the account "default", and gets it back.

Source: pkg/controller/serviceaccount/serviceaccounts_controller.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.apimachinery.meta import Obj, Ref, is_terminating, name_of, namespace_of
from core.client.actions import NOTHING, Create, Plan
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings

DEFAULT = "default"


class ServiceAccountsController:
    """Its keys are the accounts called default."""

    name = "service-account-controller"
    process = "kube-controller-manager"
    latency = 0.003
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self.watches: Mapping[str, Handler] = {"Namespace": _of_namespace, "ServiceAccount": _of_account}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [_key(name_of(namespace)) for namespace in view.list("Namespace")]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        namespace = view.get("Namespace", "", key.namespace)
        if namespace is None or is_terminating(namespace) or view.get(*key) is not None:
            return NOTHING
        meta = {"name": DEFAULT, "namespace": key.namespace}
        made = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}
        return Plan((Create(made, exists_ok=True),), because="every namespace has it")


def _key(namespace: str) -> Ref:
    return Ref("ServiceAccount", namespace, DEFAULT)


def _of_namespace(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return (_key(name_of(new)),) if new is not None else ()


def _of_account(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """Only what is gone concerns it."""
    gone = old is not None and new is None and name_of(old) == DEFAULT
    return (_key(namespace_of(old)),) if gone and old is not None else ()
