"""keys: every table whose rows are told apart has a key that is always there and quickly found."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.walks.tenants.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Closed where a key may be NULL (unless such rows are read), where no index begins with it, and for long ways."""
    found = list(_wanting(asked.context))
    if not found:
        return GateResult("keys", True, f"{len(asked.context.apart)} tables have a key that is NOT NULL and indexed")
    what, fix = found[0]
    more = f" (and {len(found) - 1} more)" if found[1:] else ""
    return GateResult("keys", False, what + more, fix)


def _wanting(context: Context) -> Iterator[tuple[str, str]]:
    for ref, one in sorted(context.apart.items()):
        table = context.survey.structure.tables[ref]
        first = one.links[0].columns if one.links else (one.column,)
        name = ddl.ident(ref.schema, ref.name)
        columns = [table.column(each) for each in first]
        open_ = [column.name for column in columns if column is not None and not column.not_null]
        if open_ and (context.tenants.null_rows == "hidden" or one.links):
            fix = f"ALTER TABLE {name} ALTER COLUMN {ddl.ident(open_[0])} SET NOT NULL;"
            yield (
                f"{open_[0]} of {ddl.label(ref)} may be NULL: such rows would be hidden from every tenant",
                fix if one.links else f'{fix} or [tenants] null_rows = "read"',
            )
        if one.kind != "root" and first[0] not in table.leading:
            yield (
                f"no index of {ddl.label(ref)} begins with {first[0]}",
                f"CREATE INDEX CONCURRENTLY ON {name} ({ddl.ident(first[0])});",
            )
        if one.links and table.rows > context.tenants.through_rows:
            yield (
                f"{ddl.label(ref)} has about {table.rows:,.0f} rows and no key of its own: a tenant reads them all",
                f"add {ddl.ident(one.column)} to it, filled from {one.links[0].table}, or raise [tenants] through_rows",
            )


GATE = Gate("keys", judge)
