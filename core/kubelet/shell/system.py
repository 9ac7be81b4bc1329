"""Programs that ask who and where one is, and when: hostname, env, date, id, ps, sleep and the like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from posixpath import basename, dirname

from core.apimachinery.meta import field
from core.kubelet.program import words_of
from core.kubelet.shell.disk import MAX_PATH
from core.kubelet.shell.image import fqdn_of, hostname_of
from core.kubelet.shell.session import Call, UsageFault

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FORMATS = frozenset("aAbBdeFHIjmMnpSTuyYZcDhRs%")


def _hostname(call: Call) -> int:
    options, _ = call.options("fdisIA")
    pod, name = call.session.pod, hostname_of(call.session.pod)
    if "i" in options or "I" in options:
        call.say(f"{field(pod, 'status.podIP', '')}\n")
    elif "f" in options:
        call.say(f"{fqdn_of(pod, call.session.settings)}\n")
    elif "d" in options:
        call.say(f"{fqdn_of(pod, call.session.settings).partition('.')[2]}\n")
    else:
        call.say(f"{name}\n")
    return 0


def _env(call: Call) -> int:
    session = call.session
    if call.args and call.name == "printenv":
        values = [session.env[name] for name in call.args if name in session.exported and name in session.env]
        call.say("".join(f"{value}\n" for value in values))
        return 0 if len(values) == len(call.args) else 1
    if call.args:
        raise UsageFault(f"'{call.args[0]}': running a program is not simulated")
    call.say("".join(f"{name}={value}\n" for name, value in session.env.items() if name in session.exported))
    return 0


def _pwd(call: Call) -> int:
    call.say(f"{call.session.cwd}\n")
    return 0


def _date(call: Call) -> int:
    when = datetime.fromtimestamp(call.session.now + call.session.slept, UTC)
    form = next((word[1:] for word in call.args if word.startswith("+")), "")
    letters = iter(form)
    for letter in letters:
        if letter == "%" and next(letters, "") not in _FORMATS:
            return call.fail(f"format '{form}' is not simulated")
    call.say(
        when.strftime(form.replace("%s", str(int(when.timestamp()))) or "%a %b %e %H:%M:%S UTC %Y") + "\n"
    )
    return 0


def _sleep(call: Call) -> int:
    """In a program that is played time passes; in a person's shell it does not, and that is said."""
    if not call.args:
        return call.fail("missing operand")
    session, total = call.session, 0.0
    for word in call.args:
        number, unit = (word[:-1], _UNITS[word[-1]]) if word[-1:] in _UNITS else (word, 1)
        try:
            total += max(float("inf" if number == "infinity" else number), 0.0) * unit
        except ValueError:
            return call.fail(f"invalid time interval '{word}'")
    if session.patience is None:
        call.fail(f"simulated: does not wait for {' '.join(call.args)}")
        return 0
    session.sleep(total)
    return 0


def _whoami(call: Call) -> int:
    call.say("root\n")
    return 0


def _id(call: Call) -> int:
    options, _ = call.options("ugn")
    call.say("root\n" if "n" in options else "0\n" if options else "uid=0(root) gid=0(root) groups=0(root)\n")
    return 0


def _uname(call: Call) -> int:
    options, _ = call.options("asnrm")
    parts = {"s": "Linux", "n": hostname_of(call.session.pod), "r": "6.1.0-stsviz", "m": "x86_64"}
    call.say(
        " ".join(value for key, value in parts.items() if key in (options or "s") or "a" in options) + "\n"
    )
    return 0


def _ps(call: Call) -> int:
    container = call.session.container
    program = (
        " ".join(words_of(container)) or f"{basename(container['image']).partition(':')[0]}: master process"
    )
    call.say(f"PID   USER     TIME  COMMAND\n    1 root      0:00 {program}\n    7 root      0:00 ps\n")
    return 0


def _basename(call: Call) -> int:
    if not call.args:
        return call.fail("missing operand")
    name = call.args[0][:MAX_PATH].rstrip("/")
    if call.name == "dirname":
        call.say(f"{dirname(name) or '.'}\n")
        return 0
    name = basename(name)
    call.say((name.removesuffix(call.args[1]) if len(call.args) > 1 else name) + "\n")
    return 0


PROGRAMS: dict[str, Callable[[Call], int]] = {
    "hostname": _hostname,
    "env": _env,
    "printenv": _env,
    "pwd": _pwd,
    "date": _date,
    "sleep": _sleep,
    "whoami": _whoami,
    "id": _id,
    "uname": _uname,
    "ps": _ps,
    "basename": _basename,
    "dirname": _basename,
}
