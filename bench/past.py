"""Looking back: a moment, its page, the time bar, lanes and a fork, of a set with a long history.

python -m bench.past [REPLICAS] [REVISIONS]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median

from bench import setting
from bench.replicas import MANIFEST


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return round(1000 * (time.perf_counter() - began), 1)


def measure(replicas: int, revisions: int) -> dict[str, float]:
    from core.apimachinery.meta import Ref
    from core.cluster import Cluster
    from core.diagram import graph, layout
    from core.diagram.cards import Scene
    from core.diagram.survival import compare
    from core.sim.settings import Settings
    from stsviz.driver import Driver
    from stsviz.pages.lanes import drawing
    from stsviz.pages.past import Looks
    from stsviz.pages.timebar import Branches

    settings = Settings(max_pods=max(110, replicas))
    cluster = Cluster.new("bench-past", start=setting.START, settings=settings)
    list(cluster.apply(MANIFEST.format(replicas=replicas)))
    cluster.settle()
    number = 0
    while cluster.revision < revisions:
        cluster.delete(Ref("Pod", "default", f"web-{number % replicas}"))
        number += 1
        if number % 20 == 0:
            cluster.settle()
    cluster = Cluster.open("bench-past")  # nothing is in memory
    middle = cluster.revision // 2
    figures: dict[str, float] = {"replicas": replicas, "revisions": cluster.revision}
    figures["history at a glance, first time ms"] = milliseconds(cluster.past.lines)
    figures["a moment in the middle, first time ms"] = milliseconds(lambda: cluster.past.at(middle))
    near = [milliseconds(lambda n=n: cluster.past.at(middle + 5 * n)) for n in range(1, 21)]  # type: ignore[misc]
    figures["a moment five revisions on ms (median)"] = median(near)
    moment = cluster.past.at(middle)

    def draw() -> None:
        scene = Scene(moment.view, moment.tombstones, moment.now, moment.notes)
        layout.place(graph.build(scene))

    figures["build and place its picture ms"] = milliseconds(draw)
    looks = Looks(Driver(cluster, lambda name, revision: None))
    figures["all of its page, first time ms"] = milliseconds(lambda: looks.at(middle, frozenset()))
    near = [milliseconds(lambda n=n: looks.at(middle + 5 * n, frozenset())) for n in range(1, 11)]  # type: ignore[misc]
    figures["the page five revisions on ms (median)"] = median(near)
    figures["the time bar ms"] = milliseconds(Branches(cluster.past, None, None).drawing)
    figures["lanes ms"] = milliseconds(
        lambda: drawing(
            cluster.past, Ref("StatefulSet", "default", "web"), cluster.started, cluster.now, None
        )
    )
    figures["a comparison ms"] = milliseconds(lambda: compare(moment, cluster.past.at(cluster.revision)))
    figures["a fork in the middle ms"] = milliseconds(lambda: cluster.fork("bench-past-2", middle))
    return figures


if __name__ == "__main__":
    with setting.database():
        print(json.dumps(measure(*map(int, sys.argv[1:3] or ("300", "10000")))))
