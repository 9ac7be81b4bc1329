"""The kubeconfig on the page: for this cluster, as the page was called, and without the token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.test import Client
from pytest_django.fixtures import Settings

from stsviz import access
from stsviz.kubeapi.kubeconfig import kubeconfig
from stsviz.pages import stage
from stsviz.runtime import LAB, runtime

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(autouse=True)
def clusters(transactional_db: None) -> Iterator[None]:
    for name in (LAB, "other"):
        runtime.create(name)
    yield
    for name in (LAB, "other"):
        runtime.destroy(name)
    stage._stages.clear()


def cluster_of(text: str) -> dict[str, Any]:
    (cluster,) = yaml.safe_load(text)["clusters"]
    return dict(cluster["cluster"])


@pytest.mark.parametrize(
    ("name", "host", "server"),
    [
        (LAB, "127.0.0.1:8123", "http://127.0.0.1:8123"),
        (LAB, "localhost:8123", "http://localhost:8123"),
        ("other", "[::1]:8123", "http://[::1]:8123/clusters/other"),
    ],
)
def test_it_names_the_host_that_the_page_was_opened_with(name: str, host: str, server: str):
    answer = Client().get(f"/c/{name}/kubeconfig", headers={"host": host})
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.kubeconfig.yaml"'
    assert cluster_of(answer.content.decode()) == {"server": server}
    assert yaml.safe_load(answer.content)["users"] == []


def test_it_is_the_one_that_the_command_prints():
    answer = Client().get("/c/other/kubeconfig", headers={"host": "127.0.0.1:8000"})
    assert answer.content.decode() == kubeconfig("http://127.0.0.1:8000", "other")


def test_a_host_we_do_not_answer_to_gets_none():
    assert Client().get("/c/lab/kubeconfig", headers={"host": "evil.example"}).status_code == 400


def test_a_cluster_that_is_not_there_has_none():
    assert Client().get("/c/nope/kubeconfig").status_code == 404


def test_the_page_links_to_it():
    assert '<a href="/c/other/kubeconfig" download>' in Client().get("/c/other/").content.decode()


def test_an_open_site_does_not_put_its_token_into_a_download(settings: Settings):
    settings.TOKEN, settings.TOKEN_WANTED = TOKEN, True
    client = Client()
    client.cookies[access.COOKIE] = access.ticket()
    text = client.get("/c/lab/kubeconfig").content.decode()
    assert TOKEN not in text
    assert "set-credentials stsviz --token=..." in text
    assert yaml.safe_load(text)["users"] == [{"name": "stsviz", "user": {}}]
