"""An upload of 300 documents through the form's apply: new, and once more unchanged.

python -m bench.uploads
"""

from __future__ import annotations

import json
import time

from bench import setting

DOCUMENTS = 300


def measure() -> dict[str, float]:
    from core.cluster import Cluster

    cluster = Cluster.new("bench-uploads", start=setting.START)
    text = "---\n".join(
        f"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: claim-{n}}}\n"
        "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
        for n in range(DOCUMENTS)
    )
    figures: dict[str, float] = {"documents": DOCUMENTS}
    for verb in ("created", "unchanged"):
        began = time.perf_counter()
        outcomes = list(cluster.apply(text))
        figures[f"{verb}, ms a document"] = round(1000 * (time.perf_counter() - began) / DOCUMENTS, 2)
        assert {outcome.verb for outcome in outcomes} == {verb}
    return figures


if __name__ == "__main__":
    with setting.database():
        print(json.dumps(measure()))
