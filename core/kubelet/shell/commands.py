"""The programs of a container by name, as far as they are simulated."""

from __future__ import annotations

from collections.abc import Callable
from posixpath import basename

from core.kubelet.shell import archive, builtins, filesystem, listing, network, system, text
from core.kubelet.shell.session import Call

SHELLS = frozenset(("sh", "bash", "ash", "dash"))


def is_program(name: str) -> bool:
    """Say whether a program of that name can be found."""
    return basename(name) in COMMANDS or basename(name) in SHELLS


def _which(call: Call) -> int:
    found = [name for name in call.args if is_program(name)]
    call.say("".join(f"/usr/bin/{name}\n" for name in found))
    return 0 if len(found) == len(call.args) else 1


COMMANDS: dict[str, Callable[[Call], int]] = {
    **{name: builtins.BUILTINS[name] for name in builtins.PROGRAMS},
    **text.PROGRAMS,
    **filesystem.PROGRAMS,
    **listing.PROGRAMS,
    **system.PROGRAMS,
    **network.PROGRAMS,
    **archive.PROGRAMS,
    "which": _which,
}
