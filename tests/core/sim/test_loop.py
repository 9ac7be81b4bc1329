"""The loop: a total order of time, and one entry a key."""

from __future__ import annotations

from core.sim.ids import Ids, share
from core.sim.loop import Line, Loop


def taken(loop: Loop) -> list[tuple[float, str]]:
    out = []
    while (entry := loop.pop()) is not None:
        out.append((entry.at, entry.key))
    return out


def test_takes_entries_in_order_of_time_then_of_asking():
    loop = Loop()
    loop.add("c", 2)
    loop.add("a", 1)
    loop.add("b", 1)

    assert taken(loop) == [(1, "a"), (1, "b"), (2, "c")]


def test_an_earlier_time_replaces_a_later_one():
    loop = Loop()
    loop.add("a", 5)
    loop.add("a", 2)

    assert taken(loop) == [(2, "a")]


def test_a_later_time_does_not_replace_an_earlier_one():
    loop = Loop()
    loop.add("a", 2)
    loop.add("a", 5)

    assert taken(loop) == [(2, "a")]


def test_news_makes_a_waiting_timer_news():
    loop = Loop()
    loop.add("a", 2, timer=True)
    loop.add("a", 3)

    entry = loop.pop()

    assert (entry.at, entry.timer) == (2, False)


def test_a_timer_does_not_make_news_a_timer():
    loop = Loop()
    loop.add("a", 2)
    loop.add("a", 2, timer=True)

    assert loop.pop().timer is False


def test_upcoming_looks_ahead_without_taking():
    loop = Loop()
    for key, at in (("c", 3), ("a", 1), ("b", 2)):
        loop.add(key, at)

    assert [entry.key for entry in loop.upcoming(2)] == ["a", "b"]
    assert len(loop) == 3


def test_ids_go_on_where_they_stopped():
    first = Ids(seed=7)
    drawn = [first.uid() for _ in range(4)]

    later = Ids(seed=7, draws=2)

    assert [later.uid(), later.uid()] == drawn[2:]


def test_another_seed_gives_other_ids():
    assert Ids(seed=1).uid() != Ids(seed=2).uid()


def test_a_uid_is_a_version_4_uuid():
    uid = Ids(seed=1).uid()

    assert [len(part) for part in uid.split("-")] == [8, 4, 4, 4, 12]
    assert uid[14] == "4"
    assert uid[19] in "89ab"


def test_a_line_lets_out_the_lowest_rank_then_who_came_first_and_nobody_twice():
    line: Line[str] = Line()
    for key, rank in (("b", 0), ("c", 0), ("a", -5), ("b", 0)):
        line.add(key, rank)

    assert [line.pop() for _ in range(len(line))] == ["a", "b", "c"]
    line.add("b", 0)
    assert len(line) == 1


def test_what_is_due_at_one_time_may_go_in_an_order_that_is_drawn():
    shares = {1: 0.9, 2: 0.1, 3: 0.5, 4: 0.0}
    loop = Loop(shares.__getitem__)
    for at, name in ((1, "a"), (1, "b"), (1, "c"), (2, "d")):
        loop.add(name, at)

    assert taken(loop) == [(1, "b"), (1, "c"), (1, "a"), (2, "d")]


def test_a_share_depends_on_the_seed_and_on_what_it_is_drawn_for():
    assert share(1, "watch", 7) == share(1, "watch", 7)
    assert len({share(seed, "watch", number) for seed in (1, 2) for number in range(50)}) == 100
    assert all(0 <= share(3, number) < 1 for number in range(100))
