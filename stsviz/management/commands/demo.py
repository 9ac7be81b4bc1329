"""The chapter's demo in a terminal: the tables before and after web-0 is deleted."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from core.journal import entry_of
from stsviz.database import bring_up_to_date
from stsviz.pages import twin
from stsviz.scenarios import founding, library
from stsviz.story import Story

NAME = "demo"
KINDS = ("StatefulSet", "Pod", "PersistentVolumeClaim", "PersistentVolume")
MOST_STEPS = 5000
WEB_0, PAGE = Ref("Pod", "default", "web-0"), "/usr/share/nginx/html/index.html"
DELETION = 3  # the beat that deletes web-0


class Command(BaseCommand):
    help = "Delete web-0 and watch it come back as itself, in a cluster of its own that is gone afterwards."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--slow", action="store_true", help="take a breath after each decision")

    def handle(self, *args: Any, slow: bool, **options: Any) -> None:
        bring_up_to_date()
        if NAME in Cluster.names():
            Cluster.open(NAME).destroy()
        cluster = founding.found(library.demo(), NAME)
        try:
            self._tell(cluster, slow)
        finally:
            cluster.destroy()

    def _tell(self, cluster: Cluster, slow: bool) -> None:
        before: dict[str, str] = {}
        said = -1

        def on_beat(number: int) -> None:
            if number == DELETION:
                cluster.settle()
                self._tables(cluster, "before")
                before.update(self._identity(cluster))

        story = Story(library.demo(), reading=0.0, asks=False, on_beat=on_beat)
        for _ in range(MOST_STEPS):
            changed = story.advance(cluster, 0.0)
            if story.at != said:
                said = story.at
                self.stdout.write(self.style.MIGRATE_HEADING(f"\n{story.sentence}"))
            if not story.running:
                break
            if not changed and not self._step(cluster):
                raise CommandError("nothing is left to do, and the story is not over")
            if slow:
                time.sleep(0.3)
        if not before:
            raise CommandError("the story did not come to its end")
        cluster.settle()
        self._tables(cluster, "after")
        self._compare(before, self._identity(cluster))

    def _step(self, cluster: Cluster) -> bool:
        revision = cluster.revision
        went_on = cluster.step()
        for change in cluster.changes_since(revision):
            if change.ref.kind in KINDS:
                entry = entry_of(change)
                because = f" — {entry.because}" if entry.because else ""
                self.stdout.write(f"  {entry.actor}: {entry.text}{because}")
        return went_on

    def _tables(self, cluster: Cluster, when: str) -> None:
        self.stdout.write(self.style.SUCCESS(f"\n--- {when}: kubectl get sts,pod,pvc,pv"))
        for kind in KINDS:
            self.stdout.write(twin.text(kind, cluster.view, cluster.now) + "\n")

    def _identity(self, cluster: Cluster) -> dict[str, str]:
        pod = cluster.get(WEB_0)
        claim = cluster.get(Ref("PersistentVolumeClaim", "default", "www-web-0"))
        return {
            "name": pod["metadata"]["name"],
            "claim": claim["metadata"]["name"],
            "volume": claim["spec"]["volumeName"],
            "bytes": cluster.read_file(WEB_0, PAGE).decode().strip(),
            "uid": pod["metadata"]["uid"],
            "address": pod["status"].get("podIP", ""),
        }

    def _compare(self, before: dict[str, str], after: dict[str, str]) -> None:
        self.stdout.write("\nwhat web-0 kept, and what is new:")
        for key, was in before.items():
            now = after[key]
            self.stdout.write(f"  {key:8} {now} (kept)" if was == now else f"  {key:8} {was} -> {now}")
