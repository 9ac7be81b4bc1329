"""The pages of the past: what they show, what acting there does, and what they refuse in clear words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client

from core.apimachinery.meta import Ref
from core.apiserver import rows
from core.apiserver import store as store_module
from core.cluster import Cluster
from stsviz.pages import timebar
from stsviz.pages.examples import EXAMPLES
from stsviz.pages.stage import look_at
from stsviz.runtime import LAB, forked_name, runtime
from stsviz.urls import websocket_urlpatterns
from tests.stsviz.sites import WEB_0, bereaved_lab, leave_nothing

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/usr/share/nginx/html/index.html"
WAIT = 10.0  # seconds


@pytest.fixture
def lab() -> Iterator[Cluster]:
    """The chapter's cluster after web-0 was deleted and came back; no thread drives it."""
    yield bereaved_lab({PAGE: b"kept"})
    leave_nothing()


def empty_seat(cluster: Cluster) -> int:
    """The revision at which nobody sat in the seat web-0."""
    return next(line.revision for line in cluster.past.lines_of(WEB_0) if line.type == "DELETED")


def text(response: HttpResponse) -> str:
    return response.content.decode()


def at(revision: int) -> dict[str, str]:
    return {"X-Stsviz-At": str(revision)}


def delete(client: Client, revision: int, name: str = "web-0", **values: str) -> HttpResponse:
    form = {"kind": "Pod", "namespace": "default", "name": name, **values}
    return client.post("/c/lab/do/delete", form, headers=at(revision))


# -- looking -----------------------------------------------------------------------------------------------


def test_an_address_shows_the_page_as_it_was(client: Client, lab: Cluster) -> None:
    revision = empty_seat(lab)

    page = text(client.get(f"/c/lab/at/{revision}"))

    assert re.search(r'id="seat-default-web-0" class="seat empty', page)
    assert f"Revision {revision} of" in page
    assert f'"X-Stsviz-At": "{revision}"' in page
    assert "Pod web-0 removed" in page
    assert f"&amp;at={revision}" in page, "the socket must know"
    assert re.search(r'id="seat-default-web-0" class="seat ready', text(client.get("/c/lab/")))


def test_the_timeline_of_the_past_ends_there_and_the_tables_are_of_then(client: Client, lab: Cluster) -> None:
    revision = empty_seat(lab)

    page = text(client.get(f"/c/lab/at/{revision}"))

    lines = [int(number) for number in re.findall(r'<li id="t-(\d+)"', page)]
    assert lines[0] == revision
    assert lines == sorted(lines, reverse=True)
    assert "row_Pod_default_web-1" in page
    assert "row_Pod_default_web-0" not in page


def test_scrubbing_on_sends_only_what_differs(client: Client, lab: Cluster) -> None:
    revision = empty_seat(lab)
    whole = text(client.get("/c/lab/scrub", {"revision": revision}))
    step = text(client.get("/c/lab/scrub", {"revision": revision + 1, "from": revision}))

    assert '<svg hx-swap-oob="outerHTML" id="picture"' in whole
    assert "<svg hx-swap-oob" not in step
    assert "seat-default-web-1" not in step.partition('id="timeline"')[0]
    assert f'data-at="{revision + 1}"' in step


def test_a_place_of_the_time_bar_is_a_write_that_is_worth_telling(client: Client, lab: Cluster) -> None:
    told = lab.past.told()

    moved = text(client.get("/c/lab/scrub", {"place": 7}))

    assert f'data-at="{told[7].revision}" data-place="7"' in moved
    assert not any(line.ref.kind == "Event" for line in told)
    assert f'data-at="{told[-1].revision}"' in text(client.get("/c/lab/scrub", {"place": 99999}))


