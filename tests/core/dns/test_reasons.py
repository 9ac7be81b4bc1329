"""Why a name has no answer: each cause in words, from the objects that are to blame."""

from __future__ import annotations

import pytest

from core.client.cache import Cache
from core.dns.reasons import why
from core.dns.records import answer
from core.sim.settings import Settings
from tests.core.dns.test_records import WEB_0, endpoint, namespace, service, slice_

SETTINGS = Settings()
NAME = "web-0.nginx.default.svc.cluster.local."
NONE = "there is no Service nginx in namespace default"
NGINX = service(selector={"app": "nginx"})
OWNER = {"kind": "StatefulSet", "name": "web", "uid": "u", "controller": True}


def pod(name="web-0", app="nginx", ready=True, ip="10.244.0.5", subdomain="nginx", deleted=False):
    meta = {"name": name, "namespace": "default", "labels": {"app": app}, "ownerReferences": [OWNER]}
    if deleted:
        meta["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    status = {"phase": "Running" if ip else "Pending", "conditions": [condition]}
    return {
        "kind": "Pod",
        "metadata": meta,
        "spec": {"subdomain": subdomain},
        "status": {**status, "podIP": ip} if ip else status,
    }


def statefulset(service_name="nginx"):
    meta = {"name": "web", "namespace": "default"}
    return {"kind": "StatefulSet", "metadata": meta, "spec": {"serviceName": service_name}}


def reason(*objects, name=NAME, type_="A"):
    view = Cache([namespace(), *objects])
    return why(view, SETTINGS, name, answer(view, SETTINGS, name, type_))


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ((), "there is no Service nginx in namespace default"),
        (
            (statefulset(),),
            f"{NONE}, though StatefulSet web has it as its serviceName",
        ),
        (
            (pod(subdomain="other"),),
            "there is no Service nginx in namespace default; serviceName of StatefulSet web says other",
        ),
        ((NGINX,), "there is no Pod web-0"),
        ((NGINX, pod(app="x")), "Service nginx selects app=nginx, and Pod web-0 has app=x"),
        ((NGINX, pod(subdomain="other")), "serviceName of StatefulSet web is other, not nginx"),
        ((NGINX, pod(ip="")), "Pod web-0 has no address yet: it is Pending"),
        (
            (NGINX, pod(ready=False)),
            "Pod web-0 is not Ready, and publishNotReadyAddresses of Service nginx is off",
        ),
        (
            (NGINX, pod(deleted=True)),
            "Pod web-0 is being deleted, and publishNotReadyAddresses of Service nginx is off",
        ),
        ((NGINX, pod()), "Pod web-0 is Ready, and its EndpointSlice is not written yet"),
        (
            (service(), pod()),
            "Service nginx has no selector: it has the endpoints that somebody writes, and none web-0",
        ),
    ],
)
def test_a_seat_without_a_name_is_told_what_is_to_blame(objects, words) -> None:
    """DNS-4, DNS-14, DNS-15."""
    assert reason(*objects) == words


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ((NGINX,), "the selector of Service nginx, app=nginx, matches nobody"),
        (
            (NGINX, pod(ready=False), pod("web-1", ready=False)),
            "none of the 2 Pods that app=nginx selects is Ready, and publishNotReadyAddresses is off",
        ),
        ((service(),), "Service nginx has no selector, and nobody has written endpoints for it"),
    ],
)
def test_a_headless_service_without_addresses_is_told_why(objects, words) -> None:
    """DNS-3."""
    assert reason(*objects, name="nginx.default.svc.cluster.local.") == words


def test_nodata_and_an_answer_are_told_apart_from_nothing() -> None:
    """DNS-10."""
    there = (NGINX, pod(), slice_(WEB_0))

    assert reason(*there) == ""
    assert reason(*there, type_="AAAA") == "the name has no AAAA record"
    assert "is outside" in reason(*there, name="example.com.")
    assert reason(NGINX, pod(ready=False), slice_(endpoint("10.244.0.5", "web-0", ready=False))).startswith(
        "Pod web-0 is not Ready"
    )
