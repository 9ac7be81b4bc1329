"""pods/exec and pods/attach over a websocket: v5.channel.k8s.io and v4.channel.k8s.io.

Source: staging/src/k8s.io/apimachinery/pkg/util/remotecommand, k8s.io/kubelet/pkg/cri/streaming (v1.36).
The first byte of a message is its channel. v5 knows one message more: ``ff 00``, no more input.
Differs: a command runs all at once, so its output comes in one piece; SPDY is not spoken.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from core.apimachinery.errors import ApiError
from core.apimachinery.meta import Obj
from core.apiserver.handlers import Target
from core.apiserver.options import flag, text
from core.apiserver.podlog import LogOptions
from core.apiserver.refusals import NotImplementedHere
from core.cluster import Cluster
from core.exec import Terminal, is_interactive
from core.kubelet.shell.run import Result, is_unfinished
from core.kubelet.shell.session import Reader, Starved
from stsviz.kubeapi.http import query_of
from stsviz.kubeapi.hub import Hub
from stsviz.kubeapi.keyboard import Keyboard
from stsviz.kubeapi.podlogs import Following
from stsviz.runtime import runtime

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, ERROR = range(4)
CLOSED = b"\xff\x00"
MAX_INPUT = 4 * 1024 * 1024  # bytes that are kept for a command
_AT_ONCE = 64 * 1024
_PROMPT, _MORE = b"# ", b"> "
_KILLED = 137


class Left(Exception):
    """The client has gone."""


class Wire:
    """The messages of one connection."""

    def __init__(self, receive: Any, send: Any, query: Mapping[str, list[str]]) -> None:
        self._receive = receive
        self._send = send
        self.tty = flag(query, "tty")
        self.stdin = flag(query, "stdin")

    async def accept(self, protocol: str) -> None:
        await self._send({"type": "websocket.accept", "subprotocol": protocol})

    async def input(self) -> bytes | None:
        """Return the next bytes typed, or None at the end of input. Raises: Left."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                raise Left
            data = message.get("bytes") or (message.get("text") or "").encode()
            if data[:2] == CLOSED:
                return None
            if data[:1] == bytes([STDIN]) and len(data) > 1:
                return bytes(data[1:])

    async def show(self, channel: int, content: bytes) -> None:
        if self.tty:
            content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            channel = STDOUT
        for at in range(0, len(content), _AT_ONCE):
            piece = bytes([channel]) + content[at : at + _AT_ONCE]
            await self._send({"type": "websocket.send", "bytes": piece})

    async def tell(self, result: Result) -> None:
        await self.show(STDOUT, result.stdout)
        await self.show(STDERR, result.stderr)

    async def end(self, status: Obj) -> None:
        body = bytes([ERROR]) + json.dumps(status, separators=(",", ":")).encode()
        await self._send({"type": "websocket.send", "bytes": body})
        await self._send({"type": "websocket.close", "code": 1000})