def test_the_panel_of_the_past_is_of_then_and_so_are_the_bytes(client: Client, lab: Cluster) -> None:
    revision = empty_seat(lab)
    uid = lab.get(WEB_0)["metadata"]["uid"]
    query = {"what": "seat-default-web-0"}

    assert uid in text(client.get("/c/lab/object", query))
    assert uid not in text(client.get("/c/lab/object", query, headers=at(revision)))
    selected = text(client.get("/c/lab/scrub", {"revision": revision, "selected": "seat-default-web-0"}))
    assert '<div hx-swap-oob="outerMorph" id="panel"' in selected

    file = {"kind": "Pod", "namespace": "default", "name": "web-0", "path": PAGE}
    before = lab.past.last_act(revision)[0].revision - 1
    lab.write_file(WEB_0, PAGE, b"rewritten")
    assert "rewritten" in text(client.get("/c/lab/file", file))
    assert "kept" in text(client.get("/c/lab/file", file, headers=at(before)))
    assert client.get("/c/lab/file", file, headers=at(revision)).status_code == 404


@pytest.mark.parametrize(
    "query", [{}, {"revision": "x"}, {"revision": "-3"}, {"place": "x"}, {"from": "x" * 300}]
)
def test_nonsense_means_now(client: Client, lab: Cluster, query: dict[str, str]) -> None:
    assert f'data-at="{lab.revision}"' in text(client.get("/c/lab/scrub", query))


