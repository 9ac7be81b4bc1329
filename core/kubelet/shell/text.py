"""Programs that read and print text: echo, cat, head, tail, wc, grep, sed, sort (GNU's words)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.kubelet.shell.disk import DiskError
from core.kubelet.shell.pattern import Pattern
from core.kubelet.shell.session import Call, UsageFault

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "b": "\b", "0": "\0"}
_MAX_COUNT = 100_000


def _echo(call: Call) -> int:
    words, newline = list(call.args), True
    while words and words[0] in ("-n", "-e", "-ne", "-en", "-E"):
        newline = newline and "n" not in words.pop(0)
    text = " ".join(words)
    stop = text.find("\\c")
    if stop >= 0:
        text, newline = text[:stop], False
    call.say(_unescaped(text) + ("\n" if newline else ""))
    return 0


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    out: list[str] = []
    chars = iter(text)
    for char in chars:
        if char == "\\":
            follows = next(chars, "")
            char = _ESCAPES.get(follows, "\\" + follows)
        out.append(char)
    return "".join(out)


def _printf(call: Call) -> int:
    if not call.args:
        return call.fail("usage: printf format [arg ...]", 2)
    form, values = _unescaped(call.args[0]), list(call.args[1:])
    while True:
        before = len(values)
        call.say(_formatted(form, values))
        if not values or len(values) == before:
            return 0


def _formatted(form: str, values: list[str]) -> str:
    out: list[str] = []
    pieces = form.replace("%%", "\0").split("%")
    out.append(pieces[0])
    for piece in pieces[1:]:
        end = next((i for i, char in enumerate(piece) if char.isalpha()), len(piece) - 1)
        flags, letter, rest = piece[:end], piece[end : end + 1], piece[end + 1 :]
        value = values.pop(0) if values else ""
        width = flags.lstrip("-0").partition(".")[0]
        size = min(int(width), 1000) if width.isdecimal() else 0
        if letter == "b":
            value = _unescaped(value)
        if letter in ("d", "i", "u"):
            value = str(int(value)) if value.lstrip("-").isdecimal() else "0"
            out.append(value.zfill(size) if flags.startswith("0") else value.rjust(size))
        else:
            out.append(value.ljust(size) if flags.startswith("-") else value.rjust(size))
        out.append(rest)
    return "".join(out).replace("\0", "%")


def inputs(call: Call, names: list[str]) -> Iterator[tuple[str, bytes | None]]:
    """Yield (name, bytes) of each operand, or of the standard input; None and a complaint for what fails."""
    for name in names or ["-"]:
        if name in ("-", "/dev/stdin"):
            content = call.streams.stdin.rest()
            call.session.work(len(content))
            yield name, content
            continue
        try:
            content = b"" if name == "/dev/null" else call.disk.read(call.path(name))
            call.session.work(len(content))
            yield name, content
        except DiskError as error:
            call.fail(f"{name}: {error}")
            yield name, None


def _cat(call: Call) -> int:
    options, names = call.options("nuvetA")
    code, number = 0, 0
    for _, content in inputs(call, names):
        if content is None:
            code = 1
        elif "n" not in options:
            call.streams.out.write(content)
        else:
            for line in content.decode("utf-8", "replace").splitlines(keepends=True):
                number += 1
                call.say(f"{number:6}\t{line}")
    return code


def _head(call: Call) -> int:
    return _end(call, lambda lines, n: lines[:n], lambda data, n: data[:n])


def _tail(call: Call) -> int:
    return _end(call, lambda lines, n: lines[-n:] if n else [], lambda data, n: data[-n:] if n else b"")


def _end(
    call: Call, lines: Callable[[list[bytes], int], list[bytes]], data: Callable[[bytes, int], bytes]
) -> int:
    args = list(call.args)
    if args and args[0][:1] == "-" and args[0][1:].isdecimal():
        call = Call(call.session, call.name, ["-n", args[0][1:], *args[1:]], call.streams)
    options, names = call.options("fFqv", "nc")
    given = options.get("c", options.get("n", "10"))
    if not given.lstrip("+-").isdecimal():
        return call.fail(f"invalid number of lines: '{given}'")
    count, code = int(given.lstrip("+-")), 0
    for index, (name, content) in enumerate(inputs(call, names)):
        if content is None:
            code = 1
            continue
        if len(names) > 1:
            call.say(f"{chr(10) if index else ''}==> {name} <==\n")
        if "c" in options:
            call.streams.out.write(data(content, count))
        elif given.startswith("+"):
            call.streams.out.write(b"".join(content.splitlines(keepends=True)[max(count - 1, 0) :]))
        else:
            call.streams.out.write(b"".join(lines(content.splitlines(keepends=True), count)))
    return code


def _wc(call: Call) -> int:
    options, names = call.options("lwcm")
    shown = [letter for letter in "lwc" if letter in options or (letter == "c" and "m" in options)] or [
        "l",
        "w",
        "c",
    ]
    code, total = 0, [0, 0, 0]
    rows: list[tuple[list[int], str]] = []
    for name, content in inputs(call, names):
        if content is None:
            code = 1
            continue
        counts = [content.count(b"\n"), len(content.split()), len(content)]
        total = [a + b for a, b in zip(total, counts, strict=True)]
        rows.append((counts, name))
    if len(names) > 1:
        rows.append((total, "total"))
    for counts, name in rows:
        numbers = [str(count) for letter, count in zip("lwc", counts, strict=True) if letter in shown]
        wide = len(numbers) > 1 and not names
        label = f" {name}" if names else ""
        call.say(" ".join(number.rjust(7) if wide else number for number in numbers) + label + "\n")
    return code


def _grep(call: Call) -> int:
    options, operands = call.options("ivcnqEFowlhHsr", "e")
    text = options.get("e")
    if text is None:
        if not operands:
            return call.fail("usage: grep [OPTION]... PATTERNS [FILE]...", 2)
        text = operands.pop(0)
    pattern = Pattern(text, fixed="F" in options, fold="i" in options, extended="E" in options)
    found, code = False, 1
    for name, content in inputs(call, operands):
        if content is None:
            code = 2
            continue
        call.session.work(len(content) * pattern.cost)
        lines = content.decode("utf-8", "surrogateescape").splitlines()
        hits = [
            (number, line)
            for number, line in enumerate(lines, 1)
            if (pattern.search(line) is not None) != ("v" in options)
        ]
        found = found or bool(hits)
        label = f"{name}:" if (len(operands) > 1 or "H" in options) and "h" not in options else ""
        if "q" in options:
            continue
        if "c" in options:
            call.say(f"{label}{len(hits)}\n")
        elif "l" in options:
            call.say(f"{name}\n" if hits else "")
        else:
            for number, line in hits:
                span = pattern.search(line) if "o" in options else None
                shown = line[span[0] : span[1]] if span else line
                call.say(f"{label}{f'{number}:' if 'n' in options else ''}{shown}\n")
    return 0 if found else code


def _sed(call: Call) -> int:
    """``s/pattern/text/[g]``, and ``-n`` with ``Np``, ``N,Mp`` or ``$p``."""
    options, operands = call.options("nEr", "e")
    script = options.get("e") or (operands.pop(0) if operands else "")
    if script.startswith("s") and len(script) > 1 and script.count(script[1]) >= 3:
        _, wanted, instead, flags = script.split(script[1], 3)
        pattern, edit = Pattern(wanted, extended=bool({"E", "r"} & options.keys())), True
    else:
        edit = False
        first, _, last = script.removesuffix("p").partition(",")
        if not script.endswith("p") or not (first + last).replace("$", "0").isdecimal():
            return call.fail(f"-e expression #1, char 1: `{script}' is not simulated")
    code = 0
    for _, content in inputs(call, operands):
        if content is None:
            code = 2
            continue
        lines = content.decode("utf-8", "surrogateescape").splitlines(keepends=True)
        if edit:
            call.session.work(len(content) * pattern.cost)
            call.say("".join(pattern.replace(line, instead, everywhere="g" in flags) for line in lines))
            continue
        low, high = (len(lines) if text == "$" else int(text) for text in (first, last or first))
        for number, line in enumerate(lines, 1):
            times = int("n" not in options) + int(low <= number <= high)
            call.say(line * times)
    return code


def _sort(call: Call) -> int:
    options, names = call.options("rnu")
    contents = [content for _, content in inputs(call, names)]
    lines = [
        line for content in contents for line in (content or b"").decode("utf-8", "replace").splitlines()
    ]
    if "u" in options:
        lines = list(dict.fromkeys(lines))

    def number(line: str) -> tuple[float, str]:
        head = line.split()[0] if line.split() else ""
        return (float(head) if head.lstrip("-").isdecimal() else 0.0, line)

    lines.sort(key=number if "n" in options else lambda line: (0.0, line), reverse="r" in options)
    call.say("".join(f"{line}\n" for line in lines))
    return 2 if None in contents else 0


def _uniq(call: Call) -> int:
    options, names = call.options("c")
    for _, content in inputs(call, names):
        runs: list[tuple[int, str]] = []
        for line in (content or b"").decode("utf-8", "replace").splitlines():
            if runs and runs[-1][1] == line:
                runs[-1] = (runs[-1][0] + 1, line)
            else:
                runs.append((1, line))
        call.say("".join(f"{count:7} {line}\n" if "c" in options else f"{line}\n" for count, line in runs))
    return 0


def _tee(call: Call) -> int:
    options, names = call.options("ai")
    content, code = call.streams.stdin.rest(), 0
    call.streams.out.write(content)
    for name in names:
        path = call.path(name)
        try:
            old = call.disk.file(path) or b"" if "a" in options else b""
            call.disk.write(path, old + content)
        except DiskError as error:
            code = call.fail(f"{name}: {error}")
    return code


def _seq(call: Call) -> int:
    if not call.args or not all(word.lstrip("-").isdecimal() for word in call.args):
        raise UsageFault("missing or invalid operand")
    numbers = [int(word) for word in call.args]
    first, step, last = 1, 1, numbers[-1]
    if len(numbers) > 1:
        first = numbers[0]
    if len(numbers) > 2:
        step = numbers[1] or 1
    values = range(first, last + (1 if step > 0 else -1), step)[:_MAX_COUNT]
    call.say("".join(f"{value}\n" for value in values))
    return 0


PROGRAMS: dict[str, Callable[[Call], int]] = {
    "echo": _echo,
    "printf": _printf,
    "cat": _cat,
    "head": _head,
    "tail": _tail,
    "wc": _wc,
    "grep": _grep,
    "sed": _sed,
    "sort": _sort,
    "uniq": _uniq,
    "tee": _tee,
    "seq": _seq,
}
