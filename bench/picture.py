"""The first picture, and the picture of one change.

python -m bench.picture [REPLICAS]
"""

from __future__ import annotations

import json
import sys
import time

from bench import setting
from bench.replicas import MANIFEST


def measure(replicas: int) -> dict[str, float]:
    from core.apimachinery.meta import Ref
    from core.cluster import Cluster
    from core.diagram import graph, layout, patch, render
    from core.diagram.cards import Scene
    from core.diagram.resting import Memory
    from core.sim.settings import Settings

    cluster = Cluster.new(
        f"bench-picture-{replicas}", start=setting.START, settings=Settings(max_pods=max(110, replicas))
    )
    list(cluster.apply(MANIFEST.format(replicas=3)))
    cluster.settle()
    memory = Memory()

    def frame(last: layout.Frame | None = None) -> layout.Frame:
        return layout.place(
            graph.build(
                Scene(cluster.view, cluster.tombstones, cluster.now, cluster.notes, memory), "default"
            ),
            last,
        )

    render.svg(frame())  # the worker process starts with the first drawing
    cluster.scale(Ref("StatefulSet", "default", "web"), replicas)
    cluster.settle()

    began = time.perf_counter()
    first = frame()
    placed = time.perf_counter()
    text = render.svg(first)
    drawn = time.perf_counter()

    cluster.delete(Ref("Pod", "default", "web-1"))
    changed = time.perf_counter()
    second = frame(first)
    difference = patch.diff(first, second)
    fragments = render.fragments(second, difference.changed)
    done = time.perf_counter()
    return {
        "replicas": replicas,
        "build and place ms": round(1000 * (placed - began), 1),
        "draw ms": round(1000 * (drawn - placed), 1),
        "KB": round(len(text) / 1024),
        "one change ms": round(1000 * (done - changed), 1),
        "elements sent": len(fragments),
        "bytes sent": sum(map(len, fragments.values())),
    }


if __name__ == "__main__":
    with setting.database():
        print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 300)))
