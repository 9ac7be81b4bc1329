"""A small scenario as text, and what plays one to its end in process."""

from __future__ import annotations

from core.cluster import Cluster
from stsviz.scenarios.format import Scenario, read
from stsviz.story import Phase, Story

MOST_TURNS = 100_000

SMALL = """\
title: {en: A claim, zh: 一个 claim}
cluster: {seed: 3, nodes: 1}
manifests:
  claim: |
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata:
      name: data
    spec:
      accessModes: [ReadWriteOnce]
      resources: {requests: {storage: 1Gi}}
beats:
- say: {en: A claim waits., zh: 一个 claim 在等。}
  do:
  - apply: claim
  until: pvc/data .status.phase = Pending
- say: {en: It goes., zh: 它走了。}
  do:
  - delete: pvc/data
  ask:
    question: {en: What becomes of it?, zh: 它会怎样？}
    answers:
    - say: {en: It stays, zh: 留下}
      if: pvc/data exists
    - say: {en: It goes, zh: 消失}
      if: pvc/data gone
    - say: {en: It is Bound, zh: 变成 Bound}
      if: pvc/data .status.phase = Bound
    why: {en: Nobody uses it., zh: 没人用它。}
  until: pvc/data gone
- say: {en: The end., zh: 结束。}
"""


def small() -> Scenario:
    return read(SMALL, "small")


def play(cluster: Cluster, story: Story, answer: int = 0) -> list[tuple[int, int | None]]:
    """Tell *story* to its end, answering each question; return (beat, the answer that came true)."""
    judged: list[tuple[int, int | None]] = []
    for _ in range(MOST_TURNS):
        changed = story.advance(cluster, 0.0)
        if story.is_asking:
            story.answer(answer)
        elif story.phase is Phase.OVER and story.beat.ask and (story.at, story.verdict) not in judged:
            judged.append((story.at, story.verdict))
        if not story.running:
            return judged
        if story.phase is Phase.OVER:
            story.next()
        elif not changed and not cluster.step():
            break
    missing = "; ".join(condition.text for condition in story.beat.until)
    raise AssertionError(f"beat {story.at + 1} does not end: it waits for {missing}")
