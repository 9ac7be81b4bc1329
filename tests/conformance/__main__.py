"""python -m tests.conformance [SCENARIO ...]: play scenarios with the real kubectl, compare, print a table.

Each runs on a server of its own, several side by side: they mostly wait. Exit status 1 when something differs
besides ``order``, which is advice (docs/fidelity.md).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import django

AREAS = ("commands", "shows", "lives", "events", "state", "order")
ADVICE = "order"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("scenarios", nargs="*", help="01, 23-taints, ... (default: all)")
    parser.add_argument("--jobs", type=int, default=3, help="so many at a time")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stsviz.settings")
    django.setup()
    from tests.clients import kubectl_binary
    from tests.conformance.recording import HERE

    every = sorted(path.stem for path in (HERE / "scenarios").glob("*.yaml"))
    chosen = [n for n in every if not options.scenarios or n.startswith(tuple(options.scenarios))]
    kubectl_binary.find()  # once, before several want it
    with ThreadPoolExecutor(options.jobs) as pool:
        results = dict(zip(chosen, pool.map(_check, chosen), strict=True))
    return report(results)


def _check(name: str) -> dict[str, list[str]]:
    """Return the differences of one scenario by area."""
    from tests.clients import kubectl_binary
    from tests.conformance.comparing import differences
    from tests.conformance.recording import HERE
    from tests.conformance.wire import record

    golden = json.loads((HERE / "golden" / f"{name}.json").read_text(encoding="utf-8"))
    recording = record(name, kubectl_binary.find())
    print(f"{name}: played", file=sys.stderr, flush=True)
    return {area: differences(area, golden, recording) for area in AREAS}


def report(results: dict[str, dict[str, list[str]]]) -> int:
    """Print every difference, then how many there are by scenario and area; return the exit status."""
    for name, found in results.items():
        for area, lines in found.items():
            for line in lines:
                print(f"{name} [{area}] {line}")
    width = max(map(len, results), default=0)
    print(f"{'':{width}}  {'  '.join(AREAS)}")
    for name, found in results.items():
        counts = (f"{len(found[area]) or '.':>{len(area)}}" for area in AREAS)
        print(f"{name:{width}}  {'  '.join(counts)}")
    bad = sum(len(lines) for found in results.values() for area, lines in found.items() if area != ADVICE)
    print(f"{len(results)} scenarios, {bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
