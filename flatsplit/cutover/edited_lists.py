"""What flatsplit.toml says of roles, and said when a step or a repair ended last: what is wanted since then is nothing
that somebody has undone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flatsplit import config as configuration
from flatsplit.config import Gates, Locks, Rotation
from flatsplit.planning.causes import Edited, single

if TYPE_CHECKING:
    from flatsplit.config import Config
    from flatsplit.cutover.situation import Situation
    from flatsplit.cutover.walk import Walk


def edited(walk: Walk, situation: Situation) -> Edited | None:
    """What has changed; None where it says the same of all roles."""
    was = replace(configuration.parse(walk.split.config, "the journal"), roles=walk.config.roles)
    if _of_roles(was) == _of_roles(walk.config):
        return None
    then = replace(situation, config=was, others=tuple(replace(link, config=was) for link in situation.others))
    names = {*was.named, *walk.config.named}
    return Edited(
        frozenset(name for name in names if _said(was, name) != _said(walk.config, name)),
        frozenset(change for statement in then.drift for change in single(statement.changes)),
    )


def keep_lists(walk: Walk) -> None:
    """Record the configuration as it is now, with which the database agrees."""
    text = configuration.render(walk.config)
    if text != walk.split.config:
        walk.journal.replace_config(walk.split.id, text)


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
