"""covered: nobody loses a row when row-level security comes, and tenants get no right that everybody has."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl, privileges
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import PUBLIC, GateResult
from flatsplit.walks.tenants.context import Context, table_of


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first table where somebody would lose rows, or get some."""
    found = list(_uncovered(asked))
    if not found:
        return GateResult("covered", True, f"all roles with rights on {len(asked.context.apart)} tables are named")
    what, fix = found[0]
    more = f" (and {len(found) - 1} more)" if found[1:] else ""
    return GateResult("covered", False, what + more, fix)


def _uncovered(asked: Asked[Context]) -> Iterator[tuple[str, str]]:
    state, context = asked.state, asked.context
    for ref in sorted(context.told):
        letters = privileges.letters(state.objects[ref].acl, PUBLIC)
        if letters:
            yield (
                f"everybody holds {privileges.names(letters)} on {ddl.label(ref)}: tenants would, too",
                f"grant it to those who need it by name, then {ddl.revoke([ref], letters, PUBLIC)}",
            )
    for column, acl in sorted(state.columns.items()):
        letters = privileges.letters(acl, PUBLIC)
        if letters and table_of(state, column) in context.told:
            yield (
                f"everybody holds {privileges.names(letters)} on {ddl.label(column)}: tenants would, too",
                f"grant it to those who need it by name, then {ddl.revoke_column(column, letters, PUBLIC)}",
            )
    for policy, facts in sorted(state.conditions.items()):
        table = table_of(state, policy)
        theirs = table in context.apart and not context.made_here(policy)
        if theirs and not facts.permissive and not context.guarded(table):
            yield (
                f"{ddl.label(policy)} is restrictive and would begin to count",
                f"drop it, or turn row-level security on for {ddl.label(table)} before this walk begins",
            )
    for ref, security in sorted(state.row_security.items()):
        if security.forced and ref in context.apart:
            yield (
                f"{ddl.label(ref)} has FORCE ROW LEVEL SECURITY: migrations change only the rows that policies show",
                f"ALTER TABLE {ddl.ident(ref.schema, ref.name)} NO FORCE ROW LEVEL SECURITY;",
            )


GATE = Gate("covered", judge)
