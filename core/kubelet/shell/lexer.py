"""The words and operators of a text of shell, and the parts of each word.

Source: POSIX.1-2024, Shell Command Language 2.2, 2.3, 2.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from core.kubelet.shell.tree import Arithmetic, Part, Sequence, Substitution, Text, Variable, Word

_OPERATORS = ("&&", "||", ">>", ">&", "<<", "<&", ";", "&", "|", "<", ">", "(", ")", "\n")
_EXPANSIONS = (":-", ":=", ":+", ":?", "##", "%%", "-", "=", "+", "#", "%")
_SPECIAL = "?$#@*!0123456789"


class SyntaxFault(Exception):
    """The text is no shell: what dash would say after ``Syntax error: ``."""


class Unfinished(SyntaxFault):
    """The text may go on in the next line: an open quote, an ``if`` without ``fi``."""


class Token(NamedTuple):
    """*kind*: ``word``, ``op``, ``number`` (of a redirection) or ``end``."""

    kind: str
    text: str
    word: Word = ()


END = Token("end", "end of file")


class Lexer:
    """*parse* reads what stands in a substitution."""

    def __init__(self, text: str, parse: Callable[[str], Sequence]) -> None:
        self._text = text
        self._parse = parse
        self._at = 0

    def tokens(self) -> list[Token]:
        out: list[Token] = []
        while (token := self._next()) is not END:
            out.append(token)
        return [*out, END]

    def _next(self) -> Token:
        text = self._text
        while self._at < len(text):
            char = text[self._at]
            if char in " \t\r":
                self._at += 1
            elif text.startswith("\\\n", self._at):
                self._at += 2
            elif char == "#":
                end = text.find("\n", self._at)
                self._at = len(text) if end < 0 else end
            else:
                break
        else:
            return END
        for operator in _OPERATORS:
            if text.startswith(operator, self._at):
                self._at += len(operator)
                return Token("op", operator)
        start = self._at
        if text[start].isdigit() and text[start + 1 : start + 2] in ("<", ">"):
            self._at += 1
            return Token("number", text[start])
        word = self._word()
        return Token("word", text[start : self._at], word)

    def _word(self, until: str = " \t\r\n;&|<>()", *, quoted: bool = False) -> Word:
        """Read a word up to one of the characters *until*, which stays unread."""
        parts: list[Part] = []
        plain: list[str] = []

        def flush() -> None:
            if plain:
                parts.append(Text("".join(plain), quoted))
                plain.clear()

        text = self._text
        while self._at < len(text) and text[self._at] not in until:
            char = text[self._at]
            if char in "$`":
                flush()
                parts.append(self._dollar(quoted) if char == "$" else self._backquoted(quoted))
            elif char == "\\":
                escaped = text[self._at + 1 : self._at + 2]
                self._at += 2
                if quoted and escaped not in ("$", "`", '"', "\\", "\n"):
                    plain.append("\\" + escaped)
                elif escaped != "\n":
                    flush()
                    parts.append(Text(escaped, True))
            elif char == "'" and not quoted:
                flush()
                parts.append(Text(self._through("'", "Unterminated quoted string"), True))
            elif char == '"' and not quoted:
                flush()
                self._at += 1
                parts += self._word('"', quoted=True) or (Text("", True),)
                self._expect('"', "Unterminated quoted string")
            else:
                plain.append(char)
                self._at += 1
        flush()
        return tuple(parts)

    def _through(self, closer: str, complaint: str) -> str:
        """Return what stands between here and *closer*; both are read."""
        end = self._text.find(closer, self._at + 1)
        if end < 0:
            raise Unfinished(complaint)
        inner, self._at = self._text[self._at + 1 : end], end + 1
        return inner

    def _expect(self, closer: str, complaint: str) -> None:
        if not self._text.startswith(closer, self._at):
            raise Unfinished(complaint)
        self._at += len(closer)

    def _backquoted(self, quoted: bool) -> Part:
        inner = self._through("`", "EOF in backquote substitution")
        return Substitution(self._parse(inner), quoted)

    def _dollar(self, quoted: bool) -> Part:
        text = self._text
        self._at += 1
        follows = text[self._at : self._at + 1]
        if text.startswith("((", self._at):
            inner = self._balanced()[1:-1]
            return Arithmetic(inner, quoted)
        if follows == "(":
            return Substitution(self._parse(self._balanced()), quoted)
        if follows == "{":
            self._at += 1
            return self._braced(quoted)
        if follows and follows in _SPECIAL:
            self._at += 1
            return Variable(follows, quoted)
        name = self._name()
        return Variable(name, quoted) if name else Text("$", quoted)

    def _name(self) -> str:
        start = self._at
        while self._at < len(self._text) and (self._text[self._at].isalnum() or self._text[self._at] == "_"):
            self._at += 1
        return self._text[start : self._at]

    def _balanced(self) -> str:
        """Return what stands between this parenthesis and its partner; both are read."""
        start, open_ = self._at + 1, 0
        quote = ""
        for at in range(self._at, len(self._text)):
            char = self._text[at]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char in "()":
                open_ += 1 if char == "(" else -1
                if not open_:
                    self._at = at + 1
                    return self._text[start:at]
        raise Unfinished('end of file unexpected (expecting ")")')

    def _braced(self, quoted: bool) -> Part:
        """Read ``${…}`` after its brace."""
        if self._text.startswith("#", self._at) and not self._text.startswith("#}", self._at):
            self._at += 1
            name = self._name()
            self._expect("}", "Missing '}'")
            return Variable(name, quoted, "length")
        name = self._name()
        if not name and self._text[self._at : self._at + 1] in _SPECIAL:
            name = self._text[self._at : self._at + 1]
            self._at += 1
        if not name:
            raise SyntaxFault("Bad substitution")
        for operator in _EXPANSIONS:
            if self._text.startswith(operator, self._at):
                self._at += len(operator)
                word = self._word("}")
                self._expect("}", "Missing '}'")
                return Variable(name, quoted, operator, word)
        if self._at < len(self._text) and self._text[self._at] != "}":
            raise SyntaxFault("Bad substitution")
        self._expect("}", "Missing '}'")
        return Variable(name, quoted)