def test_what_is_not_there_yet_or_not_kept_any_more_is_said(
    client: Client, lab: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = client.get("/c/lab/at/99999")
    assert late.status_code == 400
    assert "there is no revision 99999 yet" in text(late)
    monkeypatch.setattr(store_module, "HISTORY", 5)
    monkeypatch.setattr(rows, "SLACK", 5)
    lab.delete(WEB_0)
    gone = client.get("/c/lab/at/3")
    assert gone.status_code == 410
    assert "revision 3 is no longer kept" in text(gone)
    assert client.get("/c/nowhere/at/3").status_code == 404


def test_what_is_taken_out_of_the_past_is_of_then(client: Client, lab: Cluster) -> None:
    revision = empty_seat(lab)

    drawn = text(client.get(f"/c/lab/picture.dot?at={revision}"))
    printed = text(client.get(f"/c/lab/tables.txt?at={revision}"))

    assert drawn != text(client.get("/c/lab/picture.dot"))
    assert "\nweb-1 " in printed
    assert "\nweb-0 " not in printed
    assert "\nweb-0 " in text(client.get("/c/lab/tables.txt"))
    assert client.get("/c/lab/tables.txt?at=99999").status_code == 400


# -- acting ------------------------------------------------------------------------------------------------


def test_who_acts_in_the_past_acts_in_a_fork(client: Client, lab: Cluster) -> None:
    revision = empty_seat(lab)
    before = lab.revision

    answer = delete(client, revision, "web-1")

    assert answer.headers["HX-Redirect"] == "/c/lab-2/"
    assert lab.revision == before
    fork = runtime.cluster("lab-2")
    assert "deletionTimestamp" in fork.get(Ref("Pod", "default", "web-1"))["metadata"]
    assert fork.view.get(*WEB_0) is None
    first, second = (text(client.get("/c/lab-2/")) for _ in range(2))
    assert "kubectl delete pod web-1" in first
    assert "kubectl delete pod web-1" not in second


def test_an_upload_in_the_past_is_applied_in_a_fork(client: Client, lab: Cluster) -> None:
    manifest = EXAMPLES["web"].text.replace("replicas: 2", "replicas: 3")

    answer = client.post("/c/lab/apply", {"text": manifest}, headers=at(empty_seat(lab)))

    assert answer.headers["HX-Redirect"] == "/c/lab-2/"
    sts = Ref("StatefulSet", "default", "web")
    assert (runtime.cluster("lab-2").get(sts)["spec"]["replicas"], lab.get(sts)["spec"]["replicas"]) == (3, 2)


def test_what_is_refused_in_the_past_leaves_no_fork(client: Client, lab: Cluster) -> None:
    revision = empty_seat(lab)

    assert delete(client, revision).status_code == 404, "web-0 is not there then"
    assert delete(client, revision, "web-1", uid="another").status_code == 409
    refused = client.post("/c/lab/apply", {"text": "kind: Nothing"}, headers=at(revision))
    assert "refused" in text(refused)
    assert "HX-Redirect" not in refused.headers
    assert delete(client, 99999).status_code == 400
    assert runtime.names() == [LAB]


def test_the_clock_is_always_that_of_now(client: Client, lab: Cluster) -> None:
    client.post("/c/lab/clock", {"do": "pause"}, headers=at(20))

    assert lab.pace == 0
    assert runtime.names() == [LAB]


def test_going_on_from_a_moment_makes_a_fork_and_so_does_a_fork(client: Client, lab: Cluster) -> None:
    assert client.post("/c/lab/fork", {"revision": 30}).headers["HX-Redirect"] == "/c/lab-2/"
    assert client.post("/c/lab-2/fork", {"revision": 20}).headers["HX-Redirect"] == "/c/lab-3/"
    assert runtime.cluster("lab-3").revision >= 20

    runtime.destroy("lab-2")

    bar = text(client.get("/c/lab-3/timebar"))
    assert "Forked from lab-2 at revision 20; lab-2 is gone" in bar
    assert client.get("/c/lab-3/at/10").status_code == 200


def test_too_many_clusters_are_refused_in_clear_words(
    client: Client, lab: Cluster, settings: LazySettings
) -> None:
    settings.MAX_CLUSTERS = 1

    for answer in (client.post("/c/lab/fork", {"revision": 30}), delete(client, empty_seat(lab), "web-1")):
        assert answer.status_code == 429
        assert "there are 1 clusters already, as many as may be: delete one first" in text(answer)
    assert runtime.names() == [LAB]


@pytest.mark.parametrize(
    ("name", "is_fork", "taken", "found"),
    [
        ("lab", False, [], "lab-2"),
        ("lab", False, ["lab-2", "lab-3"], "lab-4"),
        ("lab-2", True, ["lab-2"], "lab-3"),
        ("node-7", False, [], "node-7-2"),
        ("x" * 63, False, [], "x" * 58 + "-2"),
    ],
)
def test_forks_are_numbered(name: str, is_fork: bool, taken: list[str], found: str) -> None:
    assert forked_name(name, is_fork, taken) == found


def test_undo_goes_to_before_the_last_act_and_again_to_the_one_before(client: Client, lab: Cluster) -> None:
    deleted = lab.past.last_act(lab.revision)[0].revision

    first = text(client.get("/c/lab/scrub", {"before": ""}))
    second = text(client.get("/c/lab/scrub", {"before": deleted - 1, "from": deleted - 1}))

    assert f'data-at="{deleted - 1}"' in first
    assert "Before you did the last thing: Pod web-0 is being deleted." in first
    written = lab.past.last_act(deleted - 1)[0]
    assert written.ref.kind == "VolumeFile"
    assert f'data-at="{written.revision - 1}"' in second
    assert client.get("/c/lab/undo").headers["Location"] == f"/c/lab/at/{deleted - 1}"


def test_where_nobody_has_done_anything_there_is_nothing_to_undo(client: Client, lab: Cluster) -> None:
    runtime.create("fresh")

    answer = client.get("/c/fresh/scrub", {"before": ""})

    assert answer.status_code == 404
    assert "Nobody has done anything before this" in text(answer)


# -- the time bar, lanes and comparison --------------------------------------------------------------------


def test_the_time_bar_is_sent_only_when_it_is_another(client: Client, lab: Cluster) -> None:
    bar = text(client.get("/c/lab/timebar"))
    seen = re.search(r'data-seen="([^"]+)"', bar)
    assert seen

    assert client.get("/c/lab/timebar", {"seen": seen[1]}).status_code == 204
    lab.delete(WEB_0)
    assert client.get("/c/lab/timebar", {"seen": seen[1]}).status_code == 200


def test_a_fork_shows_the_branch_it_left(client: Client, lab: Cluster) -> None:
    runtime.fork(LAB, 60)

    bar = text(client.get("/c/lab-2/timebar"))

    assert '<g class="left">' in bar
    assert "after revision 60" in bar
    assert 'class="left"' not in text(client.get("/c/lab/timebar"))


def test_ten_thousand_revisions_are_drawn_as_a_hundred_are() -> None:
    few = timebar.paths([list(timebar._runs(range(0, 500, 5)))] * len(timebar.LANES), 0, 6)
    many = timebar.paths([list(timebar._runs(range(500)))] * len(timebar.LANES), 0, 6)

    assert sum(len(path) for _, path in many) < sum(len(path) for _, path in few)


def test_lanes_show_two_lives_of_web_0_and_one_of_its_claim(client: Client, lab: Cluster) -> None:
    page = text(client.get("/c/lab/lanes"))

    lives = re.findall(r'class="life (\w+)" role="img" aria-label="\w+ (\S+)', page)
    assert lives.count(("pod", "web-0")) == 2
    assert lives.count(("pod", "web-1")) == 1
    assert lives.count(("claim", "www-web-0")) == 1
    assert "<!doctype html>" in page
    assert "<!doctype html>" not in text(client.get("/c/lab/lanes", headers={"HX-Request": "true"}))


def test_lanes_say_what_they_leave_out(client: Client, lab: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stsviz.pages.lanes.MOST", 1)

    page = text(client.get("/c/lab/lanes?set=default/web"))

    assert "1 ordinals are shown, 1 are left out: each of these has had one Pod only." in page
    assert "Pod web-0" in page
    assert "Pod web-1" not in page


def test_lanes_of_a_cluster_without_a_set_say_so(client: Client, lab: Cluster) -> None:
    runtime.create("fresh")

    assert "There has been no StatefulSet here" in text(client.get("/c/fresh/lanes"))


def test_compared_are_at_first_the_moment_before_the_last_act_and_now(client: Client, lab: Cluster) -> None:
    page = text(client.get("/c/lab/compare"))

    assert "web-0: name, DNS name, claim, volume and bytes survived; uid" in page
    assert "1 seat is as it was" in page


def test_who_is_in_the_past_compares_that_moment_with_now(client: Client, lab: Cluster) -> None:
    revision = empty_seat(lab)

    page = text(client.get("/c/lab/compare", headers=at(revision)))

    assert f'href="/c/lab/at/{revision}"' in page
    assert f'href="/c/lab/at/{lab.revision}"' in page
    assert "web-0: name, DNS name, claim, volume and bytes survived; uid, IP, node" in page


def test_a_fork_is_compared_with_its_origin(client: Client, lab: Cluster) -> None:
    runtime.fork(LAB, empty_seat(lab))

    page = text(client.get("/c/lab-2/compare"))

    assert re.search(r'name="a_in".*<option selected>lab</option>', page)
    assert re.search(r'name="b_in".*<option selected>lab-2</option>', page)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"a": "x", "b": "1"}, "is no revision"),
        ({"a": "1", "b": "99999"}, "there is no revision 99999 yet"),
        ({"a": "1", "a_in": "nowhere", "b": "1"}, "there is no cluster nowhere"),
    ],
)
def test_a_comparison_of_what_is_not_there_is_refused(
    client: Client, lab: Cluster, query: dict[str, str], says: str
) -> None:
    answer = client.get("/c/lab/compare", query)

    assert answer.status_code == 400
    assert says in text(answer)


