"""Names made of a hash: the FNV sums and the letters with which Kubernetes writes them.

Source: pkg/util/hash, hash/fnv of Go, staging/src/k8s.io/apimachinery/pkg/util/rand (v1.36).
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

# No vowels and no 0, 1, 3: nothing rude, nothing that looks like something else.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"

_OFFSET, _PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF
_GO_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def canonical_json(value: Any) -> str:
    """Return *value* as Go's encoding/json writes a map: keys sorted, no white space, HTML escaped."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.translate(_GO_ESCAPES)


@lru_cache(maxsize=256)
def fnv1(text: str) -> int:
    """Return the 32-bit FNV-1 sum (multiply, then xor) of *text* in UTF-8."""
    total = _OFFSET
    for byte in text.encode():
        total = (total * _PRIME & _MASK) ^ byte
    return total


@lru_cache(maxsize=256)
def fnv1a(text: str) -> int:
    """Return the 32-bit FNV-1a sum (xor, then multiply) of *text* in UTF-8."""
    total = _OFFSET
    for byte in text.encode():
        total = (total ^ byte) * _PRIME & _MASK
    return total


def safe_encode(number: int) -> str:
    """Return the decimal digits of *number*, each as a letter of the alphabet (rand.SafeEncodeString).

    >>> safe_encode(1234567890)
    '56789bcdf4'
    """
    return "".join(ALPHABET[ord(digit) % len(ALPHABET)] for digit in str(number))


def name_suffix(seed: str) -> str:
    """Return five letters that look random and are the same for the same *seed*."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    letters = []
    for _ in range(5):
        number, at = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[at])
    return "".join(letters)
