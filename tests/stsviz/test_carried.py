"""A link that carries a run makes the same run; one that is cut, changed or of another version says so."""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz import recipe
from stsviz.pages import carried
from stsviz.pages.carried import Unreadable, pack, unpack
from stsviz.recipe import Recipe, Uncarried, difference, recipe_of
from stsviz.runtime import LAB, runtime
from tests.stsviz.sites import WEB_0, bereaved_lab, leave_nothing

pytestmark = pytest.mark.django_db(transaction=True)
WEB = Ref("StatefulSet", "default", "web")
PAGE = "/usr/share/nginx/html/index.html"


@pytest.fixture
def lab() -> Iterator[Cluster]:
    """A cluster in which somebody did one thing of each kind; no thread drives it."""
    cluster = bereaved_lab({PAGE: b"kept"})
    cluster.scale(WEB, 3)
    cluster.settle()
    cluster.patch(WEB, {"metadata": {"labels": {"a": "b"}}})
    cluster.delete(Ref("Pod", "default", "web-1"), 0)
    cluster.settle()
    yield cluster
    leave_nothing()


def link(client: Client, query: str = "") -> str:
    text = client.get(f"/c/lab/sharing{query}").content.decode()
    found = re.search(r"<code>(http://testserver/run\?run=[^<]*)</code>", text)
    assert found is not None, text
    return html.unescape(found[1])


def run_in(address: str) -> str:
    return parse_qs(urlsplit(address).query)["run"][0]


def identity(cluster: Cluster) -> set[tuple[str, str, str]]:
    kinds = ("Pod", "PersistentVolumeClaim", "PersistentVolume", "StatefulSet")
    return {(k, o["metadata"]["name"], o["metadata"]["uid"]) for k in kinds for o in cluster.view.list(k)}


def test_the_run_is_played_anew_and_is_the_same_to_the_uid(lab: Cluster, client: Client) -> None:
    address = link(client)
    assert len(address) <= 2000
    description = client.get(address).content.decode()
    assert "This link carries a run:" in description
    assert "StatefulSet web" in description
    assert runtime.names() == [LAB]  # to look at a link makes nothing

    response = client.post("/run", {"run": run_in(address)})
    assert response.status_code == 302, response.content.decode()
    assert response.headers["Location"] == "/c/shared/"
    made = runtime.cluster("shared")
    assert identity(made) == identity(lab)
    assert made.pace == 0
    assert made.read_file(Ref("Pod", "default", "web-0"), PAGE) == b"kept"
    assert "paused at its end" in client.get("/c/shared/").content.decode()


def test_a_link_of_a_moment_carries_the_run_up_to_it(lab: Cluster, client: Client) -> None:
    at = next(line.revision for line in lab.past.lines_of(WEB_0) if line.type == "DELETED")
    client.post("/run", {"run": run_in(link(client, f"?at={at}"))})
    made = runtime.cluster("shared")
    assert made.view.get(*WEB_0) is None
    assert identity(made) == {
        (k, o["metadata"]["name"], o["metadata"]["uid"])
        for k in ("Pod", "PersistentVolumeClaim", "PersistentVolume", "StatefulSet")
        for o in lab.past.at(at).view.list(k)
    }


def test_a_run_that_comes_out_otherwise_is_said_to(lab: Cluster, client: Client) -> None:
    other = recipe_of(lab, lab.past.last)
    other.mark = "00000000"
    client.post("/run", {"run": pack(other)})
    assert "came out otherwise" in client.get("/c/shared/").content.decode()


def test_a_run_that_is_too_long_for_a_link_says_so_and_points_to_storing(
    lab: Cluster, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carried, "LONGEST_LINK", 100)
    text = client.get("/c/lab/sharing").content.decode()
    assert re.search(r"would have \d+ characters, and 100 is the most\. Store it instead\.", text)


def test_a_fork_has_no_recipe(lab: Cluster, client: Client) -> None:
    fork = runtime.fork(LAB, lab.past.last)
    with pytest.raises(Uncarried, match="it goes on from another run"):
        recipe_of(fork, fork.past.last)
    text = client.get(f"/c/{fork.name}/sharing").content.decode()
    assert "No link can carry this run: it goes on from another run. Store it instead." in text


def test_too_many_acts_are_not_carried(lab: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "MOST_ACTS", 3)
    with pytest.raises(Uncarried, match=r"it has \d+ acts, and 3 is the most"):
        recipe_of(lab, lab.past.last)


GOOD = pack(
    Recipe(seed=1, start=1.8e9, end=9.0, acts=[[1.0, "delete", "Pod", "default", "a", None, "Background"]])
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "This link carries no run"),
        ("nonsense", "This link carries no run"),
        (GOOD[: len(GOOD) // 2], "not whole"),
        (GOOD[:-1], "not whole"),
        (GOOD[:30] + ("A" if GOOD[30] != "A" else "B") + GOOD[31:], "not whole"),
        ("1.", "not whole"),
        ("1.é", "not whole"),
        ("2." + GOOD[2:], "This link is of version 2, and this program reads version 1."),
    ],
)
def test_a_link_that_cannot_be_read_says_why_and_makes_nothing(
    lab: Cluster, client: Client, text: str, said: str
) -> None:
    for response in (client.get("/run", {"run": text}), client.post("/run", {"run": text})):
        assert response.status_code == 400
        assert said in response.content.decode()
    assert runtime.names() == [LAB]


