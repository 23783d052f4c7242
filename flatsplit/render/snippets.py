"""What the configuration of each kind of client looks like afterwards, with the names of this cutover filled in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flatsplit.render.facts import BundleFacts


@dataclass(frozen=True, slots=True)
class Snippet:
    """The configuration of one program."""

    key: str
    title: str
    language: str
    """For Markdown's code blocks."""
    note: str
    """What to know beforehand."""
    text: str


def snippets(bundle: BundleFacts, overrides: Path | None) -> list[Snippet]:
    """All of them, in the order in which people need them."""
    del bundle, overrides
    return []
