"""The long story of each hazard, with a reproduction: ``stories/ID.md``."""

from __future__ import annotations

import re
from importlib import resources
from typing import NamedTuple

_PARTS = re.compile(r"(?P<text>.*?)\n+```(?P<language>\w+)\n(?P<lines>.*)\n```\n*", re.DOTALL)


class HazardStory(NamedTuple):
    """The story of a hazard."""

    text: str
    reproduction: str
    """Up to three lines. The error to expect follows ``-- ERROR:``, a value follows ``-->``."""
    runs: bool
    """Whether the lines are SQL that a superuser can run as they are, where the roles exist."""


def story(id_: str) -> HazardStory:
    """The story of a registered hazard."""
    content = resources.files(__package__).joinpath(f"stories/{id_}.md").read_text("utf-8")
    match = _PARTS.fullmatch(content)
    if match is None:
        raise ValueError(f"stories/{id_}.md is not a text and a block of code")
    return HazardStory(match["text"].strip(), match["lines"], match["language"] == "sql")
