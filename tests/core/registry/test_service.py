"""Services: defaults, addresses, node ports, refusals, and changes of type."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.errors import Invalid
from core.apimachinery.meta import Obj
from tests.core.registry.cast import created, refusals, service, update_refusals, updated


def test_an_ordinary_service_gets_an_address_and_defaults() -> None:
    """NET-S2"""
    spec = created(service())["spec"]

    address = spec["clusterIP"]
    assert address.startswith("10.96.")
    assert spec == {
        "type": "ClusterIP",
        "selector": {"app": "nginx"},
        "ports": [{"name": "web", "protocol": "TCP", "port": 80, "targetPort": 80}],
        "clusterIP": address,
        "clusterIPs": [address],
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    }


def test_a_headless_service_without_selector_is_open_to_both_families() -> None:
    """NET-S2"""
    spec = created(service(clusterIP="None", selector=None))["spec"]

    assert spec["ipFamilies"] == ["IPv4", "IPv6"]
    assert spec["ipFamilyPolicy"] == "RequireDualStack"
    assert spec["clusterIPs"] == ["None"]


def test_an_external_name_has_no_address() -> None:
    """NET-S2"""
    spec = created(service(type="ExternalName", externalName="db.example.com", ports=None))["spec"]

    assert set(spec) == {"type", "externalName", "selector", "sessionAffinity"}


def test_sticky_sessions_last_three_hours() -> None:
    """NET-S2"""
    spec = created(service(sessionAffinity="ClientIP"))["spec"]

    assert spec["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}


def test_a_load_balancer_has_node_ports_and_stays_without_address() -> None:
    """NET-S1, NET-S2"""
    stored = created(service(type="LoadBalancer"))

    assert stored["status"] == {"loadBalancer": {}}
    assert stored["spec"]["externalTrafficPolicy"] == "Cluster"
    assert stored["spec"]["allocateLoadBalancerNodePorts"] is True
    assert stored["spec"]["ports"][0]["nodePort"] == 30086


def test_node_ports_are_not_given_twice() -> None:
    first = created(service(type="NodePort"))

    second = created(service("other", "uid-other", type="NodePort"), first)

    assert first["spec"]["ports"][0]["nodePort"] == 30086
    assert second["spec"]["ports"][0]["nodePort"] == 30087


TAKEN = service("other", "uid-other", clusterIP="10.96.0.9", clusterIPs=["10.96.0.9"])


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(
            {"clusterIP": "10.96.0.9"},
            'spec.clusterIPs: Invalid value: ["10.96.0.9"]: failed to allocate IP 10.96.0.9:'
            " provided IP is already allocated",
            id="taken",
        ),
        pytest.param(
            {"clusterIP": "1.2.3.4"},
            'spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4:'
            " the provided network does not match the current range",
            id="out of range",
        ),
        pytest.param(
            {"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]},
            "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range."
            " The range of valid ports is 30000-32767",
            id="node port",
        ),
        pytest.param(
            {"ipFamilyPolicy": "RequireDualStack"},
            'spec.ipFamilyPolicy: Invalid value: "RequireDualStack":'
            " this cluster is not configured for dual-stack services",
            id="families",
        ),
    ],
)
def test_refuses_what_is_not_to_be_had(spec: Any, expected: str) -> None:
    """NET-S4"""
    with pytest.raises(Invalid) as refused:
        created(service(**spec), TAKEN)

    assert refused.value.message == f'Service "nginx" is invalid: {expected}'


TWO_PORTS = [{"port": 80}, {"port": 80}]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"ports": None}, ["spec.ports: Required value"], id="no ports"),
        pytest.param({"ports": None, "clusterIP": "None"}, [], id="no ports, headless"),
        pytest.param(
            {"ports": TWO_PORTS},
            [
                "spec.ports[0].name: Required value",
                "spec.ports[1].name: Required value",
                'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,'
                '"Port":80,"TargetPort":0,"NodePort":0}',
            ],
            id="the same port twice",
        ),
        pytest.param(
            {"ports": [{"name": "a", "port": 80}, {"name": "a", "port": 81}]},
            ['spec.ports[1].name: Duplicate value: "a"'],
            id="the same name twice",
        ),
        pytest.param(
            {"type": "Foo"},
            [
                'spec.type: Unsupported value: "Foo":'
                ' supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'
            ],
            id="type",
        ),
        pytest.param(
            {"type": "ExternalName", "ports": None}, ["spec.externalName: Required value"], id="external name"
        ),
        pytest.param(
            {"clusterIP": "foo"},
            [
                'spec.clusterIPs[0]: Invalid value: "foo":'
                " must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            ],
            id="no address",
        ),
        pytest.param(
            {"ports": [{"port": 70000}]},
            [
                "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
                "spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
            ],
            id="port number",
        ),
        pytest.param(
            {"ports": [{"port": 80, "nodePort": 30000}]},
            ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
            id="node port without the type",
        ),
        pytest.param(
            {"sessionAffinity": "Often"},
            ['spec.sessionAffinity: Unsupported value: "Often": supported values: "ClientIP", "None"'],
            id="affinity",
        ),
    ],
)
def test_refuses_with_every_finding(spec: Any, expected: list[str]) -> None:
    """NET-S4"""
    assert refusals(service(**spec)) == expected


def stored(**spec: Any) -> Obj:
    out = created(service(**spec))
    out["metadata"]["uid"] = "uid-nginx"
    return out


def test_an_update_that_leaves_out_what_was_allocated_keeps_it() -> None:
    """NET-S3"""
    old = stored(type="NodePort")

    new = updated(service(type="NodePort", selector={"app": "other"}), old, old)

    assert new["spec"] == {**old["spec"], "selector": {"app": "other"}}


def test_the_address_does_not_change() -> None:
    """NET-S3"""
    old = stored()
    patched = service(**{**old["spec"], "clusterIP": "None"})

    assert update_refusals(patched, old, old) == [
        'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'
    ]


def test_a_whole_new_spec_with_another_address_has_none_of_the_old_ones() -> None:
    old = stored()

    assert update_refusals(service(clusterIP="None"), old, old) == [
        "spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset"
    ]


def test_an_update_that_repeats_the_one_address_keeps_the_list() -> None:
    """TR-14: kubectl replace sends the manifest, which says clusterIP: None and nothing of clusterIPs"""
    old = created(service(clusterIP="None"))

    new = updated(service(clusterIP="None"), old)["spec"]

    assert new["clusterIPs"] == ["None"]


def test_turning_into_an_external_name_gives_the_address_back() -> None:
    old = stored(type="NodePort")
    wanted = service(**{**old["spec"], "type": "ExternalName", "externalName": "db.example.com"})

    new = updated(wanted, old, old)["spec"]

    assert not {"clusterIP", "clusterIPs", "ipFamilies", "externalTrafficPolicy"} & set(new)
    assert "nodePort" not in new["ports"][0]


def test_turning_into_a_node_port_keeps_the_address_and_gets_a_port() -> None:
    old = stored()

    new = updated(service(type="NodePort"), old, old)["spec"]

    assert new["clusterIP"] == old["spec"]["clusterIP"]
    assert new["ports"][0]["nodePort"] == 30086
