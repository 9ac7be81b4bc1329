"""Cluster DNS: what CoreDNS would answer about the Services and Pods of a cluster right now.

Source: CoreDNS plugin/kubernetes 1.12; kubernetes/dns docs/specification.md 1.1.0.
Differs: no wildcards, no AAAA records; the SOA serial is always 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import NamedTuple

from core.apimachinery.meta import Obj, Ref
from core.client.cache import View
from core.sim.settings import Settings

TTL = 30
_VERSION_TTL = 28800
_REVERSE = ("in-addr", "arpa")


class Record(NamedTuple):
    """*name* ends in a dot; *data* is the presentation form (SRV: ``0 50 80 web-0.nginx...``)."""

    name: str
    type: str
    data: str
    ttl: int = TTL


@dataclass(frozen=True, slots=True)
class Answer:
    """*rcode*: NOERROR, NXDOMAIN or REFUSED; NOERROR without records is NODATA.

    *because*: one clause in plain words.
    """

    rcode: str
    records: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    because: str = ""


class Endpoint(NamedTuple):
    label: str
    """The hostname, or the address with dashes."""
    address: str
    ready: bool
    ports: tuple[tuple[str, str, int], ...]
    """(name, protocol, number)"""


class ServiceNames(NamedTuple):
    """What the page shows of a Service. *endpoints*: (name, address, whether it resolves now)."""

    name: str
    addresses: tuple[str, ...]
    endpoints: tuple[tuple[str, str, bool], ...]


# -- the entry -------------------------------------------------------------------------------------


def answer(view: View, settings: Settings, name: str, type_: str) -> Answer:
    """Answer one question. Names compare without regard to case; a dot at the end is optional."""
    question = name.lower().removesuffix(".")
    labels = tuple(question.split("."))
    zone = _Zone(view, settings, question, type_.upper())
    domain = tuple(settings.cluster_domain.split("."))
    if type_.upper() in ("AXFR", "IXFR"):
        return Answer("REFUSED", because="zone transfers are refused")
    if labels[-2:] == _REVERSE:
        return zone.reverse(labels[:-2])
    if labels[-len(domain) :] != domain:
        return Answer("REFUSED", because=f"{question} is outside {settings.cluster_domain}")
    return zone.forward(labels[: -len(domain)])


def candidates(settings: Settings, namespace: str, name: str) -> list[str]:
    """Return the names that a Pod's resolver tries for *name*, in order (``ndots:5``)."""
    if name.endswith("."):
        return [name]
    domain = settings.cluster_domain
    searched = [f"{name}.{suffix}." for suffix in (f"{namespace}.svc.{domain}", f"svc.{domain}", domain)]
    itself = f"{name}."
    return [itself, *searched] if name.count(".") >= 5 else [*searched, itself]


def resolve(
    view: View, settings: Settings, namespace: str, name: str, type_: str = "A"
) -> list[tuple[str, Answer]]:
    """Return each try of a Pod in *namespace* that looks up *name*; the last one is its answer."""
    out = []
    for candidate in candidates(settings, namespace, name):
        found = answer(view, settings, candidate, type_)
        out.append((candidate, found))
        if found.records:
            break
    return out


def subject(settings: Settings, name: str) -> tuple[str, Ref] | None:
    """Return the Service that *name* is below, and the label of a Pod in front of it ("" for none).

    None for a name that is of no Service: outside the cluster domain, an address, a namespace.
    """
    labels = name.lower().removesuffix(".").removesuffix(settings.cluster_domain).rstrip(".").split(".")
    match labels:
        case (*rest, service, namespace, "svc") if len(rest) <= 2:
            return rest[0] if len(rest) == 1 else "", Ref("Service", namespace, service)
    return None


def names_of(view: View, settings: Settings, service: Obj) -> ServiceNames:
    """Return the names that *service* gives out, and which of them resolve now."""
    base = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc.{settings.cluster_domain}"
    found = sorted(endpoints_of(view, service))
    if _is_headless(service):
        addresses = tuple(dict.fromkeys(e.address for e in found if e.ready))
    else:
        addresses = tuple(ip for ip in (_cluster_ip(service),) if ip)
    return ServiceNames(base, addresses, tuple((f"{e.label}.{base}", e.address, e.ready) for e in found))


def endpoints_of(view: View, service: Obj) -> Iterator[Endpoint]:
    meta = service["metadata"]
    for slice_ in view.indexed("slices-by-service", (meta["namespace"], meta["name"])):
        yield from _endpoints_of_slice(slice_)


