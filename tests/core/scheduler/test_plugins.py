"""The plugins one by one, where the scheduler's own tests do not go."""

from __future__ import annotations

import pytest

from core.client.cache import Cache
from core.scheduler.framework import Cycle, Refusal
from core.scheduler.plugins import interpodaffinity, nodeports, podtopologyspread, volumebinding, volumezone
from tests.core.scheduler.cast import NODES, claim, node, pod, storage_class, volume

ZONE = "topology.kubernetes.io/zone"
ZONED = (
    node("node-a1", labels={ZONE: "a"}),
    node("node-a2", labels={ZONE: "a"}),
    node("node-b1", labels={ZONE: "b"}),
)
SAME_APP = {"labelSelector": {"matchLabels": {"app": "nginx"}}}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def verdicts(plugin, subject, *others, nodes=NODES, wording="W35"):
    """Return node name -> the texts of its refusal."""
    prepared = plugin.pre_filter(Cycle(Cache([subject, *others, *nodes]), subject, wording))
    return {n["metadata"]["name"]: [r.text for r in prepared(n)] for n in nodes}


def anti_affine(name, key="kubernetes.io/hostname", **spec):
    terms = [{**SAME_APP, "topologyKey": key}]
    return pod(name, affinity={"podAntiAffinity": {REQUIRED: terms}}, **spec)


ANTI = ["node(s) didn't match pod anti-affinity rules"]


def test_anti_affinity_keeps_replicas_apart():
    """ST-5.2 InterPodAffinity"""
    seen = verdicts(interpodaffinity, anti_affine("web-1"), anti_affine("web-0", nodeName="node-1"))

    assert seen == {"node-1": ANTI, "node-2": []}


def test_anti_affinity_by_zone_bars_the_zone():
    others = [anti_affine("web-0", ZONE, nodeName="node-a1")]

    seen = verdicts(interpodaffinity, anti_affine("web-1", ZONE), *others, nodes=ZONED)

    assert seen == {"node-a1": ANTI, "node-a2": ANTI, "node-b1": []}


def test_a_pod_that_is_there_may_refuse_a_newcomer():
    seen = verdicts(interpodaffinity, pod("plain"), anti_affine("web-0", nodeName="node-1"))

    assert seen["node-1"] == ["node(s) didn't satisfy existing pods anti-affinity rules"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param({"app": "nginx"}, [], id="the first of its kind goes anywhere"),
        pytest.param({"app": "other"}, ["node(s) didn't match pod affinity rules"], id="nobody to be near"),
    ],
)
def test_affinity_with_nobody_there(labels, expected):
    terms = [{**SAME_APP, "topologyKey": "kubernetes.io/hostname"}]
    subject = pod("web-0", labels=labels, affinity={"podAffinity": {REQUIRED: terms}})

    assert verdicts(interpodaffinity, subject) == {"node-1": expected, "node-2": expected}


def test_preferred_anti_affinity_scores_the_other_node():
    term = {**SAME_APP, "topologyKey": "kubernetes.io/hostname"}
    rules = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]}
    subject = pod("web-1", affinity={"podAntiAffinity": rules})
    cycle = Cycle(Cache([subject, pod("web-0", nodeName="node-1"), *NODES]), subject, "W35")

    assert interpodaffinity.score(cycle, NODES) == {"node-1": 0.0, "node-2": 100.0}


