"""The strip above the picture: the sentence of a scenario, its question, and the buttons that turn its pages.

It is written in all languages at once, so that one message serves all viewers; each page shows its own.
"""

from __future__ import annotations

from django.template.loader import render_to_string

from core.apimachinery.meta import Ref
from core.diagram.ids import element_id
from core.explain.kubectl import typed
from stsviz.driver import Driver
from stsviz.scenarios import library
from stsviz.story import Phase, Story

_PLACES = {
    "Pod": ("seat", "pod"),
    "PersistentVolumeClaim": ("claim",),
    "PersistentVolume": ("volume",),
    "StatefulSet": ("workload-statefulset",),
    "Deployment": ("workload-deployment",),
    "StorageClass": ("class",),
    "Service": ("service",),
    "Node": ("machine",),
}
"""Kind -> the beginnings of the ids that its elements may have in the picture."""


def strip(driver: Driver, empty: bool) -> str:
    """Return the strip's HTML. *empty*: there is no set yet, so that a visitor may need a first word."""
    story, name = driver.story, driver.cluster.name
    context = {"name": name, "empty": empty, "story": story}
    if story is None:
        context["scenario"] = library.shipped().get(name)
        return render_to_string("parts/story.html", context)
    if story.scenario.key != name:  # the demo, in a cluster that is not its own
        return render_to_string("parts/story.html", {**context, "is_demo": True})
    return render_to_string("parts/story.html", context | _telling(story))


def _telling(story: Story) -> dict[str, object]:
    beat, asking = story.beat, story.is_asking
    look = None if asking or story.hurries else beat.look
    return {
        "telling": True,
        "key": story.scenario.key,
        "next_scenario": library.after(story.scenario.key) if story.is_over else None,
        "chips": [
            {"number": n + 1, "is_now": n == story.at, "was": n < story.at, "asks": b.ask is not None}
            for n, b in enumerate(story.beats)
        ],
        "acts": () if story.phase in (Phase.FRESH, Phase.ASKING) else _acts(story),
        "ids": " ".join(places(look)) if look else "",
        "look": f"{look.kind}/{look.namespace}/{look.name}" if look else "",
        "look_name": typed(look) if look else "",
        "chosen": beat.ask.answers[story.chosen].say if beat.ask and story.chosen >= 0 else None,
        "true": beat.ask.answers[story.verdict].say if beat.ask and story.verdict is not None else None,
        "is_told": story.phase is Phase.OVER and story.chosen >= 0,
        "guessed": story.chosen == story.verdict,
    }


def _acts(story: Story) -> list[dict[str, str]]:
    """Return what the beat does: its kubectl lines, or what it is when none does that."""
    lines = zip(story.lines, story.beat.do, strict=True)
    return [{"line": line, "fault": "" if line else action.fault} for line, action in lines]


def places(ref: Ref) -> list[str]:
    """Return the ids under which *ref* may be drawn."""
    return [element_id(start, ref.namespace, ref.name) for start in _PLACES.get(ref.kind, ())]
