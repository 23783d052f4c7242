"""Hazards where the database depends on the current user. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.hazards import routine_bodies
from flatsplit.hazards.registry import Found, Seen, below, hazard
from flatsplit.walks import split
from flatsplit.words import count

_MANUAL = "functions-info.html#FUNCTIONS-INFO-SESSION-TABLE"


def _named(seen: Seen, *kinds: str) -> tuple[str, ...]:
    return tuple(f"{what} {name}" for what, name, _ in seen.rows("identity") if what in kinds)


def _cure(place: list[str], legacy: str) -> str:
    """The default of a column (schema, table, column) or a domain (schema, name) as it was for legacy."""
    schema, name, *column = place
    if not column:
        return f"ALTER DOMAIN {ddl.ident(schema, name)} SET DEFAULT {ddl.literal(legacy)};"
    return f"ALTER TABLE {ddl.ident(schema, name)} ALTER COLUMN {ddl.ident(*column)} SET DEFAULT {ddl.literal(legacy)};"


@hazard(
    "current-user-defaults",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_attrdef.adbin of the application's columns, pg_type.typdefaultbin of its domains",
    why="New rows get the name app_user where they got legacy's. Whatever compares the column with a name, "
    "or with current_user, treats old and new rows differently.",
    fix="Set the column from the application, or give the default a constant: ALTER TABLE … ALTER COLUMN … SET "
    "DEFAULT 'name'.",
    manual=_MANUAL,
    questions=("identity",),
)
def current_user_defaults(seen: Seen) -> Iterator[Found]:
    """Defaults of columns and domains that record the role."""
    if found := _named(seen, "default", "default of"):
        cures = [_cure(place, seen.legacy) for what, _, place in seen.rows("identity") if what.startswith("default")]
        yield Found(
            f"{count(len(found), 'default')} that record{'s' if len(found) == 1 else ''} the role",
            found,
            fix=below("Set the column from the application, or keep the name that it has until now:", cures),
        )


@hazard(
    "current-user-policies",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_policy.polqual, polwithcheck; conditions of check constraints and triggers",
    why="The condition is judged for app_user instead of legacy: rows disappear, checks fail, triggers fire otherwise.",
    fix="Compare with a setting of the application (current_setting('app.user', true)) or a table of names "
    "instead of current_user.",
    manual=_MANUAL,
    questions=("identity",),
)
def current_user_policies(seen: Seen) -> Iterator[Found]:
    """Conditions that depend on the role, but for those by which flatsplit keeps tenants apart."""
    ours = {
        ddl.label(ref)
        for ref, facts in seen.state.conditions.items()
        if ddl.recognise(facts.using or facts.check, ref.name) is not None
        or any(ref[1:3] == mapping[1:3] for mapping in seen.state.tenancies)
    }
    if found := tuple(name for name in _named(seen, "policy", "constraint", "trigger") if name not in ours):
        yield Found(f"{count(len(found), 'condition')} that depend{'s' if len(found) == 1 else ''} on the role", found)


@hazard(
    "current-user-views",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_rewrite.ev_action of the application's views and rules",
    why="In a view current_user is whoever asks, not the owner: app_user may get other rows than legacy.",
    fix="Compare with a setting of the application or a table of names instead of current_user.",
    manual=_MANUAL,
    questions=("identity",),
)
def current_user_views(seen: Seen) -> Iterator[Found]:
    """Views that depend on the role."""
    if found := _named(seen, "view", "rule"):
        yield Found(
            f"{count(len(found), 'view or rule that depends', 'views or rules that depend')} on the role", found
        )


@hazard(
    "current-user-routines",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_proc.prosrc, prosqlbody and proargdefaults of the application's routines, comments left out",
    why="current_user is app_user in an ordinary routine and app_migrator in a SECURITY DEFINER one, session_user is "
    "app_user in both. Comparisons with a name, audit columns and checks for rights change.",
    fix="Read them; take the name from a setting of the application where a person or tenant is meant.",
    manual=_MANUAL,
    questions=("routines",),
)
def current_user_routines(seen: Seen) -> Iterator[Found]:
    """Routines that depend on the role."""
    found = tuple(
        row[0]
        for row in seen.rows("routines")
        if routine_bodies.asks_who(row[3]) or routine_bodies.asks_who_tree(f"{row[4] or ''} {row[8]}")
    )
    if found:
        yield Found(f"{count(len(found), 'routine')} that ask{'s' if len(found) == 1 else ''} for the role", found)
