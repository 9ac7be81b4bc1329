"""Programs that ask others: nslookup, getent, wget, curl, ping (the words of busybox and curl)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from posixpath import basename
from urllib.parse import urlsplit

from core.kubelet.shell.disk import DiskError
from core.kubelet.shell.image import hostname_of
from core.kubelet.shell.session import Call, Unreachable
from core.kubelet.webserver import Reply

_DNS_NAME = "kube-dns.kube-system.svc.cluster.local"
_NO_HOST = 6  # curl's codes
_NO_CONNECTION = 7


class _NoName(Exception):
    pass


def _addresses(call: Call, name: str) -> list[str]:
    """Return the addresses of a name, as /etc/hosts and then DNS know them."""
    try:
        return [str(IPv4Address(name))]
    except ValueError:
        pass
    if name == "localhost":
        return ["127.0.0.1"]
    if name == hostname_of(call.session.pod):
        own = (call.session.pod.get("status") or {}).get("podIP")
        return [own] if own else []
    return call.session.network.addresses(name)


def _nslookup(call: Call) -> int:
    names = [word for word in call.args if not word.startswith("-")]
    if not names:
        return call.fail("usage: nslookup [HOST] [SERVER]")
    server = call.session.settings.cluster_dns
    call.say(f"Server:    {server}\nAddress 1: {server} {_DNS_NAME}\n\n")
    found = call.session.network.addresses(names[0])
    reverse = call.session.network.name_of(names[0])
    if reverse:
        found = [names[0]]
    if not found:
        return call.fail(f"can't resolve '{names[0]}'")
    call.say(f"Name:      {names[0]}\n")
    for number, address in enumerate(found, 1):
        call.say(f"Address {number}: {address} {call.session.network.name_of(address)}".rstrip() + "\n")
    return 0


def _getent(call: Call) -> int:
    if len(call.args) < 2 or call.args[0] not in ("hosts", "ahosts", "ahostsv4"):
        return call.fail("usage: getent hosts name", 1)
    for name in call.args[1:]:
        found = _addresses(call, name)
        if not found:
            return 2
        call.say("".join(f"{address:15} {name}\n" for address in found))
    return 0


def _fetched(call: Call, url: str) -> tuple[Reply, str]:
    """GET *url*; return the reply and the address. Raises: _NoName, Unreachable."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    host = parts.hostname or ""
    found = _addresses(call, host)
    if not found:
        raise _NoName(host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = found[0]
    try:
        if parts.scheme == "https":
            raise Unreachable("Connection refused")
        return call.session.network.get(address, port, path, call.disk), f"{address}:{port}"
    except Unreachable as error:
        error.args = (str(error), address, port)
        raise


def _wget(call: Call) -> int:
    words = [word for word in call.args if word not in ("--quiet", "--spider") and not word.startswith("--t")]
    options, urls = Call(call.session, "wget", words, call.streams).options("qSc", "OTtYU")
    if not urls:
        return call.fail("missing URL")
    try:
        reply, where = _fetched(call, urls[0])
    except ValueError:
        return call.fail(f"bad address '{urls[0]}'")
    except _NoName as host:
        return call.fail(f"bad address '{host}'")
    except Unreachable as error:
        why, address, port = error.args
        return call.fail(f"can't connect to remote host ({address}:{port}): {why}")
    if "q" not in options:
        asked = urlsplit(urls[0] if "://" in urls[0] else f"http://{urls[0]}").hostname
        call.streams.err.write(f"Connecting to {asked} ({where})\n".encode())
    if reply.code != 200:
        return call.fail(f"server returned error: HTTP/1.1 {reply.code} {reply.words}")
    if "--spider" in call.args:
        return 0
    name = options.get("O") or basename(urlsplit(urls[0]).path if "://" in urls[0] else "") or "index.html"
    if name == "-":
        call.streams.out.write(reply.body)
        return 0
    try:
        call.disk.write(call.path(name), reply.body)
    except DiskError as error:
        return call.fail(f"can't open '{name}': {error}")
    return 0


def _curl(call: Call) -> int:
    words = [word for word in call.args if word not in ("--silent", "--fail", "--head", "--include")]
    options, urls = Call(call.session, "curl", words, call.streams).options("sSfLkiIvg", "omwHX")
    fails = "f" in options or "--fail" in call.args
    if not urls:
        return call.fail("no URL specified", 2)
    try:
        reply, _ = _fetched(call, urls[0])
    except ValueError:
        return call.fail("(3) URL rejected: Malformed input to a URL function", 3)
    except _NoName as name:
        return call.fail(f"({_NO_HOST}) Could not resolve host: {name}", _NO_HOST)
    except Unreachable as error:
        why, address, port = error.args
        text = f"Failed to connect to {address} port {port} after 0 ms: {why}"
        return call.fail(f"({_NO_CONNECTION}) {text}", _NO_CONNECTION)
    if fails and reply.code != 200:
        return call.fail(f"(22) The requested URL returned error: {reply.code}", 22)
    if {"i", "I"} & options.keys() or {"--head", "--include"} & set(call.args):
        call.say(f"HTTP/1.1 {reply.code} {reply.words}\r\nContent-Length: {len(reply.body)}\r\n\r\n")
    body = b"" if "I" in options or "--head" in call.args else reply.body
    if "o" in options and options["o"] != "-":
        try:
            if options["o"] != "/dev/null":
                call.disk.write(call.path(options["o"]), body)
        except DiskError as error:
            return call.fail(f"(23) client returned ERROR on write: {error}", 23)
    else:
        call.streams.out.write(body)
    if "w" in options:
        call.say(options["w"].replace("%{http_code}", str(reply.code)).replace("\\n", "\n"))
    return 0


def _ping(call: Call) -> int:
    _, names = call.options("q", "cWw")
    if not names:
        return call.fail("usage: ping [-c COUNT] HOST")
    found = _addresses(call, names[0])
    if not found:
        return call.fail(f"bad address '{names[0]}'")
    call.say(f"PING {names[0]} ({found[0]}): 56 data bytes\n")
    call.say(f"64 bytes from {found[0]}: seq=0 ttl=63 time=0.1 ms\n\n--- {names[0]} ping statistics ---\n")
    call.say("1 packets transmitted, 1 packets received, 0% packet loss\n")
    return 0


PROGRAMS: dict[str, Callable[[Call], int]] = {
    "nslookup": _nslookup,
    "getent": _getent,
    "wget": _wget,
    "curl": _curl,
    "ping": _ping,
}
