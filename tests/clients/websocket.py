"""The least of a websocket client (RFC 6455): binary messages that are not split, over asyncio's streams."""

from __future__ import annotations

import asyncio
import contextlib
import os

KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
BINARY, CLOSE, PING, PONG = 2, 8, 9, 10


class Refused(Exception):
    """The server did not switch protocols; the text is its status line."""


class WebSocket:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: str) -> None:
        self._reader = reader
        self._writer = writer
        self.protocol = protocol
        self.code = 0
        """The code with which the server closed."""

    @classmethod
    async def open(cls, port: int, path: str, *, protocol: str = "", origin: str = "") -> WebSocket:
        """Raises: Refused."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {KEY}",
            *([f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []),
            *([f"Origin: {origin}"] if origin else []),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, *fields = head.split("\r\n")
        if " 101 " not in status:
            writer.close()
            raise Refused(status)
        found = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        return cls(reader, writer, found.get("sec-websocket-protocol", ""))

    def send(self, message: bytes, kind: int = BINARY) -> None:
        mask = os.urandom(4)
        size = len(message)
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(message))
        self._writer.write(bytes([0x80 | kind]) + length + mask + masked)

    async def receive(self) -> bytes | None:
        """Return the next message, or None when the server has closed."""
        while True:
            first, second = await self._reader.readexactly(2)
            size = second & 0x7F
            if size >= 126:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8))
            message = await self._reader.readexactly(size)
            kind = first & 0x0F
            if kind == CLOSE:
                self.code = int.from_bytes(message[:2])
                self.send(message, CLOSE)
                return None
            if kind == PING:
                self.send(message, PONG)
            elif kind != PONG:
                return message

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
