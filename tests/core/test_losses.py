"""What a preview says is what the deletion then does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import losses
from core.apimachinery.meta import Ref
from core.cluster import Cluster
from core.losses import GOES, STAYS, WAITS, Losses
from stsviz.pages.examples import EXAMPLES

pytestmark = pytest.mark.django_db(transaction=True)
WEB = Ref("StatefulSet", "default", "web")
WEB_0, WEB_1 = Ref("Pod", "default", "web-0"), Ref("Pod", "default", "web-1")
WWW_0, WWW_1 = (Ref("PersistentVolumeClaim", "default", f"www-web-{n}") for n in (0, 1))


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster.new("test", start=1_760_000_000.0)
    list(cluster.apply(EXAMPLES["web"].text))
    cluster.settle()
    cluster.write_file(WEB_0, "/usr/share/nginx/html/index.html", b"hello")
    yield cluster
    cluster.destroy()


def fates(found: Losses) -> dict[Ref, str]:
    return {loss.ref: loss.fate for loss in found.listed}


def of_deletion(cluster: Cluster, ref: Ref, *, orphan: bool = False) -> Losses:
    with cluster.reading() as view:
        return losses.of_deletion(view, ref, orphan=orphan)


def volume_of(cluster: Cluster, claim: Ref) -> Ref:
    return Ref("PersistentVolume", "", cluster.get(claim)["spec"]["volumeName"])


def there(cluster: Cluster, *refs: Ref) -> list[bool]:
    return [cluster.view.get(*ref) is not None for ref in refs]


def test_a_claim_in_use_waits_and_its_volume_and_bytes_go_with_it(cluster: Cluster) -> None:
    volume = volume_of(cluster, WWW_0)
    found = of_deletion(cluster, WWW_0)
    assert fates(found) == {WWW_0: WAITS, volume: WAITS}
    assert (found.files, found.size) == (1, 5)
    assert "index.html 2cf24dba" in found.listed[1].words
    cluster.scale(WEB, 0)
    cluster.settle()
    assert fates(of_deletion(cluster, WWW_0)) == {WWW_0: GOES, volume: GOES}
    cluster.delete(WWW_0)
    cluster.settle()
    assert there(cluster, WWW_0, volume) == [False, False]


def test_a_volume_that_is_retained_stays_with_its_bytes(cluster: Cluster) -> None:
    volume = volume_of(cluster, WWW_0)
    cluster.patch(volume, {"spec": {"persistentVolumeReclaimPolicy": "Retain"}})
    found = of_deletion(cluster, WWW_0)
    assert fates(found)[volume] == STAYS
    assert (found.files, found.size) == (0, 0)


def test_a_pod_of_a_set_takes_nothing_but_itself(cluster: Cluster) -> None:
    found = of_deletion(cluster, WEB_0)
    assert fates(found) == {WEB_0: GOES, WWW_0: STAYS}
    assert found.listed[0].words.endswith("; StatefulSet web makes another")


def test_a_set_takes_its_pods_and_by_its_policy_the_claims(cluster: Cluster) -> None:
    assert fates(of_deletion(cluster, WEB)) == {WEB_0: GOES, WEB_1: GOES, WWW_0: STAYS, WWW_1: STAYS}
    policy = {"whenDeleted": "Delete", "whenScaled": "Retain"}
    cluster.patch(WEB, {"spec": {"persistentVolumeClaimRetentionPolicy": policy}})
    cluster.settle()
    volumes = volume_of(cluster, WWW_0), volume_of(cluster, WWW_1)
    found = of_deletion(cluster, WEB)
    assert fates(found) == dict.fromkeys((WEB_0, WEB_1, WWW_0, WWW_1, *volumes), GOES)
    assert (found.files, found.size) == (1, 5)
    assert set(fates(of_deletion(cluster, WEB, orphan=True)).values()) == {STAYS}
    cluster.delete(WEB)
    cluster.settle(quiet=60)
    assert there(cluster, WEB_0, WWW_0, *volumes) == [False] * 4


def test_scaling_down_takes_claims_only_when_the_set_says_so(cluster: Cluster) -> None:
    with cluster.reading() as view:
        assert fates(losses.of_scaling(view, cluster.get(WEB), 1)) == {WEB_1: GOES, WWW_1: STAYS}
        assert losses.of_scaling(view, cluster.get(WEB), 5) == Losses(())
    policy = {"whenDeleted": "Retain", "whenScaled": "Delete"}
    cluster.patch(WEB, {"spec": {"persistentVolumeClaimRetentionPolicy": policy}})
    cluster.settle()
    volume = volume_of(cluster, WWW_1)
    with cluster.reading() as view:
        found = fates(losses.of_scaling(view, cluster.get(WEB), 1))
    assert found == {WEB_1: GOES, WWW_1: GOES, volume: GOES}
    cluster.scale(WEB, 1)
    cluster.settle(quiet=60)
    assert there(cluster, WEB_1, WWW_1, volume, WWW_0) == [False, False, False, True]


def test_what_a_pod_wrote_beside_its_volumes_is_counted(cluster: Cluster) -> None:
    cluster.exec(WEB_0, ["sh", "-c", "echo x > /tmp/scratch"])
    found = of_deletion(cluster, WEB_0)
    assert "1 file, 2 bytes that it wrote beside its volumes" in found.listed[0].words


def test_a_drained_node_loses_its_pods(cluster: Cluster) -> None:
    node = cluster.get(WEB_0)["spec"]["nodeName"]
    with cluster.reading() as view:
        assert fates(losses.of_draining(view, node))[WEB_0] == GOES


def test_a_bound_volume_waits_for_its_claim(cluster: Cluster) -> None:
    volume = volume_of(cluster, WWW_0)
    assert fates(of_deletion(cluster, volume)) == {volume: WAITS}
