"""What a special role may have run as another role, so that nothing was learned from it.

Over the bridge it has the other role's rights itself. From 16 on it may not SET ROLE to it; before, each member may
(check_role() in variable.c), and what a session runs then is counted for the other role.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from flatsplit import ddl
from flatsplit.model import SettingKey, State
from flatsplit.server import statements
from flatsplit.walks.role import grant_list
from flatsplit.walks.role.context import Context


class BecomingFound(NamedTuple):
    """That sessions became a role which the special role may become for the time being."""

    what: str
    fix: str


def unseen(conn: psycopg.Connection[Any], schema: str, state: State, context: Context) -> BecomingFound | None:
    """The reason why statements may be missing; None where there is none. ``schema``: that of pg_stat_statements."""
    if begins := _begins(state, context.role):
        return begins
    reached = _reached(state, context)
    found = statements.became(conn, schema, reached) if reached else []
    if not found:
        return None
    roles, role = ", ".join(sorted({one for one, _ in found})), context.role
    return BecomingFound(
        f"somebody became {roles} by SET ROLE, as {role} may before PostgreSQL 16: what ran then counts as {roles}'s",
        f"if that was {role}, let its program do without, and connect anew; then forget it: "
        + _forget(schema, [number for _, number in found]),
    )


def _begins(state: State, role: str) -> BecomingFound | None:
    """Whether a setting, its own or that of all logins here, makes its sessions begin as another role."""
    here = state.target.database
    for key in (SettingKey(role, here), SettingKey(role, ""), SettingKey("", here)):
        named = {name.lower(): value for name, value in state.settings.get(key, ())}.get("role", "none")
        if named not in ("none", role):
            reset = ddl.reset_setting(role, key.database, "role")
            if not key.role:
                reset = f"ALTER DATABASE {ddl.ident(here)} RESET role;"
            return BecomingFound(
                f"sessions of {role} begin as {named}, by a setting: what they run counts as {named}'s",
                f"let them begin as {role}, and connect anew: {reset}",
            )
    return None


def _reached(state: State, context: Context) -> set[str]:
    """Roles that it may become as long as there is the bridge, without those that its own list makes it a member of."""
    special = context.special
    if special is None or not special.like or state.target.membership_options:
        return set()
    direct = {key.role for key in state.members if key.member == context.role}
    if special.like not in direct:
        return set()
    kept = grant_list.memberships(context.config, special)
    lasting = {each for one in kept for each in (one, *state.member_of(one))}
    return {special.like, *state.member_of(special.like)} - lasting


def _forget(schema: str, numbers: list[int]) -> str:
    text = sql.SQL("SELECT {}(s.userid, s.dbid, s.queryid) FROM {} AS s WHERE s.queryid IN ({});").format(
        sql.Identifier(schema, "pg_stat_statements_reset"),
        sql.Identifier(schema, "pg_stat_statements"),
        sql.SQL(", ").join(map(sql.Literal, sorted(set(numbers)))),
    )
    return text.as_string(None)
