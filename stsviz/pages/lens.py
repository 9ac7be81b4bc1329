"""The DNS lens: what a name answers, why not, what it answered before, and who may still have that.

Its answers are the DNS server's own (core/dns). The history of a name is kept between two looks and goes
on with what was written since; the page asks again at most once a second, and gets nothing when it has it.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.apimachinery.meta import Obj, Ref, name_of, namespace_of
from core.client.cache import View
from core.cluster import Cluster
from core.dns import records
from core.dns.chronicle import Chronicle, Spell, ttl
from core.dns.reasons import why
from core.journal import Entry, entry_of
from core.past import Line, Moment, Past
from core.sim.settings import Settings
from stsviz.pages.forks import looked_at
from stsviz.pages.stage import stage_at
from stsviz.pages.timeline import clock
from stsviz.runtime import LAB

TYPES = ("A", "AAAA", "SRV", "PTR", "CNAME", "TXT", "NS")
LONGEST_NAME = 253
MOST_NAMES, MOST_PODS, MOST_SPELLS = 60, 60, 12
KEPT = 32  # names whose history is held
READ = 2_000  # writes that the history of a name is made from at first


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. *asker*: a namespace, or namespace/Pod, whose search domains are tried."""

    name: str
    type: str
    asker: str

    @property
    def namespace(self) -> str:
        return self.asker.partition("/")[0]


class History:
    """The answers of one name in one cluster, with who caused each."""

    def __init__(self, past: Past, settings: Settings, name: str, type_: str) -> None:
        self.past = past
        self._chronicle = Chronicle(settings, name, type_)
        about = records.subject(settings, name)
        self._label = about[0] if about else ""
        self._seen = 0
        self._lines: dict[int, Line] = {}
        self._causes: dict[int, tuple[Entry, Entry | None]] = {}

    def catch_up(self) -> Chronicle:
        """Take in what was written since the last look, and return all of it."""
        chronicle, last = self._chronicle, self.past.last
        for line, obj in self._news():
            known = len(chronicle.spells), chronicle.spells[-1:]
            chronicle.write(line.revision, line.at, line.type, obj)
            if known != (len(chronicle.spells), chronicle.spells[-1:]):
                self._lines[line.revision] = line
        self._seen = last
        return chronicle

    def _news(self) -> list[tuple[Line, Obj]]:
        past, concerns = self.past, self._chronicle.concerns
        if self._seen:
            lines = [line for line in past.lines(self._seen) if concerns(line.ref)]
        else:
            kinds = ("Namespace", "Service", "EndpointSlice")
            refs = [ref for kind in kinds for ref in past.refs(kind) if concerns(ref)]
            lines = sorted((line for ref in refs for line in past.lines_of(ref)), key=_revision)[-READ:]
        lines = [line for line in lines if line.revision > self._seen]
        states = past.states(lines)
        return [(line, states[line.revision]) for line in lines if line.revision in states]

    def cause(self, spell: Spell) -> tuple[Entry, Entry | None] | None:
        """Return the write that changed the answer, and that of the Pod it followed from, if it did."""
        line = self._lines.get(spell.revision)
        if line is None:
            return None
        if line.revision not in self._causes:
            change = next(iter(self.past.changes([line])), None)
            if change is None:
                return None
            pod = _pod_behind(change.old, change.obj if change.type != "DELETED" else None, self._label)
            self._causes[line.revision] = entry_of(change), self._before(pod, line.revision) if pod else None
        return self._causes[line.revision]

    def _before(self, pod: Ref, revision: int) -> Entry | None:
        lines = [line for line in self.past.lines_of(pod) if line.revision <= revision]
        found = self.past.changes(lines[-1:])
        return entry_of(found[0]) if found else None


def _revision(line: Line) -> int:
    return line.revision


def _pod_behind(old: Obj | None, new: Obj | None, label: str) -> Ref | None:
    """Return the Pod of the first endpoint that differs between two states of a slice, of *label* if any."""
    before, after = _endpoints(old), _endpoints(new)
    for key, (endpoint, pod) in {**before, **after}.items():
        if label and endpoint.get("hostname") != label:
            continue
        if before.get(key, ({}, pod))[0] != after.get(key, ({}, pod))[0]:
            return pod
    return None


