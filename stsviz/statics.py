"""Static files under addresses that change with their bytes: a browser asks for each of them once.

Source: Django's ManifestStaticFilesStorage does the same with copies of the files, which would have to be
made at every start; the address alone is enough.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


class Versioned(StaticFilesStorage):
    """``{% static 'page.css' %}`` -> ``/static/page.css?v=…``; a file that is not there has no version."""

    def url(self, name: str | None) -> str:
        plain = super().url(name)
        found = finders.find(name) if name else None
        if not isinstance(found, str):
            return plain
        version = _version.__wrapped__(found) if settings.DEBUG else _version(found)
        return f"{plain}?v={version}"


@lru_cache(maxsize=256)
def _version(path: str) -> str:
    return blake2b(Path(path).read_bytes(), digest_size=6).hexdigest()
