from __future__ import annotations

import itertools

from core.sim.ids import spread


def test_the_parts_of_a_whole_lie_apart() -> None:
    for whole in ("a", "b", "c"):
        places = sorted(spread(whole, number) for number in range(10))
        gaps = [after - before for before, after in itertools.pairwise([*places, places[0] + 1])]
        assert min(gaps) > 0.03, whole
        assert spread(whole, 3) == spread(whole, 3)
