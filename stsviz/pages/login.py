"""The login of a site that other machines can reach: the token against a cookie, and back."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from stsviz import access


@require_http_methods(["GET", "HEAD", "POST"])
def come_in(request: HttpRequest) -> HttpResponse:
    """Take the token from the form, and answer with the cookie that stands for it."""
    wanted = request.POST.get("next", "")
    where = wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else reverse("home")
    if request.method != "POST":
        return render(request, "login.html", {"next": reverse("home")})
    if not access.is_token(request.POST.get("token", "").strip()):
        refused = {"next": where, "text": "This is not the token of this site."}
        return render(request, "login.html", refused, status=401)
    response = redirect(where)
    response.set_cookie(
        access.COOKIE,
        access.ticket(),
        max_age=access.LOGIN_LASTS,
        httponly=True,
        samesite=settings.CSRF_COOKIE_SAMESITE,
        secure=request.is_secure(),
    )
    return response


@require_POST
def go_out(request: HttpRequest) -> HttpResponse:
    """Take the cookie back."""
    response = redirect("login")
    response.delete_cookie(access.COOKIE, samesite=settings.CSRF_COOKIE_SAMESITE)
    return response
