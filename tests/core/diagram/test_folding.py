"""What of a large set is drawn, and what a range stands for."""

from __future__ import annotations

from core.diagram.folding import FOLD_ABOVE, MOVING_SHOWN, folds


def ranges(count: int, settled: set[int]) -> list[tuple[str, int, int, str]]:
    found = folds(range(count), set(range(count)), settled.__contains__, lambda first: f"range-{first}")
    return [(fold.id, fold.members[0], fold.members[-1], fold.says()) for fold in found]


def test_seats_at_rest_fold_by_the_hundred_and_the_ends_stay():
    assert ranges(250, set(range(250))) == [
        ("range-0", 3, 99, "97 Ready, claims Bound"),
        ("range-100", 100, 199, "100 Ready, claims Bound"),
        ("range-200", 200, 246, "47 Ready, claims Bound"),
    ]


def test_what_changes_is_drawn():
    found = folds(range(100), set(range(100)), lambda ordinal: ordinal != 50, str)

    assert all(50 not in fold.members for fold in found)


def test_when_everything_changes_most_of_it_folds_too():
    count = FOLD_ABOVE + 100

    found = ranges(count, settled=set())

    assert found[0] == ("range-0", 3 + MOVING_SHOWN, 99, "0 Ready, 37 on their way")
    assert found[-1][2] == count - 4


def test_a_small_set_is_drawn_whole():
    assert ranges(20, set(range(20))) == []
