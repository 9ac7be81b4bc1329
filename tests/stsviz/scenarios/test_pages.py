"""Scenarios on the page: the menu, links, uploads, the strip's buttons; what is bad is refused in words."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from stsviz.pages import stage
from stsviz.pages.strip import strip
from stsviz.runtime import LAB, runtime
from stsviz.scenarios import library
from stsviz.scenarios.format import Scenario
from stsviz.story import Phase, Story
from tests.stsviz.scenarios.cast import SMALL

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = re.findall(
    r"^\| (\d+) \|[^|]*\| `/scenarios/([\w-]+)\?beat=(\d+)`",
    (Path(__file__).parents[3] / "docs" / "misconceptions.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.fixture(autouse=True)
def site(settings: Any, tmp_path: Path) -> Iterator[None]:
    """A site that no thread drives, with a data folder of its own."""
    settings.DATA = tmp_path
    runtime.create(LAB)
    yield
    for name in runtime.names():
        runtime.destroy(name)
    stage._stages.clear()


def story_of(key: str) -> Story:
    story = runtime.driver(key).story
    assert story is not None
    return story


def drive(key: str, phase: Phase) -> Story:
    """Let the driver take turns until the story's beat is so far."""
    driver, story = runtime.driver(key), story_of(key)
    story._reading = 0.0
    driver.cluster.set_pace(1000.0, "lesson")
    for _ in range(20_000):
        if story.phase is phase and not story.hurries:
            return story
        driver._next_beat = 0.0
        driver.turn()
    raise AssertionError(f"{key}: beat {story.at + 1} is {story.phase}: {story.failed}")


def shown(key: str) -> str:
    """Return the strip's text, in English."""
    english = re.sub(r'<span lang="zh-Hans">.*?</span>', "", strip(runtime.driver(key), empty=False))
    return html.unescape(re.sub(r"<[^>]+>", "", english))


def upload(client: Client, name: str, text: str) -> Any:
    return client.post("/scenarios", {"file": SimpleUploadedFile(name, text.encode())})


@pytest.mark.parametrize(("number", "key", "beat"), ROWS, ids=[row[0] for row in ROWS])
def test_a_misconception_is_refuted_in_three_gestures(
    client: Client, number: str, key: str, beat: str
) -> None:
    assert f'name="beat" value="{beat}"' in client.get("/scenarios").content.decode()  # open the menu
    client.post(f"/scenarios/{key}/start", {"beat": beat})  # press the line in quotes
    told = story_of(key).beats[int(beat) - 1]
    if told.ask is None:
        drive(key, Phase.BEGUN)
        assert told.say.en in shown(key)
        return
    drive(key, Phase.ASKING)
    assert told.ask.say.en in shown(key)
    client.post(f"/scenarios/{key}/tell", {"do": "answer", "answer": "0"})  # answer
    drive(key, Phase.OVER)
    text = shown(key)
    assert told.say.en in text
    assert told.ask.why.en in text
    assert ("You were right." in text) != ("Not so:" in text)


def test_the_menu_lists_them_with_what_they_refute(client: Client) -> None:
    menu = client.get("/scenarios").content.decode()
    for scenario in library.shipped().values():
        assert html.escape(scenario.title.en) in menu
        assert scenario.title.zh in menu
    assert menu.count('class="belief"') >= 22


def test_a_link_makes_the_cluster_and_opens_it_at_a_beat(client: Client) -> None:
    answer = client.get("/scenarios/09-nameless-pods?beat=2")
    assert answer["Location"] == "/c/09-nameless-pods/"
    assert drive("09-nameless-pods", Phase.OVER).at >= 1


def test_a_link_to_a_cluster_that_is_there_touches_nothing_unasked(client: Client) -> None:
    client.get("/scenarios/09-nameless-pods")
    before = runtime.driver("09-nameless-pods")
    assert client.get("/scenarios/09-nameless-pods").status_code == 302
    page = client.get("/scenarios/09-nameless-pods?beat=3")
    assert "Make it anew, at beat" in page.content.decode()
    assert runtime.driver("09-nameless-pods") is before


@pytest.mark.parametrize("beat", ["0", "-1", "99999", "two", "１", "1e9", ""])
def test_a_beat_that_is_none_opens_one_that_is(client: Client, beat: str) -> None:
    assert client.get("/scenarios/09-nameless-pods", {"beat": beat}).status_code == 302
    assert 0 <= story_of("09-nameless-pods")._goal < 3


