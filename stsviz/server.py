"""Daphne with back-pressure and a limit: who sends a long answer waits while the client does not read.

Daphne hands bytes to Twisted, which keeps them in memory however slowly the client reads. A watch may last
an hour, so its sender must be told: Twisted pauses and resumes a producer for that, and this is one.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any

from daphne.http_protocol import WebRequest
from daphne.server import Server as Daphne
from django.conf import settings
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory
from twisted.internet.ssl import PrivateCertificate
from twisted.web.http import HTTPChannel
from zope.interface import implementer

from stsviz.tls import EitherWay

# Go's server takes a mebibyte of headers; this holds the longest word that a shell can give to kubectl exec.
HTTPChannel.MAX_LENGTH = HTTPChannel.totalHeadersSize = 256 * 1024

LOOK_AGAIN = 5.0  # seconds until a closed gate looks whether the client is still there


@implementer(IPushProducer)
class Gate:
    """Closed while the socket has more than it can take."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()

    def pauseProducing(self) -> None:
        self.open.clear()

    def resumeProducing(self) -> None:
        self.open.set()

    def stopProducing(self) -> None:
        self.open.set()


class Server(Daphne):
    """The server of the site. *own*: the certificate with which it also speaks HTTPS on its port."""

    def __init__(self, *args: Any, own: PrivateCertificate | None = None, **named: Any) -> None:
        super().__init__(*args, **named)
        self._own = own

    @property
    def http_factory(self) -> Factory:
        return self._factory

    @http_factory.setter
    def http_factory(self, factory: Factory) -> None:
        """Daphne makes its factory at the start and listens with it: put TLS in between."""
        self._factory = factory if self._own is None else EitherWay(factory, self._own)

    def protocol_connected(self, protocol: Any) -> None:
        """Keep of a body what a request may carry, and leave reading it as a form to Django.

        Twisted would keep all of it, and read each form for itself, in a hundred times its size.
        """
        if isinstance(protocol, WebRequest):
            keep = protocol.handleContentChunk
            protocol._parsePOSTFormSubmission = False
            protocol.handleContentChunk = lambda data: (
                keep(data) if protocol.content.tell() <= settings.MAX_BODY_BYTES else None
            )
        super().protocol_connected(protocol)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Pass on one message of an answer; return when the client has taken enough of it.

        Raises: TimeoutError when that takes longer than the *patience* of the message, in seconds.
        """
        streamed = message.get("type") == "http.response.body"
        gate: Gate | None = getattr(protocol, "gate", None)
        if streamed and message.get("more_body") and gate is None and protocol.channel is not None:
            gate = protocol.gate = Gate()
            protocol.registerProducer(gate, True)
        if streamed and not message.get("more_body") and gate is not None:
            protocol.gate = None
            if protocol.channel is not None:
                protocol.unregisterProducer()
            gate = None
        await super().handle_reply(protocol, message)
        end = asyncio.get_running_loop().time() + message.get("patience", math.inf)
        while gate is not None and self._connected(protocol) and not gate.open.is_set():
            try:
                left = end - asyncio.get_running_loop().time()
                await asyncio.wait_for(gate.open.wait(), min(left, LOOK_AGAIN))
            except TimeoutError:
                if asyncio.get_running_loop().time() >= end:
                    raise

    def _connected(self, protocol: Any) -> bool:
        return not self.connections.get(protocol, {"disconnected": True}).get("disconnected")
