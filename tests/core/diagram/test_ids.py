"""The DOM ids of the picture."""

from __future__ import annotations

import re

import pytest

from core.diagram.ids import element_id


@pytest.mark.parametrize(
    ("parts", "id_"),
    [
        (("seat", "default", "web", 0), "seat-default-web-0"),
        (("pod", "default", "shop-6d9f8b-x7k2p"), "pod-default-shop-6d9f8b-x7k2p"),
        (("volume", "", "pvc-41d0"), "volume-pvc-41d0"),
        (("volume", "", "nfs.example.com"), "volume-nfs_2e_example_2e_com"),
        (("claim", "kube-system", "a"), "claim-kube_2d_system-a"),
        (("claim", "default", '"><svg onload=x>'), "claim-default-_22__3e__3c_svg_20_onload_3d_x_3e_"),
    ],
)
def test_writes_what_an_id_may_not_hold_as_a_number(parts: tuple[str, ...], id_: str) -> None:
    assert element_id(*parts) == id_  # type: ignore[arg-type]
    assert re.fullmatch("[A-Za-z0-9_-]+", id_)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("claim", "a-b", "c"), ("claim", "a", "b-c")),
        (("claim", "a", "b.c"), ("claim", "a", "b_2e_c")),
        (("claim", "a", "b.c"), ("claim", "a", "b-c")),
        (("seat", "a", "web-1", 0), ("seat", "a", "web", 10)),
    ],
)
def test_never_gives_two_objects_one_id(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert element_id(*one) != element_id(*other)  # type: ignore[arg-type]
