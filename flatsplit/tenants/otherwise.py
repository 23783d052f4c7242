"""Which tables' rows another foreign key gives to a tenant than a column that is called otherwise than the key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from flatsplit.model import ForeignKey, ObjectRef, Structure, Table
from flatsplit.tenants.kinds import Belonging
from flatsplit.tenants.similarity import deed, must, reaching


def ways(
    structure: Structure, doubtful: Mapping[ObjectRef, Belonging], told: Collection[ObjectRef]
) -> dict[ObjectRef, list[ForeignKey]]:
    """The foreign keys by which a row of these tables could be another tenant's than its column says, by table; none
    where they lead only to rows that name their tenant by the same column: owner_org of releases and of their apps.

    ``doubtful``: tables with a foreign key to the root whose column has another name than the key. ``told``: tables
    whose rows are tenants'.
    """
    found = {ref: _beside(structure.tables[ref], one, told) for ref, one in doubtful.items()}
    agreed = {ref for ref, beside in found.items() if not beside}
    while more := {
        ref
        for ref, beside in found.items()
        if ref not in agreed
        and all(fk.target in agreed and doubtful[fk.target].column == doubtful[ref].column for fk in beside)
    }:
        agreed |= more
    return {ref: [] if ref in agreed else beside for ref, beside in found.items()}


def _beside(table: Table, one: Belonging, told: Collection[ObjectRef]) -> list[ForeignKey]:
    """The other foreign keys of a table that lead to tenants' rows: those that are never NULL, where its column for the
    tenant is not either, and else those that may be as well, without who did something.
    """
    column = table.column(one.column)
    always = column is not None and column.not_null
    return [
        fk
        for fk in table.foreign_keys
        if fk.columns != (one.column,)
        and fk.target != table.ref
        and fk.target in told
        and (must(table, fk) or not (always or any(map(deed, fk.columns))))
    ]


def leading(
    structure: Structure, table: Table, kept: Collection[ObjectRef], ways_: Sequence[ForeignKey]
) -> list[ForeignKey]:
    """Those of its foreign keys that lead to one of the tables ``kept``, and not back through the table itself."""
    told = reaching(structure, kept, beside=table.ref) if ways_ else ()
    return [fk for fk in ways_ if fk.target in told]
