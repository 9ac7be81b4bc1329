"""The twin: the same state as the tables of `kubectl get`, row by row, so that one change sends one row.

A row is a line of text in columns of blanks, as kubectl prints it. An HTML table of a thousand rows costs
a browser more at every change than all of the picture: it lays out and paints each cell.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import NamedTuple

from django.utils.html import escape

from core.api.kinds import BY_KIND
from core.apimachinery.meta import Obj, Ref, ref_of
from core.apiserver import printers
from core.client.cache import View

KINDS = ("StatefulSet", "Deployment", "Pod", "PersistentVolumeClaim", "PersistentVolume", "Service")
MOST = 300  # rows of a table that are shown
OF_MORE = 50  # of one with more than MOST: a browser parses three tables of 300 rows longer than the picture
GAP = 3  # blanks between two columns
ROOM = {"STATUS": len("Terminating"), "READY": len("300/300"), "AGE": 5}
POD_ROOM = ROOM | {"STATUS": len("ContainerCreating")}
"""Characters that a column has at least: else all rows would be sent anew when one Pod is being made."""


Key = tuple[str, str]  # namespace, name


@dataclass(frozen=True, slots=True)
class Table:
    """A table as kubectl prints it. ``rows``: row id -> (what selects it, cells)."""

    columns: tuple[str, ...]
    rows: dict[str, tuple[str, tuple[str, ...]]]
    more: int
    widths: tuple[int, ...] = ()
    """Characters of each column but the last. They grow, and shrink only with a new page."""
    printed: dict[str, tuple[Obj, float]] = field(default_factory=dict, compare=False)
    """Row id -> the object it was printed from, and when (simulated epoch seconds)."""
    order: list[Key] = field(default_factory=list, compare=False)
    """What there is, in kubectl's order: the next table takes it over and brings it up to date."""

    def html_row(self, row_id: str) -> str:
        what, cells = self.rows[row_id]
        first, rest = cells[0], self.line(("", *cells[1:]))[len(cells[0]) :]
        button = f'<button class="plain" data-select="{escape(what)}">{escape(first)}</button>'
        return f'<li id="{row_id}">{button}{escape(rest)}</li>'

    @property
    def head(self) -> tuple[object, ...]:
        """All that a row alone cannot change."""
        return self.columns, self.widths, self.more, bool(self.rows)

    def line(self, cells: Sequence[str]) -> str:
        return "".join(map(str.ljust, cells, self.widths)) + cells[-1]


def read(
    view: View,
    now: float,
    old: Mapping[str, Table] | None = None,
    aged: int = 0,
    changed: Collection[Ref] | None = None,
) -> dict[str, Table]:
    """Return the tables of the kinds that the page shows.

    With *old*, a row whose object is still the same is taken over as it is, its age too, but for the
    *aged* rows that were printed longest ago: ages that tick in every row would be all the socket sends.
    *changed*: what was written since *old*; None: nobody knows.
    """
    due: set[str] = set()
    if old and aged:
        rows = ((at, row_id) for table in old.values() for row_id, (_, at) in table.printed.items())
        due = {row_id for _, row_id in nsmallest(aged, rows)}
    tables: dict[str, Table] = {}
    for kind in KINDS:
        shown = _Shown(kind, view, _order(kind, view, old, changed))
        tables[kind] = _table(shown, now, old[kind] if old else None, due)
    return tables


class _Shown(NamedTuple):
    """What a table is made from."""

    kind: str
    view: View
    order: list[Key]


def _order(
    kind: str, view: View, old: Mapping[str, Table] | None, changed: Collection[Ref] | None
) -> list[Key]:
    """Return what there is of *kind*, in order: in a time that grows with what was made and deleted only."""
    if old is None or changed is None:
        return sorted(map(_key, view.list(kind)))
    order = old[kind].order
    for ref in changed:
        if ref.kind != kind:
            continue
        key = ref.namespace, ref.name
        at = bisect_left(order, key)
        known = at < len(order) and order[at] == key
        if known != (view.get(*ref) is not None):
            order[at : at + known] = () if known else (key,)
    return order


def text(kind: str, view: View, now: float) -> str:
    """Return what `kubectl get` prints of a kind, in its order."""
    return printers.render(printers.table(kind, sorted(view.list(kind), key=_key), now))


