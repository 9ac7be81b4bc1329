"""Regular expressions that take time proportional to text times pattern, whatever they are.

Source: POSIX.1-2024, Base Definitions 9; a set of states is moved along the text (Thompson's way), so that no
pattern can keep the simulator busy.
Not modelled: groups, alternatives, counts, back-references: they are refused.
"""

from __future__ import annotations

from typing import NamedTuple

from core.kubelet.shell.session import UsageFault

_MAX_PATTERN = 200
_MAX_LINE = 10_000
_MAX_STARTS = 1_000  # where in a line a match that is to be shown may begin
_SPECIAL = frozenset("\\.[]*+?")
_CLASSES = {"digit": str.isdigit, "alpha": str.isalpha, "alnum": str.isalnum, "space": str.isspace}


class Atom(NamedTuple):
    """*chars* "" is any character; *repeat*: "", "*", "+" or "?"."""

    chars: frozenset[str]
    classes: tuple[str, ...] = ()
    negated: bool = False
    repeat: str = ""

    def takes(self, char: str) -> bool:
        found = char in self.chars or any(_CLASSES[name](char) for name in self.classes)
        return found != self.negated


class Pattern:
    def __init__(self, text: str, *, fixed: bool = False, fold: bool = False, extended: bool = False) -> None:
        """Raises: UsageFault."""
        if len(text) > _MAX_PATTERN:
            raise UsageFault("pattern too long")
        self._fold = fold
        text = text.lower() if fold else text
        self._start = not fixed and text.startswith("^")
        text = text[1:] if self._start else text
        self._end = not fixed and text.endswith("$") and not text.endswith("\\$")
        text = text[:-1] if self._end else text
        self._atoms = [Atom(frozenset(char)) for char in text] if fixed else _atoms(text, extended)
        plain = fixed or not (_SPECIAL.intersection(text) or self._start or self._end)
        self._literal = text if plain else ""

    @property
    def cost(self) -> int:
        """Return by how much a byte that is searched costs more than one that is read."""
        return 0 if self._literal else 4 * (1 + len(self._atoms))

    def search(self, line: str) -> tuple[int, int] | None:
        """Return the leftmost longest match as (start, end), or None."""
        line = line[:_MAX_LINE].lower() if self._fold else line[:_MAX_LINE]
        if self._literal:
            start = line.find(self._literal)
            return (start, start + len(self._literal)) if start >= 0 else None
        if self._matches(line) is None:
            return None
        starts = range(1) if self._start else range(len(line) + 1)
        for start in starts[:_MAX_STARTS]:
            end = self._match(line, start)
            if end is not None:
                return start, end
        return len(line), len(line)

    def _matches(self, line: str) -> int | None:
        """Walk the line once, beginning anew at each character."""
        return self._walk(line, 0, anew=not self._start)

    def _match(self, line: str, start: int) -> int | None:
        return self._walk(line, start, anew=False)

    def _walk(self, line: str, start: int, *, anew: bool) -> int | None:
        """Return the end of the longest match, or None."""
        final, last = len(self._atoms), None
        states = self._closed({0})
        for at in range(start, len(line) + 1):
            if final in states and (not self._end or at == len(line)):
                last = at
            if at == len(line) or not states:
                break
            moved: set[int] = {0} if anew else set()
            for state in states:
                if state < final and self._atoms[state].takes(line[at]):
                    moved.add(state if self._atoms[state].repeat in ("*", "+") else state + 1)
                    if self._atoms[state].repeat == "+":
                        moved.add(state + 1)
            states = self._closed(moved)
        return last

    def _closed(self, states: set[int]) -> set[int]:
        """Add what can be reached without a character."""
        out = set(states)
        for state in states:
            while state < len(self._atoms) and self._atoms[state].repeat in ("*", "?"):
                state += 1
                out.add(state)
        return out

    def replace(self, line: str, instead: str, *, everywhere: bool) -> str:
        """Return *line* with the first match, or each, replaced; ``&`` is what was found."""
        ending = "\n" if line.endswith("\n") else ""
        rest, out = line.removesuffix("\n"), []
        while span := self.search(rest):
            start, end = span
            out += [rest[:start], instead.replace("&", rest[start:end])]
            if not everywhere or self._start or end == start:
                rest = rest[end:]
                break
            rest = rest[end:]
        return "".join(out) + rest + ending


def _atoms(text: str, extended: bool) -> list[Atom]:
    out: list[Atom] = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\\" and at < len(text):
            char = text[at]
            at += 1
            if char in "(){|<>123456789":
                raise UsageFault(f"\\{char} is not simulated in patterns")
            if char in "+?" and out and not extended:
                out[-1] = out[-1]._replace(repeat=char)
            else:
                out.append(Atom(frozenset(char)))
        elif char == "*" and out:
            out[-1] = out[-1]._replace(repeat="*")
        elif extended and char in "+?" and out:
            out[-1] = out[-1]._replace(repeat=char)
        elif extended and char in "(){|":
            raise UsageFault(f"{char} is not simulated in patterns")
        elif char == ".":
            out.append(Atom(frozenset(), negated=True))
        elif char == "[":
            at = _bracket(text, at, out)
        else:
            out.append(Atom(frozenset(char)))
    return out


def _bracket(text: str, at: int, out: list[Atom]) -> int:
    """Read ``[…]`` after its bracket; return where it ends."""
    negated = text.startswith("^", at)
    at += negated
    first, chars, classes = at, set[str](), list[str]()
    while at < len(text) and (text[at] != "]" or at == first):
        if text.startswith("[:", at) and ":]" in text[at:]:
            name = text[at + 2 : text.index(":]", at)]
            if name not in _CLASSES:
                raise UsageFault("Invalid character class name")
            classes.append(name)
            at += len(name) + 4
        elif text[at + 1 : at + 2] == "-" and text[at + 2 : at + 3] not in ("", "]"):
            low, high = ord(text[at]), ord(text[at + 2])
            if high - low > 1000:
                raise UsageFault("Invalid range end")
            chars |= {chr(code) for code in range(low, high + 1)}
            at += 3
        else:
            chars.add(text[at])
            at += 1
    if at >= len(text):
        raise UsageFault("Unmatched [, [^, [:, [., or [=")
    out.append(Atom(frozenset(chars), tuple(classes), negated))
    return at + 1
