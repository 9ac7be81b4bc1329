"""What a write costs, and where the time goes.

python -m bench.writes
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from bench import setting

COUNT = 1000

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"namespace": "default", "labels": {"app": "nginx"}},
    "spec": {
        "containers": [
            {
                "name": "nginx",
                "image": "nginx:1.9.1",
                "ports": [{"containerPort": 80, "name": "web"}],
                "volumeMounts": [{"name": "www", "mountPath": "/usr/share/nginx/html"}],
            }
        ],
        "volumes": [{"name": "www", "persistentVolumeClaim": {"claimName": "www"}}],
    },
}


def microseconds(work: Callable[[int], object], count: int = COUNT) -> float:
    """Return what one call of *work* takes."""
    began = time.perf_counter()
    for number in range(count):
        work(number)
    return round(1e6 * (time.perf_counter() - began) / count, 1)


def measure() -> dict[str, float]:
    from core.apimachinery.meta import Ref, copied
    from core.apiserver import admission
    from core.apiserver.registry import STRATEGIES
    from core.cluster import Cluster

    cluster = Cluster.new("bench-writes", start=setting.START)
    registry, store = cluster.registry, cluster.store
    pods = [{**POD, "metadata": {**POD["metadata"], "name": f"p-{n}"}} for n in range(4 * COUNT)]
    figures: dict[str, float] = {}

    figures["create a Pod, a transaction each"] = microseconds(lambda n: registry.create(pods[n], "bench"))

    def many() -> None:
        with store.transaction():
            for pod in pods[COUNT : 2 * COUNT]:
                registry.create(pod, "bench")

    figures["create a Pod, 1000 a transaction"] = round(microseconds(lambda _: many(), 1) / COUNT, 1)

    stored = [cluster.get(Ref("Pod", "default", f"p-{n}")) for n in range(COUNT)]
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    figures["update a Pod's status, a transaction each"] = microseconds(
        lambda n: registry.update_status({**stored[n], "status": status}, "bench")
    )

    context = registry.context()
    strategy = STRATEGIES["Pod"]

    def checked(number: int) -> None:
        pod = copied(pods[2 * COUNT + number])
        strategy.defaults(pod)
        admission.admit("CREATE", pod, None, context)
        strategy.prepare_for_create(pod, context)
        assert not strategy.validate(pod)

    figures["  of a create: copy, default, admit, validate"] = microseconds(checked)
    figures["  of a create: text of the object (JSON)"] = microseconds(_dump(stored[0]))

    def empty(_: int) -> None:
        with store.transaction():
            pass

    figures["  of a transaction: begin, look, commit"] = microseconds(empty)
    return figures


def _dump(obj: dict[str, object]) -> Callable[[int], object]:
    import orjson

    return lambda _: orjson.dumps(obj).decode()


if __name__ == "__main__":
    with setting.database():
        print(json.dumps({f"{name} (us)": value for name, value in measure().items()}))
