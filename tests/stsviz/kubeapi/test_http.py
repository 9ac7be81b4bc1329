"""Answers as bytes."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from stsviz.kubeapi import http


@pytest.mark.parametrize("name", ["items", "rows"])
@pytest.mark.parametrize("count", [0, 1, 100, 101, 200, 1050])
def test_a_long_list_is_the_same_when_it_is_written_piece_by_piece(name: str, count: int):
    obj = {"kind": "PodList", "metadata": {}, name: [{"n": number} for number in range(count)]}
    assert http.json_bytes(obj) == orjson.dumps(obj) + b"\n"
    assert orjson.loads(http.json_bytes(obj, pretty=True)) == obj


def test_other_threads_get_in_while_a_long_list_is_written(monkeypatch: pytest.MonkeyPatch):
    """orjson lets nobody in; 14 MB in one go are a sixteenth of a second for pages and watches."""
    longest = 0
    dumps = orjson.dumps

    def measured(obj: Any, *more: Any, **named: Any) -> bytes:
        nonlocal longest
        written = dumps(obj, *more, **named)
        longest = max(longest, len(written))
        return written

    monkeypatch.setattr(http.orjson, "dumps", measured)
    whole = http.json_bytes({"items": [{"text": "x" * 1000} for _ in range(5000)]})
    assert (len(whole) > 5_000_000, longest < 150_000) == (True, True)
