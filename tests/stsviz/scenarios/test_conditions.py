"""Conditions: what each form asks of the objects."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj, Ref
from core.client.cache import Cache
from core.sim.settings import Settings
from stsviz.scenarios.conditions import Moment, parse_condition

NOW = 1_760_000_000.0


def pod(name: str, *, uid: str = "u1", ready: bool = True, labels: dict[str, str] | None = None) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "uid": uid, "labels": labels or {}},
        "spec": {"containers": [{"name": "a", "image": "nginx:1"}]},
        "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]},
    }


def event(about: Obj, reason: str, message: str) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "default", "uid": "e1"},
        "involvedObject": {"uid": about["metadata"]["uid"]},
        "reason": reason,
        "message": message,
    }


def holds(text: str, *objects: Obj, now: float = NOW, **uids: str) -> bool:
    known = {Ref("Pod", "default", name.replace("_", "-")): uid for name, uid in uids.items()}
    return parse_condition(text).holds(Moment(Cache(objects), Settings(), now, NOW, known))


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("pod/web-0 exists", True),
        ("pod/web-1 exists", False),
        ("pod/web-1 gone", True),
        ("pod/web-0 gone", False),
        ("po/web-0 ready", True),
        ("pods/web-0 not-ready", False),
        ("pod/web-1 ready", False),
        ("pod/web-1 not-ready", False),
        ("pod/web-0 terminating", False),
        ("pod/web-0 kept", True),
        ("pod/web-0 new", False),
        ("pod/web-0 .spec.containers[0].image = nginx:1", True),
        ("pod/web-0 .spec.containers[0].image != nginx:2", True),
        ("pod/web-0 .spec.containers[0].image ~ nginx", True),
        ("pod/web-0 .spec.containers[7].image = nginx:1", False),
        ("pod/web-0 .status.conditions[type=Ready].status = True", True),
        ("pod/web-0 .metadata.labels[app] = web", True),
        ("pod/web-0 .spec.nodeName = ''", True),
        ("pod/web-1 .spec.nodeName != node-1", False),
        ("count pod = 1", True),
        ("count pod app=web ready >= 1", True),
        ("count pod app=other = 0", True),
        ("count pvc > 0", False),
        ("event pod/web-0 Failed", True),
        ("event pod/web-0 Failed ~ 'no room'", True),
        ("event pod/web-0 Failed ~ 'no rest'", False),
        ("event pod/web-1 Failed", False),
        ("dns web-0.nginx fails", True),
        ("dns web-0.nginx answers", False),
        ("after 5s", False),
    ],
)
def test_a_condition_looks_at_objects(text: str, truth: bool) -> None:
    web = pod("web-0", labels={"app": "web"})
    assert holds(text, web, event(web, "Failed", "there is no room"), web_0="u1") is truth


def test_who_sits_in_the_seat_now_is_another() -> None:
    assert holds("pod/web-0 new", pod("web-0", uid="u2"), web_0="u1")
    assert not holds("pod/web-0 kept", pod("web-0", uid="u2"), web_0="u1")


def test_time_is_the_clusters() -> None:
    assert holds("after 5s", now=NOW + 5)


def test_a_set_is_ready_when_all_it_wants_is() -> None:
    sts: Obj = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "web", "namespace": "default", "uid": "s"},
        "spec": {"replicas": 2},
        "status": {"readyReplicas": 1},
    }
    assert holds("sts/web not-ready", sts)
    assert holds("sts/web ready", {**sts, "status": {"readyReplicas": 2}})
