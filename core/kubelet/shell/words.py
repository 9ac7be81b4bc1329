"""From words to arguments: variables, substitutions, arithmetic, field splitting, patterns of names.

Source: POSIX.1-2024, Shell Command Language 2.6.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from fnmatch import fnmatchcase
from posixpath import join

from core.kubelet.shell.session import MAX_VALUE, Session
from core.kubelet.shell.tree import Arithmetic, Part, Sequence, Substitution, Text, Variable, Word

Substitute = Callable[[Sequence], str]
_MAX_FIELDS = 4096
_PATTERN = frozenset("*?[")


class BadWord(Exception):
    """A word that cannot be expanded; its complaint in dash's words."""


class Words:
    """Expands the words of one shell. *substitute* runs what stands in ``$(…)``."""

    def __init__(self, session: Session, substitute: Substitute) -> None:
        self._session = session
        self._substitute = substitute

    def all(self, words: tuple[Word, ...]) -> list[str]:
        """Return the arguments that *words* become. Raises: BadWord."""
        return [field for word in words for field in self.fields(word)]

    def text(self, word: Word) -> str:
        """Return *word* as one text, as in an assignment. Raises: BadWord."""
        home = self._home(word)
        text = home + "".join(self._value(part) for part in word)[1 if home else 0 :]
        if len(text) > MAX_VALUE:
            raise BadWord("Argument list too long")
        return text

    def _home(self, word: Word) -> str:
        first = word[0] if word else None
        tilde = (
            isinstance(first, Text)
            and not first.quoted
            and (first.text == "~" or first.text.startswith("~/"))
        )
        return self._session.env.get("HOME", "/root") if tilde else ""

    def fields(self, word: Word) -> list[str]:
        """Return what one word becomes: split where it is not quoted, patterns replaced by names."""
        if len(word) == 1 and isinstance(word[0], Variable) and word[0].name == "@":
            return self._session.parameters[1:]
        if all(isinstance(part, Text) or part.quoted for part in word):
            text = self.text(word)
            pattern = any(
                isinstance(p, Text) and not p.quoted and _PATTERN.intersection(p.text) for p in word
            )
            return self._names(word, text) if pattern else [text]
        fields: list[str] = []
        current: list[str] | None = None
        for part in word:
            value = self._value(part)
            if isinstance(part, Text) or part.quoted:
                current = [*(current or ()), value]
                continue
            pieces = value.split()
            if current is not None and (value[:1].isspace() or not pieces) and value:
                fields.append("".join(current))
                current = None
            for index, piece in enumerate(pieces):
                if index:
                    fields.append("".join(current or ()))
                    current = None
                current = [*(current or ()), piece]
            if pieces and value[-1:].isspace():
                fields.append("".join(current or ()))
                current = None
        if current is not None:
            fields.append("".join(current))
        if len(fields) > _MAX_FIELDS or any(len(field) > MAX_VALUE for field in fields):
            raise BadWord("Argument list too long")
        return fields

    def _names(self, word: Word, text: str) -> list[str]:
        """Return the paths that a pattern names, or the pattern itself when there are none."""
        pattern = "".join(
            "".join(f"[{char}]" if char in _PATTERN else char for char in part.text)
            if isinstance(part, Text) and part.quoted
            else self._value(part)
            for part in word
        )
        disk, session = self._session.disk, self._session
        found = ["/"] if pattern.startswith("/") else [""]
        for step in pattern.strip("/").split("/"):
            reached: list[str] = []
            for base in found:
                here = session.path(base or ".")
                if not _PATTERN.intersection(step):
                    reached.append(join(base, step))
                    continue
                node = disk.node(here)
                names = disk.children(here) if node is not None and node.is_directory else []
                reached += [
                    join(base, name)
                    for name in names
                    if fnmatchcase(name, step) and (not name.startswith(".") or step.startswith("."))
                ]
            found = reached[:_MAX_FIELDS]
        return [path for path in found if disk.lstat(session.path(path)) is not None] or [text]

    def _value(self, part: Part) -> str:
        if isinstance(part, Text):
            return part.text
        if isinstance(part, Substitution):
            return self._substitute(part.body).rstrip("\n")
        if isinstance(part, Arithmetic):
            return str(arithmetic(part.text, self._session.env))
        return self._variable(part)

    def _variable(self, part: Variable) -> str:
        session, name = self._session, part.name
        given: str | None
        if name == "?":
            given = str(session.last)
        elif name == "#":
            given = str(len(session.parameters) - 1)
        elif name == "$":
            given = "7"
        elif name in ("@", "*"):
            given = " ".join(session.parameters[1:])
        elif name.isdecimal():
            given = session.parameters[int(name)] if int(name) < len(session.parameters) else None
        else:
            given = session.env.get(name)
        return self._modified(part, given) if part.operator else given or ""

    def _modified(self, part: Variable, given: str | None) -> str:
        kind, name, value = part.operator, part.name, given or ""
        if kind == "length":
            return str(len(value))
        if kind in ("#", "##", "%", "%%"):
            return _trimmed(value, kind, self.text(part.word))
        missing = given is None or (kind.startswith(":") and not given)
        if kind.endswith("+"):
            return "" if missing else self.text(part.word)
        if not missing:
            return value
        if kind == ":?":
            raise BadWord(f"{name}: {self.text(part.word) or 'parameter not set or null'}")
        if kind.endswith("="):
            self._session.env[name] = self.text(part.word)
        return self.text(part.word)


def _trimmed(value: str, kind: str, pattern: str) -> str:
    """Take the shortest (one sign) or longest (two) match off the start (#) or the end (%)."""
    value = value[:_MAX_FIELDS]
    lengths = range(len(value) + 1) if len(kind) == 1 else range(len(value), -1, -1)
    for length in lengths:
        part = value[:length] if kind[0] == "#" else value[len(value) - length :]
        if fnmatchcase(part, pattern):
            return value[length:] if kind[0] == "#" else value[: len(value) - length]
    return value


_BINARY: dict[type[ast.AST], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Mod: lambda a, b: a - b * int(a / b),
    ast.Div: lambda a, b: int(a / b),
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.GtE: operator.ge,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def arithmetic(text: str, env: dict[str, str]) -> int:
    """Return the value of ``$((text))``. Raises: BadWord."""
    source = text.replace("$", "").strip() or "0"
    try:
        if len(source) > 200:
            raise ValueError
        return _wrapped(_number(ast.parse(source, mode="eval").body, env))
    except ZeroDivisionError:
        raise BadWord(f'arithmetic expression: division by zero: "{text}"') from None
    except (SyntaxError, ValueError, OverflowError, KeyError):
        raise BadWord(f'arithmetic expression: expecting primary: "{text}"') from None


def _number(node: ast.expr, env: dict[str, str]) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.Name):
        return int(env.get(node.id) or 0)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand, env)
    if isinstance(node, ast.BinOp):
        return _wrapped(_BINARY[type(node.op)](_number(node.left, env), _number(node.right, env)))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return int(_BINARY[type(node.ops[0])](_number(node.left, env), _number(node.comparators[0], env)))
    raise ValueError


def _wrapped(number: int) -> int:
    """Return *number* as a C long."""
    return (number + 2**63) % 2**64 - 2**63
