"""The EndpointSlice controller's decisions: who is behind a Service, and in which slice."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Ref
from core.client.actions import NOTHING, Create, Delete, Update
from core.client.cache import Cache
from core.controllers.endpointslice import EndpointSliceController
from core.sim.settings import Settings

NGINX = Ref("Service", "default", "nginx")
CONTROLLER = EndpointSliceController(Settings())
US = "endpointslice-controller.k8s.io"


def service(**spec):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "nginx", "namespace": "default", "uid": "s", "labels": {"app": "nginx"}},
        "spec": {
            "clusterIP": "None",
            "selector": {"app": "nginx"},
            "ports": [{"name": "web", "port": 80, "protocol": "TCP", "targetPort": 80}],
            **spec,
        },
    }


def pod(name, ip="10.244.0.5", ready=True, phase="Running", subdomain="nginx", **meta):
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-{name}",
            "labels": {"app": "nginx"},
            **meta,
        },
        "spec": {
            "nodeName": "node-a1",
            "hostname": name,
            "subdomain": subdomain,
            "containers": [{"name": "nginx", "ports": [{"name": "http", "containerPort": 8080}]}],
        },
        "status": {
            "phase": phase,
            "podIP": ip,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


def synced(*objects):
    return CONTROLLER.sync(Cache(objects), NGINX, 0.0)


def stored(slice_, name="nginx-abcde"):
    """The slice as the API server stores what was created."""
    return {**slice_, "metadata": {**slice_["metadata"], "name": name, "uid": f"uid-{name}"}}


def slice_of(*pods, of=None, name="nginx-abcde"):
    (create,) = synced(of or service(), *pods).actions
    return stored(create.obj, name)


def hosts(slice_):
    return [endpoint["targetRef"]["name"] for endpoint in slice_["endpoints"]]


def test_makes_the_slice_that_a_real_cluster_has():
    """NET-E1, NET-E2, NET-E4; recording 21"""
    (action,) = synced(service(), pod("web-0")).actions

    assert action == Create(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "generateName": "nginx-",
                "namespace": "default",
                "labels": {
                    "app": "nginx",
                    "endpointslice.kubernetes.io/managed-by": US,
                    "kubernetes.io/service-name": "nginx",
                    "service.kubernetes.io/headless": "",
                },
                "ownerReferences": [
                    {
                        "apiVersion": "v1",
                        "kind": "Service",
                        "name": "nginx",
                        "uid": "s",
                        "controller": True,
                        "blockOwnerDeletion": True,
                    }
                ],
            },
            "addressType": "IPv4",
            "endpoints": [
                {
                    "addresses": ["10.244.0.5"],
                    "conditions": {"ready": True, "serving": True, "terminating": False},
                    "hostname": "web-0",
                    "targetRef": {"kind": "Pod", "namespace": "default", "name": "web-0", "uid": "uid-web-0"},
                    "nodeName": "node-a1",
                }
            ],
            "ports": [{"name": "web", "protocol": "TCP", "port": 80}],
        }
    )


@pytest.mark.parametrize(
    ("given", "publish", "conditions"),
    [
        ({}, False, (True, True, False)),
        ({"ready": False}, False, (False, False, False)),
        ({"deletionTimestamp": "t"}, False, (False, True, True)),
        ({"deletionTimestamp": "t", "ready": False}, False, (False, False, True)),
        ({"ready": False}, True, (True, False, False)),
        ({"deletionTimestamp": "t"}, True, (True, True, True)),
    ],
)
def test_says_ready_serving_terminating(given, publish, conditions):
    """PL64, NET-E4, NET-S6"""
    (action,) = synced(service(publishNotReadyAddresses=publish), pod("web-0", **given)).actions

    assert tuple(action.obj["endpoints"][0]["conditions"].values()) == conditions


@pytest.mark.parametrize("given", [{"ip": ""}, {"phase": "Succeeded"}, {"phase": "Failed"}])
def test_leaves_out_pods_without_an_address_or_a_future(given):
    """PL64, NET-E3, NET-E7"""
    (action,) = synced(service(), pod("web-0", **given)).actions

    assert action.obj["endpoints"] is None
    assert action.obj["ports"] is None


def test_names_a_host_only_for_the_pods_own_subdomain():
    """NET-E5"""
    (action,) = synced(service(), pod("web-0", subdomain="other")).actions

    assert "hostname" not in action.obj["endpoints"][0]


def test_writes_nothing_when_nothing_changed():
    """NET-E8"""
    plan = synced(service(), pod("web-0"), slice_of(pod("web-0")))

    assert plan.actions == ()
    assert plan.because == "1 of 1 endpoints is ready"


def test_keeps_an_empty_slice_for_a_service_without_pods():
    """NET-E7"""
    plan = synced(service(), slice_of())

    assert plan.actions == ()
    assert plan.because == "no Pod with an address matches its selector"


def test_empties_the_slice_when_the_selector_no_longer_matches():
    """NET-E7; recording 21"""
    (action,) = synced(service(selector={"app": "other"}), pod("web-0"), slice_of(pod("web-0"))).actions

    assert isinstance(action, Update)
    assert action.obj["metadata"]["name"] == "nginx-abcde"
    assert (action.obj["endpoints"], action.obj["ports"]) == (None, None)


def test_fills_the_empty_slice_with_the_first_pod():
    """NET-E7"""
    (action,) = synced(service(), pod("web-0"), slice_of()).actions

    assert isinstance(action, Update)
    assert hosts(action.obj) == ["web-0"]


def test_puts_a_recreated_pod_at_the_end():
    """recording 21: web-1 stands before the new web-0"""
    old = slice_of(pod("web-0"), pod("web-1"))
    (action,) = synced(service(), pod("web-0", uid="new"), pod("web-1"), old).actions

    assert hosts(action.obj) == ["web-1", "web-0"]
    assert action.obj["endpoints"][1]["targetRef"]["uid"] == "new"


def test_fills_a_hundred_to_a_slice():
    """NET-E1"""
    plan = synced(service(), *(pod(f"web-{n}") for n in range(250)))

    assert [len(action.obj["endpoints"]) for action in plan.actions] == [100, 100, 50]


def test_touches_one_slice_of_a_thousand_pods():
    pods = [pod(f"web-{n}") for n in range(1000)]
    creates = synced(service(), *pods).actions
    slices = [stored(create.obj, f"nginx-{n}") for n, create in enumerate(creates)]
    pods[555] = pod("web-555", ready=False)

    (action,) = synced(service(), *pods, *slices).actions

    assert action.obj["metadata"]["name"] == "nginx-5"
    assert sum(not e["conditions"]["ready"] for e in action.obj["endpoints"]) == 1


def test_puts_newcomers_into_the_fullest_slice_with_room():
    """NET-E1"""
    pods = [pod(f"web-{n}") for n in range(150)]
    creates = synced(service(), *pods).actions
    slices = [stored(create.obj, f"nginx-{n}") for n, create in enumerate(creates)]

    (action,) = synced(service(), *pods, pod("web-150"), *slices).actions

    assert action.obj["metadata"]["name"] == "nginx-1"
    assert len(action.obj["endpoints"]) == 51


def test_deletes_the_slice_that_ran_empty():
    """NET-E1"""
    slices = [slice_of(pod("web-0"), name="nginx-0"), slice_of(pod("web-1"), name="nginx-1")]

    plan = synced(service(), pod("web-0"), *slices)

    assert plan.actions == (Delete(Ref("EndpointSlice", "default", "nginx-1"), uid="uid-nginx-1"),)


def test_resolves_named_ports_on_each_pod():
    """NET-E6"""
    named = service(
        ports=[{"port": 80, "targetPort": "http"}, {"name": "x", "port": 1, "targetPort": "gone"}]
    )

    (action,) = synced(named, pod("web-0")).actions

    assert action.obj["ports"] == [{"name": "", "protocol": "TCP", "port": 8080}]


def test_a_headless_service_may_have_no_ports():
    """NET-E6"""
    (action,) = synced(service(ports=[]), pod("web-0")).actions

    assert action.obj["ports"] == []


def test_copies_the_services_labels_when_they_change():
    """NET-E2"""
    changed = service()
    changed["metadata"]["labels"] = {"app": "nginx", "tier": "front"}

    (action,) = synced(changed, pod("web-0"), slice_of(pod("web-0"))).actions

    assert action.obj["metadata"]["labels"]["tier"] == "front"


def test_says_in_which_zone_a_node_is():
    """NET-E4"""
    node = {
        "kind": "Node",
        "metadata": {"name": "node-a1", "labels": {"topology.kubernetes.io/zone": "a"}},
        "spec": {},
    }

    (action,) = synced(service(), pod("web-0"), node).actions

    assert action.obj["endpoints"][0]["zone"] == "a"


@pytest.mark.parametrize("spec", [{"selector": None}, {"selector": {}}, {"type": "ExternalName"}])
def test_leaves_services_without_a_selector_alone(spec):
    """NET-S5"""
    assert synced(service(**spec), pod("web-0")) is NOTHING


def test_leaves_the_slices_of_a_deleted_service_to_the_garbage_collector():
    assert synced(pod("web-0")) is NOTHING


def test_a_pod_concerns_the_services_that_select_it():
    view = Cache(
        [service(), {**service(selector={"app": "x"}), "metadata": {"name": "x", "namespace": "default"}}]
    )

    assert set(CONTROLLER.watches["Pod"](view, None, pod("web-0"))) == {NGINX}


def test_a_pod_that_looks_the_same_concerns_nobody():
    heartbeat = {**pod("web-0"), "status": {**pod("web-0")["status"], "qosClass": "BestEffort"}}

    assert list(CONTROLLER.watches["Pod"](Cache([service()]), pod("web-0"), heartbeat)) == []
