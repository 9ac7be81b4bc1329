"""A moment is what the cluster was; a fork goes on from it, and neither knows of the other."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from core import models
from core.apimachinery.errors import AlreadyExists, ApiError, BadRequest, Gone
from core.apimachinery.meta import Obj, Ref, field, ref_of
from core.apiserver import rows
from core.apiserver import store as store_module
from core.apiserver.store import is_seated
from core.client.cache import Cache
from core.cluster import Cluster
from core.past import Past

pytestmark = pytest.mark.django_db

START = 1_800_000_000.0
WEB, WEB_0 = Ref("StatefulSet", "default", "web"), Ref("Pod", "default", "web-0")
CLAIM = Ref("PersistentVolumeClaim", "default", "www-web-0")
PAGE = "/usr/share/nginx/html/index.html"
MANIFEST = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/host-path
---
apiVersion: v1
kind: Service
metadata: {name: nginx}
spec: {clusterIP: None, selector: {app: nginx}, ports: [{port: 80, name: web}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: nginx
  replicas: 2
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
      - {name: nginx, image: "nginx:1.9.1", volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}]}
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


class Recorder:
    """What the cluster was after each write, kept by hand."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = {ref_of(obj): obj for obj in cluster.view.everything()}
        self._gone: dict[Ref, Obj] = {}
        self._seen = cluster.revision
        self.objects = {self._seen: dict(self._objects)}
        self.gone: dict[int, dict[Ref, Obj]] = {self._seen: {}}

    def take(self, cluster: Cluster) -> None:
        for change in cluster.changes_since(self._seen):
            if change.type == "DELETED":
                del self._objects[change.ref]
                if is_seated(change.ref, change.obj):
                    self._gone[change.ref] = change.obj
            else:
                self._objects[change.ref] = change.obj
            self._seen = change.revision
            self.objects[self._seen] = dict(self._objects)
            self.gone[self._seen] = dict(self._gone)


def everything(view: Cache) -> dict[Ref, Obj]:
    return {ref_of(obj): obj for obj in view.everything()}


def chapter(name: str = "lab") -> Cluster:
    cluster = Cluster.new(name, start=START)
    for outcome in cluster.apply(MANIFEST):
        assert outcome.verb == "created", outcome.message
    cluster.settle()
    return cluster


def keep(monkeypatch: pytest.MonkeyPatch, history: int) -> None:
    monkeypatch.setattr(store_module, "HISTORY", history)
    monkeypatch.setattr(rows, "SLACK", 20)


def do_something(cluster: Cluster, dice: random.Random) -> None:
    ordinal = dice.randrange(3)
    acts: list[Callable[[], Any]] = [
        lambda: cluster.delete(Ref("Pod", "default", f"web-{ordinal}"), dice.choice([None, 0])),
        lambda: cluster.delete(Ref("PersistentVolumeClaim", "default", f"www-web-{ordinal}")),
        lambda: cluster.scale(WEB, dice.randrange(4)),
        lambda: cluster.write_file(Ref("Pod", "default", f"web-{ordinal}"), PAGE, b"%d" % ordinal),
        lambda: cluster.delete(WEB, propagation=dice.choice(["Background", "Orphan"])),
        lambda: list(cluster.apply(MANIFEST)),
    ]
    with suppress(ApiError):
        dice.choices(acts, [4, 2, 3, 3, 1, 2])[0]()
    cluster.advance(cluster.now + dice.choice([0.1, 2.0, 30.0]))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("restarts", [False, True], ids=["one process", "restarted now and then"])
