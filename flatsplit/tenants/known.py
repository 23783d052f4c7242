"""What is known of the tables in the course of a survey."""

from __future__ import annotations

from collections.abc import Iterable

from flatsplit.config import format_name
from flatsplit.model import Column, ForeignKey, ObjectRef, Structure, Table
from flatsplit.tenants.condition import Link
from flatsplit.tenants.kinds import APART, Belonging, Open
from flatsplit.tenants.similarity import alike, comparable


def undomained(table: Table, column: Column) -> str:
    """How to change a column from a domain to its base type, so that it can be a key, without rewriting the table.

    With a length or scale in the new type the server rewrites all rows, even though the domain already had it
    (ATColumnChangeRequiresRewrite() in tablecmds.c). For varchar the length can be a CHECK instead.
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
    """The kinds of tables found so far, beginning with the root."""

    def __init__(self, structure: Structure, root: Table | None) -> None:
        self.structure = structure
        self.root = root
        self.key_type = ""
        self.belongings: dict[ObjectRef, Belonging] = {}
        self.open: list[Open] = []
        self.wrong: list[str] = []

    def silent(self, tables: list[Table]) -> list[Table]:
        """Those of these tables that have no kind yet and about which nothing is asked."""
        spoken = {*self.belongings, *(one.ref for one in self.open)}
        return [table for table in tables if table.ref not in spoken]

    def over(self, table: Table, fk: ForeignKey, why: str) -> Belonging | None:
        """The kind of a table by this foreign key; None where it does not lead to a tenant's row."""
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
        """The message that a column has the key's name but another type, with the fix where its type is a domain."""
        said = f"{column.name} is {column.type}, and the key is {self.key_type}"
        domain = alike(column.base.partition("(")[0], self.key_type)
        return f"{said}: {undomained(table, column)}" if domain else said

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
                if mine is None or other is None or (mine.type == other.type and mine.builtin):
                    continue
                name = format_name(target.ref.schema, target.ref.name)
                said = f"{here} is {mine.type}, and {name} ({there}) {other.type}"
                strange = [(one, column) for one, column in ((table, mine), (target, other)) if column.base]
                return f"{said}: {undomained(*strange[0])}" if strange else f"{said}: they are not compared as they are"
        return ""
