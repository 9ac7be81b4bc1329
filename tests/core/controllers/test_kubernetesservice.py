"""The API server's own Service comes back when somebody deletes it."""

from __future__ import annotations

from core.apimachinery.meta import ref_of
from core.client.cache import Cache
from core.controllers.kubernetesservice import (
    ENDPOINTS,
    SERVICE,
    SLICE,
    KubernetesService,
    endpoint_slice,
    endpoints,
    service,
)
from core.sim.settings import Settings

DEFAULT = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}


def made(*objects: dict) -> list:
    plan = KubernetesService(Settings()).sync(Cache(objects), SERVICE, 0.0)
    return [ref_of(action.obj) for action in plan.actions]


def test_makes_the_service_and_where_it_answers():
    assert made(DEFAULT) == [SERVICE, ENDPOINTS, SLICE]


def test_makes_only_what_is_missing():
    assert made(DEFAULT, endpoints(), endpoint_slice()) == [SERVICE]
    assert made(DEFAULT, service(), endpoints(), endpoint_slice()) == []


def test_waits_for_its_namespace():
    assert made() == []


def test_minds_nobody_elses_service():
    watches = KubernetesService(Settings()).watches
    other = {**service(), "metadata": {"name": "nginx", "namespace": "default"}}

    assert list(watches["Service"](Cache(), service(), None)) == [SERVICE]
    assert list(watches["Service"](Cache(), other, None)) == []
