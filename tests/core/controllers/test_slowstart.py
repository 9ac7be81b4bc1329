"""STS-S12: batches of 1, 2, 4, ... at most 500, each side by side."""

from __future__ import annotations

from core.apimachinery.meta import Ref
from core.client.actions import Delete, RecordEvent, side_by_side
from core.controllers.slowstart import batches


def test_batches_double_until_nothing_is_left():
    assert [list(batch) for batch in batches(6)] == [[0], [1, 2], [3, 4, 5]]


def test_no_batch_is_longer_than_five_hundred():
    assert max(len(batch) for batch in batches(3000)) == 500


def test_calls_of_a_batch_go_out_side_by_side_each_with_its_event():
    def delete(name: str) -> Delete:
        return Delete(Ref("Pod", "default", name))

    said = RecordEvent({}, "Normal", "SuccessfulDelete", "")
    claim_0, pod_0, claim_1, pod_1 = (delete(name) for name in ("c0", "p0", "c1", "p1"))

    actions, together = side_by_side([[claim_0, pod_0, said], [claim_1, pod_1, said]], start=10)

    assert actions == [claim_0, claim_1, pod_0, said, pod_1, said]
    assert together == {11, 14}
