"""What a watch makes of a change, what the hub keeps, and what 200 watches cost: one serialisation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from core.apimachinery.errors import Gone
from core.apimachinery.meta import Ref
from core.apiserver.discovery import resources
from core.apiserver.handlers import Target
from core.apiserver.listing import Page
from core.apiserver.options import ListOptions, list_options
from core.apiserver.store import Change
from stsviz.kubeapi import hub as hub_module
from stsviz.kubeapi.hub import AT_ONCE, Hub, Look, News, Piece, _Ring, seen_through
from stsviz.kubeapi.negotiation import Form
from stsviz.kubeapi.watch import Stream

PODS = resources()["", "v1", "pods"]
EVERYTHING = ListOptions()
X1 = list_options({"labelSelector": ["x=1"]}, "Pod", namespaced=True)


def pod(label: str | None, name: str = "a", revision: int = 7, **more: Any) -> dict[str, Any]:
    labels = {"labels": {"x": label}} if label else {}
    meta = {"name": name, "namespace": "here", "resourceVersion": str(revision), **labels}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": meta, **more}


def change(kind: str, new: str | None, old: str | None = None, *, known: bool = True) -> Change:
    before = pod(old) if kind != "ADDED" and known else None
    return Change(7, kind, Ref("Pod", "here", "a"), pod(new), before, "you", "", 0.0)


def modified(revision: int, size: int = 0) -> Change:
    obj = pod(None, "a", revision, text="x" * size)
    return Change(revision, "MODIFIED", Ref("Pod", "here", "a"), obj, None, "", "", 0.0)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The revisions of all objects that were turned into JSON, each time it was done."""
    found: list[str] = []
    render = Look.render

    def counted(look: Look, obj: Any, now: float, *, columns: bool = False) -> bytes:
        found.append(obj["metadata"]["resourceVersion"])
        return render(look, obj, now, columns=columns)

    monkeypatch.setattr(Look, "render", counted)
    return found


# -- what a change is for a watch --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "new", "old", "expected"),
    [
        ("ADDED", "1", None, ("ADDED", False)),
        ("ADDED", "2", None, None),
        ("MODIFIED", "1", "1", ("MODIFIED", False)),
        ("MODIFIED", "1", "2", ("ADDED", False)),
        ("MODIFIED", "2", "1", ("DELETED", True)),
        ("MODIFIED", "2", "2", None),
        ("DELETED", "1", "1", ("DELETED", False)),
        ("DELETED", "2", "2", None),
    ],
)
def test_a_selection_turns_changes_into_its_own(type_: str, new: str, old: str | None, expected: Any):
    """API-W4"""
    assert seen_through(change(type_, new, old), "", X1) == expected


def test_a_state_that_history_does_not_have_counts_as_selected():
    """API-W4: to tell a client of a deletion it does not need is harmless, to keep one back is not."""
    assert seen_through(change("MODIFIED", "2", known=False), "", X1) == ("DELETED", True)


def test_another_namespace_is_not_seen():
    assert seen_through(change("ADDED", "1"), "there", EVERYTHING) is None
    assert seen_through(change("ADDED", "1"), "here", EVERYTHING) == ("ADDED", False)


def test_a_change_is_serialised_once_for_all_who_get_the_same_bytes(rendered: list[str]):
    news = News(change("ADDED", "1"))
    looks = [Look(PODS, Form(), namespace) for namespace in ("", "here") for _ in range(100)]
    lines = {news.line(look, 0.0) for look in (*looks, Look(PODS, Form(), "", X1.labels))}
    bare = news.line(Look(PODS, Form(target="PartialObjectMetadata")), 0.0)
    assert (len(lines), bare in lines, len(rendered)) == (1, False, 2)


def test_a_ring_gives_what_came_after_a_revision_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub_module, "RING", 3)
    ring = _Ring(floor=0)
    for revision in range(1, 6):
        ring.add(News(modified(revision)))
    assert [news.change.revision for news in ring.since(3)] == [4, 5]
    assert (ring.floor, len(ring.news)) == (2, 3)


def test_what_a_deleted_object_looked_like_is_forgotten():
    ring = _Ring(floor=0, lines={Ref("Pod", "here", "a"): {}, Ref("Pod", "here", "b"): {}})
    ring.add(News(change("DELETED", "1")))
    assert list(ring.lines) == [Ref("Pod", "here", "b")]


