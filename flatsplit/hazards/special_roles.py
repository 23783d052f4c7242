"""Hazards of special roles: what their section and list in flatsplit.toml do not do. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.config import Grant, Special, format_name, parse_name
from flatsplit.config.special import heading
from flatsplit.hazards.registry import Found, Seen, few, hazard
from flatsplit.model import ObjectRef
from flatsplit.walks import split
from flatsplit.walks.role import grant_list
from flatsplit.walks.role.context import Context as RoleContext
from flatsplit.walks.split.grants import columns_of

_SECTION = "[role.NAME] of flatsplit.toml"
_SHOWN = "_shown"
_NAME_BYTES = 63
NO_LIMITS = frozenset(
    {
        *("default_transaction_read_only", "transaction_read_only", "row_security"),
        *("statement_timeout", "lock_timeout", "transaction_timeout", "idle_session_timeout"),
        "idle_in_transaction_session_timeout",
        *("work_mem", "hash_mem_multiplier", "maintenance_work_mem", "logical_decoding_work_mem", "temp_buffers"),
        *("max_parallel_workers", "max_parallel_workers_per_gather", "max_parallel_maintenance_workers"),
    }
)
"""Settings that look like limits but that any session may change: their context is ``user`` (guc_tables.c)."""


def _lists(seen: Seen, special: Special) -> Iterator[Grant]:
    return (one for one in seen.context.config.grants if one.purpose == special.name and one.privilege == "select")


@hazard(
    "columns-and-star",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="columns under select of [grants.NAME], for special roles",
    why="Who may read some columns cannot read the row: SELECT *, the table's name as a value, ctid, LOCK and COPY of "
    "the whole table fail, and so does any other column in WHERE or ORDER BY. A column added later is not in the list.",
    fix="Name the columns in the program's statements, or list a view that has just these.",
    manual="sql-grant.html",
)
def columns_and_star(seen: Seen) -> Iterator[Found]:
    """Lists that name columns of a table and not the table."""
    for special in seen.context.config.special:
        names = {
            name: (parse_name(name).parts, columns_of(name, grant.letter))
            for grant in _lists(seen, special)
            for name in grant.names
        }
        whole = {table for table, columns in names.values() if not columns}
        parts = {table: columns for table, columns in names.values() if columns}
        found = {table: columns for table, columns in parts.items() if table not in whole}
        if found:
            tables = [format_name(*table) for table in found]
            cures = tuple(_view(table, columns) for table, columns in found.items())
            yield Found(
                f"{special.name} may read columns of {few(tables)}, and SELECT * fails",
                tuple(tables),
                fix="Name the columns in the program's statements. Where it cannot, let app_migrator make a view and "
                f"list that under {heading(special.name, 'grants')}:\n" + "\n".join(cures),
                sql=cures,
            )


def _view(table: tuple[str, ...], columns: tuple[str, ...]) -> str:
    schema, name = table[:-1], table[-1]
    view = ddl.ident(*schema, name.encode()[: _NAME_BYTES - len(_SHOWN)].decode(errors="ignore") + _SHOWN)
    return f"CREATE VIEW {view} AS SELECT {', '.join(map(ddl.ident, columns))} FROM {ddl.ident(*table)};"  # noqa: S608 (quoted by ddl)


@hazard(
    "settings-no-limit",
    "note",
    split.ENABLE_LOGIN,
    looks_at=f"settings under {_SECTION}",
    why="A role's settings are what its sessions begin with; each of them may set another value. Of what sounds like a "
    "limit only connection_limit and temp_file_limit hold.",
    fix="Count on its list for what it may write, on connection_limit for how many, and on temp_file_limit for the "
    "disk; long statements somebody else has to end.",
    manual="sql-alterrole.html",
)
def settings_no_limit(seen: Seen) -> Iterator[Found]:
    """Settings that may be taken for limits."""
    for special in seen.context.config.special:
        soft = tuple(f"{name} = {value}" for name, value in special.settings if name.lower() in NO_LIMITS)
        if soft:
            yield Found(f"{special.name} may set {few(soft)} to what it likes: a default, no limit", soft)


@hazard(
    "views-show-more",
    "note",
    split.ENABLE_LOGIN,
    looks_at=f"schemas under {_SECTION}: what views and materialized views there read outside them",
    why="A view reads with its owner's rights. Who may read all of a schema reads through its views what the list "
    "leaves out, columns and rows under a policy included.",
    fix="Nothing, if that is meant. Otherwise list its tables by name instead of the schema, move the view to another "
    "schema, or, from PostgreSQL 15 on, let everybody read it with rights of their own (security_invoker).",
    manual="rules-privileges.html",
)
def views_show_more(seen: Seen) -> Iterator[Found]:
    """Views that came with a schema and read relations that the role may not read."""
    for special in seen.context.config.special:
        given = grant_list.rights(seen.state, RoleContext(seen.context.config, seen.state, special.name))
        views = {
            ref: hidden
            for ref, letters in given.objects.items()
            if ref in seen.state.uses and "r" in letters and ref not in given.named and ref.schema in special.schemas
            if (hidden := sorted(one for one in _below(seen, ref) if "r" not in given.objects.get(one, "")))
        }
        if views:
            yield Found(
                f"through views in its schemas {special.name} reads what its list leaves out",
                tuple(
                    f"{ddl.label(ref)} shows {few([ddl.label(one) for one in hidden])}"
                    for ref, hidden in sorted(views.items())
                ),
            )


def _below(seen: Seen, view: ObjectRef) -> set[ObjectRef]:
    """The relations that a view reads as its owner, also through other views, but for these."""
    found: set[ObjectRef] = set()
    todo = [view]
    while todo:
        one = todo.pop()
        for used in seen.state.uses.get(one, ()):
            if used not in found:
                found.add(used)
                todo.append(used)
    return {one for one in found if one not in seen.state.uses}
