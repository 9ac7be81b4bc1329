"""What a name answered over time, and who may still have an answer that is no longer true."""

from __future__ import annotations

from core.apimachinery.meta import Ref
from core.dns.chronicle import Chronicle, ttl
from core.dns.records import answer
from core.sim.settings import Settings
from tests.core.dns.test_records import HEADLESS, endpoint, namespace, service, slice_

SETTINGS = Settings()
NAME = "web-0.nginx.default.svc.cluster.local."


def web_0(address: str, *, ready: bool = True):
    return slice_(endpoint(address, "web-0", ready=ready))


def told(*writes) -> Chronicle:
    chronicle = Chronicle(SETTINGS, NAME, "A")
    for revision, (at, kind, obj) in enumerate(writes, 1):
        chronicle.write(revision, at, kind, obj)
    return chronicle


LIFE = (
    (0, "ADDED", namespace()),
    (1, "ADDED", service()),
    (2, "ADDED", web_0("10.244.0.5")),
    (100, "MODIFIED", web_0("10.244.0.5", ready=False)),
    (110, "MODIFIED", web_0("10.244.0.8", ready=False)),
    (112, "MODIFIED", web_0("10.244.0.8")),
)


def test_each_change_of_the_answer_is_kept_with_its_write_and_nothing_else() -> None:
    """DNS-14."""
    spells = told(*LIFE).spells

    assert [(s.revision, s.at, s.until, s.data) for s in spells] == [
        (1, 0, 2, ()),
        (3, 2, 100, ("10.244.0.5",)),
        (4, 100, 112, ()),
        (6, 112, None, ("10.244.0.8",)),
    ]


def test_a_cache_may_give_an_old_answer_until_its_ttl_after_its_last_moment() -> None:
    """DNS-11: thirty seconds, of addresses and of refusals: the SOA says so."""
    chronicle = told(*LIFE)

    assert [s.data for s in chronicle.stale(113)] == [(), ("10.244.0.5",)]
    assert [s.cached_until for s in chronicle.stale(113)] == [142, 130]
    assert [s.data for s in chronicle.stale(131)] == [()]
    assert chronicle.stale(142) == []


def test_what_is_true_again_is_not_stale() -> None:
    back = (*LIFE[:4], (105, "MODIFIED", web_0("10.244.0.5")))

    assert [s.data for s in told(*back).stale(106)] == [()]


def test_how_long_an_answer_is_kept_is_said_by_the_answer_itself() -> None:
    assert ttl(answer(HEADLESS, SETTINGS, NAME, "A")) == 30
    refused = answer(HEADLESS, SETTINGS, "nobody.nginx.default.svc.cluster.local", "A")
    assert ttl(refused) == 30
    assert ttl(answer(HEADLESS, SETTINGS, "example.com", "A")) == 0


def test_a_name_depends_on_few_things() -> None:
    chronicle = Chronicle(SETTINGS, NAME, "A")

    assert chronicle.concerns(Ref("Service", "default", "nginx"))
    assert chronicle.concerns(Ref("EndpointSlice", "default", "whatever"))
    assert not chronicle.concerns(Ref("Service", "default", "other"))
    assert not chronicle.concerns(Ref("EndpointSlice", "elsewhere", "nginx-abcde"))
    assert not chronicle.concerns(Ref("Pod", "default", "web-0"))


def test_slices_of_other_services_and_a_service_that_goes_are_minded() -> None:
    other = {**slice_(endpoint("10.9.9.9", "web-0", ready=True), of="other")}
    chronicle = told(*LIFE[:3], (5, "ADDED", other), (6, "DELETED", service()))

    assert [s.data for s in chronicle.spells] == [(), ("10.244.0.5",), ()]
    assert chronicle.spells[-1].answer.rcode == "NXDOMAIN"
