"""Finding things by a part of their name."""

from __future__ import annotations

from core.apimachinery.meta import Obj
from core.client.cache import Cache
from stsviz.pages.search import MOST, find
from tests.core.diagram.cast import node, web


def names(asked: str, objects: list[Obj] | None = None) -> list[str]:
    found, _ = find(Cache([*(web(120) if objects is None else objects), node("node-1")]), asked)
    return [what.what for what in found]


def test_a_number_is_an_ordinal_first() -> None:
    assert names("17")[:2] == ["Pod/default/web-17", "PersistentVolumeClaim/default/www-web-17"]


def test_the_whole_name_comes_before_names_that_begin_so() -> None:
    assert names("web-1")[:3] == [
        "Pod/default/web-1",
        "PersistentVolumeClaim/default/www-web-1",
        "Pod/default/web-10",
    ]


def test_a_part_of_a_name_finds_nodes_and_claims() -> None:
    assert names("ode-1") == ["Node//node-1"]
    assert names("www-web-7")[0] == "PersistentVolumeClaim/default/www-web-7"


def test_a_kind_before_a_slash_narrows_it_as_kubectl_does() -> None:
    assert names("pvc/17") == ["PersistentVolumeClaim/default/www-web-17"]
    assert names("pvc/eb-17") == ["PersistentVolumeClaim/default/www-web-17"]
    assert names("sts/web") == ["StatefulSet/default/web"]
    assert names("nonsense/web") == []


def test_an_empty_seat_is_found_too() -> None:
    without = [obj for obj in web(120) if obj["kind"] != "Pod"]
    found, _ = find(Cache(without), "web-17")
    assert (found[0].what, found[0].state.word) == ("Pod/default/web-17", "empty seat")


def test_suggestions_are_few_and_the_rest_is_counted() -> None:
    found, more = find(Cache(web(120)), "web")
    assert len(found) == MOST
    assert more > 200


def test_nothing_is_found_by_nothing() -> None:
    assert names("  ") == names("/") == []
    assert names("<script>") == []


def test_the_digits_of_a_uid_are_no_ordinal() -> None:
    volumes = [obj for obj in web(120) if obj["kind"] == "PersistentVolume"]
    assert names("1", volumes) == ["Node//node-1"]
