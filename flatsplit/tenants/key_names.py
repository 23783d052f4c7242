"""Which columns are called like the tenant's key."""

from __future__ import annotations

from functools import cached_property

from flatsplit.config import Tenants
from flatsplit.model import Structure, Table
from flatsplit.tenants.kinds import Belonging
from flatsplit.tenants.prefixes import bare_names, names_of, plain
from flatsplit.tenants.similarity import alike, second_keys, words_of


class KeyNames:
    """The names that the configuration gives to the key, and those that usually refer to the root."""

    def __init__(self, tenants: Tenants, root: Table | None, structure: Structure) -> None:
        self.given = frozenset(tenants.key)
        self.root = root
        self.structure = structure

    @cached_property
    def usual(self) -> frozenset[str]:
        """The usual names of a column that refers to the root, in lower case; not those of its other keys."""
        names = names_of(self.root.ref.name, self.structure) if self.root is not None else ()
        return frozenset(names) - self._second

    @cached_property
    def _second(self) -> set[str]:
        """Names by which foreign keys lead to another key of the root than its primary key."""
        return {name for name, (ref, _) in second_keys(self.structure).items() if self.root and ref == self.root.ref}

    def fits(self, table: Table, column: str) -> bool:
        """Whether a column is called like the key: as the configuration says, or as usual where that says nothing.

        What all columns of its table begin with does not count.
        """
        short = plain(table, column)
        if self.given:
            return not self.given.isdisjoint((column, short))
        return not self.usual.isdisjoint((column.lower(), short.lower()))

    def usually(self, table: Table, column: str) -> bool:
        """Whether a column is called as the configuration says, or as usual."""
        return column in self.given or self.fits(table, column) or column.lower() in self.usual

    def ending(self, table: Table, key_type: str, but: str) -> list[str]:
        """Columns without a foreign key that may not be NULL and whose last words are a name of the key, as in
        source_project_id. ``but``: not this one, nor one that begins like the table.
        """
        declared = {name for fk in table.foreign_keys for name in fk.columns}
        names = {name.lower() for name in self.given} | self.usual
        own = set(names_of(table.ref.name, self.structure))
        return [
            column.name
            for column in table.columns
            if column.not_null
            and column.name not in declared | {but}
            and column.name.lower() not in own
            and any(column.name[place:].lower() in names for place in words_of(column.name))
            and alike(column.type, key_type)
        ]

    def guesses(self, table: Table, key_type: str, but: set[str]) -> tuple[Belonging, ...]:
        """Choices for columns that are called like the root and not as the configuration says. ``but``: not these."""
        if self.root is None:
            return ()
        names = self.usual | (bare_names(self.root.ref.name, self.structure) - self._second)
        return tuple(
            Belonging(table.ref, "own", column.name, why="guess: called like the key")
            for column in table.columns
            if not names.isdisjoint((column.name.lower(), plain(table, column.name).lower()))
            and alike(column.type, key_type)
            and column.name not in but
        )
