"""The switches SW1 to SW6: each as it is given to `make run`, off and on, and what differs."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.errors import Invalid
from core.apimachinery.meta import Obj, Ref, condition_of
from core.sim import flags
from tests.scenarios.play import WEB, A, B, Play, pod_of, web

pytestmark = pytest.mark.django_db(transaction=True)

PARALLEL = {"podManagementPolicy": "Parallel"}
GATE = "--feature-gates=MaxUnavailableStatefulSet"


def fields(*given: str) -> dict[str, Any]:
    out: dict[str, list[str]] = {}
    for one in given:
        name, _, text = one.removeprefix("--").partition("=")
        out.setdefault(name, []).append(text)
    return flags.parse(out)


def played(the_set: Obj, *given: str) -> Play:
    """Return a play of a cluster with flags, once its set has settled."""
    play = Play(the_set, **fields(*given)).settle()
    play.story()
    return play


def deletions(story: list[str]) -> list[tuple[str, str]]:
    """Return each word of a deletion for an update, with the word after it."""
    return [(word, after) for word, after in zip(story, [*story[1:], ""], strict=True) if word[0] == "-"]


# -- SW1: maxUnavailable ----------------------------------------------------------------------------


def rolling(**more: Any) -> dict[str, Any]:
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": more}}


@pytest.mark.parametrize("policy", [{}, PARALLEL], ids=["ordered", "parallel"])
@pytest.mark.parametrize("given", [(), (f"{GATE}=false",)], ids=["by default", "off"])
def test_without_the_gate_one_goes_at_a_time(policy: dict[str, str], given: tuple[str, ...]) -> None:
    """SW1, STS-D6, STS-R6, STS-R7, STS-R28, STS-S13, INV3, INV14"""
    play = played(web(replicas=4, **rolling(maxUnavailable=2), **policy), *given)
    assert play.cluster.get(WEB)["spec"]["updateStrategy"]["rollingUpdate"] == {"partition": 0}

    story = play.image(B).settle().story()

    assert story == [word for n in (3, 2, 1, 0) for word in (f"-{n}", f"x{n}", f"+{n}", f"R{n}")]


@pytest.mark.parametrize("policy", [{}, PARALLEL], ids=["ordered", "parallel"])
def test_with_the_gate_so_many_go_together(policy: dict[str, str]) -> None:
    """SW1, STS-D5, STS-R20, STS-R22, STS-R24, STS-R25"""
    play = played(web(replicas=4, **rolling(maxUnavailable=2), **policy), f"{GATE}=true")

    story = play.image(B).settle().story()

    assert deletions(story)[0] == ("-3", "-2")
    assert play.images() == [B] * 4


def test_with_the_gate_a_set_that_says_nothing_has_one() -> None:
    """SW1, STS-D5, STS-R20"""
    play = played(web(**rolling()), f"{GATE}=true")

    assert play.cluster.get(WEB)["spec"]["updateStrategy"]["rollingUpdate"] == {
        "partition": 0,
        "maxUnavailable": 1,
    }


def test_what_is_stored_outlives_the_gate_and_is_not_heeded() -> None:
    """SW1, STS-D6, STS-R28"""
    play = played(web(**rolling(maxUnavailable=2)), f"{GATE}=true")
    play.cluster.configure(**fields(f"{GATE}=false"))

    story = play.image(B).settle().story()

    assert play.cluster.get(WEB)["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"] == 2
    assert story[:4] == ["-2", "x2", "+2", "R2"]


def test_a_broken_parallel_rollout_heals_without_the_gate_and_is_stuck_with_it() -> None:
    """SW1, STS-R13, STS-R26"""
    for given, heals in ((f"{GATE}=false", True), (f"{GATE}=true", False)):
        play = played(web(**PARALLEL), given).image("does-not-exist:1").wait(60)
        play.story()
        assert (play.image(A).wait(120).story()[:3] == ["-2", "x2", "+2"]) is heals
        play.cluster.destroy()


# -- SW2: promotion under OnDelete ------------------------------------------------------------------


@pytest.mark.parametrize(("given", "promoted"), [("false", False), ("true", True)])
def test_on_delete_promotes_its_revision_with_the_switch_only(given: str, promoted: bool) -> None:
    """SW2, STS-T9, SC41"""
    play = played(web(updateStrategy={"type": "OnDelete"}), f"--on-delete-promotion={given}")
    assert play.image(B).settle().story() == []

    for ordinal in range(3):
        play.delete(ordinal).settle()

    status = play.status
    assert play.images() == [B] * 3
    assert (status["currentRevision"] == status["updateRevision"]) is promoted
    assert status.get("currentReplicas", 0) == (3 if promoted else 0)


# -- SW3: Events about Pods that ended --------------------------------------------------------------


@pytest.mark.parametrize("given", ["false", "true"])
@pytest.mark.parametrize(
    ("phase", "event"),
    [
        ("Failed", "RecreatingFailedPod: StatefulSet default/web is recreating failed Pod web-0"),
        ("Succeeded", "RecreatingTerminatedPod: StatefulSet default/web is recreating terminated Pod web-0"),
    ],
)
def test_says_that_an_ended_pod_is_made_anew_with_the_switch_only(phase: str, event: str, given: str) -> None:
    """SW3, STS-E9, SC9, SC10"""
    play = played(web(), f"--recreating-failed-pod-events={given}")
    pod = play.cluster.get(pod_of(0))
    ended = {**pod, "status": {**pod["status"], "phase": phase, "containerStatuses": []}}
    play.cluster.registry.update_status(ended, "kubelet")

    play.settle()

    assert (event in play.events()) is (given == "true")
    assert [word for word in play.story() if word[0] in "x+"] == ["x0", "+0"]


# -- SW4: what is hashed ----------------------------------------------------------------------------


def test_a_revision_is_named_otherwise_and_a_change_of_releases_restarts_nothing() -> None:
    """SW4, STS-H4"""
    play = played(web(), "--revision-data-without-creation-timestamp=false")
    (old,) = play.cluster.view.list("ControllerRevision")
    assert old["data"]["spec"]["template"]["metadata"]["creationTimestamp"] is None

    play.cluster.configure(**fields("--revision-data-without-creation-timestamp=true"))
    assert play.settle().story() == []
    assert play.names("ControllerRevision") == [old["metadata"]["name"]]

    play.image(B).settle()
    new = play.cluster.get(Ref("ControllerRevision", "default", play.status["updateRevision"]))
    assert "creationTimestamp" not in new["data"]["spec"]["template"]["metadata"]


# -- SW5: the template's validation -----------------------------------------------------------------

NO_SUCH_MOUNT = 'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "x"'


def with_bad_mount() -> Obj:
    the_set = web(volumeClaimTemplates=[])
    container = the_set["spec"]["template"]["spec"]["containers"][0]
    container["volumeMounts"] = [{"name": "x", "mountPath": "/x"}]
    return the_set


def test_a_bad_template_is_refused_at_once() -> None:
    """SW5, STS-V16"""
    with pytest.raises(Invalid) as refused:
        Play(with_bad_mount(), **fields("--full-template-validation=true"))

    assert NO_SUCH_MOUNT in str(refused.value)


def test_up_to_1_33_a_bad_template_is_let_in_and_its_pods_are_refused() -> None:
    """SW5, STS-V16, STS-E3"""
    play = Play(with_bad_mount(), **fields("--full-template-validation=false")).wait(30)

    assert play.names("Pod") == []
    assert play.events()[0] == (
        'FailedCreate: Create Pod web-0 in StatefulSet web failed error: Pod "web-0" is invalid: '
        'spec.containers[0].volumeMounts[0].name: Not found: "x"'
    )
    with pytest.raises(Invalid) as refused:
        play.patch(replicas=-1)
    assert "spec.replicas" in str(refused.value)
    assert NO_SUCH_MOUNT not in str(refused.value)


def test_what_a_set_fixes_is_refused_by_every_release() -> None:
    """SW5, STS-V15, STS-V17"""
    the_set = with_bad_mount()
    the_set["spec"]["template"]["spec"] |= {"restartPolicy": "Sometimes", "activeDeadlineSeconds": 5}
    the_set["spec"]["template"]["metadata"]["labels"] = {"app": "other"}

    with pytest.raises(Invalid) as refused:
        Play(the_set, **fields("--full-template-validation=false"))

    found = str(refused.value)
    assert 'restartPolicy: Unsupported value: "Sometimes": supported values: "Always"' in found
    assert "activeDeadlineSeconds in StatefulSet is not Supported" in found
    assert "`selector` does not match template `labels`" in found
    assert "OnFailure" not in found
    assert NO_SUCH_MOUNT not in found


# -- SW6: how long a node may be silent -------------------------------------------------------------


@pytest.mark.parametrize(("given", "ready"), [("40s", "Unknown"), ("50s", "True")])
def test_a_silent_node_is_given_up_after_its_grace_period(given: str, ready: str) -> None:
    """SW6, NF2"""
    play = played(web(), f"--node-monitor-grace-period={given}")
    node = Ref("Node", "", "node-1")
    play.wait(10 - play.cluster.now % 10)  # a moment after a heartbeat
    play.cluster.patch(node, {"metadata": {"annotations": {"stsviz.dev/power": "off"}}})

    play.wait(47)

    condition = condition_of(play.cluster.get(node), "Ready")
    assert condition is not None
    assert condition["status"] == ready
