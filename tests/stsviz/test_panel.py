"""The panel: the field is marked in the YAML, and a seat remembers who sat in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz.pages import panel, seat
from stsviz.pages.examples import EXAMPLES
from stsviz.pages.reasons import marked_yaml

pytestmark = pytest.mark.django_db(transaction=True)
WEB_0 = Ref("Pod", "default", "web-0")
YAML = """\
metadata:
  finalizers:
  - a
  - b
  name: x
spec:
  containers:
  - image: one
    name: c
  - image: two
    name: d
  resources:
    requests:
      storage: 1Gi
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster.new("test", start=1_760_000_000.0)
    list(cluster.apply(EXAMPLES["web"].text))
    cluster.settle()
    yield cluster
    cluster.destroy()


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("spec.resources.requests.storage", ["      storage: 1Gi"]),
        ("spec.resources", ["  resources:", "    requests:", "      storage: 1Gi"]),
        ("metadata.finalizers", ["  finalizers:", "  - a", "  - b"]),
        ("spec.containers[1].image", ["  - image: two"]),
        ("spec.storageClassName", ["spec:"]),  # it is not set: it would stand there
        ("status.phase", []),
    ],
)
def test_the_field_is_marked(path: str, marked: list[str]) -> None:
    assert [row.text for row in marked_yaml(YAML, [path]) if row.marked] == marked


def test_a_seat_remembers_its_last_holders_and_why_each_went(cluster: Cluster) -> None:
    first = cluster.get(WEB_0)
    cluster.delete(WEB_0, actor="you")
    cluster.settle()
    second = cluster.get(WEB_0)
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "nginx", "image": "nginx:2"}]}}}}
    cluster.patch(Ref("StatefulSet", "default", "web"), patch, "strategic")
    cluster.settle()
    found = seat.holders(cluster.past, WEB_0, cluster.started, cluster.revision)
    assert [holder.uid for holder in found] == [second["metadata"]["uid"][:8], first["metadata"]["uid"][:8]]
    assert found[0].why.startswith("statefulset-controller: deletes web-0 to create it again as web-")
    assert found[1].why == "deleted by you"
    assert (found[1].node, found[1].address) == (first["spec"]["nodeName"], first["status"]["podIP"])
    assert found[1].since <= found[1].until <= found[0].since


def test_a_moment_knows_only_the_holders_of_before(cluster: Cluster) -> None:
    revision = cluster.revision
    cluster.delete(WEB_0)
    cluster.settle()
    assert seat.holders(cluster.past, WEB_0, cluster.started, revision) == []
    html = panel.render(cluster.past.at(revision), "seat-default-web-0", WEB_0, "", cluster.past)
    assert "Who sat here before" not in html
    assert "Who sat here before" in panel.render(cluster, "seat-default-web-0", WEB_0)


def test_the_card_tells_what_is_engraved_from_what_flips(cluster: Cluster) -> None:
    cluster.write_file(WEB_0, "/usr/share/nginx/html/index.html", b"hello")
    html = panel.render(cluster, "seat-default-web-0", WEB_0)
    assert "web-0.nginx.default.svc.cluster.local" in html
    assert "index.html 2cf24dba" in html
    for name in ("ordinal", "hostname", "claim", "volume", "uid", "address", "node", "revision", "restarts"):
        assert f"<dt>{name}</dt>" in html


def test_nothing_is_said_where_all_is_well(cluster: Cluster) -> None:
    html = panel.render(cluster, "seat-default-web-0", WEB_0)
    assert "Nothing waits here" in html
    assert "reasons" not in html
    assert "mood" not in html
