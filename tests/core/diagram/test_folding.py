"""What of a large set is drawn, and what a range stands for."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from core.diagram.folding import CHUNK, FOLD_ABOVE, MOVING_SHOWN, Fold, Quiet, arrange


def quiet(ordinals: Iterable[int], empty: Collection[int] = ()) -> Quiet:
    seats = Quiet()
    for ordinal in ordinals:
        seats.add(ordinal, taken=ordinal not in empty)
    return seats


def drawn(moving: Collection[int], at_rest: Quiet, expanded: Collection[str] = ()) -> list[int | Fold]:
    def id_of(first: int, size: int) -> str:
        return f"{'range' if size == CHUNK else 'span'}-{first}"

    return arrange(moving, at_rest, lambda ordinal: False, id_of, expanded)


def words(found: list[int | Fold]) -> list[object]:
    return [(w.id, w.first, w.last, w.says()) if isinstance(w, Fold) else w for w in found]


def test_seats_at_rest_fold_by_the_hundred_and_the_ends_stay() -> None:
    assert words(drawn((), quiet(range(250)))) == [
        *(0, 1, 2),
        ("range-0", 3, 99, "97 Ready, claims Bound"),
        ("range-100", 100, 199, "100 Ready, claims Bound"),
        ("range-200", 200, 246, "47 Ready, claims Bound"),
        *(247, 248, 249),
    ]


def test_what_changes_is_drawn_beside_the_range_it_left() -> None:
    found = words(drawn({50}, quiet(o for o in range(100) if o != 50)))
    assert found[3:5] == [("range-0", 3, 96, "93 Ready, claims Bound"), 50]


def test_when_everything_changes_most_of_it_folds_too() -> None:
    count = FOLD_ABOVE + 100
    found = words(drawn(range(count), Quiet()))
    assert ("range-0", 3 + MOVING_SHOWN, 99, "37 on their way") in found
    assert found[-4] == ("range-300", 300, count - 4, "97 on their way")


def test_a_small_set_is_drawn_whole() -> None:
    assert drawn({4}, quiet(o for o in range(20) if o != 4)) == list(range(20))


def test_seats_that_were_scaled_away_fold_and_keep_their_claims() -> None:
    found = words(drawn((), quiet(range(200), empty=range(150, 200))))
    assert found[4] == ("range-100", 100, 196, "50 Ready, claims Bound; 47 scaled down, claims stay Bound")


def test_ten_thousand_are_ten_spans() -> None:
    found = drawn((), quiet(range(10_000)))
    assert len(found) == 16
    assert words(found)[4] == ("span-1000", 1000, 1999, "1,000 Ready, claims Bound")


def test_a_span_opens_into_hundreds_and_a_hundred_into_seats() -> None:
    once = drawn((), quiet(range(10_000)), {"span-4000"})
    ids = [what.id for what in once if isinstance(what, Fold)]
    assert ids[4:7] == ["span-4000", "range-4000", "range-4100"]
    assert [what.opened for what in once if isinstance(what, Fold)].count(True) == 1

    twice = drawn((), quiet(range(10_000)), {"range-4700"})
    at = twice.index(4700)
    assert twice[at : at + 100] == list(range(4700, 4800))
    assert isinstance(before := twice[at - 1], Fold)
    assert before.opened
    assert before.id == "range-4700"
    assert "span-4000" in [what.id for what in twice if isinstance(what, Fold) and what.opened]


def test_finds_the_seats_that_nobody_sits_in() -> None:
    seats = quiet(o for o in range(1000) if o not in (5, 700))
    assert list(seats.missing(0, 1002)) == [5, 700, 1000, 1001]
    assert list(seats.missing(6, 700)) == []


def test_who_stands_up_is_at_rest_no_more() -> None:
    seats = quiet(range(5), empty={3})
    seats.remove(3)
    assert (len(seats), list(seats.of(0)), seats.empties(range(5))) == (4, [0, 1, 2, 4], 0)
