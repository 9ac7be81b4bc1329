"""All addresses behind a Service in one object: who is in, who is ready, and when it is written."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref
from core.client.actions import NOTHING, Create, Delete, Plan, Update
from core.client.cache import Cache
from core.controllers.endpoints import MAX_ADDRESSES, EndpointsController
from core.sim.settings import Settings
from tests.core.controllers.cast import BORN, pod

KEY = Ref("Endpoints", "default", "nginx")
CONTROLLER = EndpointsController(Settings())
PORT = {"name": "web", "port": 80, "protocol": "TCP"}
LABELS = {"app": "nginx", "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
LATER = "2023-11-14T22:05:00Z"


def service(**spec: Any) -> Obj:
    meta = {"name": "nginx", "namespace": "default", "uid": "s", "creationTimestamp": BORN}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**meta, "labels": {"app": "nginx"}},
        "spec": {
            "clusterIP": "10.96.0.9",
            "selector": {"app": "nginx"},
            "ports": [{"name": "web", "port": 80, "protocol": "TCP", "targetPort": 80}],
            **spec,
        },
    }


def web(number: int, *, ip: str = "", **fields: Any) -> Obj:
    status = {"podIP": ip or f"10.244.0.{number}", **fields.pop("status", {})}
    meta = {"labels": {"app": "nginx"}, **fields.pop("metadata", {})}
    return pod(f"web-{number}", metadata=meta, status=status, **fields)


def address(number: int, ip: str = "", **more: str) -> Obj:
    target = {"kind": "Pod", "namespace": "default", "name": f"web-{number}", "uid": f"uid-web-{number}"}
    return {"ip": ip or f"10.244.0.{number}", **more, "nodeName": "node-1", "targetRef": target}


def endpoints(*subsets: Obj, labels: Obj = LABELS, **annotations: str) -> Obj:
    meta = {"name": "nginx", "namespace": "default", "uid": "e", "labels": labels, "annotations": annotations}
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": meta,
        **({"subsets": list(subsets)} if subsets else {}),
    }


def sync(*objects: Obj) -> Plan:
    return CONTROLLER.sync(Cache(objects), KEY, 0.0)


def made(*objects: Obj) -> Obj:
    (action,) = sync(*objects).actions
    assert isinstance(action, Create)
    return action.obj


def updated(*objects: Obj) -> Obj:
    (action,) = sync(*objects).actions
    assert isinstance(action, Update)
    return action.obj


def test_a_service_has_its_endpoints_even_when_there_are_none() -> None:
    """NET-L1, NET-E7"""
    assert made(service()) == {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": "nginx",
            "namespace": "default",
            "labels": LABELS,
            "annotations": {TRIGGER: BORN},
        },
    }


def test_a_headless_service_says_so() -> None:
    """NET-L1"""
    assert made(service(clusterIP="None"))["metadata"]["labels"] == {
        **LABELS,
        "service.kubernetes.io/headless": "",
    }


def test_ready_pods_and_others_stand_apart() -> None:
    """NET-L2"""
    assert made(service(), web(1), web(0, ready="False"), web(2))["subsets"] == [
        {"addresses": [address(1), address(2)], "notReadyAddresses": [address(0)], "ports": [PORT]}
    ]


def test_a_seat_of_the_service_has_its_hostname() -> None:
    """NET-E5"""
    (subset,) = made(service(), web(1, spec={"hostname": "web-1", "subdomain": "nginx"}))["subsets"]

    assert subset["addresses"] == [address(1, hostname="web-1")]


@pytest.mark.parametrize(
    "absent",
    [
        web(1, status={"phase": "Succeeded"}),
        web(1, status={"podIP": ""}),
        web(1, metadata={"labels": {"app": "other"}}),
        web(1, metadata={"labels": {"app": "nginx"}, "deletionTimestamp": BORN}),
    ],
    ids=["ended", "without an address", "of others", "going"],
)
def test_these_pods_are_left_out(absent: Obj) -> None:
    """NET-L2"""
    assert "subsets" not in made(service(), absent)


def test_who_publishes_what_is_not_ready_shows_it_until_it_is_gone() -> None:
    """NET-S6"""
    going = web(1, ready="False", metadata={"labels": {"app": "nginx"}, "deletionTimestamp": BORN})

    assert made(service(publishNotReadyAddresses=True), going)["subsets"] == [
        {"addresses": [address(1)], "ports": [PORT]}
    ]


def test_a_headless_service_needs_no_ports() -> None:
    """NET-E6"""
    portless = service(clusterIP="None", ports=[])

    assert made(portless, web(1))["subsets"] == [{"addresses": [address(1)]}]
    assert "subsets" not in made(service(ports=[]), web(1))


def test_what_is_as_it_should_be_is_not_written() -> None:
    right = endpoints({"addresses": [address(1)], "ports": [PORT]}, **{TRIGGER: BORN})

    assert sync(service(), web(1), right) == Plan(because="1 of 1 addresses is ready")


def test_a_pod_that_turns_ready_moves_and_leaves_its_time() -> None:
    """NET-L2"""
    before = endpoints({"notReadyAddresses": [address(1)], "ports": [PORT]}, note="kept", **{TRIGGER: BORN})
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": LATER}

    after = updated(service(), web(1, status={"conditions": [ready]}), before)

    assert after["subsets"] == [{"addresses": [address(1)], "ports": [PORT]}]
    assert after["metadata"]["annotations"] == {"note": "kept", TRIGGER: LATER}


def test_a_pod_that_goes_leaves_no_time() -> None:
    before = endpoints({"addresses": [address(1)], "ports": [PORT]}, **{TRIGGER: BORN})

    after = updated(service(), before)

    assert "subsets" not in after
    assert "annotations" not in after["metadata"]


def test_labels_follow_the_service() -> None:
    assert updated(service(), endpoints(labels={}))["metadata"]["labels"] == LABELS


def crowd(count: int) -> list[Obj]:
    return [web(n, ip=f"10.{n // 200}.0.{n % 200}") for n in range(count)]


def waiting_crowd(count: int) -> list[Obj]:
    return [web(2000 + n, ip=f"10.99.0.{n}", ready="False") for n in range(count)]


def test_a_thousand_addresses_are_shown_ready_ones_first() -> None:
    """NET-L2"""
    pods = [*crowd(MAX_ADDRESSES + 5), *waiting_crowd(3)]

    (subset,) = (obj := made(service(), *pods))["subsets"]

    assert len(subset["addresses"]) == MAX_ADDRESSES
    assert "notReadyAddresses" not in subset
    assert obj["metadata"]["annotations"]["endpoints.kubernetes.io/over-capacity"] == "truncated"
    obj["metadata"]["uid"] = "e"
    assert sync(service(), *pods, obj).actions == ()


def test_what_is_not_ready_fills_the_rest() -> None:
    (subset,) = made(service(), *crowd(MAX_ADDRESSES - 2), *waiting_crowd(5))["subsets"]

    assert (len(subset["addresses"]), len(subset["notReadyAddresses"])) == (MAX_ADDRESSES - 2, 2)


def test_endpoints_go_with_their_service() -> None:
    assert sync(endpoints()).actions == (Delete(KEY, uid="e"),)
    assert sync() is NOTHING


@pytest.mark.parametrize("spec", [{"selector": None}, {"type": "ExternalName"}])
def test_endpoints_of_a_service_without_a_selector_are_somebody_elses(spec: Obj) -> None:
    """NET-S5"""
    assert sync(service(**spec), endpoints()) is NOTHING


def test_nothing_is_made_in_a_namespace_that_goes() -> None:
    namespace = {"kind": "Namespace", "metadata": {"name": "default", "deletionTimestamp": BORN}, "spec": {}}

    assert sync(service(), namespace) is NOTHING


def test_services_pods_and_deletions_concern_it() -> None:
    view = Cache([service()])

    assert list(CONTROLLER.watches["Service"](view, None, service())) == [KEY]
    assert list(CONTROLLER.watches["Pod"](view, None, web(1))) == [KEY]
    assert list(CONTROLLER.watches["Endpoints"](view, endpoints(), None)) == [KEY]
    assert list(CONTROLLER.watches["Endpoints"](view, None, endpoints())) == []


def test_at_its_start_it_looks_for_what_services_left_behind() -> None:
    other = {**endpoints(), "metadata": {"name": "old", "namespace": "default"}}
    lock = {**other, "metadata": {"name": "lock", "namespace": "default"}}
    lock["metadata"]["annotations"] = {"control-plane.alpha.kubernetes.io/leader": "{}"}

    keys = list(CONTROLLER.resync_keys(Cache([service(), other, lock])))

    assert keys == [KEY, Ref("Endpoints", "default", "old")]
