"""The small parts of the page: clock and controls, what comes next, the story's sentence."""

from __future__ import annotations

import math

from django.template.loader import render_to_string
from django.utils.html import escape

from core.client.cache import View
from stsviz.driver import Driver
from stsviz.pages.strip import strip
from stsviz.pages.timeline import clock
from stsviz.templatetags.words import tame


def parts(driver: Driver, view: View, left_out: str) -> dict[str, str]:
    """Return element id -> its whole HTML; each is sent when its text changed."""
    cluster = driver.cluster
    pace = cluster.pace
    controls = {
        "name": cluster.name,
        "paused": pace == 0,
        "pace": pace_text(pace),
        "lesson": cluster.mode == "lesson",
        "settling": driver.settling,
    }
    moment = f"revision {cluster.revision} · {clock(cluster.now - cluster.started)}"
    decision = None if driver.settling else cluster.next_decision()
    coming = "nothing is due until somebody acts" if not driver.settling else ""
    if decision:
        because = f" — {escape(tame(decision.because))}" if decision.because else ""
        coming = f"<b>next: {escape(decision.actor)}</b> {escape(decision.text)}{because}"
    return {
        "controls": render_to_string("parts/controls.html", controls),
        "moment": f'<span id="moment">{moment}</span>',
        "rollout": f'<p id="rollout">{escape(rollout(view))}</p>',
        "next": f'<p id="next">{coming}</p>',
        "left-out": f'<p id="left-out">{escape(left_out)}</p>',
        "story": strip(driver, empty=not view.list("StatefulSet")),
    }


def pace_text(pace: float) -> str:
    """Write a pace as people say it: ``1×``, ``0.25×``."""
    return f"{pace:.2g}×" if 0 < pace < 10 else f"{pace:.0f}×"


def pace_of_slider(position: float) -> float:
    """Turn the slider's place (-1 to 2) into a pace from 0.1 to 100: equal ways are equal factors."""
    return float(f"{10 ** min(2.0, max(-1.0, position)):.2g}")


def slider_of_pace(pace: float) -> float:
    return round(math.log10(pace), 2) if pace > 0 else 0.0


def rollout(view: View) -> str:
    """Say how far the sets are that are not where they should be: ``web 312 of 1000 Ready``."""
    behind = []
    for sts in view.list("StatefulSet"):
        wanted = sts["spec"].get("replicas", 1)
        status = sts.get("status", {})
        ready, there = status.get("readyReplicas", 0), status.get("replicas", 0)
        if ready != wanted or there != wanted:
            name = sts["metadata"]["name"]
            behind.append(
                f"{name} {ready} of {wanted} Ready" + (f", {there} there" if there > wanted else "")
            )
    more = f" and {len(behind) - 3} more sets" if len(behind) > 3 else ""
    return " · ".join(behind[:3]) + more
