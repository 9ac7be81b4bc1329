"""A viewer's socket: what is drawn goes out at once, and whatever happens to the cluster is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from core.cluster import Cluster
from stsviz.pages import stage as stages
from stsviz.pages.examples import EXAMPLES
from stsviz.pages.stage import Stage, look_at, stage_of
from stsviz.runtime import LAB, runtime
from stsviz.urls import websocket_urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)
WAIT = 10.0  # seconds


@pytest.fixture
def lab() -> Iterator[Cluster]:
    yield runtime.create(LAB)
    if LAB in runtime.names():
        runtime.destroy(LAB)
    stages._stages.clear()


@pytest.fixture
async def viewer(lab: Cluster, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WebsocketCommunicator]:
    """A page that has just got all there is."""
    monkeypatch.setattr(runtime.audience, "look", look_at)
    viewer = WebsocketCommunicator(URLRouter(websocket_urlpatterns), f"/ws/c/{LAB}")
    assert (await viewer.connect(WAIT))[0]
    assert "picture" in await viewer.receive_from(WAIT)
    yield viewer
    await viewer.disconnect()


async def changed(cluster: Cluster) -> None:
    def change() -> None:
        list(cluster.apply(EXAMPLES["web"].text))
        cluster.settle()

    await sync_to_async(change)()


async def shown() -> None:
    """As the thread that drives shows it."""
    await sync_to_async(runtime.audience.show)(LAB, asyncio.get_running_loop())


async def test_what_is_drawn_is_sent_without_another_look(
    viewer: WebsocketCommunicator, lab: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stage, "since", lambda *_: pytest.fail("looked again"))
    await changed(lab)
    await shown()

    assert "seat-default-web-0" in await viewer.receive_from(WAIT)


async def test_who_has_something_selected_gets_its_panel_too(
    viewer: WebsocketCommunicator, lab: Cluster
) -> None:
    await viewer.send_to('{"selected": "Pod/default/web-0"}')
    await changed(lab)
    await shown()

    said = await viewer.receive_from(WAIT)
    while 'id="panel"' not in said or "web-0" not in said:
        said = await viewer.receive_from(WAIT)


async def test_a_viewer_with_news_on_its_way_still_hears_that_the_cluster_is_gone(
    viewer: WebsocketCommunicator, lab: Cluster
) -> None:
    def change_and_destroy() -> None:
        stage_of(LAB).look()
        runtime.destroy(LAB)
        runtime.audience.wake(LAB, loop)

    loop = asyncio.get_running_loop()
    await changed(lab)
    await sync_to_async(change_and_destroy)()

    said = await viewer.receive_output(WAIT)
    assert said == {"type": "websocket.close", "code": 4404}


async def test_a_viewer_of_a_cluster_made_anew_gets_the_new_one(
    viewer: WebsocketCommunicator, lab: Cluster
) -> None:
    await changed(lab)
    await sync_to_async(runtime.reset)(LAB)
    runtime.audience.wake(LAB, asyncio.get_running_loop())

    said = await viewer.receive_from(WAIT)
    assert '<svg hx-swap-oob="outerHTML"' in said
    assert "seat-default-web-0" not in said
