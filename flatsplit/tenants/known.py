"""What is known of the tables in the course of a survey."""

from __future__ import annotations

from collections.abc import Iterable

from flatsplit.config import format_name
from flatsplit.model import Column, ForeignKey, ObjectRef, Structure, Table
from flatsplit.tenants.condition import Link
from flatsplit.tenants.kinds import APART, Belonging, Open
from flatsplit.tenants.prefixes import names_of
from flatsplit.tenants.similarity import comparable, compared, must


def _kind(column: Column) -> str:
    """A column's type with its collation, where that is not the database's."""
    return column.type if not column.collation or not column.builtin else f"{column.type} COLLATE {column.collation}"


class KnownTables:
    """The kinds of tables found so far, beginning with the root."""

    def __init__(self, structure: Structure, root: Table | None) -> None:
        self.structure = structure
        self.root = root
        self.key_type = ""
        self.belongings: dict[ObjectRef, Belonging] = {}
        self.open: dict[ObjectRef, Open] = {}
        self.wrong: list[str] = []

    def ask(self, one: Open) -> None:
        """Leave the kind of this table to somebody to decide."""
        self.open[one.ref] = one

    def silent(self, tables: list[Table]) -> list[Table]:
        """Those of these tables that have no kind yet and about which nothing is asked."""
        spoken = {*self.belongings, *self.open}
        return [table for table in tables if table.ref not in spoken]

    def outward(self, table: Table) -> list[ForeignKey]:
        """Its foreign keys, without those to what it only has."""
        return [fk for fk in table.foreign_keys if not self._has(table, fk)]

    def _has(self, table: Table, fk: ForeignKey) -> bool:
        """Whether a foreign key leads to what a row has, and not to whose it is: a user's avatar_asset_id, where each
        asset has a user_id.

        It may be NULL and is called otherwise than what it leads to, and a plainly called one leads back from there.
        """
        target = self.structure.get(fk.target.schema, fk.target.name)
        if target is None or target is self.root or target is table or len(fk.columns) > 1 or must(table, fk):
            return False
        back = {one.columns[0].lower() for one in target.foreign_keys if one.target == table.ref}
        called = {name.replace("_", "") for name in names_of(target.ref.name, self.structure)}
        plainly = fk.columns[0].lower().replace("_", "") in called
        return not plainly and not back.isdisjoint(names_of(table.ref.name, self.structure))

    def over(self, table: Table, fk: ForeignKey, why: str) -> Belonging | None:
        """The kind of a table by this foreign key; None where it does not lead to a tenant's row."""
        target = self.structure.get(fk.target.schema, fk.target.name)
        parent = self.belongings.get(target.ref) if target is not None else None
        if target is None or parent is None or parent.ref == table.ref or parent.kind not in APART:
            return None
        if not comparable(table, fk, target):
            return None
        link = Link(parent.ref.schema, parent.ref.name, fk.columns, fk.targets)
        if not parent.links and parent.column in fk.targets and (len(fk.columns) == 1 or must(table, fk)):
            # A foreign key of several columns is not checked where one of them is NULL (MATCH SIMPLE)
            return Belonging(table.ref, "own", fk.columns[fk.targets.index(parent.column)], why=why)
        return Belonging(table.ref, "through", parent.column, (link, *parent.links), why)

    def other_type(self, column: Column) -> str:
        """The message that a column has the key's name but another type."""
        return f"{column.name} is {column.type}, and the key is {self.key_type}"

    def unlike(self, table: Table, keys: Iterable[ForeignKey]) -> str:
        """The message about the first of these foreign keys that would lead to a tenant's row if the types of its
        columns were comparable; "" where there is none.
        """
        for fk in keys:
            target = self.structure.get(fk.target.schema, fk.target.name)
            parent = self.belongings.get(fk.target)
            if target is None or parent is None or target is table or parent.kind not in APART:
                continue
            if comparable(table, fk, target):
                continue
            for here, there in zip(fk.columns, fk.targets, strict=True):
                mine, other = table.column(here), target.column(there)
                if mine is None or other is None or compared(mine, other):
                    continue
                name = format_name(target.ref.schema, target.ref.name)
                said = f"{here} is {_kind(mine)}, and {name} ({there}) {_kind(other)}"
                return f"{said}: they are not compared as they are"
        return ""
