"""The twin: one change of one object sends one row."""

from __future__ import annotations

import re

from core.apimachinery.timestamps import timestamp
from core.client.cache import Cache
from stsviz.pages import twin
from stsviz.pages.twin import Table

COLUMNS = ("NAME", "STATUS")


def table(*names: str, status: str = "Running", more: int = 0) -> Table:
    return Table(
        COLUMNS, {f"row_Pod_default_{n}": (f"Pod/default/{n}", (n, status)) for n in names}, more, (8,)
    )


def changes(old: Table, new: Table) -> str:
    return "".join(twin.changes({"Pod": old}, {"Pod": new}))


def test_equal_tables_send_nothing() -> None:
    assert changes(table("web-0"), table("web-0")) == ""


def test_a_changed_row_is_the_only_one_sent() -> None:
    old, new = table("web-0", "web-1"), table("web-0", "web-1")
    new.rows["row_Pod_default_web-1"] = ("Pod/default/web-1", ("web-1", "Terminating"))
    sent = changes(old, new)
    assert '<li hx-swap-oob="outerMorph" id="row_Pod_default_web-1">' in sent
    assert "web-0" not in sent


def test_a_new_row_comes_after_the_one_above_it() -> None:
    sent = changes(table("web-0", "web-2"), table("web-0", "web-1", "web-2"))
    assert "hx-swap-oob=\"afterend:[id='row_Pod_default_web-0']\"" in sent


def test_a_new_first_row_comes_first() -> None:
    assert 'hx-swap-oob="afterbegin:#rows-Pod"' in changes(table("web-1"), table("web-0", "web-1"))


def test_new_rows_only_follow_rows_that_are_there_already() -> None:
    sent = changes(table("b", "e"), table("a", "b", "c", "d", "e", "f"))
    places = re.findall(r'hx-swap-oob="([^"]+)"', sent)
    there = [f"afterend:[id='row_Pod_default_{name}']" for name in "be"]
    assert places == ["afterbegin:#rows-Pod", *there]
    assert re.findall(r'<li id="row_Pod_default_(\w)"', sent) == ["a", "c", "d", "f"]


def test_a_gone_row_is_deleted() -> None:
    sent = changes(table("web-0", "web-1"), table("web-1"))
    assert '<li id="row_Pod_default_web-0" hx-swap-oob="delete">' in sent


def test_the_first_row_brings_the_whole_table_and_the_last_hides_it() -> None:
    assert '<section hx-swap-oob="outerMorph" id="twin-Pod" aria-label' in changes(table(), table("web-0"))
    assert '<section hx-swap-oob="outerMorph" id="twin-Pod" hidden' in changes(table("web-0"), table())


def test_a_cell_is_escaped() -> None:
    hostile = Table(COLUMNS, {"row_x": ('Pod/default/"><b>', ("<script>", "&"))}, 0, (8,))
    html = twin.section("Pod", hostile)
    assert "<script>" not in html
    assert '"><b>' not in html


def test_a_row_stands_in_columns_of_blanks_and_its_name_selects_it() -> None:
    shown = Table(("NAME", "STATUS", "AGE"), {"r": ("Pod/default/a", ("a", "Running", "1s"))}, 0, (4, 9))
    assert shown.html_row("r") == (
        '<li id="r"><button class="plain" data-select="Pod/default/a">a</button>   Running  1s</li>'
    )


def test_a_wider_cell_brings_the_whole_table_and_a_narrower_one_leaves_its_room() -> None:
    first = twin.read(Cache([pod("a")]), 1010.0)
    wider = twin.read(Cache([pod("a"), pod("a-long-name")]), 1010.0, first)
    narrow = twin.read(Cache([pod("a")]), 1010.0, wider)

    assert '<section hx-swap-oob="outerMorph" id="twin-Pod"' in "".join(twin.changes(first, wider))
    assert narrow["Pod"].widths == wider["Pod"].widths
    assert "<section" not in "".join(twin.changes(wider, narrow))


def test_a_pod_that_is_being_made_needs_no_more_room() -> None:
    made = pod("a") | {"spec": {"containers": [{"name": "c"}], "nodeName": "n"}}
    making = made | {"status": {"phase": "Pending", "containerStatuses": [WAITS]}}

    first = twin.read(Cache([made]), 1010.0)
    second = twin.read(Cache([making]), 1010.0, first)

    assert "ContainerCreating" in second["Pod"].html_row("row_Pod_default_a")
    assert second["Pod"].widths == first["Pod"].widths


def test_the_head_stands_above_its_columns() -> None:
    shown = twin.read(Cache([pod("a"), pod("a-name-longer-than-its-head")]), 1010.0)["Pod"]

    lines = [shown.line(shown.columns), *(shown.line(cells) for _, cells in shown.rows.values())]

    assert [line.index(word) for line, word in zip(lines, ("READY", "0/0", "0/0"), strict=True)] == [30] * 3


WAITS = {
    "name": "c",
    "ready": False,
    "restartCount": 0,
    "state": {"waiting": {"reason": "ContainerCreating"}},
}


def pod(name: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "creationTimestamp": timestamp(1000)},
        "spec": {"containers": []},
        "status": {},
    }


def age(found: dict[str, Table], name: str) -> str:
    return found["Pod"].rows[f"row_Pod_default_{name}"][1][-1]


def test_ages_are_brought_up_to_date_a_few_rows_at_a_time():
    view = Cache([pod("a"), pod("b"), pod("c")])
    first = twin.read(view, 1010.0)

    second = twin.read(view, 1020.0, first, aged=2)
    third = twin.read(view, 1030.0, second, aged=2)

    assert [age(second, name) for name in "abc"] == ["20s", "20s", "10s"]
    assert [age(third, name) for name in "abc"] == ["30s", "20s", "30s"]


def test_a_row_whose_object_changed_is_printed_anew():
    first = twin.read(Cache([pod("a")]), 1010.0)

    second = twin.read(Cache([pod("a")]), 1020.0, first)

    assert age(second, "a") == "20s"
