"""The wire: well-formed questions are answered, everything else is survived."""

from __future__ import annotations

import asyncio

import pytest
from dnslib import EDNS0, QTYPE, RCODE, DNSRecord

from core.dns.records import Answer, Record
from core.dns.server import respond, serve

NAME = "nginx.default.svc.cluster.local"
SOA = Record("cluster.local.", "SOA", "ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30")


def addresses(count):
    records = tuple(Record(f"{NAME}.", "A", f"10.244.0.{n}") for n in range(count))

    async def lookup(name, type_):
        return Answer("NOERROR", records)

    return lookup


async def nothing(name, type_):
    return Answer("NXDOMAIN", authority=(SOA,))


def asked(query, lookup=nothing, udp=True):
    data = query if isinstance(query, bytes) else query.pack()
    response = asyncio.run(respond(data, lookup, udp=udp))
    return DNSRecord.parse(response) if response is not None else None


def test_answers_with_authority():
    """DNS-10"""
    reply = asked(DNSRecord.question(NAME), addresses(2))

    assert (reply.header.aa, reply.header.rcode) == (1, RCODE.NOERROR)
    assert sorted(str(rr.rdata) for rr in reply.rr) == ["10.244.0.0", "10.244.0.1"]
    assert {rr.ttl for rr in reply.rr} == {30}


def test_turns_the_addresses_with_every_query():
    """DNS-3"""
    query = DNSRecord.question(NAME)
    firsts = set()
    for number in (0, 1):
        query.header.id = number
        firsts.add(str(asked(query, addresses(2)).rr[0].rdata))

    assert firsts == {"10.244.0.0", "10.244.0.1"}


def test_sends_the_soa_with_a_negative_answer():
    """DNS-10"""
    reply = asked(DNSRecord.question("gone.cluster.local"))

    assert reply.header.rcode == RCODE.NXDOMAIN
    assert QTYPE[reply.auth[0].rtype] == "SOA"


def test_hands_name_and_type_over():
    seen = []

    async def lookup(name, type_):
        seen.append((name, type_))
        return Answer("NOERROR")

    asked(DNSRecord.question("_web._tcp.nginx.default.svc.cluster.local", "SRV"), lookup)

    assert seen == [("_web._tcp.nginx.default.svc.cluster.local.", "SRV")]


@pytest.mark.parametrize(("udp", "edns", "truncated"), [(True, 0, 1), (True, 4096, 0), (False, 0, 0)])
def test_truncates_what_does_not_fit_a_datagram(udp, edns, truncated):
    query = DNSRecord.question(NAME)
    if edns:
        query.add_ar(EDNS0(udp_len=edns))

    assert asked(query, addresses(100), udp=udp).header.tc == truncated


@pytest.mark.parametrize("data", [b"", b"\x00", b"x" * 11, bytes(DNSRecord.question(NAME).reply().pack())])
def test_ignores_noise_and_answers(data):
    assert asked(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x12\x34\x01\x00\x00\x01" + b"\x00" * 6,
        b"\x12\x34\x01\x00\x00\x01" + b"\x00" * 6 + b"\xc0\x0c\x00\x01\x00\x01",
        b"\x12\x34\x01\x00\xff\xff" + b"\xff" * 200,
        b"\x12\x34\x01\x00\x00\x00" + b"\x00" * 6,
    ],
    ids=["no question", "name points at itself", "garbage", "zero questions"],
)
def test_calls_a_malformed_query_malformed(data):
    reply = asked(data)

    assert (reply.header.id, reply.header.rcode) == (0x1234, RCODE.FORMERR)


def test_listens_on_udp_and_tcp():
    async def both():
        server = await serve(addresses(1), port=0)
        query = DNSRecord.question(NAME)
        loop = asyncio.get_running_loop()
        tcp = await loop.run_in_executor(
            None, lambda: query.send("127.0.0.1", server.port, tcp=True, timeout=5)
        )
        udp = await loop.run_in_executor(None, lambda: query.send("127.0.0.1", server.port, timeout=5))
        await server.close()
        return [str(DNSRecord.parse(data).rr[0].rdata) for data in (tcp, udp)]

    assert asyncio.run(both()) == ["10.244.0.0", "10.244.0.0"]
