"""What one name answered over time, and for how long a cache may still say what is no longer true.

Only the few objects that a name depends on are kept, and after each of their writes the server's own
question is asked again: a name that nobody touches costs nothing, however much is written beside it.
Source: RFC 2308 (how long a refusal is kept: the SOA's last field); CoreDNS plugin/cache 1.12.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.apimachinery.meta import Obj, Ref, labels_of, ref_of
from core.client.cache import Cache
from core.dns.records import Answer, answer, subject
from core.sim.settings import Settings

SERVICE_OF = "kubernetes.io/service-name"
KEPT = 400  # answers of one name


@dataclass(frozen=True, slots=True)
class Spell:
    """An answer from the write *revision* on. ``at``, ``until``: simulated epoch seconds, None for still."""

    revision: int
    at: float
    answer: Answer
    until: float | None = None

    @property
    def data(self) -> tuple[str, ...]:
        """The records as dig prints them, sorted; empty when there are none."""
        return tuple(sorted(record.data for record in self.answer.records))

    @property
    def is_same(self) -> tuple[object, ...]:
        """What makes two answers the same one."""
        return self.answer.rcode, self.data

    @property
    def cached_until(self) -> float | None:
        """Until when somebody who asked at the last moment still has it, if they keep it for its TTL."""
        return None if self.until is None else self.until + ttl(self.answer)


def ttl(found: Answer) -> int:
    """Return for how many seconds *found* may be kept: of its records, else of the refusal."""
    if found.records:
        return min(record.ttl for record in found.records)
    return min((min(soa.ttl, int(soa.data.split()[-1])) for soa in found.authority), default=0)


class Chronicle:
    """The answers of one name, kept up write by write. Names are complete: ``web-0.nginx....local.``"""

    def __init__(self, settings: Settings, name: str, type_: str) -> None:
        self._settings, self._name, self._type = settings, name, type_
        about = subject(settings, name)
        self._service = about[1] if about else None
        self._view = Cache()
        self.spells: list[Spell] = []

    def concerns(self, ref: Ref) -> bool:
        """Tell whether a write of *ref* may change the answer."""
        if ref.kind not in ("Service", "EndpointSlice", "Namespace"):
            return False
        service = self._service
        if service is None:
            return True  # an address may be anybody's
        if ref.kind == "Namespace":
            return ref.name == service.namespace
        return ref == service if ref.kind == "Service" else ref.namespace == service.namespace

    def write(self, revision: int, at: float, kind: str, obj: Obj) -> None:
        """Take in a write. *kind*: ADDED, MODIFIED or DELETED (*obj* is then the last state)."""
        if kind == "DELETED" or not self._holds(obj):
            if self._view.drop(ref_of(obj)) is None:
                return
        else:
            self._view.put(obj)
        found = Spell(revision, at, answer(self._view, self._settings, self._name, self._type))
        last = self.spells[-1] if self.spells else None
        if last is not None:
            if last.is_same == found.is_same:
                return
            self.spells[-1] = Spell(last.revision, last.at, last.answer, at)
        self.spells.append(found)
        del self.spells[:-KEPT]

    def stale(self, now: float) -> list[Spell]:
        """Return the earlier answers that a cache may still give at *now*, newest first."""
        if not self.spells:
            return []
        current = self.spells[-1].is_same
        found: dict[tuple[object, ...], Spell] = {}
        for spell in reversed(self.spells[:-1]):
            if (spell.cached_until or 0.0) > now and spell.is_same != current:
                found.setdefault(spell.is_same, spell)
        return list(found.values())

    def _holds(self, obj: Obj) -> bool:
        service = self._service
        if obj["kind"] != "EndpointSlice" or service is None:
            return True
        return labels_of(obj).get(SERVICE_OF) == service.name
