"""Lists: pages of one revision, and lists at a revision that is past."""

from __future__ import annotations

from typing import Any

import pytest

from core import models
from core.apimachinery.errors import BadRequest, Gone
from core.apimachinery.fields import parse
from core.apimachinery.meta import Obj, Ref
from core.apiserver import listing
from core.apiserver.listing import ExpiredToken, list_objects
from core.apiserver.options import ListOptions
from core.apiserver.refusals import RevisionTooLarge
from core.apiserver.store import Store

pytestmark = pytest.mark.django_db(transaction=True)


def claim(name: str, namespace: str = "default", **spec: Any) -> Obj:
    meta = {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}"}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}


@pytest.fixture
def store() -> Store:
    store = Store(models.Cluster.objects.create(name="test", started=0.0, now=0.0))
    for namespace, name in (("b", "x"), ("a", "z"), ("a", "y"), ("a-b", "w")):
        store.create(claim(name, namespace), "you")
    return store


def keys(page: listing.Page) -> list[str]:
    return [f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in page.items]


def listed(store: Store, namespace: str | None = None, **options: Any) -> listing.Page:
    return list_objects(store, "PersistentVolumeClaim", namespace, ListOptions(**options))


def test_a_list_is_sorted_by_namespace_then_name(store: Store):
    """API-L1"""
    assert keys(listed(store)) == ["a/y", "a/z", "a-b/w", "b/x"]
    assert keys(listed(store, "a")) == ["a/y", "a/z"]


def test_pages_together_are_the_list_as_the_first_one_found_it(store: Store):
    """API-L4"""
    first = listed(store, limit=2)
    assert first.metadata["remainingItemCount"] == 2
    store.create(claim("zz", "a"), "you")
    store.update(claim("x", "b", changed=True), "", "you")
    store.delete(Ref("PersistentVolumeClaim", "a-b", "w"), "you")
    second = listed(store, limit=9, token=first.metadata["continue"])
    assert keys(first) + keys(second) == ["a/y", "a/z", "a-b/w", "b/x"]
    assert second.items[-1]["spec"] == {}
    assert second.metadata == {"resourceVersion": first.metadata["resourceVersion"]}


def test_with_a_selector_nobody_counts_what_remains_and_with_version_0_there_is_no_page(store: Store):
    """API-L4"""
    page = listed(store, limit=1, fields=parse("metadata.name!=y"))
    assert ("continue" in page.metadata, "remainingItemCount" in page.metadata) == (True, False)
    assert len(listed(store, limit=1, revision=0).items) == 4


def test_an_exact_list_is_of_its_revision(store: Store):
    """API-L5"""
    store.delete(Ref("PersistentVolumeClaim", "a", "y"), "you")
    page = listed(store, revision=3, match="Exact")
    assert keys(page) == ["a/y", "a/z", "b/x"]
    assert page.metadata["resourceVersion"] == "3"


def test_a_revision_to_come_is_too_large(store: Store):
    """API-L5"""
    with pytest.raises(RevisionTooLarge) as refused:
        listed(store, revision=99)
    assert refused.value.message == "Timeout: Too large resource version: 99, current: 4"


def test_history_that_is_gone_ends_an_exact_list_and_renews_a_token(store: Store):
    """API-L4, API-L5"""
    token = listed(store, limit=1).metadata["continue"]
    store.create(claim("new"), "you")
    store.compacted = 5
    store.ring.clear()
    with pytest.raises(Gone, match="The resourceVersion for the provided list is too old"):
        listed(store, revision=1, match="Exact")
    with pytest.raises(ExpiredToken) as refused:
        listed(store, token=token)
    fresh = refused.value.status()["metadata"]["continue"]
    assert keys(listed(store, token=fresh)) == ["a/z", "a-b/w", "b/x", "default/new"]


@pytest.mark.parametrize(
    "token", ["x", "e30", "bnVsbA", "W10", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6OTl9", "ü"]
)
def test_a_broken_token_is_a_bad_request(store: Store, token: str):
    """API-L4"""
    with pytest.raises(BadRequest, match="invalid continue token: continue key is not valid: "):
        listed(store, token=token)
