"""Who manages which field: managedFields of every write, and server-side apply with its conflicts.

Source: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal, staging/src/k8s.io/apiserver/pkg/
endpoints/handlers/patch.go (v1.36).
Differs: only writes that come as requests are recorded, those of the simulated components are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from core.apimachinery.errors import Conflict
from core.apimachinery.meta import Obj
from core.apimachinery.schema import Type, type_of
from core.apimachinery.timestamps import timestamp
from core.apiserver.fieldset import (
    Leaves,
    Path,
    from_fields,
    in_order,
    leaves,
    merged,
    path_text,
    removed,
    to_fields,
)

APPLY, UPDATE = "Apply", "Update"
_MISSING: Final = object()
_IDENTITY = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",)}
    | {
        ("f:metadata", f"f:{name}")
        for name in (
            "name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields",
            "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds",
        )
    }
)  # fmt: skip

Manage = Callable[[Obj, Obj | None], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One manager's fields. *time* is "" for what was written through scale."""

    manager: str
    operation: str
    api_version: str
    subresource: str
    time: str
    paths: frozenset[Path]

    @property
    def who(self) -> tuple[str, str, str, str]:
        return self.manager, self.operation, self.api_version, self.subresource

    def __str__(self) -> str:
        """``"kubectl" using apps/v1``, as conflicts name it."""
        sub = f' with subresource "{self.subresource}"' if self.subresource else ""
        using = f" using {self.api_version}" if self.operation == UPDATE else ""
        return f'"{self.manager}"{sub}{using}'


# -- managedFields ---------------------------------------------------------------------------------


def read(managed: Iterable[Any] | None) -> list[Entry]:
    """Return the entries of managedFields; one that names no manager and no fields resets them."""
    return [
        Entry(
            item.get("manager", ""),
            item["operation"],
            item.get("apiVersion", ""),
            item.get("subresource", ""),
            item.get("time", ""),
            frozenset(from_fields(item.get("fieldsV1") or {})),
        )
        for item in managed or ()
        if item.get("operation") in (APPLY, UPDATE)
    ]


