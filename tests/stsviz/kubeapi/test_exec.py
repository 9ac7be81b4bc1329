"""exec and attach on the wire: channels, input, terminals, codes, and what plain HTTP answers instead."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from stsviz.kubeapi.keyboard import Keyboard
from tests.clients.server import Server
from tests.clients.websocket import Refused, WebSocket

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
PATIENCE = 15.0


@pytest.fixture
def pod(server: Server, namespace: str) -> str:
    """Return the path of a Pod that runs."""
    return running(server, namespace, {"name": "c", "image": "nginx"})


def running(server: Server, namespace: str, container: dict[str, Any], **spec: Any) -> str:
    pods = f"/api/v1/namespaces/{namespace}/pods"
    body = {"metadata": {"name": "p"}, "spec": {"containers": [container], **spec}}
    assert server.call("POST", pods, body, Content_Type="application/json").code == 201
    with server.watch(f"{pods}?watch=1") as watch:
        for event in watch:
            if (event["object"].get("status") or {}).get("phase") == "Running":
                return f"{pods}/p"
    raise AssertionError("the watch ended")


class Client:
    """Keeps what came on each channel."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.channels: dict[int, bytes] = {}

    def type(self, text: bytes) -> None:
        self.socket.send(b"\0" + text)

    def finish(self) -> None:
        self.socket.send(b"\xff\0")

    async def _hear(self) -> bool:
        message = await asyncio.wait_for(self.socket.receive(), PATIENCE)
        if message is None:
            return False
        self.channels[message[0]] = self.channels.get(message[0], b"") + message[1:]
        return True

    async def until(self, text: bytes) -> None:
        """Wait until *text* was shown, and forget what was."""
        while text not in self.channels.get(1, b""):
            assert await self._hear(), self.channels
        self.channels[1] = b""

    async def end(self) -> dict[str, Any]:
        """Return the Status with which the command ended."""
        while await self._hear():
            pass
        assert self.socket.code == 1000
        status: dict[str, Any] = json.loads(self.channels[3])
        return status


@asynccontextmanager
async def connected(server: Server, path: str, *, protocol: str = V5, **query: Any) -> AsyncIterator[Client]:
    socket = await WebSocket.open(server.port, f"{path}?{urlencode(query, doseq=True)}", protocol=protocol)
    try:
        yield Client(socket)
    finally:
        await socket.close()


@pytest.mark.parametrize("protocol", [V5, V4])
async def test_output_errors_and_code_have_a_channel_each(server: Server, pod: str, protocol: str):
    """TR-32"""
    command = ["sh", "-c", "echo out; echo err >&2; exit 3"]
    async with connected(server, f"{pod}/exec", protocol=protocol, command=command, stdout=True) as client:
        assert client.socket.protocol == protocol
        assert await client.end() == {
            "metadata": {},
            "status": "Failure",
            "message": "command terminated with non-zero exit code: exit status 3",
            "reason": "NonZeroExitCode",
            "details": {"causes": [{"reason": "ExitCode", "message": "3"}]},
        }
        assert (client.channels[1], client.channels[2]) == (b"out\n", b"err\n")
    async with connected(server, f"{pod}/exec", command="true", stdout=True) as client:
        assert await client.end() == {"metadata": {}, "status": "Success"}


async def test_a_command_that_reads_waits_for_the_end_of_its_input(server: Server, pod: str):
    """TR-32: ff 00"""
    query = {"command": ["sh", "-c", "echo x >> /tmp/f; cat >> /tmp/f; cat /tmp/f"], "stdin": "true"}
    async with connected(server, f"{pod}/exec", **query) as client:
        client.type(b"a\n")
        client.type(b"b\n")
        client.finish()
        assert (await client.end())["status"] == "Success"
        assert client.channels[1] == b"x\na\nb\n", "it is not run twice"


async def test_a_command_that_does_not_read_does_not_wait(server: Server, pod: str):
    async with connected(server, f"{pod}/exec", command="hostname", stdin="true") as client:
        assert (await client.end())["status"] == "Success"