@pytest.mark.parametrize(
    "address",
    [
        "/scenarios/99-nothing",
        "/scenarios/own-nothing",
        "/scenario?load=nothing",
        "/scenario?load=../../etc/passwd",
        "/scenario?load=https://example.com/x.yaml",
        "/scenario?load=",
        "/scenario",
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "There is no" in answer.content.decode()
    assert runtime.names() == [LAB]


def test_an_image_of_another_site_makes_no_cluster(client: Client) -> None:
    answer = client.get("/scenarios/09-nameless-pods", headers={"Sec-Fetch-Dest": "image"})
    assert answer.status_code == 400
    assert runtime.names() == [LAB]


def test_a_file_of_ones_own_is_kept_told_and_listed(client: Client) -> None:
    answer = upload(client, "Mein Fall.yaml", SMALL)
    assert answer["HX-Redirect"] == "/c/own-mein-fall/"
    assert (library.folder() / "mein-fall.yaml").read_text(encoding="utf-8") == SMALL
    assert "A claim" in client.get("/scenarios").content.decode()
    assert client.get("/scenario?load=mein-fall")["Location"] == "/scenarios/own-mein-fall"
    assert client.get("/scenario?load=mein-fall.yaml&beat=2")["Location"] == "/scenarios/own-mein-fall?beat=2"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.yaml", "title: x", "beats is missing"),
        ("a.yaml", SMALL.replace("delete: pvc/data", "rm: pvc/data"), "unknown action"),
        ("a.yaml", "<script>alert(1)</script>", "a mapping is expected here"),
        ("<b>.yaml", SMALL.replace("title:", "<script>:"), "&lt;script&gt;"),
        ("../../x.yaml", "a: [", "error converting YAML"),
        ("…….yaml", SMALL, "no letter from a to z"),
    ],
)
def test_a_file_that_is_no_scenario_changes_nothing(client: Client, name: str, text: str, says: str) -> None:
    answer = upload(client, name, text).content.decode()
    assert says in answer
    assert "nothing was changed" in answer
    assert "<script>" not in answer
    assert runtime.names() == [LAB]
    assert library.own() == []


def test_a_file_that_went_bad_on_the_disk_is_listed_with_its_faults(client: Client) -> None:
    library.folder().mkdir()
    (library.folder() / "bad.yaml").write_text("title: x", encoding="utf-8")
    assert "beats is missing" in client.get("/scenarios").content.decode()
    answer = client.get("/scenarios/own-bad")
    assert answer.status_code == 422
    assert "line 1" in answer.content.decode()


def test_no_more_clusters_are_made_than_may_be(client: Client, settings: Any) -> None:
    settings.MAX_CLUSTERS = 1
    assert client.post("/scenarios/09-nameless-pods/start", headers={"HX-Request": "true"}).status_code == 409
    assert client.get("/scenarios/09-nameless-pods").status_code == 409
    assert upload(client, "a.yaml", SMALL).status_code == 409
    assert runtime.names() == [LAB]


def test_the_strips_buttons(client: Client) -> None:
    upload(client, "s.yaml", SMALL)
    key = "own-s"

    def press(**what: str) -> int:
        return client.post(f"/scenarios/{key}/tell", what).status_code

    assert press(do="wait") == 204
    assert drive(key, Phase.OVER).at == 0
    assert press(do="next") == 204
    story = drive(key, Phase.ASKING)
    assert (story.at, story.plays) == (1, False)
    assert press(do="back") == 204
    assert story_of(key) is not story
    assert (story_of(key).at, story_of(key).plays) == (0, False)
    assert press(do="go", beat="3") == 204
    assert drive(key, Phase.OVER).at == 2
    assert press(do="dance") == 400
    assert press(do="leave") == 204
    assert "You have left the scenario" in shown(key)
    assert press(do="again") == 204
    assert drive(key, Phase.BEGUN).at == 2
    assert press(do="close") == 204
    assert press(do="next") == 409
    assert client.post("/scenarios/09-nameless-pods/tell", {"do": "next"}).status_code == 404


def test_a_cluster_whose_story_was_forgotten_offers_to_begin_again(client: Client) -> None:
    client.post("/scenarios/09-nameless-pods/start")
    runtime.driver("09-nameless-pods").story = None  # as after a restart of the server
    assert "This cluster was made for the scenario Nameless Pods." in shown("09-nameless-pods")


@pytest.mark.parametrize(
    ("accepts", "cookie", "language"),
    [
        ("", "", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "", "zh"),
        ("fr-FR, en;q=0.4, zh;q=0.3", "", "en"),
        ("zh;q=0, en;q=0.1", "", "en"),
        ("zh;q=x", "", "en"),
        ("zh-CN", "en", "en"),
        ("en", "zh", "zh"),
        ("zh", "<script>", "zh"),
    ],
)
def test_the_cookie_decides_the_language_and_else_the_browser(
    client: Client, accepts: str, cookie: str, language: str
) -> None:
    if cookie:
        client.cookies["stsviz-words"] = cookie
    page = client.get("/c/lab/", headers={"Accept-Language": accepts}).content.decode()
    assert f'data-words="{language}"' in page


def test_what_is_written_in_a_file_is_text_on_the_page(client: Client) -> None:
    evil = "<img src=x onerror=alert(1)>"
    upload(client, "evil.yaml", SMALL.replace("A claim waits.", evil).replace("一个 claim 在等。", evil))
    drive("own-evil", Phase.ASKING)
    page = client.get("/c/own-evil/").content.decode()
    assert evil not in page
    assert isinstance(library.find("own-evil"), Scenario)


def test_the_form_holds_what_the_scenario_applies(client: Client) -> None:
    client.get("/scenarios/09-nameless-pods")
    page = html.unescape(client.get("/c/09-nameless-pods/").content.decode())
    assert "# web.yaml\napiVersion: apps/v1\nkind: StatefulSet" in page
    assert "What this scenario applies" in page
    assert "What this scenario applies" not in client.get("/c/lab/").content.decode()