def outcome(code: int) -> Obj:
    """Return the Status with which a command ends."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def refuse_upgrade(
    cluster: Cluster, target: Target, query: Mapping[str, list[str]], upgrade: str
) -> ApiError:
    """Return the refusal of a plain request, or of one that wants to speak SPDY. Raises: ApiError."""
    cluster.executor.find(target.ref, text(query, "container"))
    if not upgrade:
        return _UpgradeRequired("Upgrade request required")
    if target.subresource == "portforward":
        return NotImplementedHere("stsviz does not forward ports: there is no server in the simulated Pods")
    return NotImplementedHere(
        f"stsviz serves {target.subresource} over websockets only: use kubectl 1.30 or later"
    )


class _UpgradeRequired(ApiError):
    code, reason = 400, "BadRequest"


class Remote:
    """One exec or attach."""

    def __init__(self, hub: Hub, target: Target, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        query = query_of(scope)
        self._hub = hub
        self._target = target
        self._argv = query.get("command") or []
        self._container = text(query, "container")
        self._offered = scope.get("subprotocols") or []
        self._wire = Wire(receive, send, query)

    async def run(self) -> None:
        """Serve the connection to its end. Raises: ApiError before it is accepted."""
        executor, target = self._hub.cluster.executor, self._target
        found = await self._in_thread(executor.find, target.ref, self._container)
        protocol = next((p for p in self._offered if p in PROTOCOLS), None)
        if protocol is None:
            raise NotImplementedHere(f"stsviz speaks {' and '.join(PROTOCOLS)} only")
        self._container = found["name"]
        await self._wire.accept(protocol)
        try:
            await self._wire.end(await self._served(found))
        except Left:
            pass
        except ApiError as error:
            await self._wire.end(error.status())

    async def _served(self, container: Obj) -> Obj:
        attach = self._target.subresource == "attach"
        if attach and not (self._wire.stdin and container.get("stdin") and is_interactive(container)):
            return await self._watch_program()
        shell = attach or (self._wire.stdin and is_interactive({"command": self._argv}))
        return await (self._talk(attached=attach) if shell else self._command())

    def _in_thread(self, function: Any, *arguments: Any, **named: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(
            self._hub.pool, lambda: function(*arguments, **named)
        )

    # -- one command -----------------------------------------------------------------------------

    async def _command(self) -> Obj:
        """Run a command; when it reads, wait for what it reads, and run it again from the start."""
        typed, finished = bytearray(), not self._wire.stdin
        keyboard = Keyboard() if self._wire.tty else None
        while True:
            reader = Reader(bytes(typed), finished=finished)
            try:
                result: Result = await self._in_thread(
                    self._hub.cluster.executor.run,
                    self._target.ref,
                    self._argv,
                    container=self._container,
                    stdin=reader,
                )
            except Starved:
                finished = await self._read(typed, keyboard)
                continue
            runtime.wake()
            await self._wire.tell(result)
            return outcome(result.code)

    async def _read(self, typed: bytearray, keyboard: Keyboard | None) -> bool:
        """Add more input to *typed*; return whether that was all of it."""
        data = await self._wire.input()
        if data is None:
            return True
        if keyboard is None:
            typed += data
        else:
            for one in keyboard.press(data):
                await self._wire.show(STDOUT, one.echo)
                typed += one.line + b"\n" if one.line is not None else b""
                if one.ended or one.interrupted:
                    return True
        if len(typed) > MAX_INPUT:
            raise ApiError(f"stsviz takes at most {MAX_INPUT} bytes of input")
        return False

    # -- a shell that is typed to ----------------------------------------------------------------

    async def _talk(self, *, attached: bool) -> Obj:
        executor, target = self._hub.cluster.executor, self._target
        terminal: Terminal = await self._in_thread(
            Terminal, executor, target.ref, self._container, attached=attached
        )
        talk = _Talk(self._wire, terminal, self._in_thread)
        ended = asyncio.create_task(self._until_gone(terminal.uid))
        talking = asyncio.create_task(talk.run())
        try:
            await asyncio.wait((ended, talking), return_when=asyncio.FIRST_COMPLETED)
            return outcome(talking.result() if talking.done() else _KILLED)
        finally:
            ended.cancel()
            talking.cancel()

    async def _until_gone(self, uid: str) -> None:
        """Return when the Pod has gone, or its container has ended."""
        stirred = asyncio.Event()
        self._hub.follow("Pod", stirred)
        try:
            while not self._hub.closed:
                await stirred.wait()
                stirred.clear()
                if not await self._in_thread(
                    self._hub.cluster.executor.lives, self._target.ref, uid, self._container
                ):
                    return
        finally:
            self._hub.leave("Pod", stirred)

    # -- attach without a shell ------------------------------------------------------------------

    async def _watch_program(self) -> Obj:
        """Show what the program prints from now on."""
        following = Following(self._hub, self._target, LogOptions(container=self._container))
        piece = await following.begin(at_end=True)
        leaving = asyncio.create_task(self._until_left())
        try:
            while piece is not None and not leaving.done():
                await self._wire.show(STDOUT, piece)
                piece = await following.more()
        finally:
            leaving.cancel()
        return outcome(0)

    async def _until_left(self) -> None:
        try:
            while True:
                await self._wire.input()
        except Left:
            return


class _Talk:
    """A conversation with a shell: with a terminal keys are echoed and there is a prompt."""

    def __init__(self, wire: Wire, terminal: Terminal, in_thread: Any) -> None:
        self._wire = wire
        self._terminal = terminal
        self._in_thread = in_thread
        self._keyboard = Keyboard()
        self._text = ""  # lines that are not a whole command yet
        self._rest = b""  # a line that is not whole yet
        self._code = 0

    async def run(self) -> int:
        """Return the code with which the shell ends. Raises: Left, ApiError."""
        await self._prompt()
        while not self._terminal.ended:
            data = await self._wire.input()
            if data is None:
                await self._close()
            elif self._wire.tty:
                await self._keys(data)
            else:
                *lines, self._rest = (self._rest + data).split(b"\n")
                await self._lines(lines)
        return self._code

    async def _prompt(self) -> None:
        if self._wire.tty and not self._terminal.ended:
            await self._wire.show(STDOUT, _MORE if self._text else _PROMPT)

    async def _keys(self, data: bytes) -> None:
        for typed in self._keyboard.press(data):
            await self._wire.show(STDOUT, typed.echo)
            if typed.interrupted:
                self._text = ""
                await self._prompt()
            elif typed.ended:
                await self._close()
            elif typed.line is not None:
                await self._lines([typed.line])
            if self._terminal.ended:
                return

    async def _lines(self, lines: list[bytes]) -> None:
        for line in lines:
            if self._terminal.ended:
                return
            self._text += line.decode("utf-8", "surrogateescape") + "\n"
            if not is_unfinished(self._text):
                await self._enter()
            await self._prompt()

    async def _close(self) -> None:
        """There will be no more input: what was begun is run, and the shell ends."""
        self._text += self._rest.decode("utf-8", "surrogateescape")
        if self._text:
            await self._enter()
        if not self._terminal.ended:
            self._text = "exit"
            await self._enter()

    async def _enter(self) -> None:
        entered, self._text = self._text, ""
        result: Result = await self._in_thread(self._terminal.enter, entered)
        runtime.wake()
        self._code = result.code
        await self._wire.tell(result)