def test_the_clock_goes_to_the_next_event(client: Client, lab: Cluster) -> None:
    assert "No Event comes within a minute" in text(client.post("/c/lab/clock", {"do": "event"}))
    lab.delete(WEB_0)
    before = lab.revision
    assert client.post("/c/lab/clock", {"do": "event"}).status_code == 204
    assert lab.changes_since(before)[-1].ref.kind == "Event"


# -- the socket --------------------------------------------------------------------------------------------


async def test_a_viewer_in_the_past_hears_how_far_the_cluster_is_and_gets_all_on_coming_back(
    lab: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime.audience, "look", look_at)
    viewer = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/c/lab?at=30")
    assert (await viewer.connect(WAIT))[0]
    assert (await viewer.receive_from(WAIT)).startswith(f'<data id="head" value="{lab.revision}"')
    await sync_to_async(lab.delete)(WEB_0)
    await sync_to_async(runtime.audience.show)(LAB, asyncio.get_running_loop())
    news = await viewer.receive_from(WAIT)
    assert f'value="{lab.revision}"' in news
    assert "seat-default-web-0" not in news

    await viewer.send_to('{"at": ""}')

    assert '<svg hx-swap-oob="outerHTML" id="picture"' in await viewer.receive_from(WAIT)
    await viewer.disconnect()