def _endpoints(slice_: Obj | None) -> dict[tuple[str, str], tuple[Obj, Ref]]:
    found = {}
    for endpoint in (slice_ or {}).get("endpoints") or ():
        target = endpoint.get("targetRef") or {}
        if target.get("kind") == "Pod":
            pod = Ref("Pod", target["namespace"], target["name"])
            found[pod.name, target.get("uid", "")] = endpoint, pod
    return found


_histories: OrderedDict[tuple[str, str, str], History] = OrderedDict()
_lock = threading.Lock()


def history_of(cluster: Cluster, name: str, type_: str) -> tuple[History, Chronicle]:
    """Return the history of a complete name, up to now."""
    with _lock:
        key = cluster.name, name.lower(), type_
        found = _histories.pop(key, None)
        if found is None or found.past is not cluster.past:
            found = History(cluster.past, cluster.settings, name, type_)
        _histories[key] = found
        while len(_histories) > KEPT:
            _histories.popitem(last=False)
        return found, found.catch_up()


# -- the page --------------------------------------------------------------------------------------------


@require_safe
def lens(request: HttpRequest, name: str) -> HttpResponse:
    """Show the lens: of `name`, `type` and `from`; with `seen` only its answer, if that is another by now."""
    cluster, at = stage_at(name).driver.cluster, looked_at(request)
    moment = cluster.past.at(at) if at is not None else cluster
    with moment.reading() as view:
        context = _context(request, cluster, moment, view)
        now = float(moment.now)
    if "asked" in context:  # not above: what reads the history takes its lock before the store's
        context |= _over_time(cluster, context["asked"], context["type"], now if at is not None else None)
    answer = render_to_string("parts/dns_answer.html", context)
    digest = hashlib.blake2s(answer.encode(), digest_size=8).hexdigest()
    if request.GET.get("seen") == digest:
        return HttpResponse(status=204)
    query = {key: request.GET[key] for key in ("name", "type", "from") if key in request.GET}
    context["fresh"] = f"{reverse('dns', kwargs={'name': name})}?{urlencode({**query, 'seen': digest})}"
    context["answer"] = answer
    template = "parts/dns_fresh.html" if "seen" in request.GET else "parts/dns.html"
    if "HX-Request" not in request.headers:
        template = "dns.html"
    response = render(request, template, context)
    response.headers["Cache-Control"] = "no-store"
    return response


def _context(request: HttpRequest, cluster: Cluster, moment: Cluster | Moment, view: View) -> dict[str, Any]:
    question = _question(request, view)
    askers = [name_of(n) for n in view.list("Namespace")]
    askers += [f"{namespace_of(p)}/{name_of(p)}" for p in view.list("Pod")[:MOST_PODS]]
    names = _names(view, cluster.settings)
    context: dict[str, Any] = {
        "name": cluster.name,
        "question": question,
        "askers": askers,
        "types": TYPES,
        "names": names[:MOST_NAMES],
        "more": len(names) - MOST_NAMES,
    }
    if not question.name:
        return context
    tries = _tries(view, cluster.settings, question)
    asked, found = _subject(view, cluster.settings, tries)
    server = f"@127.0.0.1 -p {settings.DNS_PORT}" if cluster.name == LAB and settings.DNS_PORT else ""
    return context | {
        "search": " ".join(f"{d}." for d in _search(cluster.settings, question.namespace)),
        "tries": [
            {"name": tried, "status": _status(got), "because": why(view, cluster.settings, tried, got)}
            for tried, got in tries
        ],
        "asked": asked,
        "type": _type(question),
        "status": _status(found),
        "records": found.records,
        "additional": found.additional,
        "ttl": ttl(found),
        "because": why(view, cluster.settings, asked, found),
        "server": server or f"@{cluster.settings.cluster_dns}",
        "is_inside": not server,
    }


def _question(request: HttpRequest, view: View) -> Question:
    given = request.GET
    name = "".join(given.get("name", "").split())[:LONGEST_NAME]
    type_ = given.get("type", "").upper()
    asker = given.get("from", "")[:LONGEST_NAME]
    namespace = asker.partition("/")[0]
    if view.get("Namespace", "", namespace) is None:
        asker = "default"
    return Question(name, type_ if type_ in TYPES else "", asker)


