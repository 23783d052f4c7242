"""Hazards in policies that depend on the current user. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from flatsplit import blueprint, ddl
from flatsplit.config import format_name
from flatsplit.hazards import routine_bodies
from flatsplit.hazards.registry import Found, Row, Seen, below, hazard
from flatsplit.hazards.row_security import bypasses
from flatsplit.walks import split
from flatsplit.words import count

_ASKS = re.compile(r"\{SQLVALUEFUNCTION :op (?:9|10|11|12)[ }]|\{FUNCEXPR :funcid (?:710|745|746|270[5-9]|2710) ")
"""CURRENT_ROLE, CURRENT_USER, USER, SESSION_USER (SQLValueFunctionOp); getpgusername(), pg_has_role() (pg_proc.dat)."""

_LOGIN = re.compile(r"\{SQLVALUEFUNCTION :op 12[ }]|\{FUNCEXPR :funcid 746 ")
"""SESSION_USER, in both forms: rows are counted in a session of another login, so counting cannot tell."""


@hazard(
    "policies-ask-who",
    "blocker",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_policy of the application's tables: conditions with current_user, session_user or pg_has_role(), in "
    "themselves, in their subselects, or in the functions that they call",
    why="Such a condition was written for other roles than app_user, or for legacy, and lets app_user see what it says "
    "of app_user: often no row at all, without any error.",
    fix="Let the condition, or the table of names that it looks into, know app_user; or CREATE POLICY … TO legacy "
    "USING (true), which is extended to app_user. Then flatsplit doctor --rows counts as both: where app_user sees "
    "what legacy sees, this is settled. What cannot be counted is accepted with a reason. rehearse then takes these "
    "conditions as they are.",
    manual="ddl-rowsecurity.html",
    questions=("policies_who",),
)
def policies_ask_who(seen: Seen) -> Iterator[Found]:
    """Policies with another result for another role."""
    found, opening = [], dict[str, str]()
    legacy = seen.context.baseline.roles.get(seen.legacy)
    for row in seen.rows("policies_who"):
        table, policy, _, _, _, schema, name, forced, permissive, taken, _ = row
        if not _in_question(row) or ((schema, name) in seen.alike and _countable(row)):
            continue
        found.append(f"{policy} on {table}")
        sees_all = not forced or (legacy is not None and legacy.superuser)
        if permissive and sees_all:  # then a policy for legacy is the way to say so, and opens the table for app_user
            opening[table] = ddl.open_policy(format_name(schema, name), format_name(seen.legacy), taken) + ";"
    if found and not bypasses(seen):
        policies, user = count(len(found), "policy", "policies"), blueprint.application(seen.context.config)
        said = f"Let the condition, or the table of names that it looks into, know {user}"
        said += f"; or let {user} see what {seen.legacy} sees, whose policies are extended to it:" if opening else "."
        yield Found(
            f"{policies} that ask{'s' if len(found) == 1 else ''} who looks at the rows",
            tuple(found),
            fix=below(said, opening.values())
            + f"\nThen `flatsplit doctor --rows` counts as both: where {user} sees what {seen.legacy} sees, this is "
            "settled. What cannot be counted is accepted with a reason.",
            sql=tuple(opening.values()),
        )


def in_question(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Schema and name of the tables with such policies, in their order."""
    return list(dict.fromkeys((row[5], row[6]) for row in rows if _in_question(row)))


def _in_question(row: Row) -> bool:
    _, _, open_, tree, sources, *_ = row
    return not open_ and bool(_ASKS.search(tree) or any(_asks(source) for source in sources))


def _countable(row: Row) -> bool:
    """Whether counting can tell: not where only writing depends on the role, nor where the login decides."""
    _, _, _, tree, sources, *_, reading = row
    return reading and not (
        _LOGIN.search(tree) or any(routine_bodies.mentions(source, "session_user") for source in sources)
    )


def _asks(source: str) -> bool:
    return (
        routine_bodies.asks_who(source)
        or routine_bodies.asks_who_tree(source)
        or routine_bodies.mentions(source, "pg_has_role")
    )
