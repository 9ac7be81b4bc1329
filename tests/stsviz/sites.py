"""Clusters of a site in this process, which no thread drives: a test steps them, and leaves none behind."""

from __future__ import annotations

from collections.abc import Mapping

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz.pages import lens, past, player, stage, timebar
from stsviz.pages.examples import EXAMPLES
from stsviz.runtime import LAB, runtime

WEB_0 = Ref("Pod", "default", "web-0")


def bereaved_lab(files: Mapping[str, bytes] | None = None) -> Cluster:
    """Make lab: the chapter's cluster, whose web-0 wrote *files*, was deleted and came back."""
    cluster = runtime.create(LAB)
    list(cluster.apply(EXAMPLES["web"].text))
    cluster.settle()
    for path, content in (files or {}).items():
        cluster.write_file(WEB_0, path, content)
    cluster.delete(WEB_0)
    cluster.settle()
    return cluster


def leave_nothing() -> None:
    """Destroy every cluster, stored runs too, and what the pages remember of them."""
    for name in [*Cluster.names(), *Cluster.names(sealed=True)]:
        runtime.driver(name)
        runtime.destroy(name)
    for memory in (stage._stages, past._looks, timebar._drawn, player._made, lens._histories):
        memory.clear()
