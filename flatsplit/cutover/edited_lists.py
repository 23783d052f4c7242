"""What flatsplit.toml says of roles, and said when a step or a repair ended last: what is wanted since then is nothing
that somebody has undone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flatsplit import config as configuration
from flatsplit.config import PURPOSES, Gates, Grant, Locks, Rotation
from flatsplit.config.grants import MEMBER
from flatsplit.config.special import heading
from flatsplit.model import SPLIT
from flatsplit.planning.causes import Edited, single

if TYPE_CHECKING:
    from flatsplit.config import Config
    from flatsplit.cutover.situation import Situation
    from flatsplit.cutover.walk import Walk


def edited(walk: Walk, situation: Situation) -> Edited | None:
    """What has changed; None where it says the same of all roles.

    A walk without a finished step may have begun since, with a section that was not there before: it has done nothing
    yet that another section could have wanted otherwise.
    """
    was = replace(configuration.parse(walk.split.config, "the journal"), roles=walk.config.roles)
    if _of_roles(was) == _of_roles(walk.config):
        return None
    then = replace(
        situation,
        config=was if situation.done else walk.config,
        others=tuple(replace(link, config=was) if link.done else link for link in situation.others),
    )
    names = {*was.named, *walk.config.named}
    return Edited(
        frozenset(name for name in names if _said(was, name) != _said(walk.config, name)),
        frozenset(change for statement in then.drift for change in single(statement.changes)),
    )


_UNLISTED: Final = "unlisted"
"""The event that lines are gone from [grants]: nobody else remembers them, and what they gave is still granted."""


def keep_lists(walk: Walk) -> None:
    """Record the configuration as it is now, with which the database agrees."""
    text = configuration.render(walk.config)
    if text == walk.split.config:
        return
    gone = _less(_on_record(walk), walk.config)
    if gone:
        told = "; ".join(
            f"{heading(line.purpose, 'grants')} {line.privilege}: {', '.join(line.names)}" for line in gone
        )
        lines = [[line.purpose, line.privilege, list(line.names)] for line in gone]
        walk.journal_of(SPLIT).event(_UNLISTED, None, f"no longer in flatsplit.toml: {told}", {"lines": lines})
    walk.journal.replace_config(walk.split.id, text)


def unlisted(walk: Walk) -> tuple[Grant, ...]:
    """What [grants] and [become] gave to the four roles once and say no more, by the last step and all before it."""
    events = walk.journal_of(SPLIT).events(_UNLISTED)
    before = [
        Grant(purpose, privilege, tuple(names))
        for event in events
        for purpose, privilege, names in event.details["lines"]
    ]
    return _less((*before, *_on_record(walk)), walk.config)


def _on_record(walk: Walk) -> tuple[Grant, ...]:
    return _lines(configuration.parse(walk.split.config, "the journal"))


def _lines(config: Config) -> tuple[Grant, ...]:
    """The lines for the four roles; [become] gives memberships, too."""
    listed = (grant for grant in config.grants if grant.purpose in PURPOSES)
    return (*listed, *(Grant(purpose, MEMBER, tuple(names)) for purpose, names in config.become))


def _less(lines: Collection[Grant], config: Config) -> tuple[Grant, ...]:
    """The lines with those of their names that the configuration does not have at the same place."""
    there = {(line.purpose, line.privilege, name) for line in _lines(config) for name in line.names}
    left = (
        line._replace(names=tuple(name for name in line.names if (line.purpose, line.privilege, name) not in there))
        for line in dict.fromkeys(lines)
    )
    return tuple(line for line in left if line.names)


def _of_roles(config: Config) -> Config:
    """The configuration without what no State depends on."""
    rest = replace(config, name="", gates=Gates(), locks=Locks(), rotation=Rotation())
    return replace(rest, allow_new_objects=False, accept=())


def _said(config: Config, role: str) -> tuple[object, ...]:
    """All that is said of a role."""
    purpose = config.roles.purpose(role)
    return (
        config.special_role(role),
        config.powers if purpose else None,
        *(grant for grant in config.grants if grant.purpose in (role, purpose)),
        *(one for one in config.become if one[0] == purpose),
        *(one for one in config.members if one[1] == purpose),
        *(one for one in config.people if one[0] == role),
        *(group for group in config.groups if purpose == group.purpose or role in group.logins),
    )
