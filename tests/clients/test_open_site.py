"""A site that other machines can reach: kubectl over HTTPS with the token, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from tests.clients.kubectl import Kubectl
from tests.clients.server import Server, running
from tests.clients.websocket import Refused, WebSocket

TOKEN = "a-token-that-nobody-guesses"
BEARER = f"Bearer {TOKEN}"
PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Server]:
    with running(data, "0.0.0.0", STSVIZ_TOKEN=TOKEN) as server:
        yield server
    assert TOKEN not in server.log()


@pytest.fixture
def namespace() -> str:
    return "default"


@pytest.fixture
def secure(server: Server, data: Path, kubectl: Kubectl, settings: Settings) -> Kubectl:
    """kubectl with what `manage.py kubeconfig` prints."""
    settings.DATA, settings.TOKEN = data, TOKEN
    out = StringIO()
    call_command("kubeconfig", server=f"https://127.0.0.1:{server.port}", stdout=out)
    (kubectl.home / ".kube").mkdir()
    (kubectl.home / ".kube/config").write_text(out.getvalue())
    return Kubectl(kubectl.binary, "", "default", kubectl.home)


def test_the_api_wants_the_token(server: Server):
    answer = server.get(PODS)
    assert (answer.code, answer.json["reason"], answer.message) == (401, "Unauthorized", "Unauthorized")
    assert server.get(PODS, Authorization="Bearer wrong").code == 401
    assert server.get(f"{PODS}?access_token={TOKEN}").code == 401
    assert server.get(PODS, Authorization=BEARER).json["kind"] == "PodList"
    assert server.get("/clusters/lab/api/v1/nodes").code == 401
    assert server.get("/readyz").body == b"ok"


def test_a_kubeconfig_without_the_token_says_so(data: Path, settings: Settings):
    """As from a folder of data that is not the site's."""
    settings.DATA, settings.TOKEN = data, ""
    out, err = StringIO(), StringIO()
    call_command("kubeconfig", server="https://127.0.0.1:8000", stdout=out, stderr=err)
    assert str(data / "token") in err.getvalue()
    assert out.getvalue().startswith("# The token is not in here")


def test_who_serves_is_told_how_to_get_in(server: Server, data: Path):
    assert f"STSVIZ_DATA={data} " in server.log()
    assert "kubeconfig --server https://" in server.log()


def test_kubectl_says_that_one_must_be_logged_in(server: Server, kubectl: Kubectl):
    said = kubectl("get pods")
    assert said.code == 1
    assert "error: You must be logged in to the server" in said.err


def test_kubectl_works_with_the_kubeconfig_of_the_command(secure: Kubectl):
    assert "stsviz:admin" in secure.ok("auth whoami")
    secure.ok("run a --image=busybox -- sleep 1000")
    secure.ok("wait --for=condition=Ready pod/a --timeout=30s")
    assert secure.ok("exec a -- hostname") == "a\n"


def test_the_page_and_its_socket_want_a_login(server: Server):
    answer = server.get("/c/lab/")
    assert (answer.code, answer.headers["location"]) == (307, f"https://127.0.0.1:{server.port}/c/lab/")
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting)
    )
    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        opener.open(f"https://127.0.0.1:{server.port}/c/lab/", timeout=20)
    with refused.value:
        assert b"Show its token" in refused.value.read()


@pytest.mark.parametrize("path", ["/ws/c/lab", f"{PODS}/a/exec?command=ls&stdout=1"])
async def test_no_socket_opens_without_credentials(server: Server, path: str):
    with pytest.raises(Refused, match="403"):
        await WebSocket.open(server.port, path, protocol="v5.channel.k8s.io")


async def test_a_connection_that_says_nothing_holds_up_nobody(server: Server):
    silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(50)]
    assert (await asyncio.to_thread(server.get, "/readyz")).code == 200
    for _, writer in silent:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def test_a_server_that_others_can_reach_does_not_start_without_a_token(tmp_path: Path):
    server = Server(tmp_path, "0.0.0.0")
    try:
        assert server._process.wait(timeout=30) == 1
    finally:
        server.stop()
    assert "so it asks for a token, and there is none" in server.log()
    assert "STSVIZ_TOKEN" in server.log()


def test_behind_a_proxy_the_token_is_wanted_on_loopback_too(tmp_path: Path):
    with running(tmp_path, STSVIZ_TOKEN=TOKEN, ALLOWED_HOSTS="127.0.0.1,lab.example") as server:
        assert server.get(PODS).code == 401
        asked = {"Host": "lab.example", "X_Forwarded_Proto": "https", "Authorization": BEARER}
        assert "server: https://lab.example\n" in server.get("/c/lab/kubeconfig", **asked).body.decode()
        page = server.get("/c/lab/", **{**asked, "Authorization": ""})
        (form,) = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page.body.decode())
        asked |= {"Cookie": page.headers["set-cookie"].partition(";")[0], "Origin": "https://lab.example"}
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": form, "token": TOKEN}).encode()
        media = "application/x-www-form-urlencoded"
        came_in = server.call("POST", "/login", body, **asked, Content_Type=media)
        assert (came_in.code, "Secure" in came_in.headers["set-cookie"]) == (302, True)
        asked["Origin"] = "https://evil.example"
        assert server.call("POST", "/login", body, **asked, Content_Type=media).code == 403
