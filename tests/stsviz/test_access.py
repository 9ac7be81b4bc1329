"""Who may come in: loopback needs nothing; from elsewhere the token, or a login; no foreign page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from stsviz import access
from stsviz.kubeapi.app import KubernetesApi
from stsviz.pages import stage
from stsviz.runtime import LAB, runtime

TOKEN = "a-token-that-nobody-guesses"
NODES = "/api/v1/nodes"


def scope(path: str = NODES, server: str = "127.0.0.1", **headers: str) -> dict[str, Any]:
    fields = {"host": "127.0.0.1:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "server": [server, 8000],
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
    }


@pytest.fixture
def opened(settings: Settings) -> Settings:
    settings.TOKEN, settings.TOKEN_WANTED = TOKEN, True
    return settings


# -- when a token is wanted -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "names", "open_"),
    [
        ("127.0.0.1", ["127.0.0.1", "localhost", "[::1]"], False),
        ("::1", [], False),
        ("127.8.8.8", ["LOCALHOST"], False),
        ("::ffff:127.0.0.1", [], False),
        ("0.0.0.0", [], True),
        ("::", [], True),
        ("192.168.1.5", [], True),
        ("", [], True),
        ("127.0.0.1", ["lab.example"], True),
        ("127.0.0.1", ["*"], True),
        ("127.0.0.1", ["localhost.evil.example"], True),
    ],
)
def test_a_site_is_open_when_other_machines_can_reach_it(host: str, names: list[str], open_: bool):
    assert access.is_open(host, names) is open_


@pytest.mark.parametrize("token", ["", "short", "with a space in its middle", "não-é-ascii-mas-longo"])
@pytest.mark.parametrize("names", [["127.0.0.1"], ["127.0.0.1", "lab.example"]])
def test_the_server_does_not_start_open_without_a_token(settings: Settings, token: str, names: list[str]):
    settings.TOKEN, settings.ALLOWED_HOSTS = token, names
    host = "127.0.0.1" if len(names) > 1 else "0.0.0.0"
    with pytest.raises(CommandError, match="STSVIZ_TOKEN") as refused:
        call_command("serve", host=host)
    assert not token or token not in str(refused.value)


def test_the_token_stands_in_the_environment_or_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Any):
    from stsviz.settings import _token

    monkeypatch.delenv("STSVIZ_TOKEN", raising=False)
    assert _token(tmp_path / "token") == ""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert _token(tmp_path / "token") == TOKEN
    monkeypatch.setenv("STSVIZ_TOKEN", "another")
    assert _token(tmp_path / "token") == "another"


# -- the API --------------------------------------------------------------------------------------------


def test_loopback_needs_no_credentials(settings: Settings):
    settings.TOKEN = TOKEN
    assert access.may_use_api(scope())
    assert access.may_use_api(scope(authorization="Bearer wrong"))


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({}, False),
        ({"authorization": f"Bearer {TOKEN}"}, True),
        ({"authorization": f"bearer {TOKEN} "}, True),
        ({"authorization": "Bearer wrong"}, False),
        ({"authorization": "Bearer "}, False),
        ({"authorization": TOKEN}, False),
        ({"authorization": f"Basic {TOKEN}"}, False),
        ({"cookie": f"stsviz={TOKEN}"}, False),
    ],
)
def test_an_open_api_wants_the_token_in_its_header(opened: Settings, headers: dict[str, str], may: bool):
    assert access.may_use_api(scope(**headers)) is may


def test_a_login_does_not_open_the_api(opened: Settings):
    """A browser sends cookies by itself, whoever made it ask."""
    logged_in = scope(cookie=f"{access.COOKIE}={access.ticket()}")
    assert access.may_see_pages(logged_in)
    assert not access.may_use_api(logged_in)


def test_a_connection_from_elsewhere_gets_nothing_from_a_site_without_a_token(settings: Settings):
    """Somebody served the application with a server of his own: then no token is the right one."""
    settings.TOKEN, settings.TOKEN_WANTED = "", False
    for headers in ({}, {"authorization": "Bearer "}, {"cookie": f"{access.COOKIE}={access.ticket()}"}):
        assert not access.may_use_api(scope(server="192.168.1.5", **headers))
        assert not access.may_see_pages(scope(server="192.168.1.5", **headers))


async def answered(asked: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    api = KubernetesApi()
    await (api.websocket if asked["type"] == "websocket" else api)(asked, receive, send)
    return sent


async def test_who_shows_no_token_gets_the_status_of_a_real_api_server(opened: Settings):
    start, body = await answered(scope())
    assert start["status"] == 401
    assert body["body"] == (
        b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
        b'"message":"Unauthorized","reason":"Unauthorized","code":401}\n'
    )


async def test_health_is_told_to_everybody(opened: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("stsviz.kubeapi.app._cluster", lambda name: None)
    assert [message.get("body") for message in await answered(scope("/readyz"))] == [None, b"ok"]


async def test_exec_wants_the_token_too(opened: Settings):
    path = "/api/v1/namespaces/default/pods/web-0/exec"
    asked = {**scope(path, cookie=f"{access.COOKIE}={access.ticket()}"), "type": "websocket"}
    assert await answered(asked) == [{"type": "websocket.close", "code": 4403}]


# -- pages of other sites -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"origin": "http://127.0.0.1:8000", "sec_fetch_site": "same-origin"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"host": "rebound.example:8000"}, True),
        ({"host": "rebound.example:8000", "origin": "http://rebound.example:8000"}, True),
        ({"host": ""}, True),
        ({"origin": "http://evil.example"}, True),
        ({"origin": "http://127.0.0.1:9000"}, True),
        ({"origin": "null"}, True),
        ({"origin": "http://[oops"}, True),
        ({"sec_fetch_site": "cross-site"}, True),
        ({"sec_fetch_site": "same-site"}, True),
    ],
)
def test_a_page_elsewhere_cannot_drive_this_site(headers: dict[str, str], foreign: bool):
    """API-H4: neither by another name that points here, nor with its own."""
    assert bool(access.why_foreign(scope(**headers))) is foreign


# -- pages ----------------------------------------------------------------------------------------------


@pytest.fixture
def client(opened: Settings) -> Client:
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def lab(transactional_db: None) -> Iterator[None]:
    runtime.create(LAB)
    yield
    runtime.destroy(LAB)
    stage._stages.clear()


def log_in(client: Client, token: str, **more: str) -> Any:
    form = client.get("/c/lab/?x=1")
    assert form.status_code == 401
    (csrf,) = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', form.content.decode())
    return client.post("/login", {"token": token, "next": "/c/lab/?x=1", "csrfmiddlewaretoken": csrf, **more})


def test_an_open_page_asks_for_the_token_first(client: Client, lab: None):
    assert log_in(client, "wrong").status_code == 401
    assert client.get("/c/lab/").status_code == 401
    came_in = log_in(client, TOKEN)
    assert (came_in.status_code, came_in.headers["Location"]) == (302, "/c/lab/?x=1")
    cookie = client.cookies[access.COOKIE]
    assert (cookie["httponly"], cookie["samesite"], TOKEN in cookie.value) == (True, "Strict", False)
    assert "Log out" in client.get("/c/lab/").content.decode()


def test_nothing_is_shown_and_nothing_done_without_a_login(client: Client, lab: None):
    for path in ("/", "/c/lab/", "/c/lab/tables.txt", "/c/lab/picture.svg", "/c/lab/kubeconfig", "/nowhere"):
        answer = client.get(path)
        assert (answer.status_code, "Show its token" in answer.content.decode()) == (401, True)
    for path in ("/c/lab/reset", "/c/lab/apply", "/c/lab/do/delete", "/clusters", "/logout"):
        assert client.post(path, {}).status_code == 401


def test_a_login_that_another_site_sends_is_refused(client: Client):
    assert client.post("/login", {"token": TOKEN}).status_code == 403


def test_the_login_sends_nobody_to_another_site(client: Client, lab: None):
    assert log_in(client, TOKEN, next="//evil.example/").headers["Location"] == "/"


def test_another_token_ends_every_login(opened: Settings):
    ticket = access.ticket()
    assert access.is_ticket(ticket)
    opened.TOKEN = "another-token-of-this-site"
    assert not access.is_ticket(ticket)


def test_a_login_ends(client: Client, lab: None, monkeypatch: pytest.MonkeyPatch):
    log_in(client, TOKEN)
    page = client.get("/c/lab/").content.decode()
    (csrf,) = re.findall(r'logout".*csrfmiddlewaretoken" value="(\w+)"', page)
    before = client.cookies[access.COOKIE].value
    client.post("/logout", {"csrfmiddlewaretoken": csrf})
    assert client.get("/c/lab/").status_code == 401
    monkeypatch.setattr(access, "LOGIN_LASTS", -1)
    assert not access.is_ticket(before)


def test_pages_over_plain_http_are_sent_to_https_for_this_time(client: Client, opened: Settings):
    opened.SERVES_HTTPS = True
    answer = client.get("/c/lab/?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (307, "https://testserver/c/lab/?x=1")
