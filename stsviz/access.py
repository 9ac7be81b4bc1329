"""Who may come in: everybody on this machine; from elsewhere who shows the token; no page of another site.

The site is *open* when other machines can reach it: it listens on more than loopback, answers to more names
than those of loopback, or a connection came in on another address. Then the Kubernetes API wants the token as
`Authorization: Bearer`, and pages and their sockets take that or the cookie of a login. The cookie is good
for nothing else: a browser sends it by itself, so it must not drive the API.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port, validate_host
from django.utils.crypto import constant_time_compare

COOKIE = "stsviz"
LOGIN_LASTS = 12 * 3600  # seconds
SHORTEST_TOKEN = 16  # characters: too many to guess, so nobody needs to count attempts
_TOKEN = re.compile(rf"[!-~]{{{SHORTEST_TOKEN},}}")


@lru_cache(maxsize=100)
def is_loopback(name: str) -> bool:
    """Tell whether *name*, a host name or an address, is this machine as seen by itself."""
    bare = name.strip("[]").lower()
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return bare == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def is_open(host: str, names: Iterable[str]) -> bool:
    """Tell whether other machines can reach a site that listens on *host* and answers to *names*."""
    return not all(map(is_loopback, (host, *names)))


def is_usable(token: str) -> bool:
    """Tell whether *token* can be sent in a header and is too long to be guessed."""
    return bool(_TOKEN.fullmatch(token))


def wants_token(scope: Mapping[str, Any]) -> bool:
    """Tell whether who made this connection has to show the token."""
    server = scope.get("server")
    return bool(settings.TOKEN_WANTED or (server and not is_loopback(str(server[0]))))


def is_token(given: str) -> bool:
    return bool(settings.TOKEN) and constant_time_compare(given, settings.TOKEN)


def may_use_api(scope: Mapping[str, Any]) -> bool:
    """Tell whether a request of the Kubernetes API, HTTP or websocket, shows what it has to."""
    return not wants_token(scope) or _bears_token(scope)


def may_see_pages(scope: Mapping[str, Any]) -> bool:
    """As :func:`may_use_api`, for pages and their sockets: a login is enough."""
    if may_use_api(scope):
        return True
    cookies = parse_cookie(_header(scope, b"cookie"))
    return is_ticket(cookies.get(COOKIE, ""))


def _bears_token(scope: Mapping[str, Any]) -> bool:
    kind, _, given = _header(scope, b"authorization").partition(" ")
    return kind.lower() == "bearer" and is_token(given.strip())


# -- the login ---------------------------------------------------------------------------------------------


def _signer() -> signing.TimestampSigner:
    # signed with the token too: another token ends every login
    return signing.TimestampSigner(key=settings.SECRET_KEY + settings.TOKEN, salt="stsviz.access")


def ticket() -> str:
    """Return the cookie of who has shown the token."""
    return _signer().sign("in")


def is_ticket(text: str) -> bool:
    try:
        return bool(settings.TOKEN) and _signer().unsign(text, max_age=LOGIN_LASTS) == "in"
    except signing.BadSignature:
        return False


# -- pages of other sites ------------------------------------------------------------------------------------


def why_foreign(scope: Mapping[str, Any]) -> str:
    """Return why a request is not meant for us, or was made by a page of another site; "" when all is well.

    A name that we do not answer to may have been made to point here (DNS rebinding). A browser says of every
    POST and every websocket which page opened it; a client that says nothing is no browser.
    """
    host, origin = _header(scope, b"host"), _header(scope, b"origin")
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return "this server does not answer to that host name"
    try:
        ours = not origin or urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        ours = False
    if not ours:
        return "a page of another site may not use this API"
    if _header(scope, b"sec-fetch-site") in ("cross-site", "same-site"):
        return "a page of another site may not use this API"
    return ""


def _header(scope: Mapping[str, Any], name: bytes) -> str:
    found = [value for key, value in scope.get("headers", ()) if key == name]
    return found[-1].decode("latin1") if found else ""
