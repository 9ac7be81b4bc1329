"""The examples of the form: one file each in stsviz/examples/, whose first line is its title."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Example(NamedTuple):
    key: str
    title: str
    text: str


def _read() -> dict[str, Example]:
    found = {}
    for path in sorted((Path(__file__).parent.parent / "examples").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        key = path.stem.partition("-")[2]
        found[key] = Example(key, text.partition("\n")[0].removeprefix("# "), text)
    return found


EXAMPLES = _read()