# -- many watches of one cluster -----------------------------------------------------------------------


class Tape:
    """A cluster of which only the changes matter; *compacted*: the revision up to which they are gone."""

    name, now = "tape", 0.0

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.compacted = 0
        self.store = self
        self.on_commit: list[Callable[[int], None]] = []

    @property
    def revision(self) -> int:
        return len(self.changes)

    def changes_since(self, revision: int, limit: int = 1_000_000) -> list[Change]:
        if revision < self.compacted:
            raise Gone("too old")
        return self.changes[revision : revision + limit]

    def write(self, count: int, size: int = 0) -> None:
        for _ in range(count):
            self.changes.append(modified(self.revision + 1, size))
        for told in self.on_commit:
            told(self.revision)


class Client:
    """Reads a watch. *reads*: while cleared, it takes nothing."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self.pieces: list[bytes] = []
        self.ended = asyncio.Event()
        self.stuck = asyncio.Event()
        self.gives_up = False  # what a server does whose patience is at its end

    async def send(self, message: dict[str, Any]) -> None:
        self.pieces.append(message.get("body", b""))
        if not message.get("more_body", True):
            self.ended.set()
            return
        if not self.reads.is_set():
            self.stuck.set()
            await self.reads.wait()
            if self.gives_up:
                raise TimeoutError

    async def receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in b"".join(self.pieces).splitlines()]

    @property
    def revisions(self) -> list[int]:
        return [int(event["object"]["metadata"]["resourceVersion"]) for event in self.events]


class Room:
    """A hub with its streams."""

    def __init__(self, tape: Tape, hub: Hub) -> None:
        self.tape, self.hub = tape, hub
        self.tasks: list[asyncio.Task[None]] = []

    def watch(self, client: Client, revision: int = 0, options: ListOptions = EVERYTHING) -> Client:
        options = ListOptions(labels=options.labels, revision=revision, initial_events=revision == 0 or None)
        stream = Stream(self.hub, Target(PODS), options, Form(), client.send)
        self.tasks.append(asyncio.create_task(stream.run(client.receive)))
        return client

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not done():
                await asyncio.sleep(0.001)


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@asynccontextmanager
async def opened(tape: Tape, pool: ThreadPoolExecutor) -> AsyncIterator[Room]:
    cluster: Any = tape
    hub = Hub(cluster, pool, lambda _: True)
    room = Room(tape, hub)
    try:
        yield room
    finally:
        hub._task.cancel()
        for task in room.tasks:
            task.cancel()
        await asyncio.gather(hub._task, *room.tasks, return_exceptions=True)


async def test_200_watches_serialise_a_change_once(tape: Tape, pool: ThreadPoolExecutor, rendered: list[str]):
    tape.write(1)
    async with opened(tape, pool) as room:
        clients = [room.watch(Client(), revision=1) for _ in range(200)]
        await asyncio.sleep(0)
        for _ in range(10):
            tape.write(5)
            await asyncio.sleep(0.01)
        await room.until(lambda: all(client.revisions[-1:] == [51] for client in clients))
        assert {tuple(client.revisions) for client in clients} == {tuple(range(2, 52))}
    assert rendered == [str(revision) for revision in range(2, 52)]


async def test_200_watches_are_sent_the_same_bytes_and_not_copies_of_them(
    tape: Tape, pool: ThreadPoolExecutor
):
    tape.write(1)
    async with opened(tape, pool) as room:
        clients = [room.watch(Client(), revision=1) for _ in range(200)]
        await asyncio.sleep(0)
        tape.write(20)
        await room.until(lambda: all(client.revisions[-1:] == [21] for client in clients))
        pieces = {id(piece) for client in clients for piece in client.pieces if piece}
        assert len(pieces) == len([piece for piece in clients[0].pieces if piece])


async def test_200_watches_that_begin_serialise_each_object_once(
    tape: Tape, pool: ThreadPoolExecutor, rendered: list[str], monkeypatch: pytest.MonkeyPatch
):
    objects = [pod(None, f"p-{number}", number) for number in range(1000)]
    page = Page(objects, {"resourceVersion": "0"})
    monkeypatch.setattr(hub_module, "list_objects", lambda *_: page)
    async with opened(tape, pool) as room:
        clients = [room.watch(Client()) for _ in range(200)]
        await room.until(lambda: all(len(client.pieces) > 1 and client.pieces[-1] for client in clients))
        await room.until(lambda: all(b"".join(c.pieces).count(b"\n") == 1000 for c in clients))
    assert len(rendered) == 1000


async def test_a_table_is_made_again_when_its_ages_have_changed(rendered: list[str]):
    cluster: Any = SimpleNamespace(now=100.2)
    hub = Hub.__new__(Hub)
    hub.cluster, hub._rings, hub.revision = cluster, {}, 0
    table, plain = Look(PODS, Form(target="Table")), Look(PODS, Form())
    obj = pod(None, status={"phase": "Running"}, spec={"containers": []})
    for now in (100.2, 100.8, 101.1):
        cluster.now = now
        hub.added(table, obj)
        hub.added(plain, obj)
    assert len(rendered) == 3  # the object once, the row twice


# -- a watch that does not read ---------------------------------------------------------------------------


async def test_a_client_that_does_not_read_stops_nobody(tape: Tape, pool: ThreadPoolExecutor):
    tape.write(1)
    async with opened(tape, pool) as room:
        slow, quick = room.watch(Client(), revision=1), room.watch(Client(), revision=1)
        slow.reads.clear()
        await slow.stuck.wait()
        tape.write(50)
        await room.until(lambda: quick.revisions[-1:] == [51])
        assert slow.events == []  # all of the others' events came while this one took none
        slow.reads.set()
        await room.until(lambda: slow.revisions[-1:] == [51])
        assert slow.revisions == quick.revisions


async def test_a_client_that_does_not_read_keeps_one_piece_in_memory(
    tape: Tape, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hub_module, "RING", 64)
    size = 40_000
    tape.write(1)
    async with opened(tape, pool) as room:
        slow = room.watch(Client(), revision=1)
        await room.until(lambda: bool(slow.pieces))
        slow.reads.clear()
        for _ in range(8):
            tape.write(50, size)
            at = tape.revision
            await room.until(lambda at=at: room.hub.revision == at)
        (piece,) = [piece for piece in slow.pieces if piece]
        assert len(piece) < AT_ONCE + size + 1000
        assert len(room.hub._rings["Pod"].news) == 64
        assert len(room.hub._pieces) <= hub_module.PIECES
        slow.reads.set()  # and still it loses nothing: history goes back farther than the hub
        await room.until(lambda: slow.revisions[-1:] == [401])
        assert slow.revisions == list(range(2, 402))


async def test_pieces_are_kept_for_a_few_watches_only(tape: Tape, pool: ThreadPoolExecutor):
    tape.write(1)
    async with opened(tape, pool) as room:
        room.watch(Client(), revision=1)
        await asyncio.sleep(0)
        tape.write(200)
        await room.until(lambda: room.hub.revision == 201)
        pieces = [await room.hub.piece(Look(PODS, Form()), revision) for revision in range(1, 201)]
        assert all(isinstance(piece, Piece) and piece.revision == 201 for piece in pieces)
        assert len(room.hub._pieces) <= hub_module.PIECES


async def test_a_client_whose_history_is_gone_is_told_410(
    tape: Tape, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
):
    """API-W9"""
    monkeypatch.setattr(hub_module, "RING", 8)
    tape.write(1)
    async with opened(tape, pool) as room:
        slow = room.watch(Client(), revision=1)
        slow.reads.clear()
        await slow.stuck.wait()
        tape.write(50)
        await room.until(lambda: room.hub.revision == 51)
        tape.compacted = 40
        slow.reads.set()
        await asyncio.wait_for(slow.ended.wait(), 20)
    assert [(event["type"], event["object"]["code"]) for event in slow.events] == [("ERROR", 410)]


async def test_a_client_that_takes_nothing_for_long_is_told_410_and_cut_off(
    tape: Tape, pool: ThreadPoolExecutor
):
    tape.write(1)
    async with opened(tape, pool) as room:
        slow = room.watch(Client(), revision=1)
        slow.reads.clear()
        await slow.stuck.wait()
        tape.write(50)
        slow.gives_up = True
        slow.reads.set()
        await asyncio.wait_for(slow.ended.wait(), 20)
        await asyncio.wait_for(room.tasks[0], 20)
        assert room.hub._rings["Pod"].followers == set()
    (event,) = slow.events
    assert (event["type"], event["object"]["reason"]) == ("ERROR", "Expired")
