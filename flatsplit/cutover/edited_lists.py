"""Special roles of which flatsplit.toml says something else than when a step, or a repair, ended last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit import config as configuration
from flatsplit.walks import role as keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flatsplit.config import Config
    from flatsplit.cutover.walk import Walk
    from flatsplit.journal import CutoverRecord


def edited(walk: Walk) -> frozenset[str]:
    """Their names. What is missing of their rights may be new in the list, and not undone by anybody."""
    return frozenset(record.subject for record in _changed(walk))


def keep_lists(walk: Walk) -> None:
    """Record the sections of all special roles as they are now, with which the database agrees."""
    for record in _changed(walk):
        walk.journal.of(record).replace_config(record.id, configuration.render(walk.config))


def _changed(walk: Walk) -> Iterator[CutoverRecord]:
    for record in walk.kept:
        if record.kind == keys.NAME:
            was = configuration.parse(record.config, "the journal")
            if _said(was, record.subject) != _said(walk.config, record.subject):
                yield record


def _said(config: Config, role: str) -> tuple[object, ...]:
    """Both sections of the role."""
    return config.special_role(role), *(grant for grant in config.grants if grant.purpose == role)
