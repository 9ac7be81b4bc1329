"""The socket of a viewer: it brings news; commands go by HTTP.

What a viewer may send is only what it looks at: ``{"selected": …}``, so that its panel is kept fresh.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from urllib.parse import parse_qs

import orjson
from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import connection

from stsviz.audience import News
from stsviz.guests import guests
from stsviz.pages import panel
from stsviz.pages.apart import apart
from stsviz.pages.stage import Stage, out_of_band, stage_of
from stsviz.runtime import runtime

log = logging.getLogger(__name__)

RETRY = 2.0  # seconds
LONGEST = 400  # characters of what a viewer says it has selected


class Viewer(AsyncWebsocketConsumer):
    """One page that looks at a cluster."""

    async def connect(self) -> None:
        self.name = self.scope["url_route"]["kwargs"]["name"]
        query = parse_qs(self.scope["query_string"].decode("latin1"))
        self.cursor = query.get("cursor", [""])[0][:40]
        self.selected = query.get("selected", [""])[0][:LONGEST]
        self.at = query.get("at", [""])[0][:20]  # the revision it looks at, when that is in the past
        self.half = query.get("half", [""])[0][:1]  # "a" or "b" of a page that shows two
        self.shown = ""  # the panel's HTML as last sent
        self.stage: Stage | None = None  # as last asked for: a cluster made anew has another
        self.news = News()
        self.pump: asyncio.Task[None] | None = None
        await self.accept()
        runtime.audience.join(self.name, self.news)
        self.news.come(drawn=False)
        self.pump = asyncio.create_task(self._pump())

    async def disconnect(self, code: int) -> None:
        runtime.audience.leave(self.name, self.news)
        if self.pump is not None:
            self.pump.cancel()
            with suppress(asyncio.CancelledError):
                await self.pump

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            said = orjson.loads(text_data or "")  # unlike json: not as deep as the stack, no half characters
            selected, at = said.get("selected"), said.get("at")
        except (ValueError, AttributeError):
            return
        if isinstance(selected, str):
            self.selected, self.shown = selected[:LONGEST], ""
            self.news.come(drawn=False)
        if isinstance(at, str):
            self.at, self.shown = at[:20], ""
            self.cursor = ""  # its page shows something else by now: what it gets next is the whole
            self.news.come(drawn=False)

    async def _pump(self) -> None:
        """Send what is new."""
        while True:
            drawn = await self.news.taken()
            try:
                messages = self._drawn() if drawn else []
                messages = messages or await sync_to_async(self._catch_up, thread_sensitive=False)()
            except KeyError:
                await self.close(code=4404)
                return
            except Exception:
                log.exception("a viewer of %s could not be told the news; trying again", self.name)
                self.news.come(drawn=False)
                await asyncio.sleep(RETRY)
                continue
            try:
                for message in messages:
                    await self.send(text_data=apart(message, self.half))
            except Exception:
                log.exception("a viewer of %s could not be sent the news; it has to come again", self.name)
                await self.close(code=1011)
                return

    def _drawn(self) -> list[str]:
        """Return the messages that are drawn already: most of the time all, and nobody has to wait."""
        if self.selected or self.at or self.stage is None:
            return []
        self.cursor, messages = self.stage.kept_since(self.cursor)
        return messages

    def _catch_up(self) -> list[str]:
        try:
            with guests.served():
                self.stage = stage = stage_of(self.name)
                if self.at:
                    return self._beside_the_past(stage)
                self.cursor, messages = stage.since(self.cursor)
                if self.selected:
                    messages = [*messages, *self._panel(stage)]
            return messages
        finally:
            connection.close()

    def _beside_the_past(self, stage: Stage) -> list[str]:
        """Return how far the cluster is by now and whether its clock goes, and nothing of what it shows."""
        small = stage.small()
        head = f'<data id="head" value="{stage.driver.cluster.revision}" hx-swap-oob="outerHTML"></data>'
        news = head + "".join(out_of_band(small[name]) for name in ("controls", "moment") if name in small)
        if news == self.shown:
            return []
        self.shown = news
        return [news]

    def _panel(self, stage: Stage) -> list[str]:
        html = panel.render(
            stage.driver.cluster, self.selected, stage.resolve(self.selected), stage.folded(self.selected)
        )
        if html == self.shown:
            return []
        self.shown = html
        return [out_of_band(html)]


class Nowhere(AsyncWebsocketConsumer):
    """Whatever opens a socket where there is none."""

    async def connect(self) -> None:
        await self.close(code=4404)
