"""All measurements, each in a process of its own, as one table: `make bench`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

RUNS: tuple[tuple[str, ...], ...] = (
    ("bench.writes",),
    ("bench.replicas", "100"),
    ("bench.replicas", "1000"),
    ("bench.syncs",),
    ("bench.picture", "300"),
    ("bench.picture", "1000"),
    ("bench.past", "300", "10000"),
    ("bench.uploads",),
    ("bench.pages",),
    ("bench.size", "10000"),
    ("bench.api",),
)


def figures(found: Any) -> list[dict[str, Any]]:
    return found if isinstance(found, list) else [found]


def main() -> None:
    for module, *arguments in RUNS:
        print(f"\n{' '.join([module, *arguments])}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"  failed: {done.stderr.strip().splitlines()[-1]}")
            continue
        for row in figures(json.loads(done.stdout.strip().splitlines()[-1])):
            for name, value in row.items():
                print(f"  {name:<48}{value:>12}")


if __name__ == "__main__":
    main()
