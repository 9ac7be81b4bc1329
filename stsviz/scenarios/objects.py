"""How a scenario names an object: as people type it for kubectl, ``pod/web-0``, ``pvc/www-web-0``."""

from __future__ import annotations

import re

from core.api.kinds import BY_KIND, SERVED
from core.apimachinery.meta import Ref

_KINDS = {
    name: resource.kind
    for resource in SERVED
    for name in (resource.singular, resource.plural, *resource.short_names)
}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


def kind_named(word: str) -> str:
    """Return the kind that *word* stands for: singular, plural or short. Raises: ValueError."""
    kind = _KINDS.get(word.lower())
    if kind is None:
        raise ValueError(f'there is no kind "{word[:40]}"')
    return kind


def parse_object(text: str) -> Ref:
    """Return the object that ``kind/name`` names, in the namespace default. Raises: ValueError."""
    kind, slash, name = text.partition("/")
    if not slash or "/" in name:
        raise ValueError(f'"{text[:60]}" names no object: write kind/name, as in pod/web-0')
    if not _NAME.fullmatch(name):
        raise ValueError(f'"{name[:60]}" is no name of an object')
    kind = kind_named(kind)
    return Ref(kind, "default" if BY_KIND[kind].namespaced else "", name)
