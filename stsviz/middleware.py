"""What holds for every answer: a strict Content-Security-Policy, a body of a usable size, a login if need be.

They work in Django's async and sync chains; whoever must show plain text shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import sync_and_async_middleware

from stsviz import access

Handler = Callable[[HttpRequest], Any]


@sync_and_async_middleware
def content_security_policy(get_response: Handler) -> Handler:
    """Say to the browser: our own scripts and styles, from files, and nothing else."""

    def stamp(response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        return response

    if iscoroutinefunction(get_response):

        async def handle_async(request: HttpRequest) -> HttpResponseBase:
            return stamp(await get_response(request))

        return handle_async
    return lambda request: stamp(get_response(request))


@sync_and_async_middleware
def limit_body(get_response: Handler) -> Handler:
    """Refuse a request whose body is too large before anything reads it."""

    def refuse(request: HttpRequest) -> HttpResponse | None:
        if "Transfer-Encoding" in request.headers:
            return HttpResponse("say how long the body is", status=411, content_type="text/plain")
        length = request.headers.get("Content-Length", "0")
        if not length.isdecimal():
            return HttpResponse("Content-Length is not a number", status=400, content_type="text/plain")
        form = request.content_type == "application/x-www-form-urlencoded"
        most = settings.MAX_FORM_BYTES if form else settings.MAX_BODY_BYTES
        if len(length) < 20 and int(length) <= most:
            return None
        limit = f"{most // 2**20} MiB is the most a request may carry"
        text = f"This is too large: {length[:20]} bytes, and {limit}."
        return HttpResponse(text, status=413, content_type="text/plain; charset=utf-8")

    if iscoroutinefunction(get_response):

        async def handle_async(request: HttpRequest) -> HttpResponseBase:
            return refuse(request) or await get_response(request)

        return handle_async
    return lambda request: refuse(request) or get_response(request)


@sync_and_async_middleware
def ask_for_login(get_response: Handler) -> Handler:
    """Show the login instead of any page to who has to show the token and did not, over HTTPS if there is."""

    def refuse(request: HttpRequest) -> HttpResponse | None:
        if settings.SERVES_HTTPS and not request.is_secure():
            # not for good: the next start may be on loopback again, without
            where = f"https://{request.get_host()}{request.get_full_path()}"
            return HttpResponse(status=307, headers={"Location": where})
        if access.may_see_pages(getattr(request, "scope", {"headers": _headers(request)})):
            return None
        if request.path == reverse("login"):
            return None
        if request.method == "GET":
            return render(request, "login.html", {"next": request.get_full_path()}, status=401)
        text = "You are not logged in here, or not any more: load the page again."
        return render(request, "parts/said.html", {"text": text, "refused": True}, status=401)

    if iscoroutinefunction(get_response):

        async def handle_async(request: HttpRequest) -> HttpResponseBase:
            return refuse(request) or await get_response(request)

        return handle_async
    return lambda request: refuse(request) or get_response(request)


def _headers(request: HttpRequest) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request that came over WSGI as ASGI has them."""
    return [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