def packed(data: bytes) -> str:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, carried.WORDS)
    whole = zlib.crc32(data).to_bytes(4, "big") + deflate.compress(data) + deflate.flush()
    return "1." + carried.base64.urlsafe_b64encode(whole).decode().rstrip("=")


@pytest.mark.parametrize(
    "data",
    [
        *(b"[]", b"{}", b"null", b"1", b'{"seed": 1}', b"{", b'{"seed":1,"start":1e9,"end":1,"else":2}'),
        b'{"seed":"1","start":1e9,"end":1}',
        b'{"seed":1,"start":1e9,"end":1e99}',
        b'{"seed":1,"start":1e9,"end":1,"nodes":1000000}',
        b'{"seed":1,"start":1e9,"end":1,"settings":{"max_pods":"x"}}',
        b'{"seed":1,"start":1e9,"end":1,"settings":{"nothing":1}}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[[0,"explode"]]}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[[9,"apply",{}]]}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[[0,"apply"]]}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[[0,"write",1,2,3]]}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[0]}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[[0,"delete","Nonsense","default","a",null,"Background"]]}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[[0,"delete","Pod","default","a",true,"Background"]]}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[[0,"delete","VolumeFile","default","a",0,"Background"]]}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[[0,"patch","Node","","node-1",{"metadata":null}]]}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[[0,"patch","Node","","node-1",{"metadata":{"name":null}}]]}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[[0,"patch","Node","","node-1",{"status":5}]]}',
        b'{"seed":1,"start":1e9,"end":1,"acts":[[0,"apply",' + b'{"a":' * 600 + b"1" + b"}" * 600 + b"]]}",
        b'{"seed":1,"start":1e9,"end":1,"acts":{"a":1}}',
        b'{"seed":18446744073709551615,"start":1e9,"end":1}',
        b'{"seed":-1,"start":1e9,"end":1}',
        b'{"seed":1,"start":1e9,"end":1,"settings":[]}',
        b'{"seed":1,"start":1e9,"end":1,"settings":"x"}',
        b'{"seed":1,"start":1e9,"end":1,"settings":{"service_cidr":"x"}}',
        b'{"seed":1,"start":1e9,"end":1,"settings":{"node_monitor_period":1e-9}}',
        b'{"seed":1,"start":1e9,"end":1,"settings":{"watch_lag":-1.0}}',
        b'{"seed":1,"start":1e9,"end":1,"settings":{"watch_lag_of":"x"}}',
        b'{"seed":1,"start":1e9,"end":1,"settings":{"queue_order":"x"}}',
    ],
)
def test_what_is_whole_but_no_run_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable, match="something that is no run"):
        unpack(packed(data))


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(Unreadable, match="not whole"):
        unpack(packed(b" " * 10_000_000))


@pytest.mark.parametrize(
    "act",
    [
        [0, "apply", {"kind": "Pod"}],
        [0, "apply", {"apiVersion": "v1", "kind": "Nonsense", "metadata": {"name": "a"}}],
        [0, "delete", "Pod", "default", "nobody", None, "Background"],
        [0, "patch", "Pod", "default", "nobody", {}],
        [0, "write", "nowhere", "/a", "b"],
        [0, "patch", "Node", "", "node-1", {"spec": [1]}],
        [0, "patch", "Node", "", "node-1", {"metadata": {"labels": {"a": 5}}}],
        [0, "patch", "Node", "", "node-1", {"zork": 5}],
    ],
)
def test_a_run_that_cannot_be_played_leaves_nothing_behind(
    lab: Cluster, client: Client, act: list[object]
) -> None:
    response = client.post("/run", {"run": pack(Recipe(seed=1, start=1.8e9, end=9.0, acts=[act]))})
    assert response.status_code == 422
    assert "This run cannot be played here:" in response.content.decode()
    assert runtime.names() == [LAB]


@pytest.mark.parametrize("metadata", [5, "x", [1], {"name": [1]}, {"name": "</script><svg onload=alert(1)>"}])
def test_what_a_link_would_do_is_told_whatever_it_holds(
    lab: Cluster, client: Client, metadata: object
) -> None:
    run = pack(
        Recipe(seed=1, start=1.8e9, end=9.0, acts=[[0, "apply", {"kind": "Pod", "metadata": metadata}]])
    )
    page = client.get("/run", {"run": run})
    assert page.status_code == 200
    assert "<svg onload" not in page.content.decode()
    assert client.post("/run", {"run": run}).status_code == 422
    assert runtime.names() == [LAB]


def test_a_run_that_takes_too_long_is_given_up(
    lab: Cluster, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "PATIENCE", 0.0)
    response = client.post("/run", {"run": run_in(link(client))})
    assert response.status_code == 422
    assert "takes more than 0 s to play" in response.content.decode()
    assert runtime.names() == [LAB]


def test_no_more_clusters_are_made_than_may_be(lab: Cluster, client: Client, settings: LazySettings) -> None:
    settings.MAX_CLUSTERS = 1
    assert client.post("/run", {"run": GOOD}).status_code == 409


def test_the_difference_of_two_objects_is_a_merge_patch() -> None:
    old = {"a": {"b": 1, "c": [1]}, "d": 2, "gone": 1}
    assert difference(old, {"a": {"b": 1, "c": [2]}, "d": 2}) == {"a": {"c": [2]}, "gone": None}
    assert difference(old, old) == {}
