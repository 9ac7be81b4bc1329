"""Which Services a Pod stands behind, and on which port."""

from __future__ import annotations

from core.apimachinery.meta import Obj, Ref, name_of
from core.client.cache import Cache
from core.controllers.membership import container_port, of_pod, services_of
from tests.core.controllers.cast import pod

WEB = pod(metadata={"labels": {"app": "nginx", "tier": "front"}})


def service(name: str, **selector: str) -> Obj:
    meta = {"name": name, "namespace": "default"}
    return {"kind": "Service", "metadata": meta, "spec": {"selector": selector}}


def test_a_pod_stands_behind_the_services_that_select_it() -> None:
    view = Cache([service("nginx", app="nginx"), service("both", app="nginx", tier="front")])
    view.put(service("back", app="nginx", tier="back"))

    assert [name_of(found) for found in services_of(view, WEB)] == ["nginx", "both"]
    assert set(of_pod(view, None, WEB)) == {
        Ref("Service", "default", "nginx"),
        Ref("Service", "default", "both"),
    }


def test_what_no_endpoint_shows_concerns_nobody() -> None:
    view = Cache([service("nginx", app="nginx")])
    other = {**WEB, "status": {**WEB["status"], "qosClass": "BestEffort"}}

    assert list(of_pod(view, WEB, other)) == []


def test_a_named_port_is_that_of_the_container() -> None:
    ports = [{"name": "http", "containerPort": 8080}]
    named = pod(spec={"containers": [{"name": "nginx", "ports": ports}]})

    assert container_port(named, "http", "TCP") == 8080
    assert container_port(named, "http", "UDP") == 0
    assert container_port(named, 80, "TCP") == 80
