"""Programs that are played: what they have printed and written by now."""

from __future__ import annotations

import pytest

from core.client.cache import Cache
from core.kubelet.played import played, written_at_start
from core.kubelet.shell.run import Container
from core.sim.settings import Settings
from tests.core.kubelet.cast import NOW, Bench, container, node, pod

SCRIPT = ["sh", "-c", "echo one; sleep 10; echo two > /tmp/f; cat /tmp/f; server; echo never"]


def log_after(seconds: float, **spec) -> str:
    from core.apimachinery.timestamps import timestamp

    running = {"name": "nginx", "restartCount": 0, "state": {"running": {"startedAt": timestamp(NOW)}}}
    subject = {**pod(container(**spec)), "status": {"containerStatuses": [running]}}
    place = Container(subject, subject["spec"]["containers"][0], Settings(), NOW + seconds)
    return b"".join(line.text for line in played(place, Cache()).lines).decode()


@pytest.mark.parametrize(
    ("seconds", "printed"), [(0, "one\n"), (9, "one\n"), (10, "one\ntwo\n"), (99, "one\ntwo\n")]
)
def test_a_program_prints_when_its_time_has_come(seconds: float, printed: str):
    """API-S3; a command that is not simulated is a server that goes on for ever"""
    assert log_after(seconds, command=SCRIPT) == printed


def test_arguments_alone_are_a_command_in_an_image_without_one():
    assert log_after(0, image="busybox:1.28", args=["echo", "hi"]) == "hi\n"
    assert "start up" in log_after(0, image="nginx", args=["echo", "hi"])


def test_an_endless_program_is_played_as_far_as_the_simulator_goes():
    assert log_after(25, command=["sh", "-c", "while true; do date +%s; sleep 10; done"]).split() == [
        str(int(NOW) + after) for after in (0, 10, 20)
    ]


def test_a_program_writes_into_volumes_when_it_starts():
    """An init container that fills the volume of the others."""
    mounts = {"volumeMounts": [{"name": "work", "mountPath": "/work"}]}
    init = container(
        "init", image="busybox", command=["sh", "-c", "echo hi > /work/f; echo x > /tmp/f"], **mounts
    )
    subject = pod(container(**mounts), initContainers=[init], volumes=[{"name": "work", "emptyDir": {}}])
    bench = Bench(node(), subject)
    (file,) = written_at_start(Container(subject, init, Settings(), NOW), bench.view)
    assert (file["metadata"]["namespace"], file["path"], file["content"]) == (
        "pod-u-1-volume-work",
        "/f",
        "hi\n",
    )
    bench.run(30)
    assert [f["path"] for f in bench.view.list("VolumeFile")] == ["/f"]
