"""What a container's command does: how long it runs and with which code it ends.

Stands for the process in the container. A command that is not understood is a server: it runs until it is
stopped (as an init container: it does its work and ends well). Understood are the commands of which
examples are made: sleep, exit, true, false, echo and the like, alone or in a shell's ``-c``.
Not modelled: pipes, conditions, variables; a script with one of these is a server.
"""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import NamedTuple

from core.apimachinery.meta import Obj

FOREVER = float("inf")
_SHELLS = frozenset(("sh", "bash", "ash", "/bin/sh", "/bin/bash", "/bin/ash", "/usr/bin/bash"))
_INSTANT = frozenset(
    {"true", "echo", "printf", "date", "hostname", "ls", "touch", "mkdir", "cat", "set", "rm", "mv", "cp"}
    | {":", "chmod", "pwd", "env", "id"}
)
WITHOUT_ENTRYPOINT = frozenset(("busybox", "alpine", "debian", "ubuntu", "centos", "fedora"))
"""Images whose program is a shell, and in which arguments alone are a command line."""
_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SEPARATORS = re.compile(r"\s*(?:;|&&|\n)\s*")
_BEYOND = frozenset(("|", "||", "&", "if", "for", "while", "until", "case", "{", "(", "trap", "exec"))


class Run(NamedTuple):
    seconds: float
    exit_code: int = 0


SERVER = Run(FOREVER)


def run_of(container: Obj) -> Run:
    """Return what the command of *container* does; without one, the image's own server runs."""
    words = words_of(container)
    return _run(words) if words else SERVER


def words_of(container: Obj) -> tuple[str, ...]:
    """Return the command line of the container, or () when the image's own program runs."""
    args = container.get("args") or ()
    if not container.get("command") and image_base(container.get("image") or "") not in WITHOUT_ENTRYPOINT:
        return ()
    return (*(container.get("command") or ()), *args)


def image_base(image: str) -> str:
    """Return the last part of an image's name: ``nginx`` for ``docker.io/library/nginx:1.27``."""
    return image.partition("@")[0].rsplit("/", 1)[-1].partition(":")[0]


def init_run_of(container: Obj) -> Run:
    """Return the same for an init container, whose unknown work ends well at once."""
    run = run_of(container)
    return Run(0.0) if run is SERVER and container.get("restartPolicy") != "Always" else run


@lru_cache(maxsize=1024)
def _run(words: tuple[str, ...]) -> Run:
    if len(words) >= 3 and words[0] in _SHELLS and words[1].startswith("-") and words[1].endswith("c"):
        return _script(words[2])
    done = _command(list(words))
    return SERVER if done is None else Run(*done)


def _script(text: str) -> Run:
    total, code = 0.0, 0
    for line in _SEPARATORS.split(text.strip()):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            return SERVER
        if not words:
            continue
        if _BEYOND.intersection(words):
            return SERVER
        if words[0] == "exit":
            return Run(total, _number(words[1]) if len(words) > 1 else code)
        done = _command(words)
        if done is None:
            return SERVER
        total, code = total + done[0], done[1]
    return SERVER if total == FOREVER else Run(total, code)


def _command(words: list[str]) -> tuple[float, int] | None:
    """Return (seconds, exit code) of one simple command, or None for one that is not known."""
    name = words[0].rsplit("/", 1)[-1]
    if name == "sleep" and len(words) > 1:
        return _duration(words[1]), 0
    if name == "false":
        return 0.0, 1
    return (0.0, 0) if name in _INSTANT else None


def _duration(text: str) -> float:
    number, unit = (text[:-1], _UNIT[text[-1]]) if text[-1:] in _UNIT else (text, 1)
    try:
        return float(number) * unit
    except ValueError:
        return FOREVER  # infinity


def _number(text: str) -> int:
    return int(text) & 255 if text.isdecimal() else 2
