"""One HTTP exchange over ASGI: the request read whole, within limits; the answer sent with its headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import orjson

from core.apimachinery.errors import ApiError
from core.apimachinery.meta import Obj
from core.apiserver.body import JSON, MAX_BYTES
from core.apiserver.refusals import RequestEntityTooLarge

_PRETTY_AGENTS = re.compile(r"curl|Wget|Mozilla/5\.0")
AT_ONCE = 100  # items of a list that are turned into JSON while all else in this process waits
_MOST_WARNED = 4 * 1024  # characters of all warnings
_MOST_WARNED_OF_ONE = 256  # when they are cut
_NEVER_CACHED = "no-cache, private"


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def agent(self) -> str:
        """Who asks: the User-Agent up to the first slash."""
        return self.header("user-agent").partition("/")[0][:100] or "unknown"

    @property
    def pretty(self) -> bool:
        """Whether a person will read the answer."""
        asked = self.query.get("pretty")
        if asked:
            return asked[0] in ("true", "1")
        return bool(_PRETTY_AGENTS.match(self.header("user-agent")))


async def read_request(scope: Mapping[str, Any], receive: Any, path: str) -> Request:
    """Read a request. Raises: RequestEntityTooLarge."""
    headers = {name.decode("latin1"): value.decode("latin1") for name, value in scope["headers"]}
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        size += len(message.get("body", b""))
        if size > MAX_BYTES:
            raise RequestEntityTooLarge(MAX_BYTES)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return Request(scope["method"], path, query_of(scope), headers, b"".join(parts))


def query_of(scope: Mapping[str, Any]) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    text = scope.get("query_string", b"").decode("latin1")
    for name, value in parse_qsl(text, keep_blank_values=True):  # bounded: a request line is 16 KiB at most
        query.setdefault(name, []).append(value)
    return query


@dataclass(frozen=True, slots=True)
class Response:
    body: bytes
    content_type: str = JSON
    code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    async def send(self, send: Any, *, head: bool = False) -> None:
        await send_start(send, replace(self, headers={**self.headers, "Content-Length": str(len(self.body))}))
        await send({"type": "http.response.body", "body": b"" if head else self.body})


async def send_start(send: Any, response: Response) -> None:
    """Send status and headers; the body follows."""
    headers = {"Content-Type": response.content_type, "Cache-Control": _NEVER_CACHED, **response.headers}
    if response.content_type.startswith("text/plain"):
        headers["X-Content-Type-Options"] = "nosniff"
    fields = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    fields += [(b"warning", _warning(text)) for text in _bounded(response.warnings)]
    await send({"type": "http.response.start", "status": response.code, "headers": fields})


def warned(send: Any, text: str) -> Any:
    """Return a *send* that has every answer carry the warning *text* first, whatever the answer."""

    async def sending(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [(b"warning", _warning(text)), *message["headers"]]}
        await send(message)

    return sending


def _bounded(warnings: Sequence[str]) -> Iterator[str]:
    """Yield each warning once; when all are too long together, the start of each as far as they fit.

    Source: staging/src/k8s.io/apiserver/pkg/endpoints/filters/warning.go (v1.36).
    """
    warnings = [text for text in dict.fromkeys(warnings) if text]
    if sum(map(len, warnings)) > _MOST_WARNED:
        warnings = [text[:_MOST_WARNED_OF_ONE] for text in warnings]
    written = 0
    for text in warnings:
        if written >= _MOST_WARNED:
            return
        written += len(text)
        yield text


def _warning(text: str) -> bytes:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{"".join(char if char.isprintable() else " " for char in quoted)}"'.encode()


def json_bytes(obj: Obj, *, pretty: bool = False) -> bytes:
    """Return *obj* as JSON. A long list is written piece by piece: between two, other threads get in."""
    long = next((name for name in ("items", "rows") if len(obj.get(name) or ()) > AT_ONCE), "")
    if pretty or not long:
        return orjson.dumps(obj, option=orjson.OPT_APPEND_NEWLINE | (orjson.OPT_INDENT_2 if pretty else 0))
    head = orjson.dumps({key: value for key, value in obj.items() if key != long})
    items = obj[long]
    pieces = [orjson.dumps(items[at : at + AT_ONCE])[1:-1] for at in range(0, len(items), AT_ONCE)]
    return b'%s,"%s":[%s]}\n' % (head[:-1], long.encode(), b",".join(pieces))


def json_response(
    obj: Obj,
    request: Request,
    code: int = 200,
    warnings: Iterable[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    return Response(json_bytes(obj, pretty=request.pretty), JSON, code, headers or {}, tuple(warnings))


def refusal(error: ApiError, *, pretty: bool = False) -> Response:
    """Return the Status of *error*; it is JSON whatever was asked for."""
    status = error.status()
    after = status.get("details", {}).get("retryAfterSeconds")
    headers = {"Retry-After": str(after)} if after else {}
    return Response(json_bytes(status, pretty=pretty), JSON, error.code, headers)


def plain(text: str, code: int = 200) -> Response:
    return Response(text.encode(), "text/plain; charset=utf-8", code)
