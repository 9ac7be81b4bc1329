"""Template tags that write a sentence in every language; the style sheet shows the viewer's."""

from __future__ import annotations

import re

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from stsviz.scenarios.words import TAGS, Words

register = template.Library()

_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@register.simple_tag
def words(said: Words) -> SafeString | str:
    """Write *said* once a language, each marked with its own; once only where all are the same."""
    if said.en == said.zh:
        return said.en  # the template escapes it
    return format_html(
        '<span lang="{}">{}</span><span lang="{}">{}</span>', TAGS["en"], said.en, TAGS["zh"], said.zh
    )


@register.filter
def tame(text: object) -> str:
    """Write the characters that change the direction of text as what they are: ``<U+202E>``."""
    return _TURNING.sub(lambda found: f"<U+{ord(found[0]):04X}>", str(text))


@register.simple_tag
def both(en: str, zh: str) -> SafeString | str:
    """Write a word of the page's own in every language."""
    return words(Words(en, zh))