async def test_a_terminal_echoes_prompts_and_edits(server: Server, pod: str):
    """TR-31: -it"""
    async with connected(server, f"{pod}/exec", command="sh", stdin="true", tty="true") as client:
        client.socket.send(b'\x04{"Width":80,"Height":24}')
        await client.until(b"# ")
        client.type(b"echo hix\x7f; ech")
        client.type(b"o \x1b[A2>&1\r")
        await client.until(b"echo hix\b \b; echo 2>&1\r\nhi\r\n\r\n# ")
        client.type(b"for i in 1 2\rdo echo $i\rdone\r")
        await client.until(b"> done\r\n1\r\n2\r\n# ")
        client.type(b"nonsense\x03")
        await client.until(b"^C\r\n# ")
        client.type(b"foo\r")
        await client.until(b"sh: 1: foo: not found\r\n# ")
        client.type(b"\x04")
        assert (await client.end())["details"]["causes"][0]["message"] == "127"
        assert 2 not in client.channels


async def test_a_shell_ends_when_its_pod_does(server: Server, pod: str):
    async with connected(server, f"{pod}/exec", command="sh", stdin="true") as client:
        client.type(b"echo here\n")
        await client.until(b"here\n")
        server.call("DELETE", f"{pod}?gracePeriodSeconds=0")
        assert (await client.end())["details"]["causes"][0]["message"] == "137"


async def test_who_leaves_a_pod_that_is_a_shell_ends_it(server: Server, namespace: str):
    """TR-35"""
    container = {"name": "c", "image": "busybox", "stdin": True, "tty": True}
    pod = running(server, namespace, container, restartPolicy="Never")
    async with connected(server, f"{pod}/attach", stdin="true", tty="true") as client:
        await client.until(b"# ")
        client.type(b"exit 4\r")
        await client.end()
    with server.watch(f"{pod.removesuffix('/p')}?watch=1") as watch:
        phases = (event["object"]["status"]["phase"] for event in watch)
        assert next(phase for phase in phases if phase in ("Succeeded", "Failed")) == "Failed"


@pytest.mark.parametrize(
    ("path", "protocol"),
    [
        ("/exec", ""),
        ("/exec", "v1.channel.k8s.io"),
        ("x/exec", V5),
        ("/log", V5),
        ("/portforward", V5),
        ("", V5),
    ],
)
async def test_what_cannot_be_served_is_not_accepted(server: Server, pod: str, path: str, protocol: str):
    """TR-33"""
    with pytest.raises(Refused, match=" 403 "):
        await WebSocket.open(server.port, f"{pod}{path}?command=ls", protocol=protocol)


async def test_a_page_of_another_site_opens_no_shell(server: Server, pod: str):
    with pytest.raises(Refused, match=" 403 "):
        await WebSocket.open(server.port, f"{pod}/exec?command=ls", protocol=V5, origin="http://evil.example")


@pytest.mark.parametrize("subresource", ["exec", "attach", "portforward"])
def test_plain_requests_are_told_what_is_missing(server: Server, pod: str, subresource: str):
    """BLD-4, API-S6, TR-33, TR-37"""
    answer = server.get(f"{pod}/{subresource}")
    assert (answer.code, answer.message) == (400, "Upgrade request required")
    answer = server.call("POST", f"{pod}/{subresource}", b"", Connection="Upgrade", Upgrade="SPDY/3.1")
    assert (answer.code, answer.json["reason"]) == (501, "NotImplemented")
    assert server.get(f"{pod}x/{subresource}").message == 'pods "px" not found'
    assert server.get(f"{pod}/exec?container=x").message == "container x is not valid for pod p"


def test_a_log_is_plain_text_and_may_be_followed_to_its_end(server: Server, namespace: str):
    """API-S3"""
    script = "echo one; sleep 30; echo two"
    pod = running(
        server,
        namespace,
        {"name": "c", "image": "busybox", "command": ["sh", "-c", script]},
        restartPolicy="Never",
    )
    answer = server.get(f"{pod}/log")
    assert (answer.headers["content-type"], answer.body) == ("text/plain", b"one\n")
    assert server.get(f"{pod}/log?follow=true").body == b"one\ntwo\n"
    assert server.get(f"{pod}/log?tailLines=1&timestamps=true").body.endswith(b"Z two\n")
    assert server.get(f"{pod}/log?limitBytes=2").body == b"on"
    assert server.get(f"{pod}/log?tailLines=-1").code == 422


def test_a_keyboard_makes_lines_of_keys():
    keyboard = Keyboard()
    typed = keyboard.press("aé\x7fb\x15c\x04\rx".encode())
    assert [t.line for t in typed if t.line is not None] == [b"c"]
    assert b"".join(t.echo for t in typed) == "aé\b \bb\b \b\b \bc\r\nx".encode()
    assert keyboard.press(b"\x7f\x04")[-1].ended
