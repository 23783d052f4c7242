"""What columns without a foreign key are named after."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from flatsplit.model import Column, ForeignKey, ObjectRef, Table
from flatsplit.tenants.kinds import Belonging
from flatsplit.tenants.known import KnownTables
from flatsplit.tenants.similarity import alike, called, words_of


class Named:
    """Guesses by the names of columns, given the kinds of tables known so far."""

    def __init__(self, known: KnownTables) -> None:
        self.known = known

    def guesses(self, table: Table) -> list[tuple[Column, Belonging]]:
        """Columns without a foreign key that are named after a table whose rows each belong to a tenant, each with the
        kind that would follow.
        """
        found = []
        for column, other, key in self._undeclared(table):
            fk = ForeignKey((column.name,), other.ref, (key.name,))
            if (one := self.known.over(table, fk, f"guess: {column.name} is called like it")) is not None:
                found.append((column, one))
        return found

    def after(self, table: Table) -> set[ObjectRef]:
        """Tables that columns without a foreign key are named after."""
        return {other.ref for _, other, _ in self._undeclared(table)}

    def _undeclared(self, table: Table) -> Iterator[tuple[Column, Table, Column]]:
        declared = {fk.columns[0] for fk in table.foreign_keys if len(fk.columns) == 1}
        return (found for found in self._names(table) if found[0].name not in declared)

    def _names(self, table: Table) -> Iterator[tuple[Column, Table, Column]]:
        """Columns named after another table, such as project_id or target_project_id, with that table and its key."""
        for column in table.columns:
            name = column.name.lower()
            shorter = [name[place:] for place in words_of(column.name)] if column.not_null else []
            for each in (name, *shorter):
                if any(other is table for other, _ in self._called.get(each, ())):
                    break  # registry_webhook_id of registry_webhooks is its own key, and no webhook's
                fits = [
                    (column, other, key)
                    for other, key in self._called.get(each, ())
                    if other is not table and alike(column.type, key.type)
                ]
                yield from fits
                if fits:
                    break

    @cached_property
    def _called(self) -> dict[str, list[tuple[Table, Column]]]:
        return called(self.known.structure)
