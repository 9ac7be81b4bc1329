"""Check the file of a scenario and play it to its end in the terminal; its cluster is gone afterwards."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.cluster import Cluster
from core.journal import entry_of
from stsviz.database import bring_up_to_date
from stsviz.scenarios import founding
from stsviz.scenarios.format import Faulty, Scenario, read, said
from stsviz.scenarios.words import LANGUAGES
from stsviz.story import Phase, Story

NAME = "scenario-check"
LOUD = ("Pod", "PersistentVolumeClaim", "PersistentVolume", "StatefulSet", "Deployment", "Node")


class Command(BaseCommand):
    help = "Check the file of a scenario, and play it to its end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--language", choices=LANGUAGES, default="en")
        parser.add_argument("--writes", action="store_true", help="tell every write of the cluster too")
        parser.add_argument("--check", action="store_true", help="check the file only")

    def handle(self, *args: Any, file: Path, check: bool, **options: Any) -> None:
        try:
            scenario = read(file.read_bytes(), file.stem)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        except Faulty as error:
            raise CommandError("\n".join(f"{file}: {said(problem)}" for problem in error.problems)) from None
        self.stdout.write(f"{scenario.title}: {len(scenario.beats)} beats, nothing wrong in the file")
        if not check:
            bring_up_to_date()
            self._play(scenario, options)

    def _play(self, scenario: Scenario, options: dict[str, Any]) -> None:
        if NAME in Cluster.names():
            Cluster.open(NAME).destroy()
        cluster = founding.found(scenario, NAME)
        try:
            self._tell(cluster, Story(scenario, reading=0.0), options)
        finally:
            cluster.destroy()

    def _tell(self, cluster: Cluster, story: Story, options: dict[str, Any]) -> None:
        language, told, revision = options["language"], (-1, Phase.FRESH), cluster.revision
        while True:
            changed = story.advance(cluster, 0.0)
            if story.failed:
                raise CommandError(f"beat {story.at + 1}: {story.failed}")
            if (story.at, story.phase) != told:
                told = (story.at, story.phase)
                self._say(cluster, story, language)
            if story.is_asking:
                story.answer(0)
                continue
            if story.phase is Phase.OVER:
                story.chosen = -1
            if options["writes"]:
                self._writes(cluster, revision)
            revision = cluster.revision
            if not story.running:
                return
            if not changed and not story.go_on(cluster):
                missing = story.missing(cluster)
                raise CommandError(f"beat {story.at + 1} does not come to its end: it waits for {missing}")

    def _say(self, cluster: Cluster, story: Story, language: str) -> None:
        beat, ask = story.beat, story.beat.ask
        if story.is_asking and ask is not None:
            self.stdout.write(self.style.WARNING(f"\n   ? {getattr(ask.say, language)}"))
            for choice, answer in enumerate(ask.answers, 1):
                self.stdout.write(f"     {choice}  {getattr(answer.say, language)}")
        elif story.phase is Phase.BEGUN:
            number = f"{story.at + 1:2}"
            self.stdout.write(self.style.MIGRATE_HEADING(f"\n{number} {getattr(beat.say, language)}"))
            for line, action in zip(story.lines, beat.do, strict=True):
                self.stdout.write(f"   $ {line}" if line else f"   ! {action.fault}")
            for refusal in story.refusals:
                self.stdout.write(f"   {refusal}")
        elif story.phase is Phase.OVER and ask is not None:
            if story.verdict is None:
                raise CommandError(f"beat {story.at + 1}: not exactly one of its answers came true")
            self.stdout.write(f"   = {story.verdict + 1}: {getattr(ask.why, language)}")

    def _writes(self, cluster: Cluster, revision: int) -> None:
        for change in cluster.changes_since(revision):
            entry = entry_of(change)
            if change.ref.kind in LOUD and not entry.text.endswith("reports its status"):
                because = f" — {entry.because}" if entry.because else ""
                self.stdout.write(f"     {entry.actor}: {entry.text}{because}")
            elif change.ref.kind == "Event":
                event = change.obj or {}
                where = (event.get("involvedObject") or {}).get("name", "")
                self.stdout.write(f"     Event {where} {event.get('reason')}: {event.get('message')}")