def written(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return managedFields: Apply before Update, then by time; who has nothing left is not named."""
    kept = [entry for entry in entries if entry.paths]
    kept.sort(key=lambda entry: (entry.operation, entry.time, entry.manager))
    return [_item(entry) for entry in kept]


def _item(entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {"manager": entry.manager, "operation": entry.operation}
    item["apiVersion"] = entry.api_version
    if entry.time:
        item["time"] = entry.time
    item |= {"fieldsType": "FieldsV1", "fieldsV1": to_fields(entry.paths)}
    if entry.subresource:
        item["subresource"] = entry.subresource
    return item


def _owned(obj: Obj | None, type_: Type, *, containers: bool = True) -> Leaves:
    found = leaves(obj or {}, type_, containers=containers)
    return {path: value for path, value in found.items() if path[:2] not in _IDENTITY}


# -- writes that are no apply ----------------------------------------------------------------------


def updates(manager: str, subresource: str, now: float) -> Manage:
    """Return what records in an object that *manager* wrote it: it owns what it changed, nobody else does."""

    def manage(new: Obj, old: Obj | None) -> None:
        type_ = type_of(new["kind"], new["apiVersion"])
        if type_ is None:
            return
        before, after = _owned(old, type_), _owned(new, type_)
        if subresource != "status":  # others write that
            after = {path: value for path, value in after.items() if path[0] != "f:status"}
            after |= {path: value for path, value in before.items() if path[0] == "f:status"}
        changed = {path for path, value in after.items() if before.get(path, _MISSING) != value}
        stored = old["metadata"].get("managedFields") if old else None
        given = new["metadata"].get("managedFields") if old else None
        entries = read(given or stored)
        stamp = "" if subresource == "scale" else timestamp(now)
        me = Entry(manager, UPDATE, new["apiVersion"], subresource, stamp, frozenset())
        _set(new, _with_mine(entries, me, changed, set(after)), stored)

    return manage


def _with_mine(entries: list[Entry], me: Entry, changed: set[Path], existing: set[Path]) -> list[Entry]:
    out, mine = [], me
    for entry in entries:
        if entry.who == me.who:
            paths = frozenset((entry.paths | changed) & existing)
            mine = replace(entry if paths == entry.paths else me, paths=paths)
        else:
            out.append(replace(entry, paths=frozenset((entry.paths & existing) - changed)))
    if mine is me:
        mine = replace(me, paths=frozenset(changed))
    return [*out, mine]


def _set(obj: Obj, entries: list[Entry], stored: Any) -> None:
    """Give *obj* its managedFields; *stored* stays when nobody's fields have changed."""
    made = written(entries)
    same = {(e.who, e.paths) for e in entries if e.paths} == {(e.who, e.paths) for e in read(stored)}
    if same and stored is not None:
        obj["metadata"]["managedFields"] = stored
    elif made:
        obj["metadata"]["managedFields"] = made
    else:
        obj["metadata"].pop("managedFields", None)


# -- server-side apply -----------------------------------------------------------------------------

_RESET = {"": "f:status", "status": "f:spec"}
"""Subresource -> what is not written there, whatever is applied: nobody comes to own it (GetResetFields)."""


def apply(live: Obj | None, config: Obj, me: Entry, *, force: bool) -> tuple[Obj, Manage]:
    """Lay *config* over *live* in the name of *me*; return the object and what records who owns what.

    What *me* applied before and no longer does is taken away, unless somebody else owns it too.
    Raises: Conflict, when another manager owns a field that has another value, and not *force*.
    """
    type_ = type_of(config["kind"], config["apiVersion"])
    assert type_ is not None, "decoded before"
    wanted = _owned(config, type_, containers=False)
    elsewhere = _RESET.get(me.subresource)
    wanted = {path: value for path, value in wanted.items() if path[0] != elsewhere}
    stored = live["metadata"].get("managedFields") if live else None
    entries = read(stored)
    others = [entry for entry in entries if entry.who != me.who]
    present = _owned(live, type_, containers=False)
    differing = {path for path, value in wanted.items() if present.get(path, _MISSING) != value}
    conflicts = [(entry, sorted(entry.paths & differing, key=in_order)) for entry in others]
    conflicts = [(entry, paths) for entry, paths in conflicts if paths]
    if conflicts and not force:
        raise _conflict(conflicts)
    mine = next((entry for entry in entries if entry.who == me.who), None)
    new = config
    if live is not None:
        new = merged(live, config, type_)
        if mine is not None:
            kept = [*(path for entry in others for path in entry.paths), *wanted]
            new = removed(new, _given_up(mine.paths - set(wanted), kept), type_)

    def manage(obj: Obj, old: Obj | None) -> None:
        existing = set(_owned(obj, type_)) | {path for path in _owned(old, type_) if path[0] == "f:status"}
        kept = [replace(entry, paths=(entry.paths & existing) - differing) for entry in others]
        same = mine is not None and mine.paths == frozenset(wanted)
        _set(obj, [*kept, mine if same and mine else replace(me, paths=frozenset(wanted))], stored)

    return new, manage


def _given_up(paths: frozenset[Path], kept: Iterable[Path]) -> set[Path]:
    """Return those of *paths* that are not among *kept*, nor above one: a map stays with what is in it."""
    held = {path[:depth] for path in kept for depth in range(1, len(path) + 1)}
    return {path for path in paths if path not in held}


def _conflict(conflicts: list[tuple[Entry, list[Path]]]) -> Conflict:
    conflicts = sorted(conflicts, key=lambda found: str(found[0]))
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {entry}", "field": path_text(path)}
        for entry, paths in conflicts
        for path in paths
    ]
    if len(causes) == 1:
        text = f"{causes[0]['message']}: {causes[0]['field']}"
        return Conflict(f"Apply failed with 1 conflict: {text}", causes=causes)
    groups = [
        f"conflicts with {entry}:\n" + "\n".join(f"- {path_text(path)}" for path in paths)
        for entry, paths in conflicts
    ]
    return Conflict(f"Apply failed with {len(causes)} conflicts: " + "\n".join(groups), causes=causes)
