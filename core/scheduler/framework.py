"""What a scheduling plugin is given and what it answers: the extension points as plain functions.

Source: staging/src/k8s.io/kube-scheduler/framework/interface.go (v1.36).
Differs: a PreFilter returns the Filter it prepared (or None: nothing to ask of any node), so that a
plugin that does not concern this Pod costs nothing per node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.api.podclaims import claim_names
from core.apimachinery.labels import matches
from core.apimachinery.meta import Obj, labels_of, namespace_of
from core.client.cache import View


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one node was refused. *words* end a sentence that begins with the node's name."""

    text: str
    words: str
    resolvable: bool = False
    """Could evicting Pods from the node help? (Unschedulable against UnschedulableAndUnresolvable)"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A PreFilter's answer that no node will do. *words*: what the Pod waits for."""

    message: str
    words: str


class Cycle:
    """One attempt to place one Pod: what every plugin may read."""

    def __init__(self, view: View, pod: Obj, wording: str, nominated: Sequence[Obj] = ()) -> None:
        """*nominated*: the Pods for which others make room somewhere."""
        self.view = view
        self.nominated = nominated
        self.pod = pod
        self.namespace = namespace_of(pod)
        self.wording = wording

    @cached_property
    def nodes(self) -> list[Obj]:
        return self.view.list("Node")

    @cached_property
    def claims(self) -> list[tuple[str, Obj | None]]:
        """The Pod's claims by name, in the order of its volumes; None when there is no such claim."""
        get = self.view.get
        return [(name, get("PersistentVolumeClaim", self.namespace, name)) for name in claim_names(self.pod)]


NodeFilter = Callable[[Obj], Sequence[Reason]]
PreFilter = Callable[[Cycle], NodeFilter | Refusal | None]
Scores = Mapping[str, float]
Score = Callable[[Cycle, Sequence[Obj]], Scores | None]
"""Node name -> 0 (avoid) to 100 (prefer) for every feasible node, or None: no preference."""


def normalized(raw: Mapping[str, float], *, reverse: bool = False) -> Scores:
    """Return *raw* stretched so that the largest is 100; *reverse*: so that the smallest is best."""
    top = max(raw.values(), default=0)
    if top <= 0:
        return dict.fromkeys(raw, 100.0 if reverse else 0.0)
    return {name: 100 - 100 * v / top if reverse else 100 * v / top for name, v in raw.items()}


def selected_pods(view: View, namespace: str, selector: Obj | None) -> list[Obj]:
    """Return the Pods of *namespace* that *selector* selects, by index when it names a label's value."""
    if selector is None:
        return []
    wanted = selector.get("matchLabels")
    if wanted:
        key, value = next(iter(wanted.items()))
        pods = view.indexed("labelled", ("Pod", namespace, key, value))
    else:
        pods = view.list("Pod", namespace)
    return [pod for pod in pods if matches(selector, labels_of(pod))]
