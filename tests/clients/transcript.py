"""Transcripts: what somebody types at a shell and what must then be printed, by version of kubectl.

A line of a transcript, by what it begins with:

``# ``        a remark
``$ ``        a command, run by a real sh in which ``kubectl`` is the one under test
``@ ``        from here on so many simulated seconds pass in a second
``2$ ``       a command of a second terminal, which goes on until ``2^C`` or its own end
``2:``        what the second terminal prints (and sends) from here on
``2^C``       the second terminal is interrupted; ``2.``: it ends by itself
``! ``        a line of the last command's standard error
``? ``        its exit code, when it is not 0
``> ``        a request that it sends: method, path and query unescaped, status; discovery is left out
``~``         the line that follows comes any number of times, also never (how often a wait speaks is chance)
``...``       any lines
all else      a line of its standard output

``[1.34..] ``, ``[..1.33] ``, ``[1.31..1.33] `` before any of these: only of those versions; before a command:
with all that it prints. Within a line ``<age>`` and the other masks stand for what no two runs share;
``<uid:a>`` is the same text wherever it stands in one transcript, in commands too; a blank after a mask
stands for as many as there are; ``<end>`` shows blanks at a line's end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MASKS = {
    "age": r"(?:(?:\d+[smhdy])+|<invalid>)",  # invalid: the simulated clock is ahead of kubectl's
    "any": r"[^\n]*",
    "end": "",
    "hash": r"[0-9a-z]+",
    "ip": r"\d+\.\d+\.\d+\.\d+",
    "n": r"\d+",
    "node": r"node-[12]",
    "pad": " *",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000",
    "uid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "word": r"[^ \n]+",
}
_MASK = re.compile(r"<([a-z]+)(?::([a-z0-9]+))?>( *)")
_VERSIONS = re.compile(r"\[(?:1\.(\d+))?\.\.(?:1\.(\d+))?\] ?")
_STEP = re.compile(r"\$ |@ |2\$ |2:|2\^C|2\.$")


@dataclass
class Step:
    """One command, or one look at the second terminal. *sort*: how its line begins."""

    line: int
    sort: str
    command: str = ""
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    code: int = 0


class Malformed(Exception):
    """The transcript is no transcript."""


def read(text: str, minor: int) -> list[Step]:
    """Return the steps of a transcript as kubectl 1.*minor* must play them. Raises: Malformed."""
    steps: list[Step] = []
    for number, line in _lines(text, minor):
        if begun := _STEP.match(line):
            sort = begun[0].strip()
            steps.append(Step(number, sort, line[begun.end() :].strip()))
        elif not steps:
            raise Malformed(f"line {number}: {line!r} comes before the first command")
        elif line.startswith("! "):
            steps[-1].err.append(line[2:])
        elif line.startswith("? "):
            steps[-1].code = int(line[2:])
        elif line.startswith("> "):
            steps[-1].requests.append(line[2:])
        else:
            steps[-1].out.append(line)
    return steps


def _lines(text: str, minor: int) -> Iterator[tuple[int, str]]:
    skipping = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            continue
        fits = True
        if limits := _VERSIONS.match(line):
            line = line[limits.end() :]
            since, until = (int(one or 0) for one in limits.groups())
            fits = since <= minor <= (until or minor)
        if _STEP.match(line):
            skipping = not fits
        if fits and not skipping:
            yield number, line


def filled(command: str, known: dict[str, str]) -> str:
    """Return a command with what its ``<sort:name>`` stand for."""
    return re.sub(r"<[a-z]+:([a-z0-9]+)>", lambda mask: known[mask[1]], command)


def pattern(lines: list[str], known: dict[str, str]) -> re.Pattern[str]:
    """Return what *lines* match. *known*: what ``<sort:name>`` stood for before, by ``name``."""
    seen: set[str] = set()
    return re.compile("".join(_line(line, known, seen) for line in lines))


def _line(line: str, known: dict[str, str], seen: set[str]) -> str:
    if line == "...":
        return r"(?:[^\n]*\n)*?"
    if line.startswith("~"):
        return f"(?:{_words(line[1:], known, seen)}\n)*"
    return _words(line, known, seen) + "\n"


def _words(line: str, known: dict[str, str], seen: set[str]) -> str:
    parts, at = [], 0
    for mask in _MASK.finditer(line):
        sort, name, blanks = mask.groups()
        if sort not in MASKS and sort not in known and name is None:
            continue  # <none>, <unset>: kubectl's own words
        parts.append(re.escape(line[at : mask.start()]))
        at = mask.end()
        parts.append(_mask(sort, name, known, seen) + (" +" if blanks and sort != "end" else ""))
    return "".join(parts) + re.escape(line[at:])


def _mask(sort: str, name: str | None, known: dict[str, str], seen: set[str]) -> str:
    if name is None and sort in known:
        return re.escape(known[sort])
    if sort not in MASKS:
        raise Malformed(f"there is no mask <{sort}>")
    if name is None:
        return f"(?:{MASKS[sort]})"
    if name in known:
        return re.escape(known[name])
    if name in seen:
        return f"(?P={name})"
    seen.add(name)
    return f"(?P<{name}>{MASKS[sort]})"
