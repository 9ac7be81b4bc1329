"""What a stream makes of a change, and what the ring of recent changes keeps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from core.apimachinery.meta import Ref
from core.apiserver.discovery import resources
from core.apiserver.options import ListOptions, list_options
from core.apiserver.store import Change
from stsviz.kubeapi import watch
from stsviz.kubeapi.negotiation import Form
from stsviz.kubeapi.watch import News, Rendition, _Ring, seen_through

EVERYTHING = ListOptions()
X1 = list_options({"labelSelector": ["x=1"]}, "Pod", namespaced=True)


def pod(label: str | None) -> dict[str, Any]:
    labels = {"labels": {"x": label}} if label else {}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "here", **labels}}


def change(kind: str, new: str | None, old: str | None = None, *, known: bool = True) -> Change:
    before = pod(old) if kind != "ADDED" and known else None
    return Change(7, kind, Ref("Pod", "here", "a"), pod(new), before, "you", "", 0.0)


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


def test_a_change_is_serialised_once_for_all_who_get_the_same_bytes(monkeypatch: pytest.MonkeyPatch):
    rendered = []
    monkeypatch.setattr(watch, "orjson", SimpleNamespace(dumps=lambda obj: rendered.append(obj) or b"{}"))
    news = News(change("ADDED", "1"))
    cluster: Any = None
    plain = [Rendition(resources()["", "v1", "pods"], Form(), cluster) for _ in range(200)]
    bare = Rendition(resources()["", "v1", "pods"], Form(target="PartialObjectMetadata"), cluster)
    for rendition in (*plain, bare):
        news.object_bytes(rendition)
    assert len(rendered) == 2


def test_a_ring_gives_what_came_after_a_revision_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watch, "RING", 3)
    ring = _Ring(floor=0)
    for revision in range(1, 6):
        ring.add(News(Change(revision, "ADDED", Ref("Pod", "", "a"), pod("1"), None, "", "", 0.0)))
    assert [news.change.revision for news in ring.since(3)] == [4, 5]
    assert (ring.floor, len(ring.news)) == (2, 3)
