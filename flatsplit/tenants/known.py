"""What is known of the tables while they are looked at."""

from __future__ import annotations

from collections.abc import Iterable

from flatsplit.config import format_name
from flatsplit.model import Column, ForeignKey, ObjectRef, Structure, Table
from flatsplit.tenants.condition import Link
from flatsplit.tenants.kinds import APART, Belonging, Open
from flatsplit.tenants.similarity import alike, comparable


def undomained(table: Table, column: Column) -> str:
    """What makes a key of a column of a domain: no row is written, so it takes no longer for many.

    A length or scale would be applied to every row, though the domain had applied it (ATColumnChangeRequiresRewrite()
    in tablecmds.c): that of a text can be a CHECK as well.
    """
    base, bracket, _ = column.base.partition("(")
    keep = "its CHECK"
    if bracket and base == "character varying":
        keep = "its CHECK and its length, as another,"
    elif bracket:
        base = column.base
    writes = "the table" if "(" in base else "no row"
    name = format_name(table.ref.schema, table.ref.name)
    alter = f"ALTER TABLE {name} ALTER COLUMN {format_name(column.name)} TYPE {base};"
    return f"have a migration take the domain away, which writes {writes}, and keep {keep} on the table: {alter}"


class KnownTables:
    """It grows from the root outwards."""

    def __init__(self, structure: Structure, root: Table | None) -> None:
        self.structure = structure
        self.root = root
        self.key_type = ""
        self.belongings: dict[ObjectRef, Belonging] = {}
        self.open: list[Open] = []
        self.wrong: list[str] = []

    def silent(self, tables: list[Table]) -> list[Table]:
        """Those of which nothing is said yet."""
        spoken = {*self.belongings, *(one.ref for one in self.open)}
        return [table for table in tables if table.ref not in spoken]

    def over(self, table: Table, fk: ForeignKey, why: str) -> Belonging | None:
        """What a table is by way of this foreign key."""
        target = self.structure.get(fk.target.schema, fk.target.name)
        parent = self.belongings.get(target.ref) if target is not None else None
        if target is None or parent is None or parent.ref == table.ref or parent.kind not in APART:
            return None
        if not comparable(table, fk, target):
            return None
        link = Link(parent.ref.schema, parent.ref.name, fk.columns, fk.targets)
        if parent.kind == "root" and fk.targets == (parent.column,):
            return Belonging(table.ref, "own", fk.columns[0], why=why)
        return Belonging(table.ref, "through", parent.column, (link, *parent.links), why)

    def other_type(self, table: Table, column: Column) -> str:
        """That a column called like the key is of another type, and what would make it one."""
        said = f"{column.name} is {column.type}, and the key is {self.key_type}"
        domain = alike(column.base.partition("(")[0], self.key_type)
        return f"{said}: {undomained(table, column)}" if domain else said

    def unlike(self, table: Table, keys: Iterable[ForeignKey]) -> str:
        """Which of these foreign keys of it would lead to a tenant, were it not for the types of its columns."""
        for fk in keys:
            target = self.structure.get(fk.target.schema, fk.target.name)
            parent = self.belongings.get(fk.target)
            if target is None or parent is None or target is table or parent.kind not in APART:
                continue
            if comparable(table, fk, target):
                continue
            for here, there in zip(fk.columns, fk.targets, strict=True):
                mine, other = table.column(here), target.column(there)
                if mine is None or other is None or (mine.type == other.type and mine.builtin):
                    continue
                name = format_name(target.ref.schema, target.ref.name)
                said = f"{here} is {mine.type}, and {name} ({there}) {other.type}"
                strange = [(one, column) for one, column in ((table, mine), (target, other)) if column.base]
                return f"{said}: {undomained(*strange[0])}" if strange else f"{said}: they are not compared as they are"
        return ""
