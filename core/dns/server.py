"""The DNS server at the cluster's address: the wire format around :mod:`core.dns.records`.

One task a request, a bounded number of them; what is not DNS is dropped or refused, and answers nothing else.
Source: CoreDNS core/dnsserver/server.go; RFC 1035, RFC 6891.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from dnslib import QTYPE, RCODE, RR, DNSHeader, DNSRecord
from dnslib.buffer import BufferError as DNSBufferError
from dnslib.dns import DNSError

from core.dns.records import Answer, Record

Lookup = Callable[[str, str], Awaitable[Answer]]
"""(name, type) -> what :func:`core.dns.records.answer` says."""

MAX_PENDING = 64
MAX_QUERY = 4096
IDLE_SECONDS = 5.0
_MALFORMED = (DNSError, DNSBufferError, ValueError, IndexError, KeyError, struct.error, RecursionError)


@dataclass(slots=True)
class Server:
    """A running server; *port* is the one it got when 0 was asked for."""

    port: int
    _udp: asyncio.DatagramTransport
    _tcp: asyncio.Server

    async def close(self) -> None:
        self._udp.close()
        self._tcp.close()
        await self._tcp.wait_closed()


async def serve(lookup: Lookup, host: str = "127.0.0.1", port: int = 10053) -> Server:
    """Listen on UDP and TCP. Raises: OSError when the port is taken."""
    loop = asyncio.get_running_loop()
    connections = asyncio.Semaphore(MAX_PENDING)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not connections.locked():
            async with connections:
                with suppress(OSError, EOFError, TimeoutError):
                    await _converse(reader, writer, lookup)
        writer.close()

    tcp = await asyncio.start_server(connected, host, port)
    got = tcp.sockets[0].getsockname()[1]
    try:
        udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(lookup), (host, got))
    except OSError:
        tcp.close()
        raise
    return Server(got, udp, tcp)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.pending: set[asyncio.Task[None]] = set()
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        # the client asks again; a full house must not grow
        if len(self.pending) < MAX_PENDING:
            task = asyncio.create_task(self._respond(data, address))
            self.pending.add(task)
            task.add_done_callback(self.pending.discard)

    async def _respond(self, data: bytes, address: tuple[str, int]) -> None:
        response = await respond(data, self.lookup, udp=True)
        if response and self.transport and not self.transport.is_closing():
            self.transport.sendto(response, address)


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lookup: Lookup) -> None:
    """Answer the queries of one connection until it ends, is idle, or talks nonsense."""
    while True:
        async with asyncio.timeout(IDLE_SECONDS):
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            data = await reader.readexactly(size) if size <= MAX_QUERY else b""
        response = await respond(data, lookup, udp=False)
        if not response:
            return
        writer.write(struct.pack("!H", len(response)) + response)
        async with asyncio.timeout(IDLE_SECONDS):
            await writer.drain()


async def respond(data: bytes, lookup: Lookup, *, udp: bool) -> bytes | None:
    """Return the response to one packet; None: it deserves none."""
    try:
        query = DNSRecord.parse(data)
    except _MALFORMED:
        return _format_error(data)
    # answering answers would let two servers talk forever
    if query.header.qr:
        return None
    if query.header.opcode or len(query.questions) != 1:
        return _refused(query, "NOTIMP" if query.header.opcode else "FORMERR")
    question = query.questions[0]
    try:
        name, type_ = str(question.qname), QTYPE[question.qtype]
    except _MALFORMED:
        return _refused(query, "NOTIMP")
    return _packed(query, await lookup(name, str(type_)), udp)


def _packed(query: DNSRecord, found: Answer, udp: bool) -> bytes:
    reply = query.reply(ra=1, aa=0 if found.rcode == "REFUSED" else 1)
    reply.header.rcode = getattr(RCODE, found.rcode)
    # each query sees the addresses in another order, so that clients spread
    turn = query.header.id % len(found.records) if found.records else 0
    for record in found.records[turn:] + found.records[:turn]:
        reply.add_answer(*_rr(record))
    for record in found.authority:
        reply.add_auth(*_rr(record))
    for record in found.additional:
        reply.add_ar(*_rr(record))
    packed = bytes(reply.pack())
    if len(packed) > (_udp_size(query) if udp else 65535):
        packed = bytes(reply.truncate().pack())
    return packed


def _rr(record: Record) -> list[RR]:
    return list(RR.fromZone(f"{record.name} {record.ttl} IN {record.type} {record.data}"))


def _udp_size(query: DNSRecord) -> int:
    sizes = [rr.edns_len for rr in query.ar if rr.rtype == QTYPE.OPT]
    return int(min(max([512, *sizes]), MAX_QUERY))


def _refused(query: DNSRecord, rcode: str) -> bytes:
    reply = DNSRecord(DNSHeader(id=query.header.id, qr=1, rcode=getattr(RCODE, rcode)))
    return bytes(reply.pack())


def _format_error(data: bytes) -> bytes | None:
    """FORMERR to what has the head of a query; nothing to noise and to responses."""
    if len(data) < 12 or data[2] & 0x80:
        return None
    header = DNSHeader(id=int.from_bytes(data[:2]), qr=1, rcode=RCODE.FORMERR)
    return bytes(DNSRecord(header).pack())
