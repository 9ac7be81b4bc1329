"""Watches: where they start, what they show, how they end."""

from __future__ import annotations

import http.client
import json
import socket
import time
from typing import Any

import pytest

from tests.clients.server import Server
from tests.stsviz.kubeapi.test_verbs import JSON, Space

STREAMING_LIST = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.fixture
def space(server: Server, namespace: str) -> Space:
    return Space(server, namespace)


def labelled(space: Space, name: str, value: str) -> int:
    """Set a label; return the revision that this made."""
    made = space.server.patch(f"{space.core}/pods/{name}", {"metadata": {"labels": {"x": value}}}).json
    return int(made["metadata"]["resourceVersion"])


def seen(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


def test_a_watch_without_a_version_begins_with_what_is_there(space: Space):
    """API-W1, API-W2"""
    for name in "ba":
        space.pod(name)
    with space.server.watch(f"{space.core}/pods?watch=True") as watch:
        assert seen(watch.take(2)) == [("ADDED", "a"), ("ADDED", "b")]
        space.pod("c")
        (event,) = watch.take(1)
        assert (event["type"], event["object"]["kind"], event["object"]["apiVersion"]) == (
            "ADDED",
            "Pod",
            "v1",
        )


def test_a_watch_resumes_after_the_version_it_names(space: Space):
    """API-W2, API-W9"""
    space.pod("a")
    first = labelled(space, "a", "1")
    last = [labelled(space, "a", value) for value in "23"]
    with space.server.watch(f"{space.core}/pods?watch=1&resourceVersion={first}") as watch:
        events = watch.take(2)
    assert [int(event["object"]["metadata"]["resourceVersion"]) for event in events] == last


def test_without_initial_events_only_what_comes_is_sent(space: Space):
    """API-W6, API-W7"""
    space.service("a")
    query = "watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan"
    with space.server.watch(f"{space.core}/services?{query}") as watch:
        space.service("b")
        assert seen(watch.take(1)) == [("ADDED", "b")]


def test_an_object_enters_and_leaves_a_selection(space: Space):
    """API-W4: what leaves is DELETED, as it last matched, at the revision of the change."""
    space.pod("a")
    with space.server.watch(f"{space.core}/pods?watch=1&labelSelector=x%3D1") as watch:
        labelled(space, "a", "1")
        revision = labelled(space, "a", "2")
        entered, left = watch.take(2)
    assert (entered["type"], left["type"]) == ("ADDED", "DELETED")
    assert left["object"]["metadata"]["labels"] == {"x": "1"}
    assert int(left["object"]["metadata"]["resourceVersion"]) == revision


def test_a_deleted_object_comes_with_the_revision_of_its_deletion(space: Space):
    """API-W4"""
    made = int(space.pod("a").json["metadata"]["resourceVersion"])
    with space.server.watch(f"{space.core}/pods?watch=1&resourceVersion={made}") as watch:
        space.server.call("DELETE", f"{space.core}/pods/a?gracePeriodSeconds=0")
        while (event := watch.take(1)[0])["type"] != "DELETED":
            pass
    assert int(event["object"]["metadata"]["resourceVersion"]) > made


def test_a_watch_sees_its_namespace_only_and_another_form_sees_the_same(space: Space):
    everywhere = "/api/v1/pods?watch=1&fieldSelector=metadata.name%3Dfar"
    with space.server.watch(f"{space.core}/pods?watch=1") as here, space.server.watch(everywhere) as wide:
        body = {"metadata": {"name": "far"}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
        space.server.call("POST", "/api/v1/namespaces/default/pods", body, **JSON)
        space.pod("near")
        assert seen(wide.take(1)) == [("ADDED", "far")]
        assert seen(here.take(1)) == [("ADDED", "near")]
    space.server.call("DELETE", "/api/v1/namespaces/default/pods/far?gracePeriodSeconds=0")


def test_a_table_is_watched_row_by_row_with_its_columns_once(space: Space):
    """API-T6"""
    space.pod("a")
    connection = http.client.HTTPConnection("127.0.0.1", space.server.port, timeout=20)
    connection.request("GET", f"{space.core}/pods?watch=1", headers={"Accept": TABLE})
    answer = connection.getresponse()
    first = json.loads(answer.readline())["object"]
    space.pod("b")
    second = json.loads(answer.readline())["object"]
    connection.close()
    assert (first["kind"], len(first["rows"]), second["columnDefinitions"]) == ("Table", 1, None)
    assert first["columnDefinitions"][0]["name"] == "Name"
    assert second["rows"][0]["cells"][0] == "b"


def test_a_watch_ends_when_its_time_is_up_with_a_bookmark(space: Space):
    """API-W5, API-W6"""
    began = time.monotonic()
    path = f"{space.core}/pods?watch=1&resourceVersion=1&timeoutSeconds=1&allowWatchBookmarks=true"
    with space.server.watch(path) as watch:
        assert [event["type"] for event in watch] == ["BOOKMARK"]
    assert 0.5 < time.monotonic() - began < 10


def test_a_future_version_of_a_streaming_list_ends_in_an_error_event(space: Space):
    """API-W7"""
    with space.server.watch(f"{space.core}/pods?{STREAMING_LIST}&resourceVersion=999999999") as watch:
        (event,) = list(watch)
    assert (event["type"], event["object"]["code"]) == ("ERROR", 504)


def test_a_client_that_does_not_read_loses_nothing_and_stops_nobody(space: Space):
    """A slow watcher: 200 changes of 40 kB are more than the socket holds."""
    space.pod("a", annotations={"big": "x" * 40_000})
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect(("127.0.0.1", space.server.port))
        request = f"GET {space.core}/pods?watch=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        slow.sendall(request.encode())
        last = [labelled(space, "a", str(at)) for at in range(200)][-1]
        wanted = f'"resourceVersion":"{last}"'.encode()
        got = b""
        while wanted not in got:
            chunk = slow.recv(1 << 16)
            assert chunk, "the stream ended before the last change"
            got = got[-200:] + chunk
