"""The timeline: every write, by which component, because of what; the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import escape

from core.cluster import Cluster, Entry
from core.journal import entry_of
from stsviz.templatetags.words import tame

SHOWN = 60  # lines kept on the page: each new one moves, and repaints, all of them
PAGES = 10  # of SHOWN writes, looked through at most for lines that are worth showing


def read(cluster: Cluster, old: Sequence[Entry] = ()) -> list[Entry]:
    """Return the newest lines, newest first; *old* is what this returned before, and is not read again."""
    found: list[Entry] = []
    before, after = 1 << 62, old[0].revision if old else 0
    for _ in range(PAGES):  # newest first: of thousands of writes nobody sees more than the last
        page = cluster.timeline(SHOWN, before, after)
        found += (entry for entry in page if not is_heartbeat(entry))
        if len(found) >= SHOWN or len(page) < SHOWN:
            break
        before = page[-1].revision
    else:
        if not old:
            return told(cluster)  # nothing but heartbeats of late
    return [*found, *old][:SHOWN]


def told(cluster: Cluster, upto: int = 1 << 62) -> list[Entry]:
    """Return the lines up to the revision *upto* as they were then, newest first."""
    past = cluster.past
    return [entry_of(change) for change in reversed(past.changes(past.told(upto)[-SHOWN:]))]


def is_heartbeat(entry: Entry) -> bool:
    """Whether a node only said that it is still there."""
    return entry.ref.kind == "Node" and entry.text.endswith("reports its status")


def clock(seconds: float) -> str:
    """Write simulated seconds since the cluster's start as 00:01:12, or with days before it."""
    days, rest = divmod(max(0, int(seconds)), 86400)
    text = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}d {text}" if days else text


def line(entry: Entry, started: float) -> str:
    because = f"<i>— {escape(tame(entry.because))}</i>" if entry.because else ""
    ref, text = entry.ref, escape(tame(entry.text))
    what = escape(f"{ref.kind}/{ref.namespace}/{ref.name}")
    return (
        f'<li id="t-{entry.revision}"><time>{clock(entry.at - started)}</time><b>{escape(entry.actor)}</b>'
        f'<span><button class="plain" data-select="{what}">{text}</button> {because}</span>'
        "</li>"
    )


def section(entries: Sequence[Entry], started: float) -> str:
    return f'<ol id="timeline">{"".join(line(entry, started) for entry in entries)}</ol>'


def changes(old: Sequence[Entry], new: Sequence[Entry], started: float) -> list[str]:
    """Return the fragments that bring the old lines up to the new ones."""
    if old is new or not new or (old and old[0] == new[0]):
        return []
    last = old[0].revision if old else 0
    fresh = [entry for entry in new if entry.revision > last]
    if not fresh:
        return []
    if len(fresh) > SHOWN // 2:
        return [section(new, started).replace("<ol ", '<ol hx-swap-oob="outerHTML" ', 1)]
    oldest = new[-1].revision
    parts = [f'<li id="t-{e.revision}" hx-swap-oob="delete"></li>' for e in old if e.revision < oldest]
    lines = "".join(line(entry, started) for entry in fresh)
    return [*parts, f'<ol hx-swap-oob="afterbegin:#timeline">{lines}</ol>']
