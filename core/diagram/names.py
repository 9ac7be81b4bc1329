"""Which DNS names answer, as the picture shows it: read from Services and their EndpointSlices.

Source: the DNS specification of Kubernetes, sections 2.3 and 2.4 (headless Services).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from core.apimachinery.meta import Obj, labels_of, name_of, namespace_of, uid_of
from core.client.cache import View


@dataclass(slots=True)
class Domain:
    """What is known of one Service's names."""

    name: str
    problem: str = ""
    """Why none of its Pods' names can answer; "" when they can."""
    answers: dict[str, str] = field(default_factory=dict)
    """Host name -> address, of those that answer."""
    ready: int = 0
    known: int = 0

    def words(self, pod: str) -> tuple[str, str, str]:
        """Return all that this says of *pod*: the Service's name, its problem, the Pod's address."""
        return self.name, self.problem, self.answers.get(pod, "")


class Part(NamedTuple):
    """What one EndpointSlice adds to a domain: of 10,000 endpoints a change touches those of one slice."""

    slice: Obj
    known: int
    ready: int
    answers: Mapping[str, str]

    @classmethod
    def of(cls, slice_: Obj) -> Part:
        endpoints = slice_.get("endpoints") or ()
        ready = [e for e in endpoints if (e.get("conditions") or {}).get("ready") is not False]
        answers = {e["hostname"]: e["addresses"][0] for e in ready if e.get("hostname")}
        return cls(slice_, len(endpoints), len(ready), answers)


Parts = dict[str, Part]  # by the slice's uid


class Names:
    """The Services of a view, by name and by what they select."""

    def __init__(self, view: View, namespace: str | None, known: Parts | None = None) -> None:
        """*known*: what slices said for an earlier picture; it is kept up to date."""
        self._view = view
        self._known = known if known is not None else {}
        self._domains: dict[tuple[str, str], Domain] = {}
        # one that selects no Pods (the API server's own) says nothing about this picture
        self.services = [s for s in view.list("Service", namespace) if s["spec"].get("selector")]
        self._by_label: dict[tuple[str, str, str], list[Obj]] = {}
        for service in self.services:
            for key, value in (service["spec"].get("selector") or {}).items():
                self._by_label.setdefault((namespace_of(service), key, value), []).append(service)
                break  # one label is enough to find it; selects() looks at the rest

    def selecting(self, namespace: str, labels: Mapping[str, str]) -> list[Obj]:
        """Return the Services that select Pods with *labels*."""
        found: list[Obj] = []
        for key, value in labels.items():
            for service in self._by_label.get((namespace, key, value), ()):
                if service["spec"]["selector"].items() <= labels.items():
                    found.append(service)
        return found

    def domain(self, namespace: str, name: str) -> Domain:
        """Return what the Service *name* answers; asked once per picture."""
        known = self._domains.get((namespace, name))
        if known is None:
            known = self._domains[namespace, name] = self._domain(namespace, name)
        return known

    def _domain(self, namespace: str, name: str) -> Domain:
        domain = Domain(name)
        service = self._view.get("Service", namespace, name) if name else None
        if service is None:
            domain.problem = f"there is no Service {name}" if name else "no serviceName, no DNS name"
            return domain
        if service["spec"].get("clusterIP") != "None":
            domain.problem = f"Service {name} is not headless"
        for slice_ in self._view.indexed("slices-by-service", (namespace, name)):
            part = self._known.get(uid_of(slice_))
            if part is None or part.slice is not slice_:
                part = self._known[uid_of(slice_)] = Part.of(slice_)
            domain.known += part.known
            domain.ready += part.ready
            if not domain.problem:
                domain.answers |= part.answers
        return domain


def unselected_note(domain: Domain, sts: Obj, view: View) -> str:
    """Return why the Service that *sts* names does not know its Pods; "" if it does."""
    if domain.problem:
        return domain.problem
    service = view.get("Service", namespace_of(sts), domain.name)
    selector = (service or {"spec": {}})["spec"].get("selector") or {}
    labels = labels_of({"metadata": sts["spec"]["template"].get("metadata") or {}})
    return "" if selector.items() <= labels.items() else f"Service {domain.name} selects other Pods"


def full_name(service: Obj) -> str:
    return f"{name_of(service)}.{namespace_of(service)}.svc.cluster.local"
