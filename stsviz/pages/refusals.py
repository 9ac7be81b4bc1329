"""What a visitor reads when Django itself gives up: the request is malformed, or there is nothing there.

Django's own handlers read the form once more for its token, and fail again where it cannot be read.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

LONGEST = 300  # characters of a reason: it may quote what was sent


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a form, a file name, a charset or a host that cannot be used."""
    text = f"This request cannot be read: {str(exception)[:LONGEST]}"
    return render(request, "refusal.html", {"text": text}, status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for an address of nothing; a view may have said what it missed."""
    said = exception.args[0] if exception.args else ""
    text = said if isinstance(said, str) and said else "There is nothing at this address."
    return render(request, "refusal.html", {"text": text[:LONGEST]}, status=404)
