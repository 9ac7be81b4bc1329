"""Viewers hear of news: drawn by the thread that drives, sent before it goes on, and never lost."""

from __future__ import annotations

import asyncio
import threading

import pytest

from stsviz import guests
from stsviz.audience import Audience, News

LONG = 30.0  # seconds that nothing here takes


@pytest.fixture
def audience() -> Audience:
    return Audience()


@pytest.fixture
def news(audience: Audience) -> News:
    """A viewer of `lab`."""
    news = News()
    audience.join("lab", news)
    return news


async def shown(audience: Audience, name: str = "lab") -> None:
    await asyncio.to_thread(audience.show, name, asyncio.get_running_loop())


async def heard(news: News) -> bool:
    """Return whether all the news could be sent as it is."""
    return await asyncio.wait_for(news.taken(), LONG)


async def test_draws_in_the_thread_that_drives(audience: Audience, news: News):
    drew: list[int] = []
    audience.look = lambda name: drew.append(threading.get_ident())

    def drive(loop: asyncio.AbstractEventLoop) -> int:
        audience.show("lab", loop)
        return threading.get_ident()

    assert await asyncio.to_thread(drive, asyncio.get_running_loop()) == drew[0]
    assert await heard(news)


async def test_draws_nothing_when_nobody_looks(audience: Audience, news: News):
    drew: list[str] = []
    audience.look = drew.append

    audience.leave("lab", news)
    await shown(audience)
    await shown(audience, "other")

    assert drew == []
    assert not audience.is_there("lab")


async def test_waits_until_the_news_is_on_its_way(
    audience: Audience, news: News, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(guests, "GUEST_TIME", LONG)
    order: list[str] = []

    def drive(loop: asyncio.AbstractEventLoop) -> None:
        audience.show("lab", loop)
        order.append("goes on")

    async def view() -> None:
        await heard(news)
        order.append("sent")

    await asyncio.gather(view(), asyncio.to_thread(drive, asyncio.get_running_loop()))
    assert order == ["sent", "goes on"]


@pytest.mark.parametrize("fault", [KeyError("lab"), ValueError("no such place")])
async def test_a_look_that_fails_lets_viewers_look_for_themselves(
    audience: Audience, news: News, fault: Exception
):
    def fail(name: str) -> None:
        raise fault

    audience.look = fail
    await shown(audience)

    assert not await heard(news)


async def test_news_that_is_not_drawn_is_not_lost_behind_drawn_news(audience: Audience, news: News):
    audience.wake("lab", asyncio.get_running_loop())
    await shown(audience)

    assert not await heard(news)
    await shown(audience)
    assert await heard(news)
