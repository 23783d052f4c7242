"""A special role's walk goes on like the role that it began like, whatever ``like`` says since.

Another role in the middle would leave the bridge to the first one standing, and what was learned over it would be about
rights that the second one never had. So a changed ``like`` has no effect on a walk that was begun, and is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flatsplit import config as configuration
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.errors import ConfigError
from flatsplit.model import Finding, WalkName
from flatsplit.planning import machine
from flatsplit.walks import role as keys

if TYPE_CHECKING:
    from flatsplit.config import Config
    from flatsplit.cutover.situation import Situation
    from flatsplit.journal import CutoverRecord


@dataclass(frozen=True, slots=True)
class ChangedLike:
    """A ``like`` that was changed after the walk had begun; "" for none."""

    role: str
    began: str
    says: str

    @property
    def what(self) -> str:
        """What is wrong, in words."""
        says, began = (f"like = {quote(one)}" if one else "no like" for one in (self.says, self.began))
        return f"{heading(self.role)} has {says}, but this walk began with {began}"

    @property
    def fix(self) -> str:
        """What to do, in words."""
        again = f"write like = {quote(self.began)} again" if self.began else "take it out again"
        back = WalkName(keys.NAME, self.role).typed("rollback")
        return f"{again}, or take the walk back and begin anew: {back} --all"


def as_begun(config: Config, kept: Iterable[CutoverRecord]) -> tuple[Config, tuple[ChangedLike, ...]]:
    """The configuration with each ``like`` as it was when the walk of that role began, and those that were changed."""
    changed: list[ChangedLike] = []
    for record in kept:
        now = config.special_role(record.walk.subject) if record.walk.kind == keys.NAME else None
        was = configuration.parse(record.config, "the journal").special_role(record.walk.subject) if now else None
        if now is not None and was is not None and now.like != was.like:
            changed.append(ChangedLike(now.name, was.like, now.like))
    if not changed:
        return config, ()
    began = {one.role: one.began for one in changed}
    special = tuple(replace(one, like=began.get(one.name, one.like)) for one in config.special)
    return replace(config, special=special), tuple(changed)


def refuse_changed(changed: Iterable[ChangedLike], situation: Situation) -> None:
    """Raise ConfigError where this walk is under way and its ``like`` was changed."""
    for one in _under_way(changed, situation, {situation.name}):
        raise ConfigError(f"flatsplit.toml: {one.what}", one.fix)


def findings(changed: Iterable[ChangedLike], situation: Situation) -> Iterator[Finding]:
    """A warning for each walk under way whose ``like`` was changed."""
    names = {situation.name, *(link.name for link in situation.others)}
    for one in _under_way(changed, situation, names):
        yield Finding(
            "like-changed",
            "warning",
            one.what,
            "The bridge and what is learned over it are those of the first role. The walk goes on like that one, and "
            "its next step is refused.",
            f"{one.fix[0].upper()}{one.fix[1:]}",
        )


def _under_way(
    changed: Iterable[ChangedLike], situation: Situation, walks: Collection[WalkName]
) -> Iterator[ChangedLike]:
    for one in changed:
        name = WalkName(keys.NAME, one.role)
        if name in walks and machine.next_step(situation.turned(name).states) is not None:
            yield one
