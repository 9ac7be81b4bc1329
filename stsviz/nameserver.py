"""Cluster DNS of the default cluster on a port of this machine: `dig @127.0.0.1 -p 5353 web-0.nginx...`."""

from __future__ import annotations

from core.dns.records import Answer, answer
from core.dns.server import Server, serve
from stsviz.runtime import LAB, runtime


async def lookup(name: str, type_: str) -> Answer:
    """Answer from the objects as they are now: a change shows at once."""
    cluster = runtime.cluster(LAB)
    return answer(cluster.view, cluster.settings, name, type_)


async def start(port: int, host: str = "127.0.0.1") -> Server:
    """Listen on UDP and TCP. Raises: OSError when the port is taken."""
    return await serve(lookup, host, port)
