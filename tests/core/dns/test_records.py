"""Cluster DNS: who has a name now, and who has none."""

from __future__ import annotations

import pytest

from core.client.cache import Cache
from core.dns import records
from core.dns.records import Record
from core.sim.settings import Settings

SETTINGS = Settings()
DOMAIN = "default.svc.cluster.local"


def namespace(name="default"):
    return {"kind": "Namespace", "metadata": {"name": name}}


def service(name="nginx", **spec):
    meta = {"name": name, "namespace": "default"}
    return {"kind": "Service", "metadata": meta, "spec": {"clusterIP": "None", **spec}}


def endpoint(address, hostname="", **conditions):
    out = {"addresses": [address], "conditions": conditions}
    return {**out, "hostname": hostname} if hostname else out


def slice_(*endpoints, of="nginx", ports=({"name": "web", "protocol": "TCP", "port": 8080},)):
    return {
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{of}-abcde",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": of},
        },
        "endpoints": list(endpoints),
        "ports": list(ports),
    }


WEB_0 = endpoint("10.244.0.5", "web-0", ready=True)
WEB_1 = endpoint("10.244.0.6", "web-1", ready=True)
HEADLESS = Cache([namespace(), service(), slice_(WEB_0, WEB_1)])
CLUSTER_IP = Cache(
    [
        namespace(),
        service(
            "api",
            clusterIP="10.96.0.9",
            clusterIPs=["10.96.0.9"],
            ports=[
                {"name": "http", "port": 80, "protocol": "TCP"},
                {"name": "x", "port": 81, "protocol": "UDP"},
            ],
        ),
        slice_(endpoint("10.244.0.7", ready=True), of="api"),
        service("elsewhere", type="ExternalName", clusterIP="", externalName="example.com"),
    ]
)


def ask(view, name, type_="A"):
    return records.answer(view, SETTINGS, name, type_)


def data(found):
    return [record.data for record in found.records]


def test_a_headless_service_is_all_its_ready_endpoints():
    """STS-I9, DNS-3, DNS-11"""
    found = ask(HEADLESS, f"nginx.{DOMAIN}.")

    assert found.records == (
        Record(f"nginx.{DOMAIN}.", "A", "10.244.0.5", 30),
        Record(f"nginx.{DOMAIN}.", "A", "10.244.0.6", 30),
    )


@pytest.mark.parametrize(
    ("conditions", "resolves"),
    [
        ({"ready": True}, True),
        ({}, True),
        ({"ready": False}, False),
        ({"ready": False, "serving": True, "terminating": True}, False),
        ({"ready": True, "serving": False}, True),
    ],
)
def test_only_a_ready_endpoint_has_a_name(conditions, resolves):
    """STS-I9, DNS-4, DNS-9, DNS-14"""
    view = Cache([service(), slice_(endpoint("10.244.0.5", "web-0", **conditions))])

    found = ask(view, f"web-0.nginx.{DOMAIN}")

    assert (found.rcode, data(found)) == (("NOERROR", ["10.244.0.5"]) if resolves else ("NXDOMAIN", []))


def test_says_why_a_name_is_not_there():
    """DNS-3, DNS-15"""
    view = Cache([service(), slice_(endpoint("10.244.0.5", "web-0", ready=False))])

    assert ask(view, f"web-0.nginx.{DOMAIN}").because == "web-0 is not ready"
    assert ask(view, f"nginx.{DOMAIN}").because == "Service nginx is headless and none of its Pods is ready"
    assert ask(Cache(), f"web-0.nginx.{DOMAIN}").because == "there is no Service nginx in namespace default"


@pytest.mark.parametrize(
    ("view", "name", "type_", "expected"),
    [
        (CLUSTER_IP, f"api.{DOMAIN}", "A", ["10.96.0.9"]),
        (CLUSTER_IP, f"API.{DOMAIN.upper()}", "a", ["10.96.0.9"]),
        (CLUSTER_IP, f"10-244-0-7.api.{DOMAIN}", "A", ["10.244.0.7"]),
        (CLUSTER_IP, f"_http._tcp.api.{DOMAIN}", "SRV", [f"0 100 80 api.{DOMAIN}."]),
        (CLUSTER_IP, f"api.{DOMAIN}", "SRV", [f"0 50 80 api.{DOMAIN}.", f"0 50 81 api.{DOMAIN}."]),
        (CLUSTER_IP, f"elsewhere.{DOMAIN}", "A", ["example.com."]),
        (
            HEADLESS,
            f"_web._tcp.nginx.{DOMAIN}",
            "SRV",
            [f"0 50 8080 web-0.nginx.{DOMAIN}.", f"0 50 8080 web-1.nginx.{DOMAIN}."],
        ),
        (HEADLESS, f"web-1.nginx.{DOMAIN}", "A", ["10.244.0.6"]),
        (HEADLESS, "6.0.244.10.in-addr.arpa", "PTR", [f"web-1.nginx.{DOMAIN}."]),
        (CLUSTER_IP, "9.0.96.10.in-addr.arpa.", "PTR", [f"api.{DOMAIN}."]),
        (CLUSTER_IP, "7.0.244.10.in-addr.arpa", "PTR", [f"10-244-0-7.api.{DOMAIN}."]),
        (HEADLESS, "10-244-9-9.default.pod.cluster.local", "A", ["10.244.9.9"]),
        (HEADLESS, "dns-version.cluster.local", "TXT", ['"1.1.0"']),
        (HEADLESS, "cluster.local", "NS", ["ns.dns.cluster.local."]),
        (HEADLESS, "ns.dns.cluster.local", "A", ["10.96.0.10"]),
    ],
)
def test_answers(view, name, type_, expected):
    """DNS-2, DNS-4 to DNS-8"""
    assert data(ask(view, name, type_)) == expected


