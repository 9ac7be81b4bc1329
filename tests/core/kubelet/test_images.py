"""Images as the runtime names and pulls them."""

from __future__ import annotations

import pytest

from core.kubelet import images
from core.kubelet.backoff import duration


@pytest.mark.parametrize(
    ("image", "reported"),
    [
        ("nginx", "nginx:latest"),
        ("nginx:1.9.1", "nginx:1.9.1"),
        ("host:5000/nginx", "host:5000/nginx:latest"),
        ("nginx@sha256:0", "nginx@sha256:0"),
    ],
)
def test_an_untagged_image_is_reported_with_its_tag(image: str, reported: str):
    """As recorded: the Pod pv-pod of image nginx runs nginx:latest."""
    assert images.tagged(image) == reported
    assert images.is_same(reported, image)


@pytest.mark.parametrize(("length", "text"), [(10, "10s"), (80, "1m20s"), (300, "5m0s")])
def test_durations_are_printed_as_go_does(length, text):
    """PL24"""
    assert duration(length) == text