def _type(question: Question) -> str:
    """Return the type that is asked for: when none is chosen, what such a name is asked for."""
    if question.type:
        return question.type
    if question.name.startswith("_"):
        return "SRV"
    is_reverse = question.name.lower().rstrip(".").endswith(".in-addr.arpa") or _reversed(question.name)
    return "PTR" if is_reverse else "A"


def _reversed(name: str) -> str:
    """Return the name under which the address *name* is looked up; "" when it is no address."""
    try:
        return f"{IPv4Address(name.removesuffix('.')).reverse_pointer}."
    except AddressValueError:
        return ""


def _tries(view: View, of: Settings, question: Question) -> list[tuple[str, records.Answer]]:
    name = _reversed(question.name) or question.name
    if name.lower().rstrip(".").endswith(".in-addr.arpa"):
        name = name.rstrip(".") + "."
    return records.resolve(view, of, question.namespace, name, _type(question))


def _search(of: Settings, namespace: str) -> tuple[str, ...]:
    domain = of.cluster_domain
    return f"{namespace}.svc.{domain}", f"svc.{domain}", domain


def _subject(view: View, of: Settings, tries: list[tuple[str, records.Answer]]) -> tuple[str, records.Answer]:
    """Return the try that the lens is about: that with an answer, else the one that is meant most likely."""
    if tries[-1][1].records:
        return tries[-1]
    for name, found in tries:
        about = records.subject(of, name)
        if found.rcode == "NOERROR" or (about and view.get(*about[1]) is not None):
            return name, found
    return tries[0]


def _status(found: records.Answer) -> str:
    return "NODATA" if found.rcode == "NOERROR" and not found.records else found.rcode


def _names(view: View, of: Settings) -> list[dict[str, str]]:
    """Return the names that answer now, each with its answer."""
    found: list[dict[str, str]] = []
    for service in sorted(view.list("Service"), key=lambda s: (namespace_of(s), name_of(s))):
        if len(found) > MOST_NAMES * 20:
            break
        names = records.names_of(view, of, service)
        if names.addresses:
            found.append({"name": names.name, "data": _few(names.addresses)})
        found += [{"name": name, "data": address} for name, address, ready in names.endpoints if ready]
    return found


def _few(addresses: tuple[str, ...]) -> str:
    more = f" and {len(addresses) - 4} more" if len(addresses) > 4 else ""
    return ", ".join(addresses[:4]) + more


def _over_time(cluster: Cluster, name: str, type_: str, then: float | None) -> dict[str, Any]:
    """Return the history of *name*, newest first, and what caches may say at *then* (None: now)."""
    history, chronicle = history_of(cluster, name, type_)
    started = float(cluster.started)
    now = cluster.now if then is None else then
    spells, stale = chronicle.spells, chronicle.stale(now)
    if then is not None:
        old = Chronicle(cluster.settings, name, type_)
        old.spells = [s for s in spells if s.at <= then]
        if old.spells and (old.spells[-1].until or 0) > then:
            old.spells[-1] = replace(old.spells[-1], until=None)
        spells, stale = old.spells, old.stale(then)
    shown = spells[-MOST_SPELLS:]
    return {
        "spells": [_spell(history, spell, started) for spell in reversed(shown)],
        "earlier": len(spells) - len(shown),
        "stale": [_stale(spell, started) for spell in stale],
    }


def _spell(history: History, spell: Spell, started: float) -> dict[str, Any]:
    cause = history.cause(spell)
    return {
        "at": clock(spell.at - started),
        "revision": spell.revision,
        "data": spell.data,
        "status": _status(spell.answer),
        "write": cause[0] if cause else None,
        "pod": cause[1] if cause else None,
    }


def _stale(spell: Spell, started: float) -> dict[str, Any]:
    until = spell.until or 0.0
    return {
        "said": ", ".join(spell.data) or _status(spell.answer),
        "before": clock(until - started),
        "until": clock((spell.cached_until or until) - started),
        "ttl": ttl(spell.answer),
    }