def test_spread_over_zones_bars_the_fuller_zone():
    """ST-5.2 PodTopologySpread"""
    constraint = {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule", **SAME_APP}
    subject = pod("web-1", topologySpreadConstraints=[constraint])
    text = ["node(s) didn't match pod topology spread constraints"]

    seen = verdicts(podtopologyspread, subject, pod("web-0", nodeName="node-a1"), nodes=(*ZONED, *NODES[:1]))

    assert seen == {
        "node-a1": text,
        "node-a2": text,
        "node-b1": [],
        "node-1": [f"{text[0]} (missing required label)"],
    }


def test_a_host_port_serves_one_pod():
    """ST-5.2 NodePorts"""
    ports = [{"name": "c", "ports": [{"containerPort": 80, "hostPort": 80}]}]

    seen = verdicts(nodeports, pod("b", containers=ports), pod("a", containers=ports, nodeName="node-1"))

    assert seen == {"node-1": ["node(s) didn't have free ports for the requested pod ports"], "node-2": []}


def test_a_zonal_volume_is_used_in_its_zone():
    """ST-5.2 VolumeZone"""
    others = [claim("www", volume="pv", bound=True), volume("pv", labels={ZONE: "b__c"})]
    text = ["node(s) had no available volume zone"]

    seen = verdicts(volumezone, pod("web-0", "www"), *others, nodes=(*ZONED, *NODES[:1]))

    assert seen == {"node-a1": text, "node-a2": text, "node-b1": [], "node-1": []}


def test_a_node_may_miss_a_bound_and_a_delayed_claim_at_once():
    """ST-5.20, ST-5.21"""
    local = storage_class("local", delayed=True, provisioner="kubernetes.io/no-provisioner")
    others = [
        claim("a", volume="pv", bound=True),
        volume("pv", on="node-1"),
        claim("b", storageClassName="local"),
        local,
    ]

    seen = verdicts(volumebinding, pod("db-0", "a", "b"), *others)

    assert seen["node-2"] == [
        "node(s) didn't match PersistentVolume's node affinity",
        "node(s) didn't find available persistent volumes to bind",
    ]


def test_a_bound_claim_without_its_volume():
    """ST-5.20 reason 4"""
    seen = verdicts(volumebinding, pod("db-0", "a"), claim("a", volume="pv", bound=True))

    assert seen["node-1"] == ["node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"]


def test_a_class_makes_volumes_in_its_topologies_only():
    """ST-5.24"""
    terms = [{"matchLabelExpressions": [{"key": ZONE, "values": ["b"]}]}]
    zonal = {**storage_class("wait", delayed=True), "allowedTopologies": terms}

    seen = verdicts(
        volumebinding, pod("web-0", "www"), claim("www", storageClassName="wait"), zonal, nodes=ZONED
    )

    assert [bool(reasons) for reasons in seen.values()] == [True, True, False]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        pytest.param(
            {"status": {"phase": "Lost"}, "volume": "pv"},
            'persistentvolumeclaim "a" bound to non-existent persistentvolume "pv"',
            id="ST-5.12",
        ),
        pytest.param({"deleting": True}, 'persistentvolumeclaim "a" is being deleted', id="ST-5.13"),
    ],
)
def test_a_claim_that_can_serve_no_pod_ends_the_cycle(state, message):
    """ST-5.15"""
    broken = claim("a", volume=state.get("volume", ""))
    broken["status"] = state.get("status", broken["status"])
    if state.get("deleting"):
        broken["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z"
    subject = pod("db-0", "a", "missing")

    refusal = volumebinding.pre_filter(Cycle(Cache([subject, broken]), subject, "W35"))

    assert isinstance(refusal, Refusal)
    assert refusal.message == message


def test_an_ephemeral_claim_that_is_not_there_yet_is_waited_for():
    """ST-5.11"""
    subject = pod("db-0")
    subject["spec"]["volumes"] = [{"name": "tmp", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]

    refusal = volumebinding.pre_filter(Cycle(Cache([subject]), subject, "W35"))

    assert isinstance(refusal, Refusal)
    waiting = "waiting for ephemeral volume controller to create the persistentvolumeclaim"
    assert refusal.message == f'{waiting} "db-0-tmp"'


def test_a_pod_without_claims_has_no_volumes_to_bind():
    """ST-5.18"""
    subject = pod("db-0")

    assert volumebinding.pre_filter(Cycle(Cache([subject]), subject, "W35")) is None
