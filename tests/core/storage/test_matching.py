"""ST-2.10 to ST-2.19 by the tables of section 9.1 to 9.4 and 9.7."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj, name_of
from core.client.cache import Cache
from core.storage.matching import (
    candidate_volumes,
    check_access_modes,
    find_best_match_for_claim,
    find_matching_volume,
)
from tests.core.storage.cast import claim, claim_ref, node, pinned, volume

OTHER = claim_ref("claim99", "uid-claim99", "myns")
SSD = {"should-exist": "true"}
AT_1 = pinned("key1", "value1")
AT_4 = {"class_": "wait", "nodeAffinity": pinned("key1", "value4")}

F1 = [
    volume("gce-pd-1", "1G", "RWO,ROX", ref=OTHER, phase="Bound"),
    volume("gce-pd-5", "5G", "RWO,ROX"),
    volume("gce-pd-10", "10G", "RWO,ROX"),
    volume("gce-pd-20", "20G", "RWO,ROX", ref=OTHER, phase="Bound"),
    volume("nfs-1", "1G", "RWO,ROX,RWX"),
    volume("nfs-5", "5G", "RWO,ROX,RWX"),
    volume("nfs-10", "10G", "RWO,ROX,RWX"),
    volume("gce-pd-2", "20000G", labels=SSD),
    volume("gce-pd-silver1", "10000G", class_="silver", labels=SSD),
    volume("gce-pd-silver2", "100G", class_="silver"),
    volume("gce-pd-gold", "50G", class_="gold"),
    volume("local-pd-very-large", "200E", "RWO,ROX,RWX", class_="large"),
    volume("local-pd-extremely-large", "800E", "RWO,ROX,RWX", class_="large"),
    volume("affinity-pv", "100G", "RWO,ROX", class_="wait", nodeAffinity=AT_1),
    volume("affinity-pv2", "150G", "RWO,ROX", class_="wait", nodeAffinity=AT_1),
    volume(
        "affinity-prebound",
        "100G",
        "RWO,ROX",
        class_="wait",
        nodeAffinity=AT_1,
        ref=claim_ref("claim02", namespace="myns"),
    ),
    volume("affinity-pv3", "200G", "RWO,ROX", class_="wait", nodeAffinity=pinned("key1", "value3")),
    volume("affinity-pv4-pending", "200G", "RWO,ROX", phase="Pending", **AT_4),
    volume("affinity-pv4-failed", "200G", "RWO,ROX", phase="Failed", **AT_4),
    volume("affinity-pv4-released", "200G", "RWO,ROX", phase="Released", **AT_4),
    volume("affinity-pv4-empty", "200G", "RWO,ROX", phase="", **AT_4),
]


def my_claim(size: str, modes: str = "ROX,RWO", **more: object) -> Obj:
    more.setdefault("name", "claim01")
    return claim(size, modes, namespace="myns", **more)


def best(asking: Obj, volumes: list[Obj], *, delayed: bool = False) -> str | None:
    found = find_best_match_for_claim(asking, volumes, delay_binding=delayed)
    return None if found is None else name_of(found)


SELECTOR = {"selector": {"matchLabels": SSD}}


@pytest.mark.parametrize(
    ("asking", "chosen"),
    [
        pytest.param(my_claim("8G"), "gce-pd-10", id="M01"),
        pytest.param(my_claim("5G", "ROX,RWO,RWX"), "nfs-5", id="M02"),
        pytest.param(my_claim("1G"), "gce-pd-5", id="M03"),
        pytest.param(my_claim("999G"), None, id="M04"),
        pytest.param(my_claim("999G", **SELECTOR), None, id="M05"),
        pytest.param(my_claim("20000G", **SELECTOR), None, id="M06"),
        pytest.param(my_claim("20000G", "RWO", **SELECTOR), "gce-pd-2", id="M07"),
        pytest.param(my_claim("1G", "RWO", class_="silver", **SELECTOR), "gce-pd-silver1", id="M08"),
        pytest.param(my_claim("1G", "RWO", class_="silver"), "gce-pd-silver2", id="M09"),
        pytest.param(my_claim("1E", "RWO", class_="large"), "local-pd-very-large", id="M10"),
        pytest.param(my_claim("800E", "RWO", class_="large"), "local-pd-extremely-large", id="M11"),
        pytest.param(my_claim("950E", "RWO", class_="large"), None, id="M12"),
    ],
)
def test_chooses_the_smallest_volume_that_fits(asking: Obj, chosen: str | None):
    """ST-2.13"""
    assert best(asking, F1) == chosen
    assert best(asking, F1[::-1]) == chosen


def test_passes_over_a_volume_bound_to_another_claim():
    """M13"""
    taken = volume("a", "1G", "RWO,ROX", ref=OTHER, phase="Bound")

    assert best(my_claim("1G"), [taken, volume("b", "1G", "RWO,ROX")]) == "b"


def test_leaves_a_delayed_claim_to_the_scheduler():
    """ST-3.12, ST-3.13, M14, C9"""
    assert best(my_claim("8G"), F1, delayed=True) is None


@pytest.mark.parametrize(
    ("modes", "sizes", "chosen"),
    [
        ("RWO", {"RWX,ROX,RWO": "1G", "RWO,ROX": "1G", "RWO": "9G"}, "RWO"),
        ("RWO", {"RWX,ROX,RWO": "1G", "RWO,ROX": "9G"}, "RWO,ROX"),
        ("RWX", {"RWO": "1G", "RWO,ROX": "1G", "RWX,ROX,RWO": "9G"}, "RWX,ROX,RWO"),
    ],
    ids=["M15 three groups, fewest modes first", "M15 two groups", "M16 one group"],
)
def test_compares_sizes_inside_a_group_of_modes_only(modes: str, sizes: dict[str, str], chosen: str):
    """ST-2.10, ST-2.11"""
    volumes = [volume(offered, size, offered) for offered, size in sizes.items()]

    assert best(my_claim("1G", modes), volumes) == chosen


@pytest.mark.parametrize(
    ("modes", "taken", "chosen"),
    [
        pytest.param("RWO", "", "ebs", id="M20"),
        pytest.param("RWO,ROX", "", "gce", id="M21"),
        pytest.param("RWX,RWO,ROX", "", "nfs", id="M22"),
        pytest.param("RWX", "", "nfs", id="M23"),
        pytest.param("RWO", "ebs", "gce", id="M24"),
        pytest.param("RWO", "ebs gce", "nfs", id="M25"),
        pytest.param("ROX", "ebs", "gce", id="M26"),
    ],
)
def test_finds_volumes_with_different_access_modes(modes: str, taken: str, chosen: str):
    offered = {"gce": "RWO,ROX", "ebs": "RWO", "nfs": "RWO,ROX,RWX"}
    volumes = [
        volume(name, "10G", of, ref=OTHER if name in taken.split() else None) for name, of in offered.items()
    ]

    assert best(my_claim("1G", modes), volumes) == chosen


@pytest.mark.parametrize(
    ("reserved", "ref", "chosen"),
    [
        pytest.param("", None, "pv1", id="M30"),
        pytest.param("pv1", claim_ref("foo", namespace="bar"), "pv5", id="M31"),
        pytest.param("pv8", claim_ref("claim01", namespace="myns"), "pv8", id="M32"),
        pytest.param("pvBadSize", claim_ref("claim01", namespace="myns"), "pv1", id="M33"),
        pytest.param("pvBadMode", claim_ref("claim01", namespace="myns"), "pv1", id="M34"),
    ],
)
def test_prefers_a_volume_reserved_for_the_claim_if_it_can_hold_it(reserved: str, ref: Obj, chosen: str):
    """ST-2.14"""
    sizes = {"pv1": "1Gi", "pv5": "5Gi", "pv8": "8Gi", "pvBadSize": "1Mi", "pvBadMode": "1Gi"}
    volumes = [
        volume(name, size, "ROX" if name == "pvBadMode" else "RWO", ref=ref if name == reserved else None)
        for name, size in sizes.items()
    ]

    assert best(my_claim("1Gi", "RWO"), volumes) == chosen


@pytest.mark.parametrize(
    ("name", "modes", "label", "excluded", "chosen"),
    [
        pytest.param("claim01", "RWO", "value1", (), "affinity-pv", id="M40"),
        pytest.param("claim02", "RWO", "value1", (), "affinity-prebound", id="M41"),
        pytest.param("claim01", "RWO", "value1", ("affinity-pv",), "affinity-pv2", id="M42"),
        pytest.param("claim01", "RWO", "value1", ("affinity-pv", "affinity-pv2"), None, id="M43"),
        pytest.param("claim01", "RWO,RWX", "value1", (), None, id="M44"),
        pytest.param("claim01", "RWO", "value2", (), None, id="M45"),
        pytest.param("claim02", "RWO", "value3", (), None, id="M46"),
        pytest.param("claim03", "RWO", "value3", (), "affinity-pv3", id="M47"),
        pytest.param("claim04", "RWO", "value4", (), None, id="M48"),
    ],
)
def test_matches_delayed_claims_for_a_node(
    name: str, modes: str, label: str, excluded: tuple[str, ...], chosen: str | None
):
    """ST-3.12, C1, C7, C13, C14"""
    asking = my_claim("100G", modes, class_="wait", name=name)

    found = find_matching_volume(asking, F1, node(key1=label), excluded=excluded, delay_binding=True)

    assert (found and name_of(found)) == chosen


@pytest.mark.parametrize(
    ("wanted", "offered", "fits"),
    [
        pytest.param("Block", "Filesystem", False, id="M50"),
        pytest.param("Filesystem", "Block", False, id="M51"),
        pytest.param("Block", "Block", True, id="M52"),
        pytest.param("Filesystem", "Filesystem", True, id="M53"),
        pytest.param("Filesystem", None, True, id="M54"),
        pytest.param(None, "Filesystem", True, id="M55"),
        pytest.param(None, None, True, id="M56"),
        pytest.param(None, "Block", False, id="M57"),
        pytest.param("Block", None, False, id="M58"),
    ],
)
def test_wants_the_same_volume_mode(wanted: str | None, offered: str | None, fits: bool):
    """C4"""
    found = best(my_claim("1Gi", "RWO", volumeMode=wanted), [volume(volumeMode=offered)])

    assert (found is not None) == fits


@pytest.mark.parametrize("where", [None, node()], ids=["controller", "scheduler"])
def test_never_takes_a_volume_that_is_being_deleted(where: Obj | None):
    """M59, C6"""
    dying = [volume(deleting=True), volume("pv-2", ref=claim_ref("claim01", namespace="myns"), deleting=True)]

    assert find_matching_volume(my_claim("1Gi", "RWO"), dying, where) is None


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        pytest.param("RWX", True, id="M60"),
        pytest.param("RWX,RWO", True, id="M61"),
        pytest.param("ROX", False, id="M62"),
        pytest.param("RWX,ROX", False, id="M63"),
    ],
)
def test_checks_that_every_access_mode_is_offered(wanted: str, fits: bool):
    assert check_access_modes(claim(modes=wanted), volume(modes="RWO,RWX")) is fits


@pytest.mark.parametrize(
    ("volumes", "asking", "chosen"),
    [
        pytest.param(
            [volume("A", "5Gi"), volume("B", "1Gi", "RWO,ROX", ref="name")], claim(), "A", id="D01 ST-2.12"
        ),
        pytest.param([volume("A", "100Gi"), volume("B", "1Gi", "RWO,ROX")], claim(), "A", id="D02"),
        pytest.param([volume("A", "5G")], claim("5Gi"), None, id="D03"),
        pytest.param([volume("A", "1024Mi")], claim("1Gi"), "A", id="D04"),
        pytest.param([volume("b"), volume("a")], claim(), "a", id="D05 ST-2.15 ST-0.4"),
        pytest.param([volume("A")], claim(), "A", id="D07"),
        pytest.param([volume("A", class_="manual")], claim(class_="manual"), "A", id="D08"),
        pytest.param([volume("A", ref="old", phase="Released")], claim(), None, id="D09 ST-2.16"),
        pytest.param([volume("A", volumeAttributesClassName="gold")], claim(), None, id="D11"),
        pytest.param([volume("A", modes="RWO,ROX,RWX")], claim(modes="RWOP"), None, id="D12 ST-2.18"),
        pytest.param(
            [volume("A", ref="name", phase="Bound", class_="y", labels={"a": "b"})],
            claim(class_="x", selector={"matchLabels": {"c": "d"}}),
            "A",
            id="D13",
        ),
        pytest.param([volume("A")], claim(selector={}), "A", id="ST-2.17 an empty selector matches all"),
        pytest.param([volume("A", "1Gi", ref="name")], claim("2Gi"), None, id="C3 before C8"),
        pytest.param(
            [volume("A", nodeAffinity=pinned("zone", "b"))], claim(), "A", id="ST-2.19 affinity not looked at"
        ),
    ],
)
def test_matches_as_the_rules_imply(volumes: list[Obj], asking: Obj, chosen: str | None):
    assert best(asking, volumes) == chosen


def test_offers_no_bound_volume_for_comparison_however_many_there_are():
    bound = [volume(f"pv-{i}", ref=claim_ref(f"c{i}", f"uid-c{i}"), phase="Bound") for i in range(50)]
    view = Cache([*bound, volume("free"), volume("free-slow", class_="slow"), volume("mine", ref="name")])

    assert {name_of(v) for v in candidate_volumes(view, claim())} == {"free", "mine"}
