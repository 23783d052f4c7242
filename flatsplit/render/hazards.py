"""Hazards as Markdown: the findings of doctor, and the list of all hazards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flatsplit.hazards import REGISTRY, Hazard
from flatsplit.hazards.stories import HazardStory, story
from flatsplit.model import Finding
from flatsplit.render.engine import environment
from flatsplit.walks.split import STEP_KEYS

MANUAL = "https://www.postgresql.org/docs/current/"


def render_findings(findings: Sequence[Finding], about: Mapping[str, str], proposed: str = "") -> str:
    """The findings of doctor for a runbook or ticket; ``about`` are the lines above them, ``proposed`` those for
    flatsplit.toml.
    """
    template = environment().get_template("doctor.md.j2")
    return template.render(findings=findings, about=about, proposed=proposed, manual=MANUAL)


def render_hazards(hazards: Iterable[Hazard] = REGISTRY.values()) -> str:
    """All hazards by the step before which they have to be settled: runbooks/hazards.md."""
    known = list(hazards)
    chapters: list[tuple[str, list[tuple[Hazard, HazardStory]]]] = []
    for step in (None, *STEP_KEYS):
        of_step = [(one, story(one.id)) for one in known if one.step == step]
        if of_step:
            chapters.append((step or "", of_step))
    return environment().get_template("hazards.md.j2").render(chapters=chapters, count=len(known), manual=MANUAL)
