"""What the steps of ``trail`` need besides the State. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from flatsplit import membership
from flatsplit.config import Config
from flatsplit.model import SettingKey, State

SETTING = "log_statement"
WANTED = "ddl"
ENOUGH = frozenset({WANTED, "mod", "all"})
"""Values of log_statement with which structural changes are logged."""


@dataclass(frozen=True)
class Context:
    """The configuration, and the settings before the walk."""

    config: Config
    baseline: State


def told_of(state: State, config: Config, operators: Collection[str]) -> Iterator[str]:
    """The roles whose changes are logged: those that may change the structure or work as the application, those that
    take over the old role's settings, groups, and their members, without ``operators``.
    """
    managed = (*config.roles.new, config.legacy_role, *(config.owners or ()))
    apart = {*managed, *operators}
    for role in managed:
        if role not in state.roles:
            continue
        yield role
        yield from sorted(membership.acting(state, role, apart))


def own(state: State, role: str) -> str:
    """log_statement as set for this role in all databases; "" where it is not set."""
    return dict(state.settings.get(SettingKey(role, ""), ())).get(SETTING, "")


def in_force(state: State, role: str) -> str:
    """log_statement of a session of this role in this database: the most specific setting counts.

    process_settings() in postinit.c.
    """
    database = state.target.database
    for key in (SettingKey(role, database), SettingKey(role, ""), SettingKey("", database), SettingKey("", "")):
        found = dict(state.settings.get(key, ())).get(SETTING)
        if found is not None:
            return found
    return state.target.log_statement
