"""A sync of one event costs the same among 100 objects and among 10,000.

    python -m bench.syncs

A set of three replicas stands beside many others; one Pod of it is touched, and all that follows is run.
"""

from __future__ import annotations

import json
import time

from bench import setting
from bench.replicas import MANIFEST

ROUNDS = 200


def measure(others: int) -> dict[str, float]:
    """Return microseconds from a touched Pod to rest, with *others* other Pods and claims around."""
    from core.apimachinery.meta import Ref
    from core.cluster import Cluster
    from core.sim.settings import Settings

    # the binder's resync of all volumes is a beat of its own, and not what one event costs
    settings = Settings(max_pods=10_000, pvclaimbinder_sync_period=1e6)
    cluster = Cluster.new(f"bench-syncs-{others}", start=setting.START, settings=settings)
    list(cluster.apply(MANIFEST.format(replicas=3)))
    sets, replicas = max(1, others // 60), min(others, 20)
    for number in range(sets):
        text = MANIFEST.format(replicas=replicas).split("---")[2]
        text = text.replace("name: web}", f"name: other-{number}}}", 1)
        text = text.replace("app: nginx", f"app: o{number}")
        list(cluster.apply(text))
    cluster.settle()
    pod = Ref("Pod", "default", "web-0")
    began, syncs = time.perf_counter(), cluster.manager.syncs
    for number in range(ROUNDS):
        cluster.patch(pod, {"metadata": {"labels": {"touched": str(number)}}})
        cluster.advance(cluster.now + 0.5)
    spent = time.perf_counter() - began
    return {
        "objects": len(cluster.view.everything()),
        "us a touched Pod": round(1e6 * spent / ROUNDS, 1),
        "syncs each": round((cluster.manager.syncs - syncs) / ROUNDS, 1),
    }


if __name__ == "__main__":
    with setting.database():
        print(json.dumps([measure(30), measure(3000)]))
