"""The line discipline of a terminal: from keys to lines, with an echo, as a kernel's tty does it."""

from __future__ import annotations

from typing import NamedTuple

_ERASE, _KILL, _INTERRUPT, _END = 0x7F, 0x15, 0x03, 0x04
_MAX_LINE = 4096


class Typed(NamedTuple):
    """*echo*: what to show; *line*: one that is complete; *ended*: Ctrl-D at the start of a line."""

    echo: bytes = b""
    line: bytes | None = None
    ended: bool = False
    interrupted: bool = False


class Keyboard:
    """Takes the bytes of a client whose terminal is raw."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._escape = False

    def press(self, keys: bytes) -> list[Typed]:
        return [typed for key in keys if (typed := self._key(key)) is not None]

    def _key(self, key: int) -> Typed | None:
        if self._escape:  # arrows and the like: a sequence ends with a letter
            self._escape = not (chr(key).isalpha() or key == ord("~"))
            return None
        if key in (0x0D, 0x0A):
            line, self._line = bytes(self._line), bytearray()
            return Typed(b"\r\n", line)
        if key in (_ERASE, 0x08):
            return self._erase()
        if key == _KILL:
            shown, self._line = self._line.decode("utf-8", "replace"), bytearray()
            return Typed(b"\b \b" * len(shown))
        if key == _INTERRUPT:
            self._line = bytearray()
            return Typed(b"^C\r\n", interrupted=True)
        if key == _END:
            return Typed(ended=True) if not self._line else None
        if key == 0x1B:
            self._escape = True
            return None
        if (key < 0x20 and key != 0x09) or len(self._line) >= _MAX_LINE:
            return None
        self._line.append(key)
        return Typed(bytes([key]))

    def _erase(self) -> Typed | None:
        if not self._line:
            return None
        while self._line and self._line[-1] & 0xC0 == 0x80:  # the rest of a character of several bytes
            self._line.pop()
        self._line.pop()
        return Typed(b"\b \b")