def _endpoints_of_slice(slice_: Obj) -> Iterator[Endpoint]:
    ports = tuple(
        (port.get("name") or "", port.get("protocol") or "TCP", port.get("port") or 0)
        for port in slice_.get("ports") or ()
    )
    for endpoint in slice_.get("endpoints") or ():
        ready = (endpoint.get("conditions") or {}).get("ready")
        for address in endpoint["addresses"]:
            label = endpoint.get("hostname") or address.replace(".", "-")
            # a condition that is not there counts as ready
            yield Endpoint(label, address, ready is not False, ports)


def _cluster_ip(service: Obj) -> str:
    ip = service["spec"].get("clusterIP") or ""
    return "" if ip == "None" else ip


def _is_headless(service: Obj) -> bool:
    return bool(service["spec"].get("clusterIP") == "None")


def _address(label: str) -> str:
    """Return the address that ``10-244-0-5`` writes, or ""."""
    try:
        return str(IPv4Address(label.replace("-", ".")))
    except ValueError:
        return ""


# -- one question ----------------------------------------------------------------------------------


class _Zone:
    def __init__(self, view: View, settings: Settings, question: str, type_: str) -> None:
        self.view, self.settings = view, settings
        self.name, self.type = f"{question}.", type_
        self.domain = f"{settings.cluster_domain}."

    def forward(self, labels: tuple[str, ...]) -> Answer:
        """*labels*: those left of the cluster domain."""
        match labels:
            case ():
                return self._apex()
            case ("svc",) | ("pod",) | ("dns",):
                return self._nodata()
            case ("dns-version",):
                return self._of(Record(self.name, "TXT", '"1.1.0"', _VERSION_TTL))
            case ("ns", "dns"):
                return self._of(Record(self.name, "A", self.settings.cluster_dns))
            case (namespace, "svc" | "pod"):
                return self._nodata() if self._exists(namespace) else self._no_namespace(namespace)
            case (label, namespace, "pod"):
                return self._pod(label, namespace)
            case (*rest, service, namespace, "svc") if len(rest) <= 2:
                return self._service(tuple(rest), service, namespace)
        return self._nxdomain("no name has this form")

    def reverse(self, labels: tuple[str, ...]) -> Answer:
        address = ".".join(reversed(labels))
        targets = [self._service_name(s) for s in self.view.indexed("services-by-address", address)]
        if not targets:
            targets = sorted(set(self._targets_of(address)))
        if not targets:
            return self._nxdomain(f"no Service and no ready endpoint has the address {address}")
        return self._of(*(Record(self.name, "PTR", target) for target in targets))

    # -- the forms

    def _apex(self) -> Answer:
        server = f"ns.dns.{self.domain}"
        if self.type == "NS":
            address = Record(server, "A", self.settings.cluster_dns)
            return Answer("NOERROR", (Record(self.name, "NS", server),), (address,))
        return self._of(self._soa())

    def _pod(self, label: str, namespace: str) -> Answer:
        if not self._exists(namespace):
            return self._no_namespace(namespace)
        address = _address(label)
        if not address:
            return self._nxdomain(f"{label} is no address")
        return self._of(Record(self.name, "A", address))

    def _service(self, rest: tuple[str, ...], name: str, namespace: str) -> Answer:
        service = self.view.get("Service", namespace, name)
        if service is None:
            return self._nxdomain(f"there is no Service {name} in namespace {namespace}")
        if service["spec"].get("type") == "ExternalName":
            if rest:
                return self._nxdomain(f"Service {name} is only another name")
            target = service["spec"].get("externalName", "").removesuffix(".")
            return Answer("NOERROR", (Record(self.name, "CNAME", f"{target}."),))
        if len(rest) == 1:
            return self._endpoint(rest[0], service)
        wanted = (rest[0], rest[1]) if rest else None
        if wanted and not all(part.startswith("_") for part in wanted):
            return self._nxdomain("no name has this form")
        if _is_headless(service):
            return self._headless(service, wanted)
        return self._cluster_ip(service, wanted)

    def _cluster_ip(self, service: Obj, wanted: tuple[str, str] | None) -> Answer:
        name, address = self._service_name(service), _cluster_ip(service)
        if not address:
            return self._nxdomain("the Service has no address yet")
        ports = [
            (port.get("name") or "", port.get("protocol", "TCP"), port["port"])
            for port in service["spec"].get("ports") or ()
        ]
        targets = [(name, address, number) for p, proto, number in ports if _is(p, proto, wanted)]
        if wanted:
            return self._srv(targets) if targets else self._nxdomain("the Service has no such port")
        return self._srv(targets) if self.type == "SRV" else self._of(Record(self.name, "A", address))

    def _headless(self, service: Obj, wanted: tuple[str, str] | None) -> Answer:
        found = list(endpoints_of(self.view, service))
        ready = [endpoint for endpoint in found if endpoint.ready]
        if not ready:
            why = "none of its Pods is ready" if found else "it has no Pods with an address"
            return self._nxdomain(f"Service {service['metadata']['name']} is headless and {why}")
        if wanted or self.type == "SRV":
            targets = list(self._targets(ready, service, wanted))
            if wanted and not targets:
                return self._nxdomain("the Service has no such port")
            return self._srv(targets)
        return self._addresses(ready)

    def _endpoint(self, label: str, service: Obj) -> Answer:
        found = [e for e in endpoints_of(self.view, service) if e.label == label]
        ready = [endpoint for endpoint in found if endpoint.ready]
        if not ready:
            why = f"{label} is not ready" if found else f"no Pod behind the Service is called {label}"
            return self._nxdomain(why)
        if self.type == "SRV":
            return self._srv(list(self._targets(ready, service, None)))
        return self._addresses(ready)

    # -- records

    def _targets(
        self, endpoints: Iterable[Endpoint], service: Obj, wanted: tuple[str, str] | None
    ) -> Iterator[tuple[str, str, int]]:
        base = self._service_name(service)
        for endpoint in endpoints:
            for name, protocol, number in endpoint.ports:
                if _is(name, protocol, wanted):
                    yield f"{endpoint.label}.{base}", endpoint.address, number

    def _srv(self, targets: list[tuple[str, str, int]]) -> Answer:
        """*targets*: (name, address, port). Asked for another type, it is NODATA."""
        if self.type not in ("SRV", "ANY") or not targets:
            return self._nodata()
        weight = max(100 // len(targets), 1)
        records = [Record(self.name, "SRV", f"0 {weight} {port} {name}") for name, _, port in targets]
        addresses = dict.fromkeys(Record(name, "A", address) for name, address, _ in targets)
        return Answer("NOERROR", tuple(dict.fromkeys(records)), tuple(addresses))

    def _addresses(self, endpoints: Iterable[Endpoint]) -> Answer:
        return self._of(*dict.fromkeys(Record(self.name, "A", e.address) for e in endpoints))

    def _of(self, *records: Record) -> Answer:
        """Answer with *records*, or NODATA when another type was asked for."""
        fitting = tuple(record for record in records if self.type in (record.type, "ANY"))
        return Answer("NOERROR", fitting) if fitting else self._nodata()

    def _nodata(self) -> Answer:
        return Answer("NOERROR", authority=(self._soa(),), because=f"the name has no {self.type} record")

    def _nxdomain(self, because: str) -> Answer:
        return Answer("NXDOMAIN", authority=(self._soa(),), because=because)

    def _soa(self) -> Record:
        data = f"ns.dns.{self.domain} hostmaster.{self.domain} 1 7200 1800 86400 30"
        return Record(self.domain, "SOA", data)

    # -- lookups

    def _exists(self, namespace: str) -> bool:
        return self.view.get("Namespace", "", namespace) is not None

    def _no_namespace(self, namespace: str) -> Answer:
        return self._nxdomain(f"there is no namespace {namespace}")

    def _service_name(self, service: Obj) -> str:
        return f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc.{self.domain}"

    def _targets_of(self, address: str) -> Iterator[str]:
        """The names of the ready endpoints at *address*. Asked by people only, so it may read all slices."""
        for slice_ in self.view.list("EndpointSlice"):
            service = (slice_["metadata"].get("labels") or {}).get("kubernetes.io/service-name")
            for endpoint in _endpoints_of_slice(slice_) if service else ():
                if endpoint.ready and endpoint.address == address:
                    yield f"{endpoint.label}.{service}.{slice_['metadata']['namespace']}.svc.{self.domain}"


def _is(name: str, protocol: str, wanted: tuple[str, str] | None) -> bool:
    """Return whether a port is the one of ``_web._tcp``; every port is, when none is asked for."""
    return wanted is None or (f"_{name.lower()}", f"_{protocol.lower()}") == wanted
