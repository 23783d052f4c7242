"""What each table is to a tenant, as far as keys and names tell. A guess is called one, and two ways are a question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from flatsplit.config import Tenants, Way, format_name, format_way, parse_name, parse_way
from flatsplit.model import Column, ForeignKey, ObjectRef, Structure, Table
from flatsplit.tenants.condition import Link
from flatsplit.tenants.kinds import Belonging, Open
from flatsplit.tenants.likeness import alike, called, leads_to, momentary, must, names_for, reaching, words_of
from flatsplit.tenants.lonely import format_ref, lonely
from flatsplit.tenants.surveyed import Survey


def survey(tenants: Tenants, structure: Structure) -> Survey:
    """What each table is, given what the configuration says. Worked out once for the same tables."""
    found = structure.worked_out.get(tenants)
    if not isinstance(found, Survey) or found.structure.tables is not structure.tables:
        found = structure.worked_out[tenants] = _Surveyor(tenants, structure).survey()
    return found if found.structure is structure else replace(found, structure=structure)


class _Surveyor:
    """From the root outwards."""

    def __init__(self, tenants: Tenants, structure: Structure) -> None:
        self.tenants = tenants
        self.structure = structure
        self.known: dict[ObjectRef, Belonging] = {}
        self.open: list[Open] = []
        self.wrong: list[str] = []
        self.doubtful: dict[ObjectRef, Belonging] = {}  # by a foreign key to the root that is called otherwise
        self.root = structure.get(*parse_name(tenants.root).parts)
        self.key_type = ""

    def survey(self) -> Survey:
        self._root()
        decided = self._decided()
        tables = [table for table in self.structure.tables.values() if not table.parent and table.ref not in self.known]
        rest = [table for table in tables if table.ref not in decided]
        for table in rest if self.key_type else ():
            self._by_column(table)
        self._otherwise()
        self._by_way(self._silent(rest))
        self._decided_ways()
        self._by_way(self._silent(rest))
        self._by_name(self._silent(rest))
        return Survey(
            self.tenants,
            self.structure,
            self.root,
            self.key_type,
            dict(sorted(self.known.items())),
            tuple(sorted(self.open)),
            tuple(self.wrong),
        )

    def _silent(self, tables: list[Table]) -> list[Table]:
        """Those of which nothing is said yet."""
        spoken = {*self.known, *(one.ref for one in self.open)}
        return [table for table in tables if table.ref not in spoken]

    def _root(self) -> None:
        root = self.root
        if root is None:
            self.wrong.append(f"root = {self.tenants.root}: there is no such table in the schemas in scope")
        elif len(root.primary_key) != 1:
            named = f"has {len(root.primary_key)} columns ({', '.join(root.primary_key)})"
            has = named if root.primary_key else "is missing"
            self.wrong.append(
                f"root = {self.tenants.root}: its primary key {has}, and a tenant's key is one: name the table whose "
                "primary key is that one alone"
            )
        else:
            key = root.column(root.primary_key[0])
            assert key is not None
            if not key.builtin:
                said = f"root = {self.tenants.root}: its key is of type {key.type}, not one of the server's own"
                self.wrong.append(f"{said}: name a table whose key is text, uuid or a number, or give it such a key")
                return
            self.key_type = key.type
            self.known[root.ref] = Belonging(root.ref, "root", key.name, why="its primary key is the key", decided=True)

    # -- what the configuration says

    def _decided(self) -> set[ObjectRef]:
        """Tables that it speaks of; those on a way wait until it is known where that leads."""
        found: set[ObjectRef] = set()
        for kind, names in (("shared", self.tenants.shared), ("hidden", self.tenants.hidden)):
            for name in names:
                table = self._named(name, kind)
                if table is not None:
                    found.add(table.ref)
                    self.known[table.ref] = Belonging(table.ref, kind, why="decided", decided=True)  # type: ignore[arg-type]  # shared or hidden
        for name, column in self.tenants.own:
            table = self._named(name, "own")
            if table is not None:
                found.add(table.ref)
                if self._fits(table, column):
                    self.known[table.ref] = Belonging(table.ref, "own", column, why="decided", decided=True)
        for name, _ in self.tenants.through:
            table = self._named(name, "through")
            if table is not None:
                found.add(table.ref)
        return found

    def _named(self, name: str, kind: str) -> Table | None:
        table = self.structure.get(*parse_name(name).parts)
        if table is None:
            self.wrong.append(f"{kind}: {name} is no table in the schemas in scope")
        elif table.parent:
            self.wrong.append(f"{kind}: {name} is a partition or child: say it of its parent")
            return None
        return table

    def _fits(self, table: Table, column: str) -> bool:
        found = table.column(column)
        said = format_name(table.ref.schema, table.ref.name)
        if found is None:
            self.wrong.append(f"own: {said} has no column {column!r}")
        elif self.key_type and not alike(found.type, self.key_type):
            self.wrong.append(f"own: {said}.{column} is {found.type}, and the key is {self.key_type}")
        return found is not None and (not self.key_type or alike(found.type, self.key_type))

    def _decided_ways(self) -> None:
        """Ways that the configuration names, nearest to the key first."""
        waiting = dict(self.tenants.through)
        for _ in range(len(waiting)):
            for name, text in list(waiting.items()):
                table = self.structure.get(*parse_name(name).parts)
                if table is None or table.parent:
                    del waiting[name]
                    continue
                key = self._declared(table, parse_way(text))
                if key is None:
                    said = f"through: {name} has no foreign key on {text}"
                    self.wrong.append(f"{said}: name the table, like {text} -> schema.table(column)")
                    del waiting[name]
                elif (found := self._over(table, key, "decided")) is not None:
                    self.known[table.ref] = found._replace(decided=True)
                    del waiting[name]
        self.wrong += [f"through: {name} by {text} leads to no table with a key" for name, text in waiting.items()]

    def _declared(self, table: Table, way: Way) -> ForeignKey | None:
        """The foreign key that is meant, or one that is not declared and spelled out."""
        if way.table:
            target = self.structure.get(way.schema, way.table)
            columns = [table.column(name) for name in way.columns]
            targets = [target.column(name) for name in way.targets] if target else []
            if target is None or None in columns or None in targets:
                return None
            return ForeignKey(way.columns, target.ref, way.targets)
        found = [fk for fk in table.foreign_keys if fk.columns == way.columns]
        return found[0] if len(found) == 1 else None

    # -- what keys and names say

    def _by_column(self, table: Table) -> None:
        """A column of its own: by a foreign key to the root, or by its name."""
        assert self.root is not None
        keys = {fk.columns[0] for fk in table.foreign_keys if leads_to(fk, self.root)}
        leading_away = {fk.columns[0] for fk in table.foreign_keys if len(fk.columns) == 1} - keys
        known = set(self.tenants.key) if self.tenants.key else set()
        named = {
            column.name
            for column in table.columns
            if (column.name in known if known else column.name.lower() in names_for(self.root.ref.name))
            and alike(column.type, self.key_type)
            and column.name not in leading_away
        }
        found = sorted(keys | named)
        if not found:
            if guesses := self._called_like_it(table, leading_away):
                said = f"{guesses[0].column} is called like the key and is none of [tenants] key"
                self.open.append(Open(table.ref, said, guesses))
            return
        choices = tuple(
            Belonging(table.ref, "own", name, why="foreign key to the root" if name in keys else "by its name")
            for name in found
        )
        if len(found) > 1:
            self.open.append(Open(table.ref, f"{len(found)} columns name a tenant: {', '.join(found)}", choices))
        elif momentary(found[0]) and found[0] not in known:
            said = f"{found[0]} may say which tenant a row points at for the moment, and not whose it is"
            self.open.append(Open(table.ref, said, choices))
        elif found[0] in known or found[0].lower() in names_for(self.root.ref.name):
            self.known[table.ref] = choices[0]
        else:
            self.doubtful[table.ref] = choices[0]

    def _otherwise(self) -> None:
        """Shared with another tenant, say: where a row is another row's, too, it is asked which of them counts."""
        kept = (ref for ref, one in self.known.items() if one.kind not in ("shared", "hidden"))
        told = reaching(self.structure, {*kept, *self.doubtful})
        for ref, one in self.doubtful.items():
            table = self.structure.tables[ref]
            ways = [
                fk
                for fk in table.foreign_keys
                if fk.columns != (one.column,) and fk.target != ref and fk.target in told and must(table, fk)
            ]
            if ways:
                said = (
                    f"{one.column}, called otherwise than the key, names a tenant; so does {format_way(_way(ways[0]))}"
                )
                others = (self._by(ref, fk) for fk in ways)
                self.open.append(Open(ref, said, (*others, one)))
            else:
                self.known[ref] = one

    def _by(self, ref: ObjectRef, fk: ForeignKey) -> Belonging:
        """By way of a table of which it is not known yet what it is."""
        link = Link(fk.target.schema, fk.target.name, fk.columns, fk.targets)
        return Belonging(ref, "through", links=(link,), why=f"foreign key {', '.join(fk.columns)}")

    def _called_like_it(self, table: Table, leading_away: set[str]) -> tuple[Belonging, ...]:
        """Columns that the configuration does not name, and that look as if it should."""
        assert self.root is not None
        return tuple(
            Belonging(table.ref, "own", column.name, why="guess: called like the key")
            for column in table.columns
            if column.name.lower() in names_for(self.root.ref.name)
            and alike(column.type, self.key_type)
            and column.name not in leading_away
        )

    def _by_way(self, tables: list[Table]) -> None:
        """The shortest way of declared foreign keys; one that must be set before one that may be missing."""
        waiting = list(tables)
        while waiting:
            found: dict[ObjectRef, Belonging | Open] = {}
            for table in waiting:
                if (one := self._next_to(table)) is not None:
                    found[table.ref] = one
            if not found:
                return
            for ref, one in found.items():
                if isinstance(one, Open):
                    self.open.append(one)
                else:
                    self.known[ref] = one
            waiting = [table for table in waiting if table.ref not in found]

    def _next_to(self, table: Table) -> Belonging | Open | None:
        """What it is if one of its foreign keys leads to a table whose rows are told apart already."""
        ways = [
            ((not must(table, fk), len(fk.columns)), fk, found)
            for fk in table.foreign_keys
            if (found := self._over(table, fk, f"foreign key {', '.join(fk.columns)}")) is not None
        ]
        if not ways:
            return None
        best = min(loose for loose, _, _ in ways)
        equal = [(fk, found) for loose, fk, found in ways if loose == best]
        may_be_null = best[0]
        sure = [one for column, one in self._guesses(table) if column.not_null] if may_be_null else []
        if sure:
            said = f"{sure[0].why}, and {', '.join(equal[0][0].columns)}, which is declared, may be NULL"
            return Open(table.ref, said, (*sure, *(one for _, one in equal)))
        if len({(fk.columns, fk.target) for fk, _ in equal}) > 1:
            said = ", ".join(format_way(_way(fk)) for fk, _ in equal)
            return Open(table.ref, f"{len(equal)} ways lead to a tenant: {said}", tuple(one for _, one in equal))
        found = equal[0][1]
        return found._replace(why=f"{found.why}; may be NULL, and is hidden then") if may_be_null else found

    def _over(self, table: Table, fk: ForeignKey, why: str) -> Belonging | None:
        """What a table is by way of this foreign key."""
        target = self.structure.get(fk.target.schema, fk.target.name)
        parent = self.known.get(target.ref) if target is not None else None
        if parent is None or parent.ref == table.ref or parent.kind not in ("root", "own", "through"):
            return None
        link = Link(parent.ref.schema, parent.ref.name, fk.columns, fk.targets)
        if parent.kind == "root" and fk.targets == (parent.column,):
            return Belonging(table.ref, "own", fk.columns[0], why=why)
        return Belonging(table.ref, "through", parent.column, (link, *parent.links), why)

    def _guesses(self, table: Table) -> list[tuple[Column, Belonging]]:
        """Columns without a foreign key that are called like a row of a table whose rows are told apart."""
        declared = {fk.columns[0] for fk in table.foreign_keys if len(fk.columns) == 1}
        found = []
        for column, other, key in self._names(table):
            if column.name not in declared:
                fk = ForeignKey((column.name,), other.ref, (key.name,))
                if (one := self._over(table, fk, f"guess: {column.name} is called like it")) is not None:
                    found.append((column, one))
        return found

    def _names(self, table: Table) -> Iterator[tuple[Column, Table, Column]]:
        """Columns that are called like a row of another table, with that and its key: project_id, target_project_id."""
        for column in table.columns:
            name = column.name.lower()
            shorter = [name[place:] for place in words_of(column.name)] if column.not_null else []
            for each in (name, *shorter):
                fits = [
                    (column, other, key)
                    for other, key in self._called.get(each, ())
                    if other is not table and alike(column.type, key.type)
                ]
                yield from fits
                if fits:
                    break

    def _by_name(self, tables: list[Table]) -> None:
        """A guess by name, which has to be confirmed; what leads to such a table waits; the rest is hidden."""
        waiting = {table.ref: table for table in tables}
        for table in tables:
            if guesses := tuple(one for _, one in self._guesses(table)):
                said = "a guess by name" if len(guesses) == 1 else f"{len(guesses)} guesses by name"
                self.open.append(Open(table.ref, f"{said}, no foreign key is declared", guesses))
                del waiting[table.ref]
        while True:
            open_ = {one.ref for one in self.open}
            follows = {}
            for ref, table in waiting.items():
                leads = {*(fk.target for fk in table.foreign_keys), *self._named_by(table)}
                if first := min(leads & open_, default=None):
                    follows[ref] = first
            if not follows:
                break
            for ref, first in follows.items():
                said = f"follows from {format_ref(first)}, of which it has to be said first"
                self.open.append(Open(ref, said))
                del waiting[ref]
        for ref, table in waiting.items():
            self.known[ref] = Belonging(ref, "hidden", why=self._why_hidden(table))

    def _why_hidden(self, table: Table) -> str:
        """That its key is of another type, or what else is wanting."""
        names = {*self.tenants.key, *(names_for(self.root.ref.name) if self.root else ())}
        for column in table.columns if self.key_type else ():
            if column.name in names and not alike(column.type, self.key_type):
                return f"{column.name} is {column.type}, and the key is {self.key_type}"
        return lonely(table, self.structure, self.known)

    def _named_by(self, table: Table) -> set[ObjectRef]:
        """Tables of which a row may be named by a column without a foreign key."""
        declared = {fk.columns[0] for fk in table.foreign_keys if len(fk.columns) == 1}
        return {other.ref for column, other, _ in self._names(table) if column.name not in declared}

    @cached_property
    def _called(self) -> dict[str, list[tuple[Table, Column]]]:
        return called(self.structure)


def _way(fk: ForeignKey) -> Way:
    return Way(fk.columns, fk.target.schema, fk.target.name, fk.targets)
