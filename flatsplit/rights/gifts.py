"""What somebody gave a role that a walk made or manages, and that no walk gives: powers over the whole server, the
right to let others into a role, and the setting by which its sessions begin as another role. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flatsplit.model import RoleFacts, SettingKey, State
from flatsplit.walks.draft import Draft

POWERS = ("superuser", "createrole", "replication")
"""Attributes that no ordinary role has. Not BYPASSRLS and CREATEDB, which people give for good reasons: flatsplit's own
findings advise the first one, and migrations are tried in databases of their own.
"""


class Managed(NamedTuple):
    """A role that a walk made or manages."""

    name: str
    powers: tuple[str, ...] = POWERS
    """Those of the powers that it is not to have."""
    before: RoleFacts = RoleFacts()
    """What it was before the walk: what it had then it may keep."""
    began_as: frozenset[tuple[SettingKey, str]] = frozenset()
    """The settings ``role`` that it had then."""
    acts_as: str = ""
    """The role as which its sessions may begin anyway; "" for none but itself."""
    let_in: frozenset[str] = frozenset()
    """The roles that it could let others into then."""


def without_gifts(state: State, roles: Iterable[Managed]) -> State:
    """The State without them, as far as the roles had none of it before; the State itself where there are none."""
    draft, changed = Draft(state), False
    leading = {key for key, options in state.members.items() if options.admin}
    for one in roles:
        facts = state.roles.get(one.name)
        if facts is None:
            continue
        less = {power: False for power in one.powers if getattr(facts, power) and not getattr(one.before, power)}
        if less:
            draft.role(one.name, **less)
            changed = True
        for place in (SettingKey(one.name, ""), SettingKey(one.name, state.target.database)):
            row = state.settings.get(place, ())
            own = {one.name, one.acts_as, "none"}
            left = tuple(
                item for item in row if item[0] != "role" or item[1] in own or (place, item[1]) in one.began_as
            )
            if left == row:
                continue
            changed = True
            draft.settings.pop(place, None)
            if left:
                draft.settings[place] = left
        for key in [key for key in leading if key.member == one.name and key.role not in one.let_in]:
            changed = True
            draft.members[key] = draft.members[key]._replace(admin=False)
    return draft.state() if changed else state
