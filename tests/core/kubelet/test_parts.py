"""Commands, images and addresses: small tables."""

from __future__ import annotations

import pytest

from core.client.cache import Cache
from core.kubelet import images
from core.kubelet.backoff import back_off
from core.kubelet.ipam import pod_ip
from core.kubelet.program import SERVER, Run, init_run_of, run_of
from tests.core.kubelet.cast import node, pod


@pytest.mark.parametrize(
    ("command", "run"),
    [
        (["nginx", "-g", "daemon off;"], SERVER),
        (["sleep", "3600"], Run(3600.0)),
        (["/bin/sleep", "infinity"], Run(float("inf"))),
        (["false"], Run(0.0, 1)),
        (["sh", "-c", "echo hello"], Run(0.0)),
        (["sh", "-c", "echo hello; sleep 1m && exit 2"], Run(60.0, 2)),
        (["/bin/sh", "-ec", "sleep 5\nfalse"], Run(5.0, 1)),
        (["sh", "-c", "while true; do date; sleep 1; done"], SERVER),
        (["sh", "-c", "echo 'unclosed"], SERVER),
        (["sh", "-c", "exit"], Run(0.0, 0)),
    ],
)
def test_what_a_command_does(command, run):
    assert run_of({"command": command}) == run


def test_args_without_a_command_are_the_image_s_affair():
    assert run_of({"args": ["false"]}) == SERVER


def test_unknown_work_of_an_init_container_ends_well():
    waiting = {"command": ["sh", "-c", "until nslookup db; do sleep 2; done"]}

    assert init_run_of(waiting) == Run(0.0)
    assert init_run_of({**waiting, "restartPolicy": "Always"}) == SERVER


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("registry.k8s.io/pause@sha256:" + "0" * 64, "registry.k8s.io/pause@sha256:" + "0" * 64),
    ],
)
def test_the_full_name_of_an_image(image, name):
    assert images.canonical_name(image) == name


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("nginx:1.27", None),
        ("registry.k8s.io/nginx-slim:0.24", None),
        ("nginx:1.161", "ErrImagePull"),
        ("nginx:does-not-exist", "ErrImagePull"),
        ("registry.invalid/app:1", "ErrImagePull"),
        ("NGINX", "InvalidImageName"),
        ("nginx:", "InvalidImageName"),
        ("my image", "InvalidImageName"),
    ],
)
def test_which_images_cannot_be_had(image, reason):
    """PL22"""
    refusal = images.pull_refusal(image)

    assert (refusal.reason if refusal else None) == reason


@pytest.mark.parametrize(
    ("failures", "pause"), [(1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 300), (50, 300)]
)
def test_pauses_double_up_to_five_minutes(failures, pause):
    """PL22, PL24"""
    assert back_off(failures) == pause


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (0, ("ErrImagePull", 2)),
        (2, ("ImagePullBackOff", 10)),
        (10, ("ErrImagePull", 12)),
        (29, ("ImagePullBackOff", 30)),
        (310, ("ErrImagePull", 312)),
        (311 + 300 * 1000, ("ErrImagePull", 312 + 300 * 1000)),
    ],
)
def test_where_the_retries_of_a_pull_stand(now, state):
    """PL22"""
    assert images.pull_state(0, now) == state


def test_a_node_remembers_fifty_images():
    held = node()
    for number in range(60):
        held = {**held, "status": {"images": images.images_with(held, f"app:{number}")}}

    assert len(held["status"]["images"]) == 50
    assert images.is_present(held, "app:59")


def test_addresses_are_the_node_s_and_never_shared():
    """PL14"""
    small = {**node(), "spec": {"podCIDR": "10.1.2.0/29"}}
    view, given = Cache(), []
    for number in range(5):
        one = pod()
        one["metadata"] = {**one["metadata"], "name": f"p{number}", "uid": f"u{number}"}
        address = pod_ip(one, small, view)
        given.append(address)
        view.put({**one, "status": {"podIP": address}})

    assert sorted(given) == [f"10.1.2.{last}" for last in range(2, 7)]
    assert pod_ip(pod(), small, view) == ""
