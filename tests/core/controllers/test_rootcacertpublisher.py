"""Every namespace has the ConfigMap kube-root-ca.crt, and keeps it."""

from __future__ import annotations

from core.apimachinery.meta import Obj, Ref
from core.client.actions import NOTHING, Create, Plan, Update
from core.client.cache import Cache
from core.controllers.rootcacertpublisher import RootCACertPublisher
from core.sim.settings import Settings

KEY = Ref("ConfigMap", "shop", "kube-root-ca.crt")
PUBLISHER = RootCACertPublisher(Settings())
SHOP: Obj = {"kind": "Namespace", "metadata": {"name": "shop"}}


def sync(*objects: Obj) -> Plan:
    return PUBLISHER.sync(Cache(objects), KEY, 0.0)


def published() -> Obj:
    (action,) = sync(SHOP).actions
    assert isinstance(action, Create)
    return action.obj


def test_a_namespace_gets_it() -> None:
    obj = published()

    assert (obj["metadata"]["name"], obj["metadata"]["namespace"]) == ("kube-root-ca.crt", "shop")
    assert list(obj["data"]) == ["ca.crt"]
    assert obj["metadata"]["annotations"]["kubernetes.io/description"].startswith("Contains a CA bundle")
    assert sync(SHOP, obj) is NOTHING


def test_who_changes_it_finds_it_as_it_was() -> None:
    (action,) = sync(SHOP, {**published(), "data": {"ca.crt": "mine"}}).actions

    assert isinstance(action, Update)
    assert action.obj == published()


def test_a_namespace_that_goes_gets_none() -> None:
    assert sync({"kind": "Namespace", "metadata": {"name": "shop", "deletionTimestamp": "then"}}) is NOTHING
    assert sync() is NOTHING


def test_namespaces_and_the_config_map_itself_concern_it() -> None:
    other = {**published(), "metadata": {"name": "app", "namespace": "shop"}}

    assert list(PUBLISHER.watches["Namespace"](Cache(), None, SHOP)) == [KEY]
    assert list(PUBLISHER.watches["ConfigMap"](Cache(), published(), None)) == [KEY]
    assert list(PUBLISHER.watches["ConfigMap"](Cache(), other, None)) == []
