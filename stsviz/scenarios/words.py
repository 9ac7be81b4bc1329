"""What the page says, in each of its languages."""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("en", "zh")
NAMES = {"en": "English", "zh": "简体中文"}
TAGS = {"en": "en", "zh": "zh-Hans"}
"""Language -> what stands in ``lang`` attributes (BCP 47)."""


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence in English and in simplified Chinese; Kubernetes' own terms stay as they are in both."""

    en: str
    zh: str

    def __str__(self) -> str:
        return self.en

    def __bool__(self) -> bool:
        return bool(self.en)


NOTHING = Words("", "")


def preferred(accepts: str) -> str:
    """Return the language that a browser's Accept-Language asks for most, of ours; else English.

    >>> preferred("fr, zh-CN;q=0.8, en;q=0.5")
    'zh'
    """
    found: list[tuple[float, str]] = []
    for part in accepts[:500].split(","):
        tag, _, weight = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            found.append((_weight(weight), language))
    best = max(found, key=lambda entry: entry[0], default=(0.0, "en"))
    return best[1] if best[0] > 0 else "en"


def _weight(text: str) -> float:
    name, _, number = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(number)))
    except ValueError:
        return 0.0