def test_sends_the_addresses_of_srv_targets_along():
    """DNS-5"""
    found = ask(HEADLESS, f"_web._tcp.nginx.{DOMAIN}", "SRV")

    assert [(r.name, r.data) for r in found.additional] == [
        (f"web-0.nginx.{DOMAIN}.", "10.244.0.5"),
        (f"web-1.nginx.{DOMAIN}.", "10.244.0.6"),
    ]


@pytest.mark.parametrize(
    ("view", "name", "type_", "rcode"),
    [
        (HEADLESS, f"nginx.{DOMAIN}", "AAAA", "NOERROR"),
        (HEADLESS, f"web-0.nginx.{DOMAIN}", "TXT", "NOERROR"),
        (HEADLESS, "cluster.local", "A", "NOERROR"),
        (HEADLESS, "svc.cluster.local", "A", "NOERROR"),
        (HEADLESS, DOMAIN, "A", "NOERROR"),
        (HEADLESS, "gone.svc.cluster.local", "A", "NXDOMAIN"),
        (HEADLESS, f"gone.{DOMAIN}", "A", "NXDOMAIN"),
        (HEADLESS, f"web-9.nginx.{DOMAIN}", "A", "NXDOMAIN"),
        (HEADLESS, f"_gone._tcp.nginx.{DOMAIN}", "SRV", "NXDOMAIN"),
        (HEADLESS, f"_web._udp.nginx.{DOMAIN}", "SRV", "NXDOMAIN"),
        (CLUSTER_IP, f"_http._udp.api.{DOMAIN}", "SRV", "NXDOMAIN"),
        (HEADLESS, f"a.b.c.nginx.{DOMAIN}", "A", "NXDOMAIN"),
        (HEADLESS, "10-244-9-9.gone.pod.cluster.local", "A", "NXDOMAIN"),
        (HEADLESS, "nonsense.default.pod.cluster.local", "A", "NXDOMAIN"),
        (HEADLESS, "9.9.244.10.in-addr.arpa", "PTR", "NXDOMAIN"),
        (HEADLESS, "example.com", "A", "REFUSED"),
        (HEADLESS, "cluster.local", "AXFR", "REFUSED"),
        (HEADLESS, "", "A", "REFUSED"),
    ],
)
def test_answers_without_records(view, name, type_, rcode):
    """DNS-5, DNS-6, DNS-7, DNS-10"""
    found = ask(view, name, type_)

    assert (found.rcode, found.records) == (rcode, ())
    assert [record.type for record in found.authority] == ([] if rcode == "REFUSED" else ["SOA"])


def test_a_headless_service_without_ports_has_addresses_and_no_srv():
    """DNS-5"""
    view = Cache([service(), slice_(WEB_0, ports=())])

    assert data(ask(view, f"nginx.{DOMAIN}")) == ["10.244.0.5"]
    assert ask(view, f"nginx.{DOMAIN}", "SRV").rcode == "NOERROR"


@pytest.mark.parametrize(
    ("name", "first", "tries"),
    [
        ("web-0.nginx", f"web-0.nginx.{DOMAIN}.", 1),
        ("web-0.nginx.default", f"web-0.nginx.default.{DOMAIN}.", 2),
        ("web-0.nginx.default.svc", f"web-0.nginx.default.svc.{DOMAIN}.", 3),
        (f"web-0.nginx.{DOMAIN}", f"web-0.nginx.{DOMAIN}.", 1),
        (f"web-0.nginx.{DOMAIN}.", f"web-0.nginx.{DOMAIN}.", 1),
        ("example.com", f"example.com.{DOMAIN}.", 4),
    ],
)
def test_a_pod_tries_its_search_list(name, first, tries):
    """DNS-12"""
    tried = records.resolve(HEADLESS, SETTINGS, "default", name)

    assert tried[0][0] == first
    assert len(tried) == tries


def test_lists_the_names_of_a_service_for_the_page():
    view = Cache([service(), slice_(WEB_1, endpoint("10.244.0.5", "web-0", ready=False))])

    assert records.names_of(view, SETTINGS, service()) == records.ServiceNames(
        f"nginx.{DOMAIN}",
        ("10.244.0.6",),
        ((f"web-0.nginx.{DOMAIN}", "10.244.0.5", False), (f"web-1.nginx.{DOMAIN}", "10.244.0.6", True)),
    )
