"""What is passed on: a run as a file, a cluster as a text, a picture in another page; in clear words."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator

import orjson
import pytest
from django.conf import LazySettings
from django.test import Client

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz.pages import player
from stsviz.runtime import runtime
from tests.stsviz.sites import bereaved_lab, leave_nothing

pytestmark = pytest.mark.django_db(transaction=True)
HOSTILE = "</script><script>alert(1)</script><!--'\"&lt;"


@pytest.fixture
def lab() -> Iterator[Cluster]:
    """The chapter's cluster after web-0 was deleted and came back; no thread drives it."""
    yield bereaved_lab()
    leave_nothing()


def unpacked(page: str) -> dict[str, list[dict[str, object]]]:
    packed = re.search(r'<script type="application/octet-stream" id="run">([^<]*)</script>', page)
    assert packed is not None
    run: dict[str, list[dict[str, object]]] = orjson.loads(gzip.decompress(base64.b64decode(packed[1])))
    return run


# -- the run as a file ---------------------------------------------------------------------------------


def test_the_file_has_a_step_for_every_write_and_says_who_did_what_because_of_what(
    lab: Cluster, client: Client
) -> None:
    run = unpacked(client.get("/c/lab/run.html").content.decode())
    assert [step["revision"] for step in run["steps"]] == [line.revision for line in lab.past.told()]
    assert run["left"] == ""
    assert ["you", "Pod web-0 is being deleted", ""] in [step["said"] for step in run["steps"]]
    assert any(step["said"][2] for step in run["steps"])  # type: ignore[index]


def test_the_file_loads_nothing_and_runs_nothing_but_its_own_script(lab: Cluster, client: Client) -> None:
    response = client.get("/c/lab/run.html")
    page = response.content.decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src &#x27;none&#x27;" in policy[1]
    for tag, name in (("script", "script-src"), ("style", "style-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in response.headers["Content-Security-Policy"]
    assert not re.search(r'(?:src|href)="', page)
    assert "sandbox allow-scripts" in response.headers["Content-Security-Policy"]


def test_a_run_up_to_a_moment_ends_there(lab: Cluster, client: Client) -> None:
    at = lab.past.told()[20].revision
    run = unpacked(client.get(f"/c/lab/run.html?at={at}").content.decode())
    assert run["steps"][-1]["revision"] == at


def test_a_long_run_says_what_it_leaves_out_and_keeps_every_act(
    lab: Cluster, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player, "MOST", 20)
    monkeypatch.setattr(player, "LEAST", 20)
    run = unpacked(client.get("/c/lab/run.html").content.decode())
    told = lab.past.told()
    shown = [step["revision"] for step in run["steps"]]
    assert len(shown) <= 20
    assert shown[-1] == told[-1].revision
    assert {line.revision for line in told if line.actor == "you"} <= set(shown)
    assert f"{len(shown)} of {len(told)} writes have a step of their own" in run["left"]


def test_hostile_names_stay_text_in_the_file(lab: Cluster, client: Client) -> None:
    lab.patch(Ref("StatefulSet", "default", "web"), {"spec": {"template": {"spec": {"containers": [
        {"name": "nginx", "image": HOSTILE}]}}}}, "strategic")  # fmt: skip
    page = client.get("/c/lab/run.html").content.decode()
    assert page.count("<script") == 2
    assert "alert(1)" not in page
    for _, drawing in unpacked(page)["drawings"]:  # type: ignore[misc]
        assert "<script" not in drawing


def test_a_moment_that_is_not_kept_is_refused_in_words(lab: Cluster, client: Client) -> None:
    response = client.get("/c/lab/run.html?at=999999")
    assert response.status_code == 400
    assert "there is no revision 999999 yet" in response.content.decode()


# -- the cluster as a text -----------------------------------------------------------------------------


def test_the_text_makes_the_same_cluster_elsewhere(lab: Cluster, client: Client) -> None:
    response = client.get("/c/lab/cluster.yaml")
    text = response.content.decode()
    assert 'filename="lab.yaml"' in response.headers["Content-Disposition"]
    other = runtime.create("other")
    assert [outcome.verb for outcome in other.apply(text)] == ["created"] * 3
    other.settle()
    assert client.get("/c/other/cluster.yaml").content.decode().split("\n")[2:] == text.split("\n")[2:]


def test_the_text_of_a_moment_is_of_then(lab: Cluster, client: Client) -> None:
    before = lab.revision
    lab.scale(Ref("StatefulSet", "default", "web"), 5)
    assert "replicas: 5" in client.get("/c/lab/cluster.yaml").content.decode()
    assert "replicas: 2" in client.get(f"/c/lab/cluster.yaml?at={before}").content.decode()


# -- in another page, and the menu ---------------------------------------------------------------------


def test_an_embedded_picture_can_be_framed_by_this_site_and_offers_no_command(
    lab: Cluster, client: Client
) -> None:
    response = client.get("/c/lab/embed")
    page = response.content.decode()
    policy = response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "form-action 'none'" in policy
    assert "X-Frame-Options" not in response.headers
    assert "hx-" not in page
    assert "csrf" not in page
    assert "web-0" in page


def test_who_else_may_frame_it_is_a_setting_and_other_pages_stay_alone(
    lab: Cluster, client: Client, settings: LazySettings
) -> None:
    settings.EMBED_ANCESTORS = "https://book.example"
    assert (
        "frame-ancestors https://book.example"
        in client.get("/c/lab/embed").headers["Content-Security-Policy"]
    )
    response = client.get("/c/lab/")
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "DENY"


def test_an_embedded_picture_fetches_the_run_it_belongs_to(lab: Cluster, client: Client) -> None:
    at = lab.past.told()[30].revision
    page = client.get(f"/c/lab/embed?at={at}").content.decode()
    address = re.search(r'data-run="([^"]*)"', page)
    assert address is not None
    run = client.get(address[1]).json()
    assert run["steps"][-1]["revision"] == at
    assert f'max="{len(run["steps"]) - 1}"' in page


def test_the_menu_links_to_the_moment_and_the_thing_that_the_page_shows(lab: Cluster, client: Client) -> None:
    at = lab.past.told()[30].revision
    text = client.get(f"/c/lab/sharing?at={at}&what=seat-default-web-0").content.decode()
    assert f"http://testserver/c/lab/?at={at}&amp;what=seat-default-web-0" in text
    assert f"/c/lab/picture.svg?at={at}" in text
    assert f'data-at="{at}"' in client.get(f"/c/lab/?at={at}&what=seat-default-web-0").content.decode()


def test_a_link_to_a_moment_that_is_not_kept_says_so(lab: Cluster, client: Client) -> None:
    response = client.get("/c/lab/?at=999999")
    assert response.status_code == 400
    assert "there is no revision 999999 yet" in response.content.decode()
