"""The grammar of sh: a text becomes a tree, or is refused in the words of dash.

Source: POSIX.1-2024, Shell Command Language 2.2-2.10.
Not modelled: here-documents, ``case``, functions, aliases; ``&`` is ``;``, for no time passes in here.
"""

from __future__ import annotations

from functools import lru_cache

from core.kubelet.shell.lexer import Lexer, SyntaxFault, Token, Unfinished
from core.kubelet.shell.tree import (
    Command,
    For,
    Group,
    If,
    Loop,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
    Text,
    Word,
)

DEPTH = 20  # levels of nesting
_REDIRECTIONS = frozenset(("<", ">", ">>", ">&"))
_RESERVED = frozenset(
    ("if", "then", "elif", "else", "fi", "while", "until", "do", "done", "for", "{", "}", "!")
)
_CLOSERS = frozenset(("then", "elif", "else", "fi", "do", "done", "}"))
_NOT_KNOWN = frozenset(("case", "function"))


@lru_cache(maxsize=256)
def parse(text: str, depth: int = 0) -> Sequence:
    """Return the tree of *text*. Raises: SyntaxFault."""
    if depth > DEPTH:
        raise SyntaxFault("too deeply nested")
    lexer = Lexer(text, lambda inner: parse(inner, depth + 1))
    parser = _Parser(lexer.tokens())
    tree = parser.sequence()
    if parser.token.kind != "end":
        raise parser.unexpected()
    return tree


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._at]

    def unexpected(self, expecting: str = "") -> SyntaxFault:
        token = self.token
        if token.text in ("<<", "<&"):
            return SyntaxFault("here-documents are not simulated")
        named = {"\n": "newline"}.get(token.text, f'"{token.text}"' if token.kind != "end" else token.text)
        hint = f' (expecting "{expecting}")' if expecting else ""
        kind = Unfinished if token.kind == "end" else SyntaxFault
        return kind(f"{named} unexpected{hint}")

    def _is_op(self, *texts: str) -> bool:
        return self.token.kind == "op" and self.token.text in texts

    def _is_reserved(self, *texts: str) -> bool:
        return self.token.kind == "word" and self.token.text in texts

    def _take(self) -> Token:
        token = self.token
        self._at += 1
        return token

    def _demand(self, text: str) -> None:
        if self.token.text != text or self.token.kind == "end":
            raise self.unexpected(text)
        self._at += 1

    def _newlines(self) -> None:
        while self._is_op("\n"):
            self._at += 1

    def sequence(self) -> Sequence:
        """Read pipelines up to a word or an operator that closes what is around."""
        items: list[tuple[str, Pipeline]] = []
        connector = ";"
        self._newlines()
        while self.token.kind != "end" and not self._is_op(")") and not self._is_reserved(*_CLOSERS):
            items.append((connector, self._pipeline()))
            if not self._is_op(";", "&", "\n", "&&", "||"):
                break
            connector = self._take().text
            self._newlines()
            if connector in ("&&", "||"):
                if self.token.kind == "end":
                    raise self.unexpected()
            else:
                connector = ";"
        return Sequence(tuple(items))

    def _body(self, closer: str = "") -> Sequence:
        body = self.sequence()
        if not body.items:
            raise self.unexpected(closer if self.token.kind == "end" else "")
        return body

    def _pipeline(self) -> Pipeline:
        negated = self._is_reserved("!")
        if negated:
            self._take()
        commands = [self._command()]
        while self._is_op("|"):
            self._take()
            self._newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    def _command(self) -> Command:
        self._depth += 1
        if self._depth > DEPTH:
            raise SyntaxFault("too deeply nested")
        try:
            if self._is_op("("):
                self._take()
                body = self._body()
                self._demand(")")
                return Group(body, self._redirects(), own=True)
            compound = {
                "{": self._braces,
                "if": self._if,
                "while": self._loop,
                "until": self._loop,
                "for": self._for,
            }.get(self.token.text if self.token.kind == "word" else "")
            return compound() if compound else self._simple()
        finally:
            self._depth -= 1

    def _braces(self) -> Command:
        self._take()
        body = self._body()
        self._demand("}")
        return Group(body, self._redirects(), own=False)

    def _if(self) -> Command:
        branches: list[tuple[Sequence, Sequence]] = []
        otherwise: Sequence | None = None
        while self._take().text in ("if", "elif"):
            condition = self._body()
            self._demand("then")
            branches.append((condition, self._body("fi")))
            if self._is_reserved("else"):
                self._take()
                otherwise = self._body("fi")
                break
            if not self._is_reserved("elif"):
                break
        self._demand("fi")
        return If(tuple(branches), otherwise, self._redirects())

    def _loop(self) -> Command:
        until = self._take().text == "until"
        condition = self._body()
        return Loop(condition, self._do(), until, self._redirects())

    def _do(self) -> Sequence:
        self._demand("do")
        body = self._body("done")
        self._demand("done")
        return body

    def _for(self) -> Command:
        self._take()
        if self.token.kind != "word" or not self.token.text.isidentifier():
            raise SyntaxFault("Bad for loop variable")
        name = self._take().text
        words: list[Word] = []
        if self._is_reserved("in"):
            self._take()
            while self.token.kind == "word":
                words.append(self._take().word)
        if self._is_op(";"):
            self._take()
        self._newlines()
        return For(name, tuple(words), self._do(), self._redirects())

    def _simple(self) -> Command:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        if self.token.kind == "word" and self.token.text in _RESERVED:
            raise self.unexpected()
        if self.token.kind == "word" and self.token.text in _NOT_KNOWN:
            raise SyntaxFault(f'"{self.token.text}" is not simulated')
        while True:
            token = self.token
            if token.kind == "number" or self._is_op(*_REDIRECTIONS):
                redirects.append(self._redirect())
            elif token.kind == "word":
                self._take()
                assigned = _assignment(token) if not words else None
                if assigned:
                    assignments.append(assigned)
                else:
                    words.append(token.word)
            else:
                break
        if not words and not assignments and not redirects:
            raise self.unexpected()
        return Simple(tuple(assignments), tuple(words), tuple(redirects))

    def _redirects(self) -> tuple[Redirect, ...]:
        out: list[Redirect] = []
        while self.token.kind == "number" or self._is_op(*_REDIRECTIONS):
            out.append(self._redirect())
        return tuple(out)

    def _redirect(self) -> Redirect:
        number = int(self._take().text) if self.token.kind == "number" else None
        if not self._is_op(*_REDIRECTIONS):
            raise self.unexpected()
        operator = self._take().text
        if self.token.kind != "word":
            raise self.unexpected()
        if number is None:
            number = 0 if operator == "<" else 1
        return Redirect(number, operator, self._take().word)


def _assignment(token: Token) -> tuple[str, Word] | None:
    """Return ``name=word`` in its two parts, or None for any other word."""
    name, equals, _ = token.text.partition("=")
    if not equals or not name.isidentifier() or not isinstance(token.word[0], Text):
        return None
    first = token.word[0]
    rest = Text(first.text[len(name) + 1 :], first.quoted)
    return name, (rest, *token.word[1:])