def _key(obj: Obj) -> Key:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _table(source: _Shown, now: float, old: Table | None, due: Collection[str]) -> Table:
    kind, view, order = source
    most = MOST if len(order) <= MOST else OF_MORE
    shown = [obj for key in order[:most] if (obj := view.get(kind, *key)) is not None]
    spaced = BY_KIND[kind].namespaced and any(o["metadata"].get("namespace") != "default" for o in shown)
    columns = printers.table(kind, (), now).columns
    narrow = [at for at, column in enumerate(columns) if not column.priority]
    names = tuple(columns[at].name.upper() for at in narrow)
    if spaced:
        names = (names[0], "NAMESPACE", *names[1:])
    if old is not None and old.columns != names:
        old = None
    rows: dict[str, tuple[str, tuple[str, ...]]] = {}
    printed: dict[str, tuple[Obj, float]] = {}
    for obj in shown:
        ref = ref_of(obj)
        # No name holds "_", so this is unique; and htmx splits "how:where" at the last ":", so no ":" in ids.
        row_id = f"row_{ref.kind}_{ref.namespace}_{ref.name}"
        before = old.printed.get(row_id) if old is not None and row_id not in due else None
        if old is not None and before is not None and before[0] is obj:
            rows[row_id], printed[row_id] = old.rows[row_id], before
        else:
            cells = printers.table(kind, (obj,), now).rows[0]
            texts = tuple(printers.cell_text(cells[at]) for at in narrow)
            if spaced:
                texts = (texts[0], ref.namespace, *texts[1:])
            rows[row_id] = f"{ref.kind}/{ref.namespace}/{ref.name}", texts
            printed[row_id] = obj, now
    known = old.rows if old is not None else {}
    fresh = [
        line for row_id, (_, line) in rows.items() if row_id not in known or known[row_id][1] is not line
    ]
    room = POD_ROOM if kind == "Pod" else ROOM
    least = old.widths if old is not None else [room.get(name, 0) + GAP for name in names[:-1]]
    widths = _widths(names, fresh, least)
    return Table(names, rows, len(order) - len(shown), widths, printed, order)


def _widths(names: Sequence[str], lines: Collection[Sequence[str]], least: Sequence[int]) -> tuple[int, ...]:
    """Return how wide each column but the last has to be, and no narrower than it was."""
    return tuple(
        max(width, *(len(line[at]) + GAP for line in (names, *lines))) for at, width in enumerate(least)
    )


def section(kind: str, table: Table) -> str:
    """Return a whole table, or a hidden place for one that has no rows."""
    hidden = "" if table.rows else " hidden"
    head = escape(table.line(table.columns))
    body = "".join(table.html_row(row_id) for row_id in table.rows)
    more = f"<p>and {table.more:,} more: all rows stand in tables.txt, above</p>" if table.more else ""
    return (
        f'<section id="twin-{kind}"{hidden} aria-label="{BY_KIND[kind].plural}">'
        f'<p>{head}</p><ol id="rows-{kind}">{body}</ol>{more}</section>'
    )


def changes(old: Mapping[str, Table], new: Mapping[str, Table]) -> list[str]:
    """Return the fragments that turn the old tables into the new ones."""
    parts: list[str] = []
    for kind, table in new.items():
        before = old[kind]
        if before == table:
            continue
        if before.head != table.head:
            parts.append(section(kind, table).replace("<section ", '<section hx-swap-oob="outerMorph" ', 1))
        else:
            parts += _row_changes(kind, before, table)
    return parts


def _row_changes(kind: str, before: Table, table: Table) -> list[str]:
    """Return the changes of single rows.

    New rows that stand together come together, after a row that is there already: htmx looks for all
    places of a message before it fills the first.
    """
    parts = [
        f'<li id="{row_id}" hx-swap-oob="delete"></li>' for row_id in before.rows if row_id not in table.rows
    ]
    place, fresh = f"afterbegin:#rows-{kind}", ""
    for row_id in table.rows:
        if row_id not in before.rows:
            fresh += table.html_row(row_id)
            continue
        if fresh:
            parts.append(f'<ol hx-swap-oob="{place}">{fresh}</ol>')
        place, fresh = f"afterend:[id='{row_id}']", ""
        if before.rows[row_id] != table.rows[row_id]:
            parts.append(table.html_row(row_id).replace("<li ", '<li hx-swap-oob="outerMorph" ', 1))
    if fresh:
        parts.append(f'<ol hx-swap-oob="{place}">{fresh}</ol>')
    return parts
