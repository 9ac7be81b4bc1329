"""What survived is told from things, not from names."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from core.diagram.survival import AGAIN, CHANGED, GONE, NEW, SURVIVED, Comparison, compare
from core.past import Moment
from tests.core.test_past import PAGE, START, WEB, WEB_0, chapter

pytestmark = pytest.mark.django_db
CLAIM = Ref("PersistentVolumeClaim", "default", "www-web-0")


def now(cluster: Cluster) -> Moment:
    return cluster.past.at(cluster.revision)


def verdicts(found: Comparison, name: str = "web-0") -> dict[str, str]:
    seat = next(seat for seat in found.seats if seat.ref.name == name)
    return {fact.name: fact.verdict for fact in seat.facts}


def test_a_deleted_pod_leaves_its_seat_all_that_is_engraved() -> None:
    cluster = chapter()
    cluster.write_file(WEB_0, PAGE, b"kept")
    before = now(cluster)
    cluster.delete(WEB_0)
    cluster.settle()

    found = compare(before, now(cluster))

    said = verdicts(found)
    assert {name for name, verdict in said.items() if verdict == SURVIVED} == {
        "name", "DNS name", "claim", "volume", "bytes",
    }  # fmt: skip
    assert said["uid"] == said["IP"] == CHANGED
    assert said["revision"] == AGAIN
    assert found.same == 1, "web-1 was not touched"
    assert found.sentence.startswith("web-0: name, DNS name, claim, volume and bytes survived; uid")
    bytes_ = next(fact for fact in found.seats[0].facts if fact.name == "bytes")
    assert bytes_.before == bytes_.after
    assert bytes_.before.startswith("usr/share/nginx/html/index.html ") or "index.html" in bytes_.before


def test_while_the_seat_is_empty_the_name_is_still_its_own() -> None:
    cluster = chapter()
    before = now(cluster)
    cluster.delete(WEB_0, 0)

    said = verdicts(compare(before, now(cluster)))

    assert said["name"] == said["claim"] == said["volume"] == SURVIVED
    assert said["uid"] == said["IP"] == said["node"] == GONE
    assert verdicts(compare(now(cluster), before))["uid"] == NEW


def test_a_claim_made_again_under_its_name_is_another() -> None:
    cluster = chapter()
    cluster.write_file(WEB_0, PAGE, b"lost")
    before = now(cluster)
    cluster.delete(CLAIM)
    cluster.delete(WEB_0)
    cluster.settle()

    found = compare(before, now(cluster))

    said = verdicts(found)
    assert said["claim"] == said["volume"] == said["bytes"] == CHANGED
    claim = next(fact for fact in found.seats[0].facts if fact.name == "claim")
    assert claim.after == "www-web-0 (another)"


def test_a_set_that_is_gone_takes_the_names_and_leaves_the_claims() -> None:
    cluster = chapter()
    before = now(cluster)
    cluster.delete(WEB)
    cluster.settle()

    said = verdicts(compare(before, now(cluster)))

    assert said["name"] == said["DNS name"] == GONE
    assert said["claim"] == said["volume"] == said["bytes"] == SURVIVED


def test_other_bytes_are_seen_also_when_the_pod_is_the_same() -> None:
    cluster = chapter()
    cluster.write_file(WEB_0, PAGE, b"first")
    before = now(cluster)
    cluster.write_file(WEB_0, PAGE, b"other")

    said = verdicts(compare(before, now(cluster)))

    assert [name for name, verdict in said.items() if verdict != SURVIVED] == ["bytes"]


def test_of_a_deployments_pods_none_comes_back_as_itself() -> None:
    cluster = Cluster.new("lab", start=START)
    for outcome in cluster.apply(DEPLOYMENT):
        assert outcome.verb == "created", outcome.message
    cluster.settle()
    before = now(cluster)
    cluster.delete(Ref("Pod", "default", cluster.view.list("Pod")[0]["metadata"]["name"]), 0)
    cluster.settle()

    found = compare(before, now(cluster))

    assert found.seats == ()
    assert found.loose == "Pods without a seat: 1 stayed, 1 gone, 1 new, under other names."


def test_nothing_differs_between_a_moment_and_itself() -> None:
    cluster = chapter()

    found = compare(now(cluster), now(cluster))

    assert (found.seats, found.same, found.sentence) == ((), 2, "Nothing differs.")


def test_two_forks_of_one_moment_never_have_the_same_new_pod() -> None:
    cluster = chapter()
    forks: list[Any] = [cluster.fork(f"lab-{number}", cluster.revision) for number in (2, 3)]
    for fork in forks:
        fork.delete(WEB_0)
        fork.settle()

    assert verdicts(compare(now(forks[0]), now(forks[1])))["uid"] == CHANGED
    assert verdicts(compare(now(cluster), now(forks[1])))["claim"] == SURVIVED


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: front}
spec:
  replicas: 2
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec: {containers: [{name: nginx, image: "nginx:1.9.1"}]}
"""
