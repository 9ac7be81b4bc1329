"""Stored runs: kept as they were, to look at and to go on from; whatever happens to where they came from."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.test import Client

from core.apimachinery.errors import Forbidden
from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz.pages.stored import PREFIX
from stsviz.runtime import LAB, runtime
from tests.stsviz.sites import WEB_0, bereaved_lab, leave_nothing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lab() -> Iterator[Cluster]:
    """The chapter's cluster after web-0 was deleted and came back; no thread drives it."""
    yield bereaved_lab()
    leave_nothing()


def stored(client: Client, **headers: str) -> str:
    """Store the run of lab; return its id."""
    response = client.post("/c/lab/share", headers=headers)
    found = re.search(r"http://testserver/s/(\w+)", response.content.decode())
    assert found is not None, response.content
    return found[1]


def test_a_stored_run_outlives_its_cluster_and_shows_its_last_moment(lab: Cluster, client: Client) -> None:
    run, last = stored(client), lab.past.last
    uid = lab.get(WEB_0)["metadata"]["uid"]
    runtime.reset(LAB)
    page = client.get(f"/s/{run}").content.decode()
    assert f'data-at="{last}"' in page
    assert "A stored run, to look at." in page
    assert uid[:8] in page
    assert "Back to now" not in page


def test_a_link_into_a_stored_run_opens_its_moment(lab: Cluster, client: Client) -> None:
    run = stored(client)
    at = next(line.revision for line in lab.past.lines_of(WEB_0) if line.type == "DELETED")
    page = client.get(f"/s/{run}?at={at}&what=seat-default-web-0").content.decode()
    assert f'data-at="{at}"' in page
    assert 'id="seat-default-web-0" class="seat empty' in page


def test_what_is_stored_from_the_past_ends_there(lab: Cluster, client: Client) -> None:
    at = lab.past.told()[30].revision
    run = stored(client, **{"X-Stsviz-At": str(at)})
    assert f'data-at="{at}"' in client.get(f"/s/{run}").content.decode()
    assert runtime.names() == [LAB]  # nothing was forked


def test_going_on_from_a_stored_run_makes_a_cluster(lab: Cluster, client: Client) -> None:
    run = stored(client)
    response = client.post(
        f"/c/{PREFIX}{run}/do/delete", {"kind": "Pod", "namespace": "default", "name": "web-1"}
    )
    made = response.headers["HX-Redirect"].split("/")[2]
    assert made in runtime.names()
    assert "deletionTimestamp" in runtime.cluster(made).get(Ref("Pod", "default", "web-1"))["metadata"]
    assert (
        "deletionTimestamp"
        not in runtime.cluster(PREFIX + run).get(Ref("Pod", "default", "web-1"))["metadata"]
    )
    response = client.post(f"/c/{PREFIX}{run}/fork", {"revision": str(lab.past.told()[20].revision)})
    assert response.headers["HX-Redirect"].split("/")[2] in runtime.names()


@pytest.mark.parametrize(
    ("address", "values"), [("clock", {"do": "step"}), ("clock", {"do": "play"}), ("demo", {}), ("reset", {})]
)
def test_no_time_passes_in_a_stored_run(
    lab: Cluster, client: Client, address: str, values: dict[str, str]
) -> None:
    run = stored(client)
    response = client.post(f"/c/{PREFIX}{run}/{address}", values)
    assert response.status_code == 403
    assert "A stored run stays as it is." in response.content.decode()
    assert runtime.cluster(PREFIX + run).revision == lab.revision


def test_nothing_can_be_written_to_a_stored_run_by_any_way(lab: Cluster, client: Client) -> None:
    cluster = runtime.cluster(PREFIX + stored(client))
    for verb in (lambda: cluster.delete(WEB_0), cluster.step, lambda: cluster.advance(cluster.now + 9)):
        with pytest.raises(Forbidden, match="is a stored run, and stays as it is"):
            verb()
    assert cluster.get(WEB_0) == lab.get(WEB_0)


def test_a_stored_run_is_no_cluster_among_others(lab: Cluster, client: Client) -> None:
    run = stored(client)
    assert runtime.names() == [LAB]
    assert run not in client.get("/c/lab/").content.decode()
    assert client.get(f"/s/{LAB}").status_code == 404


def test_a_link_that_was_cut_says_so(lab: Cluster, client: Client) -> None:
    run = stored(client)
    response = client.get(f"/s/{run[:5]}")
    assert response.status_code == 404
    assert f"There is no stored run {run[:5]} here" in response.content.decode()
    response = client.get(f"/s/{run}?at=999999")
    assert response.status_code == 400
    assert "there is no revision 999999 yet" in response.content.decode()


def test_no_more_are_stored_than_may_be(lab: Cluster, client: Client, settings: LazySettings) -> None:
    settings.MAX_RUNS = 1
    run = stored(client)
    response = client.post("/c/lab/share")
    assert response.status_code == 429
    assert "There are 1 stored runs, as many as may be" in response.content.decode()
    client.post(f"/c/{PREFIX}{run}/destroy")
    assert client.get(f"/s/{run}").status_code == 404
    stored(client)


def test_a_stored_run_can_be_embedded_exported_and_played(lab: Cluster, client: Client) -> None:
    run = stored(client)
    page = client.get(f"/s/{run}/embed").content.decode()
    assert f'href="/s/{run}"' in page
    assert (
        client.get(f"/c/{PREFIX}{run}/run.json").json()["steps"][-1]["revision"]
        == lab.past.told()[-1].revision
    )
    assert "kind: StatefulSet" in client.get(f"/c/{PREFIX}{run}/cluster.yaml").content.decode()


def test_its_questions_are_answered_as_of_its_end(lab: Cluster, client: Client) -> None:
    run = stored(client)
    text = client.get(f"/c/{PREFIX}{run}/object?what=seat-default-web-0").content.decode()
    assert "web-0" in text
    assert "web-0" in client.get(f"/c/{PREFIX}{run}/tables.txt").content.decode()
    assert "sealed" in client.get(f"/c/{PREFIX}{run}/").content.decode()
