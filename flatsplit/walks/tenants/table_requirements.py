"""What the tenants' walk requires of tables and they do not meet, each with its fix. Pure.

A gate closes on the first that it finds; ``doctor`` reports all of them before the walk begins.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from flatsplit import ddl, privileges
from flatsplit.config import format_name
from flatsplit.config.text import quote
from flatsplit.model import PUBLIC, ObjectRef, State
from flatsplit.tenants import Belonging
from flatsplit.walks.tenants.all_rows import table_of
from flatsplit.walks.tenants.context import Context


class Wanting(NamedTuple):
    """One requirement that one table does not meet."""

    table: ObjectRef
    what: str
    fix: str
    sql: str = ""
    """The statement that fixes it; "" where a statement alone does not."""


def uncovered(
    state: State, context: Context, told: Collection[ObjectRef], apart: Collection[ObjectRef]
) -> Iterator[Wanting]:
    """What would hide rows from somebody once row-level security is on, or give tenants a right through PUBLIC.

    ``told`` are the tables whose kind is known, ``apart`` those of them whose rows each belong to a tenant.
    """
    for ref in sorted(told):
        letters = privileges.letters(state.objects[ref].acl, PUBLIC)
        if letters:
            revoke = ddl.revoke([ref], letters, PUBLIC)
            yield Wanting(
                ref,
                f"everybody holds {privileges.names(letters)} on {ddl.label(ref)}: tenants would, too",
                f"grant it to those who need it by name, then {revoke}",
            )
    for column, acl in sorted(state.columns.items()):
        letters = privileges.letters(acl, PUBLIC)
        if letters and (table := table_of(state, column)) in told:
            yield Wanting(
                table,
                f"everybody holds {privileges.names(letters)} on {ddl.label(column)}: tenants would, too",
                f"grant it to those who need it by name, then {ddl.revoke_column(column, letters, PUBLIC)}",
            )
    for policy in context.taken:
        if (table := table_of(state, policy)) in told:
            yield Wanting(
                table,
                f"{ddl.label(policy)} was there before this walk under a name of its policies: the table is left alone",
                f"{_hidden(table)}; or take the walk back, rename it ({renamed(policy)}), and begin again",
            )
    for policy, facts in sorted(state.conditions.items()):
        table = table_of(state, policy)
        theirs = table in apart and not context.made_here(policy)
        if theirs and not facts.permissive and not context.guarded(table):
            yield Wanting(
                table,
                f"{ddl.label(policy)} is restrictive and would begin to count",
                f"drop it; or turn row-level security on for {ddl.label(table)} before this walk begins; or "
                f"{_hidden(table)}",
            )
    yield from far_away(context, apart)
    for ref, security in sorted(state.row_security.items()):
        if security.forced and ref in apart:
            line = f"ALTER TABLE {ddl.ident(ref.schema, ref.name)} NO FORCE ROW LEVEL SECURITY;"
            yield Wanting(
                ref,
                f"{ddl.label(ref)} has FORCE ROW LEVEL SECURITY: migrations change only the rows that policies show",
                line,
                line,
            )


def far_away(context: Context, apart: Iterable[ObjectRef]) -> Iterator[Wanting]:
    """Tables whose rows lie on other servers."""
    for ref in sorted(apart):
        if context.survey.structure.tables[ref].shards:
            what = "has partitions that are foreign tables: policies here are none where its rows lie"
            yield Wanting(ref, f"{ddl.label(ref)} {what}", f"bring them here, or {_hidden(ref)}")


def _hidden(table: ObjectRef) -> str:
    return f"keep tenants off it: [tenants.tables] hidden = [{quote(format_name(table.schema, table.name))}]"


def renamed(policy: ObjectRef) -> str:
    """The statement that gives a policy a name that no walk uses."""
    table, new = ddl.ident(policy.schema, policy.name), ddl.ident(f"{policy.args}_before")
    return f"ALTER POLICY {ddl.ident(policy.args)} ON {table} RENAME TO {new};"


def opened(state: State, context: Context, apart: Collection[ObjectRef]) -> Iterator[Wanting]:
    """Permissive policies for PUBLIC, which are for tenants too: the gate ``isolated`` would close on them."""
    for policy, facts in sorted(state.conditions.items()):
        table = table_of(state, policy)
        if table not in apart or not facts.permissive or PUBLIC not in state.policies.get(policy, ()):
            continue
        named = context.everyone(state, table)
        if (security := state.row_security.get(table)) is not None and security.forced:
            named |= {state.objects[table].owner}
        line = ddl.alter_policy(policy, named) if context.application in named else ""
        yield Wanting(
            table,
            f"{ddl.label(policy)} is for everybody, tenants too, and says other than whose a row is",
            line or f"ALTER POLICY {ddl.ident(policy.args)} … TO …, naming roles that are no tenants",
            line,
        )


def without_key(context: Context, apart: Mapping[ObjectRef, Belonging]) -> Iterator[Wanting]:
    """Keys that may be NULL (unless tenants read such rows), keys that no index begins with, and big tables without a
    key of their own.
    """
    for ref, one in sorted(apart.items()):
        table = context.survey.structure.tables[ref]
        first = one.links[0].columns if one.links else (one.column,)
        name = ddl.ident(ref.schema, ref.name)
        columns = [table.column(each) for each in first]
        open_ = [column.name for column in columns if column is not None and not column.not_null]
        if open_ and (context.tenants.null_rows == "hidden" or one.links):
            line = f"ALTER TABLE {name} ALTER COLUMN {ddl.ident(open_[0])} SET NOT NULL;"
            what = f"{open_[0]} of {ddl.label(ref)} may be NULL: such rows would be hidden from every tenant"
            yield Wanting(ref, what, line if one.links else f'{line} or [tenants] null_rows = "read"', line)
        if one.kind != "root" and first[0] not in table.leading:
            what = f"no index of {ddl.label(ref)} begins with {first[0]}"
            if ref.kind == "partitioned_table":  # of which the server builds no index concurrently
                line = f"CREATE INDEX ON {name} ({ddl.ident(first[0])});"
                slowly = "one CONCURRENTLY on each partition, attached to one made ON ONLY the table"
                yield Wanting(ref, what, f"{line} or, so that writers do not wait, {slowly}", line)
            else:
                line = f"CREATE INDEX CONCURRENTLY ON {name} ({ddl.ident(first[0])});"
                yield Wanting(ref, what, line, line)
        if one.links and table.rows > context.tenants.through_rows:
            yield Wanting(
                ref,
                f"{ddl.label(ref)} has about {table.rows:,.0f} rows and no key of its own: a tenant reads them all",
                f"add {ddl.ident(one.column)} to it, filled from {one.links[0].table}, or raise [tenants] through_rows",
            )
