"""What a page gets."""

from __future__ import annotations

from core.apimachinery.meta import replaced
from core.diagram import patch
from tests.core.diagram.cast import web
from tests.core.diagram.test_layout import framed


def test_the_same_cluster_gives_no_patch() -> None:
    assert not patch.diff(framed(web(3)), framed(web(3)))


def test_a_change_of_one_pod_is_a_change_of_one_pod() -> None:
    objects = web(3)
    changed = [
        replaced(o, "status.podIP", "10.244.9.9") if o["metadata"]["name"] == "web-1" else o for o in objects
    ]
    found = patch.diff(framed(objects), framed(changed))
    assert found == patch.Patch(("seat-default-web-1",), (), (), False)


def test_a_deleted_pod_changes_its_row_and_its_workload_alone() -> None:
    found = patch.diff(framed(web(3)), framed(web(3, without=(1,))))
    assert (found.added, found.removed, found.resized) == ((), (), False)
    others = [id_ for id_ in found.changed if "web-1" not in id_ and not id_.startswith("volume-")]
    assert set(others) <= {"workload-statefulset-default-web", "service-default-nginx", "machine-node-2"}


def test_scaling_adds_and_resizes() -> None:
    found = patch.diff(framed(web(2)), framed(web(3)))
    assert "seat-default-web-2" in found.added
    assert found.resized
    back = patch.diff(framed(web(3)), framed(web(2)))
    assert back.removed == found.added
