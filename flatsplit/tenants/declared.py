"""What flatsplit.toml says about tables, and what of that does not fit the database."""

from __future__ import annotations

from collections.abc import Sequence

from flatsplit.config import Tenants, Way, format_name, parse_name, parse_way
from flatsplit.model import ForeignKey, ObjectRef, Table
from flatsplit.tenants.children import parents
from flatsplit.tenants.kinds import Belonging, TableKind, following
from flatsplit.tenants.known import KnownTables
from flatsplit.tenants.similarity import alike
from flatsplit.tenants.tree import PERSONS, persons, upward


class Decided:
    """Adds to ``known`` the kinds of tables that the configuration names, and what is wrong with what it says."""

    def __init__(self, tenants: Tenants, known: KnownTables) -> None:
        self.tenants = tenants
        self.known = known
        self.waiting = dict(tenants.through)

    def root(self) -> None:
        """Add the root and the type of its key, or what is wrong with the configured one."""
        root, said = self.known.root, f"root = {self.tenants.root}"
        if root is None:
            self.known.wrong.append(f"{said}: there is no such table in the schemas in scope")
        elif len(root.primary_key) != 1:
            named = f"has {len(root.primary_key)} columns ({', '.join(root.primary_key)})"
            has = named if root.primary_key else "is missing"
            self.known.wrong.append(
                f"{said}: its primary key {has}, and a tenant's key is one: name the table whose "
                "primary key is that one alone"
            )
        else:
            key = root.column(root.primary_key[0])
            assert key is not None
            if not key.builtin:
                self.known.wrong.append(
                    f"{said}: its key is of type {key.type}, not one of the server's own: name a table whose key is "
                    "text, uuid or a number, or give it such a key"
                )
                return
            self.known.key_type = key.type
            why = "its primary key is the key"
            if up := upward(root):
                why += f"; {up} leads to another row of it, and a tenant does not see the rows of those below it"
            if persons(root):
                why += f"; {PERSONS}"
            self.known.belongings[root.ref] = Belonging(root.ref, "root", key.name, why=why, decided=True)

    def tables(self) -> set[ObjectRef]:
        """Add the tables under ``shared``, ``hidden`` and ``own``, and return all tables that the configuration names.

        Those under ``through`` are returned too, and added by :meth:`ways`, once the tables they lead to are known.
        """
        found: set[ObjectRef] = set()
        whole: dict[TableKind, Sequence[str]] = {"shared": self.tenants.shared, "hidden": self.tenants.hidden}
        for kind, names in whole.items():
            for name in names:
                table = self._named(name, kind)
                if table is not None:
                    found.add(table.ref)
                    self.known.belongings[table.ref] = Belonging(table.ref, kind, why="decided", decided=True)
                    if kind == "shared" and (child := self._child(table)) is not None:
                        said = f"it shows the rows of its child {format_name(child.ref.schema, child.ref.name)}"
                        self.known.wrong.append(f"shared: {name}: {said}, which are a tenant's each: say hidden")
        for name, column in self.tenants.own:
            table = self._named(name, "own")
            if table is not None:
                found.add(table.ref)
                if self._fits(table, column):
                    self.known.belongings[table.ref] = Belonging(table.ref, "own", column, why="decided", decided=True)
        for name, _ in self.tenants.through:
            table = self._named(name, "through")
            if table is not None:
                found.add(table.ref)
        return found

    def _named(self, name: str, kind: str) -> Table | None:
        table = self.known.structure.get(*parse_name(name).parts)
        if table is None:
            self.known.wrong.append(f"{kind}: {name} is no table in the schemas in scope")
        elif table.parent:
            self.known.wrong.append(f"{kind}: {name} is a partition or child: say it of its parent")
            return None
        return table

    def _child(self, table: Table) -> Table | None:
        """A child of it that is a table of its own, having a column for the tenant's key that the parent lacks."""
        for child in self.known.structure.tables.values():
            if child.inherits and not child.parent and table in parents(self.known.structure, child):
                return child
        return None

    def _fits(self, table: Table, column: str) -> bool:
        found = table.column(column)
        said = format_name(table.ref.schema, table.ref.name)
        if found is None:
            self.known.wrong.append(f"own: {said} has no column {column!r}")
        elif self.known.key_type and not alike(found.type, self.known.key_type):
            self.known.wrong.append(f"own: {said}: {self.known.other_type(found)}")
        return found is not None and (not self.known.key_type or alike(found.type, self.known.key_type))

    def ways(self) -> bool:
        """Add the tables under ``through``, those nearest to the key first; returns whether any was added. Those that
        lead to a table whose kind is not known yet are left for the next call.
        """
        before = len(self.waiting)
        for _ in range(before):
            for name, text in list(self.waiting.items()):
                table = self.known.structure.get(*parse_name(name).parts)
                if table is None or table.parent:
                    del self.waiting[name]
                    continue
                key = self._declared(table, parse_way(text))
                if key is None:
                    said = f"through: {name} has no foreign key on {text}"
                    self.known.wrong.append(f"{said}: name the table, like {text} -> schema.table(column)")
                    del self.waiting[name]
                elif (found := self.known.over(table, key, "decided")) is not None:
                    self.known.belongings[table.ref] = found._replace(decided=True)
                    del self.waiting[name]
        return len(self.waiting) < before

    def ask(self) -> None:
        """Say of those that are left, and lead to a table that is asked about, that this one has to be said first."""
        for _ in range(len(self.waiting)):
            for name, text in list(self.waiting.items()):
                table = self.known.structure.get(*parse_name(name).parts)
                key = self._declared(table, parse_way(text)) if table is not None else None
                if table is not None and key is not None and key.target in self.known.open:
                    self.known.ask(following(table.ref, key.target))
                    del self.waiting[name]

    def left(self) -> None:
        """Say of those that are left that they lead nowhere."""
        for name, text in self.waiting.items():
            table = self.known.structure.get(*parse_name(name).parts)
            key = self._declared(table, parse_way(text)) if table is not None else None
            unlike = self.known.unlike(table, [key]) if table is not None and key is not None else ""
            said = f"through: {name} by {text} leads to no table with a key"
            self.known.wrong.append(f"through: {name}: {unlike}" if unlike else said)

    def _declared(self, table: Table, way: Way) -> ForeignKey | None:
        """The foreign key that the way means: one spelled out, declared or not, or the only one on these columns."""
        if way.table:
            target = self.known.structure.get(way.schema, way.table)
            columns = [table.column(name) for name in way.columns]
            targets = [target.column(name) for name in way.targets] if target else []
            if target is None or None in columns or None in targets:
                return None
            return ForeignKey(way.columns, target.ref, way.targets)
        found = [fk for fk in table.foreign_keys if fk.columns == way.columns]
        return found[0] if len(found) == 1 else None
