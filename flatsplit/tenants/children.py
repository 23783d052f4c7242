"""Children by inheritance: rows of a parent's, as those of its partitions are, or those of a table of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flatsplit.config import Tenants, parse_name
from flatsplit.model import Structure, Table
from flatsplit.tenants.similarity import names_for


def with_children(tenants: Tenants, structure: Structure) -> Structure:
    """The same tables; children that have the key, and whose parents have none, are no parts of these.

    Policies of a parent tell the rows of such a child apart by nothing, and count only where somebody asks the parent.
    """
    alone = {
        ref: replace(table, parent=False)
        for ref, table in structure.tables.items()
        if table.inherits
        and _keys(tenants, table) - {one for each in parents(structure, table) for one in _names(each)}
    }
    return Structure({**structure.tables, **alone}, structure.keys) if alone else structure


def parents(structure: Structure, table: Table) -> Iterator[Table]:
    """Whose child it is, over any number of generations."""
    for name in table.inherits:
        if (found := structure.get(*name)) is not None:
            yield found
            yield from parents(structure, found)


def _keys(tenants: Tenants, table: Table) -> set[str]:
    """Columns that may say whose its rows are."""
    said = {column for name, column in tenants.own if parse_name(name).parts == (table.ref.schema, table.ref.name)}
    likely = names_for(parse_name(tenants.root).parts[-1])
    return {
        name
        for name in _names(table)
        if name in said or (name in tenants.key if tenants.key else name.lower() in likely)
    }


def _names(table: Table) -> set[str]:
    return {column.name for column in table.columns}
