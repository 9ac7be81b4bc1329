"""What a line of shell means, as a tree: words with their parts, commands, lists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand for themselves; when *quoted*, no pattern and never split."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """``$name``, ``${name:-word}``, ``${name##pattern}``, ``${#name}`` (*operator* "length")."""

    name: str
    quoted: bool = False
    operator: str = ""
    word: Word = ()


@dataclass(frozen=True, slots=True)
class Substitution:
    """``$(…)`` or backquotes."""

    body: Sequence
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``$((…))``"""

    text: str
    quoted: bool = False


Part = Text | Variable | Substitution | Arithmetic
Word = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    """*operator*: ``<``, ``>``, ``>>`` or ``>&``; *number*: 0, 1 or 2."""

    number: int
    operator: str
    target: Word


@dataclass(frozen=True, slots=True)
class Simple:
    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """``( … )`` (*own*: in a shell of its own) or ``{ …; }``."""

    body: Sequence
    redirects: tuple[Redirect, ...]
    own: bool


@dataclass(frozen=True, slots=True)
class If:
    """*branches*: (condition, body)."""

    branches: tuple[tuple[Sequence, Sequence], ...]
    otherwise: Sequence | None
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """``while``; *until*: as long as the condition fails."""

    condition: Sequence
    body: Sequence
    until: bool
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class For:
    name: str
    words: tuple[Word, ...]
    body: Sequence
    redirects: tuple[Redirect, ...]


Command = Simple | Group | If | Loop | For


@dataclass(frozen=True, slots=True)
class Pipeline:
    commands: tuple[Command, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """Pipelines, each with what stands before it: ``;``, ``&&`` or ``||``."""

    items: tuple[tuple[str, Pipeline], ...]