def test_a_moment_is_what_the_cluster_was_also_after_compaction(
    seed: int, restarts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(monkeypatch, 100)
    dice = random.Random(seed)
    cluster = Cluster.new("lab", start=START)
    recorder = Recorder(cluster)
    for _ in range(25):
        do_something(cluster, dice)
        recorder.take(cluster)
        if restarts and dice.random() < 0.2:
            cluster = Cluster.open("lab")
        if dice.random() < 0.1:  # nothing is at hand, while all of the last writes are in memory
            cluster.past = Past(cluster.store, cluster.settings, cluster.manager.components)
        for _ in range(3):
            revision = dice.randrange(cluster.past.first, cluster.revision + 1)
            if revision in recorder.objects:
                assert everything(cluster.past.at(revision).view) == recorder.objects[revision]
    assert cluster.past.first > 1, "nothing was compacted"
    for revision in range(cluster.past.first, cluster.revision + 1, 7):
        moment = cluster.past.at(revision)
        assert everything(moment.view) == recorder.objects[revision]
        kept = {ref: obj for ref, obj in recorder.gone[revision].items() if _is_kept(obj, cluster)}
        assert {ref: obj for ref, obj in moment.tombstones.items() if _is_kept(obj, cluster)} == kept


def _is_kept(gone: Obj, cluster: Cluster) -> bool:
    return int(gone["metadata"]["resourceVersion"]) > cluster.past.first


def test_the_indexes_of_a_moment_are_those_of_its_objects() -> None:
    cluster = chapter()
    cluster.delete(WEB_0, 0)
    middle = cluster.revision
    cluster.settle()

    view = cluster.past.at(middle).view

    fresh = Cache(view.everything())
    for index, table in fresh._indexes.items():
        assert {value: set(found) for value, found in view._indexes[index].items()} == {
            value: set(found) for value, found in table.items()
        }, index
    assert view._usage.keys() >= fresh._usage.keys()
    assert all(view.usage(node) == fresh.usage(node) for node in fresh._usage)


def test_a_moment_does_not_move_when_the_cluster_does() -> None:
    cluster = chapter()
    moment = cluster.past.at(cluster.revision)
    before = everything(moment.view)

    cluster.delete(WEB_0, 0)
    cluster.settle()

    assert everything(moment.view) == before
    assert WEB_0 not in moment.tombstones


def test_a_moment_says_why_as_the_components_would_have() -> None:
    cluster = Cluster.new("lab", start=START)
    list(cluster.apply(MANIFEST.replace("standard, annotations", "other, annotations", 1).split("---")[1]))
    list(cluster.apply(MANIFEST.split("---")[2]))
    cluster.settle()
    said, revision = cluster.why(WEB_0), cluster.revision
    list(cluster.apply(MANIFEST))
    cluster.settle()
    assert said
    assert cluster.why(WEB_0) != said

    assert cluster.past.at(revision).why(WEB_0) == said


def test_a_moment_that_is_not_kept_or_not_there_yet_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(monkeypatch, 30)
    cluster = chapter()

    with pytest.raises(Gone, match="no longer kept"):
        cluster.past.at(1)
    with pytest.raises(BadRequest, match="no revision"):
        cluster.past.at(cluster.revision + 1)


def test_the_timeline_ends_where_history_was_compacted(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(monkeypatch, 30)
    cluster = chapter()

    oldest = Cluster.open("lab").timeline(10_000)[-1]

    assert oldest.revision > cluster.past.first


def test_what_a_person_did_last_is_one_thing_also_when_it_was_an_apply() -> None:
    cluster = chapter()

    act = cluster.past.last_act(cluster.revision)

    assert [line.ref.kind for line in act] == ["StorageClass", "Service", "StatefulSet"]
    cluster.delete(WEB_0)
    cluster.settle()
    assert [line.ref for line in cluster.past.last_act(cluster.revision)] == [WEB_0]
    assert cluster.past.last_act(act[0].revision - 1) == []


def test_a_change_of_the_past_knows_what_was_there_before() -> None:
    cluster = chapter()
    cluster.delete(WEB_0)

    change = Cluster.open("lab").past.change(cluster.revision)

    assert change is not None
    assert change.old is not None
    assert "deletionTimestamp" in change.obj["metadata"]
    assert "deletionTimestamp" not in change.old["metadata"]


# -- forks -----------------------------------------------------------------------------------------------


def test_a_fork_goes_on_from_the_moment_and_the_origin_from_its_own() -> None:
    cluster = chapter()
    before, uid = cluster.revision, cluster.get(WEB_0)["metadata"]["uid"]
    cluster.delete(WEB_0)
    cluster.settle()
    after = cluster.get(WEB_0)["metadata"]["uid"]

    fork = cluster.fork("lab-2", before)

    assert fork.revision == before
    assert fork.now == cluster.past.at(before).now
    assert fork.get(WEB_0)["metadata"]["uid"] == uid != after
    fork.delete(WEB_0)
    fork.settle()
    assert fork.get(WEB_0)["metadata"]["uid"] not in (uid, after)
    assert fork.get(CLAIM) == cluster.get(CLAIM)
    assert cluster.get(WEB_0)["metadata"]["uid"] == after


def test_a_fork_is_the_same_after_a_restart_with_its_past_and_its_bytes() -> None:
    cluster = chapter()
    cluster.write_file(WEB_0, PAGE, b"kept")
    revision = cluster.revision
    cluster.delete(CLAIM)
    cluster.fork("lab-2", revision)

    fork = Cluster.open("lab-2")

    assert everything(fork.view) == everything(cluster.past.at(revision).view)
    assert fork.read_file(WEB_0, PAGE) == b"kept"
    for at in range(fork.past.first, revision + 1, 10):
        assert everything(fork.past.at(at).view) == everything(cluster.past.at(at).view)
    assert fork.origin() == ("lab", revision, True)
    edges = {c.name: models.Reference.objects.filter(cluster=c).count() for c in models.Cluster.objects.all()}
    assert edges["lab-2"] == edges["lab"]


def test_a_fork_of_a_fork_outlives_both() -> None:
    cluster = chapter()
    fork = cluster.fork("lab-2", cluster.revision)
    fork.delete(WEB_0, 0)
    again = fork.fork("lab-3", fork.revision)
    fork.destroy()
    cluster.destroy()

    again.settle()

    assert again.origin() == ("lab-2", again.origin().revision, False)  # type: ignore[union-attr]
    assert field(again.get(WEB_0), "status.phase") == "Running"
    assert everything(again.past.at(again.past.first).view)


def test_a_fork_has_the_history_from_below_the_compacted_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(monkeypatch, 30)
    cluster = chapter()
    whole = cluster.revision
    while cluster.past.first < whole:
        cluster.delete(WEB_0)
        cluster.settle()
    fork = cluster.fork("lab-2", cluster.past.first)

    assert everything(Cluster.open("lab-2").view) == everything(cluster.past.at(cluster.past.first).view)
    fork.settle()
    assert field(fork.get(WEB_0), "status.phase") == "Running"


def test_a_fork_needs_a_name_that_is_free_and_a_revision_that_is_kept() -> None:
    cluster = chapter()

    with pytest.raises(AlreadyExists):
        cluster.fork("lab", 5)
    with pytest.raises(BadRequest):
        cluster.fork("Not A Name", 5)
    with pytest.raises(BadRequest):
        cluster.fork("lab-2", cluster.revision + 1)
    assert Cluster.names() == ["lab"]


def test_the_next_event_is_as_far_as_it_goes() -> None:
    cluster = chapter()
    assert not cluster.step_to_event()
    cluster.delete(WEB_0)
    before = cluster.revision

    assert cluster.step_to_event()

    kinds = [change.ref.kind for change in cluster.changes_since(before)]
    assert kinds[-1] == "Event"
    assert kinds.count("Event") == 1
