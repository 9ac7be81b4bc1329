"""Flags as Kubernetes writes them."""

from __future__ import annotations

import dataclasses

import pytest

from core.sim import flags
from core.sim.settings import Settings, from_kept


@pytest.mark.parametrize(
    ("flag", "text", "value"),
    [
        ("pvclaimbinder-sync-period", "2s", 2.0),
        ("pvclaimbinder-sync-period", "1m30s", 90.0),
        ("stsviz-watch-lag", "250ms", 0.25),
        ("stsviz-watch-lag", "0", 0.0),
        ("max-pods", "250", 250),
        ("node-eviction-rate", "0.5", 0.5),
        ("on-delete-promotion", "true", True),
        ("full-template-validation", "F", False),
        ("wording", "W33", "W33"),
        ("stsviz-watch-lag-of", "kube-scheduler=2s,kubelet=0", "kube-scheduler=2s,kubelet=0"),
        ("stsviz-queue-order", "shuffled", "shuffled"),
    ],
)
def test_reads_a_flag_as_its_component_does(flag: str, text: str, value: object):
    """VAL-T3"""
    assert flags.value(flag, text) == value


@pytest.mark.parametrize(
    ("flag", "text", "words"),
    [
        ("pvclaimbinder-sync-period", "2", "is no duration"),
        ("pvclaimbinder-sync-period", "soon", "is no duration"),
        ("max-pods", "-1", "is no whole number"),
        ("node-eviction-rate", "10s", "is no number"),
        ("on-delete-promotion", "maybe", "neither true nor false"),
        ("stsviz-queue-order", "lifo", "none of fifo, shuffled"),
        ("stsviz-watch-lag-of", "kube-proxy=2s", "'kube-proxy' is no process"),
        ("stsviz-watch-lag-of", "kubelet", "'' is no duration"),
        ("max-pods", "9" * 30, "is no whole number of 9 digits at most"),
        ("event-ttl", "9" * 400 + "s", "is not from 0 to"),
        ("node-eviction-rate", "9" * 400, "is not from 0 to"),
        ("node-monitor-period", "1ms", "nothing else could happen"),
        (
            "service-cidr",
            "10.96.0.0/99",
            "is not a valid netmask",
        ),
        ("cluster-dns", "ten", "Expected 4 octets"),
        ("cluster-domain", "a..b", "is no domain"),
    ],
)
def test_says_what_is_wrong_with_a_flag(flag: str, text: str, words: str):
    with pytest.raises(ValueError, match=words):
        flags.value(flag, text)


def test_gathers_what_was_given_and_of_a_flag_given_twice_the_last():
    given = {"max-pods": ["3", "5"], "event-ttl": ["30m"], "stsviz-watch-lag": []}

    assert flags.parse(given) == {"max_pods": 5, "event_ttl": 1800.0}


def test_a_gate_is_set_as_in_kubernetes():
    """SW1"""
    assert flags.parse({"feature-gates": ["MaxUnavailableStatefulSet=true"]}) == {
        "max_unavailable_stateful_set": True
    }
    twice = ["MaxUnavailableStatefulSet=true, MaxUnavailableStatefulSet=0", ""]
    assert flags.parse({"feature-gates": twice}) == {"max_unavailable_stateful_set": False}
    assert "max-unavailable-stateful-set" not in flags.names()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MaxUnavailableStatefulSet", "missing bool value for MaxUnavailableStatefulSet"),
        ("Nonsense=true", "unrecognized feature gate: Nonsense"),
        ("MaxUnavailableStatefulSet=yes", "neither true nor false"),
    ],
)
def test_says_what_is_wrong_with_a_gate(text: str, words: str):
    with pytest.raises(ValueError, match=words):
        flags.parse({"feature-gates": [text]})


@pytest.mark.parametrize(
    ("flag", "text"),
    [
        ("pvclaimbinder-sync-period", "15s"),
        ("event-ttl", "1h"),
        ("container-start-jitter", "250ms"),
        ("stsviz-watch-lag", "0"),
        ("node-eviction-rate", "0.1"),
        ("full-template-validation", "true"),
        ("max-pods", "110"),
    ],
)
def test_writes_a_default_as_one_gives_it(flag: str, text: str):
    assert flags.shown(flags.field_of(flag)) == text


def test_writes_a_time_in_the_units_that_it_has():
    odd = dataclasses.field(default=3690.0, metadata={"rate": False})

    assert flags.shown(odd) == "1h1m30s"


def test_every_default_is_read_as_itself():
    for flag, name in flags.names().items():
        text = flags.shown(flags.field_of(flag))
        assert flags.value(flag, text) == getattr(Settings(), name)
        assert not text or flags.told(flag).endswith(f"(default {text})")


def test_a_setting_of_an_earlier_version_is_let_go():
    assert from_kept({"max_pods": 7, "sync_frequency": 60.0}) == Settings(max_pods=7)
