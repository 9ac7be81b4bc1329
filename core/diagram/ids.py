"""The DOM ids of the picture: stable for a seat, safe in CSS, URL and XML, and never equal by accident.

An id names a place, not a uid: ``seat-default-web-0`` is the same before and after web-0 dies.
"""

from __future__ import annotations

from functools import lru_cache

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


@lru_cache(maxsize=65536)
def encoded(text: str, plain: str = "-") -> str:
    """Return *text* in ``[A-Za-z0-9_-]``; what is neither alphanumeric nor in *plain* becomes ``_2e_``."""
    if text.isascii() and text.isalnum():
        return text
    return "".join(c if c in _PLAIN or c in plain else f"_{ord(c):x}_" for c in text)


def element_id(kind: str, namespace: str, name: str, *numbers: int) -> str:
    """Return ``kind-namespace-name[-number…]``, or ``kind-name`` without a namespace.

    A dash in the namespace is written ``_2d_``: so the first dash after it ends it, and no two objects
    of a kind share an id.
    """
    parts = [kind, encoded(namespace, ""), encoded(name)] if namespace else [kind, encoded(name)]
    return "-".join([*parts, *map(str, numbers)])
