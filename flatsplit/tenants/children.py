"""Children by inheritance: treated as a part of their parent, like partitions, or as a table of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flatsplit.config import Tenants, parse_name
from flatsplit.model import Structure, Table
from flatsplit.tenants.similarity import names_for


def with_children(tenants: Tenants, structure: Structure) -> Structure:
    """The structure in which children that have a column for the tenant's key, which their parents lack, are tables of
    their own.

    A policy of the parent could not use that column, and it has no effect where the child is read directly.
    """
    alone = {
        ref: replace(table, parent=False)
        for ref, table in structure.tables.items()
        if table.inherits
        and _keys(tenants, table) - {one for each in parents(structure, table) for one in _names(each)}
    }
    return Structure({**structure.tables, **alone}, structure.keys) if alone else structure


def parents(structure: Structure, table: Table) -> Iterator[Table]:
    """All tables that it inherits from, directly or not."""
    for name in table.inherits:
        if (found := structure.get(*name)) is not None:
            yield found
            yield from parents(structure, found)


def _keys(tenants: Tenants, table: Table) -> set[str]:
    """Names of its columns that may hold the tenant's key."""
    said = {column for name, column in tenants.own if parse_name(name).parts == (table.ref.schema, table.ref.name)}
    likely = names_for(parse_name(tenants.root).parts[-1])
    return {
        name
        for name in _names(table)
        if name in said or (name in tenants.key if tenants.key else name.lower() in likely)
    }


def _names(table: Table) -> set[str]:
    return {column.name for column in table.columns}
