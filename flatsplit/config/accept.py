"""Section [hazards.accept]: known hazards that the operator accepts, each with a reason.

Which hazards exist is not known here: ``flatsplit.hazards.check_accepted`` checks the names.
"""

from __future__ import annotations

from typing import Any

from flatsplit.config.text import quote
from flatsplit.errors import ConfigError

HEADING = "[hazards.accept]"
_EXAMPLE = '"rls-zero-rows" = "the tenant policies come with release 7"'

Accepted = tuple[tuple[str, str], ...]
"""Ids of hazards and reasons, sorted by id."""


def read(section: Any, source: str) -> Accepted:
    """The content of a [hazards] table; ConfigError names the key."""
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: hazards is a value, not a section", f"write {HEADING} above its keys")
    for key in section:
        if key != "accept":
            raise ConfigError(f"{source}: unknown section [hazards.{key}]", f"did you mean {HEADING}?")
    accepted = section.get("accept", {})
    if not isinstance(accepted, dict):
        raise ConfigError(f"{source}: [hazards] accept is a value, not a section", f"write {HEADING} above its keys")
    for id_, reason in accepted.items():
        if not isinstance(reason, str):
            raise ConfigError(f"{source}: {HEADING} {id_} is not a string", f"give the reason, like {_EXAMPLE}")
    return tuple(sorted(accepted.items()))


def check(accepted: Accepted, source: str) -> None:
    """Raise ConfigError where a reason is empty."""
    for id_, reason in accepted:
        if not reason.strip():
            raise ConfigError(f"{source}: {HEADING} {id_} has no reason", f"say why, like {_EXAMPLE}")


def render(accepted: Accepted) -> list[str]:
    """The lines of the section; none where nothing is accepted."""
    lines = [f"{quote(id_)} = {quote(reason)}" for id_, reason in accepted]
    return ["", HEADING, *lines] if lines else []
