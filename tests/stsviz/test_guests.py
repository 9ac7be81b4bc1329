"""The driver stands aside for those who wait for an answer, and not for ever."""

from __future__ import annotations

import threading
import time

import pytest

from stsviz import guests as guests_module
from stsviz.guests import Guests


def test_waits_until_the_guest_is_served():
    guests, order = Guests(), []
    inside, leave = threading.Event(), threading.Event()

    def guest() -> None:
        with guests.served():
            inside.set()
            leave.wait(5)
            order.append("guest")

    thread = threading.Thread(target=guest)
    thread.start()
    inside.wait(5)
    threading.Timer(0.005, leave.set).start()
    guests.let_through()
    order.append("driver")
    thread.join()

    assert order == ["guest", "driver"]


def test_goes_on_when_a_guest_stays_too_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(guests_module, "GUEST_TIME", 0.001)
    guests = Guests()

    with guests.served():
        guests.let_through()


def test_does_not_wait_for_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(guests_module, "GUEST_TIME", 60.0)
    before = time.monotonic()

    Guests().let_through()

    assert time.monotonic() - before < 30
