"""The DNS lens: the answer now, why there is none, the answers before, and who may still have them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client

from core.cluster import Cluster
from tests.stsviz.sites import WEB_0, bereaved_lab, leave_nothing

pytestmark = pytest.mark.django_db(transaction=True)
DOMAIN = "default.svc.cluster.local"
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def lab() -> Iterator[Cluster]:
    """The chapter's cluster, whose web-0 was deleted and came back; no thread drives it."""
    yield bereaved_lab()
    leave_nothing()


def text(response: HttpResponse) -> str:
    return html.unescape(re.sub(r"<[^>]+>|\s+", " ", response.content.decode())).replace("  ", " ")


def look(client: Client, name: str, **more: str) -> str:
    return re.sub(" +", " ", text(client.get("/c/lab/dns", {"name": name, **more}, headers=FRAGMENT)))


def addresses(lab: Cluster) -> list[str]:
    """Every address that web-0 has had, oldest first."""
    states = lab.past.states(lab.past.lines_of(WEB_0))
    found = [states[r].get("status", {}).get("podIP") for r in sorted(states)]
    return list(dict.fromkeys(filter(None, found)))


def test_a_short_name_is_answered_with_the_tries_that_led_there(client: Client, lab: Cluster) -> None:
    """DNS-12."""
    old, new = addresses(lab)

    said = look(client, "web-0.nginx")

    assert f"web-0.nginx.{DOMAIN}. is {new}." in said
    assert f"NOERROR web-0.nginx.{DOMAIN}." in said
    assert f"dig @127.0.0.1 -p 5353 web-0.nginx.{DOMAIN}. A" in said
    assert re.search(rf"{new} kubelet: Pod web-0 is Running", said)
    assert re.search(rf"NXDOMAIN you: Pod web-0 is being deleted.*{old} kubelet: Pod web-0 is Running", said)

    tries = look(client, "web-0.nginx.default")
    assert f"NXDOMAIN web-0.nginx.default.{DOMAIN}." in tries
    assert f"is {new}." in tries


def test_who_asks_from_elsewhere_searches_elsewhere(client: Client, lab: Cluster) -> None:
    said = look(client, "web-0.nginx", **{"from": "kube-system"})

    assert "web-0.nginx.kube-system.svc.cluster.local." in said
    assert "NXDOMAIN" in said
    assert f"web-0.nginx.{DOMAIN}. is" not in said


def test_a_pod_that_is_not_ready_has_no_name_and_the_lens_says_why(client: Client, lab: Cluster) -> None:
    """DNS-4."""
    lab.delete(WEB_0)
    lab.advance(lab.now + 0.5)

    said = look(client, "web-0.nginx")

    assert f"web-0.nginx.{DOMAIN}. : NXDOMAIN, Pod web-0 is being deleted" in said
    assert "publishNotReadyAddresses of Service nginx is off." in said
    assert re.search(rf"Who asked before \d\d:\d\d:\d\d may be told {addresses(lab)[-1]} by a cache", said)


def test_names_of_ports_addresses_and_other_types_are_answered(client: Client, lab: Cluster) -> None:
    """DNS-5, DNS-6, DNS-10."""
    new = addresses(lab)[-1]
    reverse = ".".join(reversed(new.split(".")))

    assert f"0 50 80 web-0.nginx.{DOMAIN}." in look(client, "_web._tcp.nginx")
    assert f"{reverse}.in-addr.arpa. is web-0.nginx.{DOMAIN}." in look(client, new)
    assert f"{reverse}.in-addr.arpa. is web-0.nginx.{DOMAIN}." in look(client, f"{reverse}.in-addr.arpa")
    assert "NODATA, the name has no AAAA record" in look(client, "web-0.nginx", type="AAAA")
    assert "REFUSED, example.com is outside cluster.local" in look(client, "example.com.")
    assert "there is no Service nobody in namespace default" in look(client, "web-0.nobody")


def test_the_lens_begins_with_the_names_that_answer(client: Client, lab: Cluster) -> None:
    said = look(client, "")

    assert f"web-0.nginx.{DOMAIN}" in said
    assert f"kubernetes.{DOMAIN}" in said
    assert "tries" not in said
    assert "<title>DNS" in client.get("/c/lab/dns").content.decode(), "without scripts it is a page"


def test_who_has_the_answer_gets_nothing_until_it_is_another(client: Client, lab: Cluster) -> None:
    page = client.get("/c/lab/dns", {"name": "web-0.nginx"}, headers=FRAGMENT).content.decode()
    url = html.unescape(re.search(r'data-fresh="([^"]+)"', page)[1])

    assert client.get(url, headers=FRAGMENT).status_code == 204
    lab.write_file(WEB_0, "/usr/share/nginx/html/index.html", b"no matter")
    assert client.get(url, headers=FRAGMENT).status_code == 204

    lab.delete(WEB_0)
    lab.settle()
    fresh = client.get(url, headers=FRAGMENT)

    assert fresh.status_code == 200
    assert fresh.content.startswith(b'<div id="dns-answer"')
    assert b"<form" not in fresh.content, "somebody may be writing in it"
    assert addresses(lab)[-1].encode() in fresh.content


def test_the_history_goes_on_and_reads_nothing_twice(
    client: Client, lab: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(client, "web-0.nginx")
    lab.delete(WEB_0)
    lab.settle()
    read: list[int] = []
    states = lab.past.states
    monkeypatch.setattr(
        lab.past, "states", lambda lines: (read.extend(x.revision for x in lines), states(lines))[1]
    )
    last = lab.past.last

    look(client, "web-0.nginx")
    first = list(read)
    look(client, "web-0.nginx")

    assert first
    assert len(first) < 20
    assert read == first
    assert max(first) <= last


def test_in_the_past_the_lens_is_of_then(client: Client, lab: Cluster) -> None:
    old, new = addresses(lab)
    gone = next(line.revision for line in lab.past.lines_of(WEB_0) if line.type == "DELETED")

    headers = {**FRAGMENT, "X-Stsviz-At": str(gone)}
    said = re.sub(" +", " ", text(client.get("/c/lab/dns", {"name": "web-0.nginx"}, headers=headers)))

    assert "NXDOMAIN, there is no Pod web-0" in said
    assert old in said
    assert new not in said


@pytest.mark.parametrize(
    "name", ["<script>", "a" * 5000, "..", "1.2.3", "_._.nginx", "\u0000", "é.nginx", "-"]
)
def test_whatever_is_typed_is_answered(client: Client, lab: Cluster, name: str) -> None:
    answer = client.get("/c/lab/dns", {"name": name, "type": "x", "from": "nowhere/x"}, headers=FRAGMENT)

    assert answer.status_code == 200
    assert b"<script>" not in answer.content
