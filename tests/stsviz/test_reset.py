"""A cluster that is made anew, while the control plane is at work on it."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from stsviz.runtime import runtime

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_reset_in_the_middle_of_a_slice_waits_for_its_end() -> None:
    """Else each would wait for what the other has: the slice for the database, the reset for the store."""
    cluster = runtime.create("busy")
    reset = threading.Thread(target=_reset_and_close, args=("busy",))

    with cluster.reading():
        reset.start()
        while not cluster.store.waiting:
            assert reset.is_alive()
        with cluster.store.transaction():
            cluster.store.move_clock(cluster.now + 1.0)
    reset.join(30.0)

    assert runtime.cluster("busy") is not cluster
    runtime.destroy("busy")


def test_a_cluster_made_anew_keeps_its_flags() -> None:
    runtime.create("flagged").configure(event_ttl=60.0)

    runtime.reset("flagged")

    assert runtime.cluster("flagged").settings.event_ttl == 60.0
    runtime.destroy("flagged")


def _reset_and_close(name: str) -> None:
    runtime.reset(name)
    connection.close()
