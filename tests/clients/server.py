"""A real server in a process of its own, for tests that speak to it over the wire."""

from __future__ import annotations

import http.client
import json
import math
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # wall seconds until the server must answer
PACE = "20"  # simulated seconds a second: Pods start twenty times as fast


@dataclass(frozen=True)
class Answer:
    code: int
    headers: Mapping[str, str]
    body: bytes
    every: tuple[tuple[str, str], ...] = ()  # header, also those that stand more than once

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.json["message"])


class Server:
    """`manage.py serve` on a free port, of loopback unless *bind* says otherwise.

    *flags*: of the components of lab; *more*: environment.
    """

    def __init__(self, data: Path, bind: str = "127.0.0.1", flags: Sequence[str] = (), **more: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._database = data / "stsviz.sqlite3"
        self._log = data / "log"
        cleared = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "ALLOWED_HOSTS", "STSVIZ_TOKEN")
        environment = {k: v for k, v in os.environ.items() if k not in cleared}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--bind", bind, "--port", str(self.port), *flags],
                cwd=ROOT,
                env=environment | {"STSVIZ_DATA": str(data), "PACE": PACE, "DNS_PORT": "0"} | more,
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        """Return when it answers. Raises: RuntimeError with its log when it does not."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if self.get("/readyz").code == 200:
                    return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError(f"the server did not come up:\n{self.log()[-3000:]}") from None
                time.sleep(0.1)

    @property
    def process(self) -> int:
        """Its id."""
        return self._process.pid

    def log(self) -> str:
        return self._log.read_text()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def forget_history(self) -> None:
        """Compact: no watch and no exact list reaches back to now. Seen by the server with the next write."""
        with closing(sqlite3.connect(self._database, timeout=PATIENCE)) as database, database:
            database.execute("DELETE FROM core_change")
            database.execute("UPDATE core_cluster SET compacted = revision")

    # -- requests --------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request; *body* that is no bytes goes as JSON. Header names are written with ``_``."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, data, fields)
            answer = connection.getresponse()
            headers = [(name.lower(), value) for name, value in answer.getheaders()]
            return Answer(answer.status, dict(headers), answer.read(), tuple(headers))
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def patch(self, path: str, body: Any, kind: str = "merge-patch+json", **headers: str) -> Answer:
        return self.call("PATCH", path, body, Content_Type=f"application/{kind}", **headers)

    def watch(self, path: str) -> Watch:
        return Watch(self.port, path)

    # -- clusters --------------------------------------------------------------------------------

    def make_cluster(self, name: str) -> None:
        """Make a cluster as the form of the page does; it may be there already."""
        assert self._post("/clusters", f"name={name}") in (204, 409)

    def destroy_cluster(self, name: str) -> None:
        assert self._post(f"/c/{name}/destroy", "") == 204

    def set_pace(self, name: str, pace: float) -> None:
        """Let *pace* simulated seconds pass in a second there."""
        slider = math.log10(pace)
        assert self._post(f"/c/{name}/clock", f"do=play&pace={slider:.3f}") == 204

    def _post(self, path: str, form: str) -> int:
        """Send a form of the page; return the status."""
        cookie = SimpleCookie(self.get("/c/lab/").headers["set-cookie"])["csrftoken"].value
        media = "application/x-www-form-urlencoded"
        fields = {"Cookie": f"csrftoken={cookie}", "X_CSRFToken": cookie, "Content_Type": media}
        return self.call("POST", path, form.encode(), **fields).code


@contextmanager
def running(data: Path, bind: str = "127.0.0.1", **more: str) -> Iterator[Server]:
    """A :class:`Server` that answers; in the end nothing must have failed in it."""
    server = Server(data, bind, **more)
    try:
        server.wait()
        yield server
    finally:
        server.stop()
    assert "Traceback" not in server.log()


class Watch:
    """The events of a watch, as they come."""

    def __init__(self, port: int, path: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._connection.request("GET", path)
        self.answer = self._connection.getresponse()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield events until the server ends the stream."""
        while line := self.answer.readline():
            yield json.loads(line)

    def take(self, count: int) -> list[dict[str, Any]]:
        events = iter(self)
        return [next(events) for _ in range(count)]

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
