"""Two clusters side by side: one clock, what is done to both, and ids that do not collide."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client

from core.apimachinery.errors import BadRequest
from core.apimachinery.meta import Ref
from stsviz.driver import Driver
from stsviz.pages.apart import apart
from stsviz.pairs import Pair, labels, make, pairs
from stsviz.runtime import LAB, runtime
from stsviz.tie import Tie, tie
from tests.stsviz.sites import leave_nothing

pytestmark = pytest.mark.django_db(transaction=True)
A, B = "pair-statefulset", "pair-deployment"
KEY = "1-statefulset-and-deployment"
SIDE = f"/side/{A}/{B}"
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    runtime.create(LAB)
    yield
    leave_nothing()


@pytest.fixture
def both(client: Client) -> tuple[Driver, Driver]:
    """The first pair, paused; no thread drives it."""
    client.post(f"/pairs/{KEY}/start")
    drivers = runtime.driver(A), runtime.driver(B)
    clock(client, "pause")
    return drivers


def clock(client: Client, do: str, of: str = A, **more: str) -> HttpResponse:
    return client.post(f"/c/{of}/clock", {"do": do, **more})


def since_start(driver: Driver) -> float:
    return float(driver.cluster.now - driver.cluster.started)


def settle(client: Client, both: tuple[Driver, Driver]) -> None:
    clock(client, "settle")
    for _ in range(3000):
        both[0].turn()
        if not both[0].settling:
            return
    pytest.fail("they do not come to rest")


def text(response: HttpResponse) -> str:
    return re.sub(" +", " ", html.unescape(re.sub(r"<[^>]+>|\s+", " ", response.content.decode())))


# -- pairs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", pairs().values(), ids=lambda pair: pair.key)
def test_both_worlds_of_a_pair_begin_alike_and_come_up(pair: Pair) -> None:
    made = [make(pair, side) for side in pair.sides]

    assert made[0].now - made[0].started == made[1].now - made[1].started
    assert [node["metadata"]["uid"] for node in made[0].view.list("Node")] == [
        node["metadata"]["uid"] for node in made[1].view.list("Node")
    ]
    for side, cluster in zip(pair.sides, made, strict=True):
        cluster.settle()
        assert {pod["status"]["phase"] for pod in cluster.view.list("Pod")} == {"Running"}
        assert labels()[side.cluster] == side.label
        cluster.destroy()


def test_a_pair_is_started_anew_each_time(client: Client, both: tuple[Driver, Driver]) -> None:
    settle(client, both)

    answer = client.post(f"/pairs/{KEY}/start", headers=FRAGMENT)

    assert answer.headers["HX-Redirect"] == SIDE
    assert not runtime.cluster(A).view.list("Pod")
    assert both[1].tie is None, "the clusters of before are gone, and their tie"


# -- one clock ---------------------------------------------------------------------------------------------


def test_a_step_brings_both_to_the_earlier_of_the_next_decisions(
    client: Client, both: tuple[Driver, Driver]
) -> None:
    first, second = both
    for of in (A, B, A, B, A, B, A, B) * 4:
        before = first.cluster.revision + second.cluster.revision
        assert clock(client, "step", of).status_code == 204
        assert first.cluster.revision + second.cluster.revision > before
        assert since_start(first) == pytest.approx(since_start(second), abs=1e-4)
    assert first.cluster.view.list("Pod")
    assert second.cluster.view.list("Pod")


def test_while_time_passes_both_are_at_the_same_time_whenever_they_are_shown(
    client: Client, both: tuple[Driver, Driver], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = both
    shown: list[tuple[float, float]] = []
    monkeypatch.setattr(
        first, "_announce", lambda name, r: shown.append((since_start(first), since_start(second)))
    )
    monkeypatch.setattr(
        second, "_announce", lambda name, r: shown.append((since_start(first), since_start(second)))
    )
    clock(client, "play", pace="2")
    began = since_start(first)

    for _ in range(100_000):
        if len(shown) > 8:
            break
        first.turn()
        second.turn()

    assert since_start(first) > began + 5
    assert len(shown) > 4
    assert all(one == pytest.approx(other, abs=1e-4) for one, other in shown)
    assert first.cluster.pace == second.cluster.pace == 100


def test_both_settle_and_stand_at_the_same_time(client: Client, both: tuple[Driver, Driver]) -> None:
    settle(client, both)

    for driver in both:
        assert [pod["status"]["phase"] for pod in driver.cluster.view.list("Pod")] == ["Running"] * 2
    assert since_start(both[0]) == pytest.approx(since_start(both[1]), abs=1e-4)
    assert since_start(both[0]) < 75


def test_pause_pace_and_mode_are_those_of_both_whichever_is_asked(
    client: Client, both: tuple[Driver, Driver]
) -> None:
    clock(client, "play", B, pace="1")
    assert [driver.cluster.pace for driver in both] == [10, 10]
    clock(client, "lesson", B)
    assert [driver.cluster.mode for driver in both] == ["lesson", "lesson"]
    clock(client, "pause", A)
    assert [driver.cluster.pace for driver in both] == [0, 0]
    assert clock(client, "event", B).status_code == 204
    assert since_start(both[0]) == pytest.approx(since_start(both[1]), abs=1e-4)
    assert clock(client, "fly").status_code == 400
    assert clock(client, "play", pace="x").status_code == 400


def test_a_cluster_that_is_deleted_lets_the_other_go(client: Client, both: tuple[Driver, Driver]) -> None:
    client.post(f"/c/{A}/destroy")

    assert both[1].tie is None
    assert both[1].turn() > 0
    assert clock(client, "step", B).status_code == 204
    assert client.get(SIDE).status_code == 404


def test_who_stands_beside_another_leaves_the_first(both: tuple[Driver, Driver]) -> None:
    lab = runtime.driver(LAB)

    tied = tie(both[0], lab)

    assert both[1].tie is None
    assert tie(lab, both[0]) is tied
    with pytest.raises(BadRequest):
        Tie(lab, lab)


# -- done to both ------------------------------------------------------------------------------------------


def test_a_deletion_in_both_leaves_the_seat_its_name_and_gives_the_deployment_a_stranger(
    client: Client, both: tuple[Driver, Driver]
) -> None:
    settle(client, both)
    first, second = (driver.cluster for driver in both)
    before = {pod["metadata"]["name"] for pod in second.view.list("Pod")}
    offered = text(client.get(f"{SIDE}/both"))

    done = client.post(f"{SIDE}/do/delete", {"thing": "Pod/default/web/0"})

    assert "kubectl delete pod web-0 kubectl delete pod web-" in offered
    assert text(done).count(" deleted") == 2
    settle(client, both)
    after = {pod["metadata"]["name"] for pod in second.view.list("Pod")}
    assert {pod["metadata"]["name"] for pod in first.view.list("Pod")} == {"web-0", "web-1"}
    assert len(after - before) == 1
    assert len(after & before) == 1
    said = text(client.get(f"{SIDE}/survived"))
    assert "web-0: name, DNS name, claim, volume and bytes survived" in said
    assert "Pods without a seat: 1 stayed, 1 gone, 1 new, under other names." in said
    assert first.get(Ref("Pod", "default", "web-0"))


def test_what_is_not_in_both_is_refused_in_words(client: Client, both: tuple[Driver, Driver]) -> None:
    settle(client, both)

    refused = client.post(f"{SIDE}/do/delete", {"thing": "PersistentVolumeClaim/default/www-web-0"})
    unknown = client.post(f"{SIDE}/do/fly", {"thing": "set/default/web"})
    half = client.post(f"{SIDE}/do/scale", {"thing": "set/default/web", "answer": "many"})

    assert refused.status_code == unknown.status_code == half.status_code == 409
    assert "not in both clusters" in text(refused)
    assert 'there is no command "fly"' in text(unknown)
    assert text(half).count("is not a number") == 2


def test_who_has_a_part_gets_it_again_only_when_it_is_another(
    client: Client, both: tuple[Driver, Driver]
) -> None:
    for part in ("both", "survived"):
        page = client.get(f"{SIDE}/{part}", headers=FRAGMENT).content.decode()
        url = html.unescape(re.search(r'data-fresh="([^"]+)"', page)[1])
        assert client.get(url).status_code == 204
    settle(client, both)
    assert client.get(url).status_code == 200


# -- the page ----------------------------------------------------------------------------------------------


def test_no_id_is_there_twice(client: Client, both: tuple[Driver, Driver]) -> None:
    settle(client, both)

    page = client.get(SIDE).content.decode()

    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {"a-picture", "b-picture", "a-seat-default-web-0", "a-rows-Pod", "b-rows-Pod"} <= set(ids)
    assert 'data-select="seat-default-web-0"' in page


def test_a_panel_of_a_half_has_the_ids_of_that_half(client: Client, both: tuple[Driver, Driver]) -> None:
    settle(client, both)

    panel = client.get(f"/c/{A}/object/b", {"what": "seat-default-web-0"}).content.decode()

    assert panel.startswith('<div id="b-panel" data-element="seat-default-web-0">')
    assert 'hx-target="#said"' in panel
    assert 'hx-target="#b-said"' not in panel


def test_messages_are_put_apart_and_text_is_left_alone() -> None:
    message = (
        '<svg><g hx-swap-oob="outerMorph" id="seat-x" class="seat"/>'
        '<g hx-swap-oob="beforeend:#picture"></g></svg>'
        "<ol hx-swap-oob=\"afterend:[id='row_Pod_x_y']\"><li>id=&quot;row&quot; #picture</li></ol>"
    )

    assert apart(message, "b") == (
        '<svg><g hx-swap-oob="outerMorph" id="b-seat-x" data-select="seat-x" class="seat"/>'
        '<g hx-swap-oob="beforeend:#b-picture"></g></svg>'
        "<ol hx-swap-oob=\"afterend:[id='b-row_Pod_x_y']\"><li>id=&quot;row&quot; #picture</li></ol>"
    )
    assert apart(message, "") == message
    assert apart(message, "x") == message


def test_a_fork_is_offered_beside_its_origin(client: Client) -> None:
    fork = runtime.fork(LAB, runtime.cluster(LAB).revision)

    menu = client.get(f"/pairs/of/{fork.name}").content.decode()

    assert "<option selected>lab</option>" in menu
    assert client.get("/side", {"a": fork.name, "b": LAB}).headers["Location"] == f"/side/{fork.name}/lab"
    assert client.get(f"/side/{fork.name}/lab").status_code == 200
    assert client.get("/side/lab/lab").status_code == 404
    assert client.get("/side/lab/nobody").status_code == 404
    assert client.post("/pairs/no-such/start").status_code == 404


def test_a_page_in_a_frame_ties_nothing(client: Client) -> None:
    other = runtime.create("other")

    client.get("/side/lab/other", headers={"Sec-Fetch-Dest": "image"})
    assert runtime.driver(other.name).tie is None
    client.get("/side/lab/other", headers={"Sec-Fetch-Dest": "document"})
    assert runtime.driver(other.name).tie is not None
