"""Everything that is random in a cluster, from a seed: uids, name suffixes, delays, orders.

The n-th draw depends on (seed, n) only, so a cluster that was stopped goes on with the same stream.
Source: staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go (v1.36, the alphabet of suffixes).
"""

from __future__ import annotations

from hashlib import blake2b

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
GOLDEN = 0.6180339887498949


def branched(seed: int, name: str) -> int:
    """Return the seed of a stream that parts from that of *seed*: a fork draws nothing its origin draws."""
    return int.from_bytes(blake2b(b"%d/%s" % (seed, name.encode()), digest_size=7).digest())


def share(seed: int, *what: object) -> float:
    """Return a number from 0 up to 1 that depends on *seed* and *what* it is drawn for only.

    It takes nothing from the stream of :class:`Ids`: who draws more or less changes no uid.
    """
    text = "/".join(map(str, (seed, *what))).encode()
    return int.from_bytes(blake2b(text, digest_size=6).digest()) / 2**48


def spread(whole: str, number: int = 0) -> float:
    """Return a number from 0 up to 1 for the *number*-th part of *whole*: neighbours never get the same.

    Steps of the golden ratio: of a few parts no two come close, as noise of a machine keeps them apart.
    """
    return (share(0, whole) + number * GOLDEN) % 1.0


class Ids:
    """The stream of one cluster; ``draws`` says how far it has been read."""

    def __init__(self, seed: int, draws: int = 0) -> None:
        self.seed = seed
        self.draws = draws

    def _draw(self) -> bytes:
        self.draws += 1
        return blake2b(b"%d/%d" % (self.seed, self.draws), digest_size=16).digest()

    def uid(self) -> str:
        """Return a version 4 UUID."""
        raw = self._draw().hex()
        variant = "89ab"[int(raw[16], 16) & 3]
        return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-{variant}{raw[17:20]}-{raw[20:]}"

    def suffix(self, length: int = 5) -> str:
        """Return what the API server appends to a generateName."""
        return "".join(ALPHABET[byte % len(ALPHABET)] for byte in self._draw()[:length])

    def number(self, below: int) -> int:
        return int.from_bytes(self._draw()[:8]) % below
