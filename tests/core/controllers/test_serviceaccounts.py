"""Every namespace has the service account "default", and gets it back."""

from __future__ import annotations

from core.apimachinery.meta import Obj, Ref
from core.client.actions import NOTHING, Create, Plan
from core.client.cache import Cache
from core.controllers.serviceaccounts import ServiceAccountsController
from core.sim.settings import Settings

KEY = Ref("ServiceAccount", "shop", "default")
CONTROLLER = ServiceAccountsController(Settings())
SHOP: Obj = {"kind": "Namespace", "metadata": {"name": "shop"}}
ACCOUNT: Obj = {"kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "shop"}}


def sync(*objects: Obj) -> Plan:
    return CONTROLLER.sync(Cache(objects), KEY, 0.0)


def test_a_namespace_gets_it_once() -> None:
    (action,) = sync(SHOP).actions

    assert isinstance(action, Create)
    assert action.obj["metadata"] == {"name": "default", "namespace": "shop"}
    assert sync(SHOP, ACCOUNT) is NOTHING


def test_a_namespace_that_goes_gets_none() -> None:
    assert sync({"kind": "Namespace", "metadata": {"name": "shop", "deletionTimestamp": "then"}}) is NOTHING
    assert sync() is NOTHING


def test_it_comes_back_when_somebody_deletes_it() -> None:
    watch = CONTROLLER.watches["ServiceAccount"]
    other = {"kind": "ServiceAccount", "metadata": {"name": "builder", "namespace": "shop"}}

    assert list(watch(Cache(), ACCOUNT, None)) == [KEY]
    assert list(watch(Cache(), ACCOUNT, ACCOUNT)) == []
    assert list(watch(Cache(), other, None)) == []
    assert list(CONTROLLER.watches["Namespace"](Cache(), None, SHOP)) == [KEY]
