"""Finds what each table is to a tenant, by foreign keys and by names.

A kind that is only guessed by a name, or that can be found in several ways, is left to somebody to decide.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from flatsplit.config import Tenants, Way, format_way, parse_name
from flatsplit.model import ForeignKey, ObjectRef, Structure, Table
from flatsplit.tenants import otherwise
from flatsplit.tenants.candidates import holding
from flatsplit.tenants.children import with_children
from flatsplit.tenants.condition import Link
from flatsplit.tenants.declared import Decided
from flatsplit.tenants.key_names import KeyNames
from flatsplit.tenants.kinds import APART, Belonging, Open, following
from flatsplit.tenants.known import KnownTables
from flatsplit.tenants.named import Named
from flatsplit.tenants.similarity import (
    alike,
    comparable,
    doubt,
    leads_to,
    momentary,
    must,
    reaching,
)
from flatsplit.tenants.surveyed import Survey
from flatsplit.tenants.unrelated_tables import lonely

_HIDDEN = "may be NULL, and is hidden then"


def survey(tenants: Tenants, structure: Structure) -> Survey:
    """What each table is to a tenant, given what the configuration says. Cached in the structure."""
    found = structure.worked_out.get(tenants)
    if not isinstance(found, Survey) or found.structure.tables is not structure.tables:
        found = _Surveyor(tenants, with_children(tenants, structure)).survey()
        structure.worked_out[tenants] = found = replace(found, structure=structure)
    return found if found.structure is structure else replace(found, structure=structure)


class _Surveyor:
    """Finds the kinds of tables, beginning with the root and following references to it."""

    def __init__(self, tenants: Tenants, structure: Structure) -> None:
        self.tenants = tenants
        self.structure = structure
        self.known = KnownTables(structure, structure.get(*parse_name(tenants.root).parts))
        self.keys = KeyNames(tenants, self.known.root, structure)
        self.named = Named(self.known)
        self.doubtful: dict[ObjectRef, Belonging] = {}  # by a foreign key to the root whose column has another name

    def survey(self) -> Survey:
        known, decided = self.known, Decided(self.tenants, self.known)
        decided.root()
        spoken = decided.tables()
        tables = [one for one in self.structure.tables.values() if not one.parent and one.ref not in known.belongings]
        rest = [table for table in tables if table.ref not in spoken]
        for table in rest if known.key_type else ():
            self._by_column(table)
        self._otherwise()
        self._loose(rest)
        self._by_way(known.silent(rest))
        while decided.ways():  # a way may lead to a table that is found by what has been decided of another
            self._by_way(known.silent(rest))
        decided.ask()
        self._by_name(known.silent(rest))
        decided.ask()
        decided.left()
        return Survey(
            self.tenants,
            self.structure,
            known.root,
            known.key_type,
            dict(sorted(known.belongings.items())),
            tuple(sorted(known.open.values())),
            tuple(known.wrong),
        )

    # -- what keys and names say

    def _by_column(self, table: Table) -> None:
        """Find a table's own column for the tenant's key: by a foreign key to the root, or by its name."""
        assert self.known.root is not None
        root = self.known.root
        keys = {fk.columns[0] for fk in table.foreign_keys if leads_to(fk, root) and comparable(table, fk, root)}
        handed = {name for ref, name in self._held if ref == table.ref}
        leading_away = {fk.columns[0] for fk in table.foreign_keys if len(fk.columns) == 1} - keys - handed
        known = set(self.tenants.key)
        named = {
            column.name
            for column in table.columns
            if self.keys.fits(table, column.name)
            and alike(column.type, self.known.key_type)
            and column.name not in leading_away
        }
        found = sorted(keys | named)
        if not found:
            if guesses := self.keys.guesses(table, self.known.key_type, leading_away):
                said = f"{guesses[0].column} is called like the key and is none of [tenants] key"
                self.known.ask(Open(table.ref, said, guesses))
            return
        choices = tuple(
            Belonging(table.ref, "own", name, why="foreign key to the root" if name in keys else "by its name")
            for name in found
        )
        if len(found) > 1:
            self.known.ask(Open(table.ref, f"{len(found)} columns name a tenant: {', '.join(found)}", choices))
        elif momentary(found[0]) and found[0] not in known:
            said = f"{found[0]} may say which tenant a row points at for the moment, and not whose it is"
            self.known.ask(Open(table.ref, said, choices))
        elif self.keys.usually(table, found[0]):
            self.known.belongings[table.ref] = choices[0]
        else:
            self.doubtful[table.ref] = choices[0]

    def _otherwise(self) -> None:
        """Decide the doubtful tables: ``own``, or a question where another foreign key leads to a tenant too, or the
        name of another column does: source_project_id beside target_project_id.

        The column of another name could then be a tenant with whom the row is only shared.
        """
        kept = {ref for ref, one in self.known.belongings.items() if one.kind not in ("shared", "hidden")}
        kept |= self.doubtful.keys()
        found = otherwise.ways(self.structure, self.doubtful, reaching(self.structure, kept))
        for ref, one in self.doubtful.items():
            table = self.structure.tables[ref]
            if ways := otherwise.leading(self.structure, table, kept, found[ref]):
                said = (
                    f"{one.column}, called otherwise than the key, names a tenant; so does {format_way(_way(ways[0]))}"
                )
                others = (self._by(ref, fk) for fk in ways)
                self.known.ask(Open(ref, said, (*others, one)))
            elif named := self.keys.ending(table, self.known.key_type, one.column):
                said = f"{1 + len(named)} columns name a tenant: {', '.join(sorted((one.column, *named)))}"
                guesses = (one._replace(column=name, why="guess: it ends like the key") for name in named)
                self.known.ask(Open(ref, said, (one, *guesses)))
            else:
                self.known.belongings[ref] = one

    def _loose(self, tables: list[Table]) -> None:
        """Ask where a table's column for the key may be NULL, and a NOT NULL column leads to a tenant's table, by a
        foreign key or by its name.

        The first may be unused by now, or be filled only since a migration, and NULL in every other row. The other may
        well be the reference that counts, even without a declared foreign key.
        """
        kept = {ref for ref, one in self.known.belongings.items() if one.kind not in ("shared", "hidden")}
        told = reaching(self.structure, kept)
        for table in tables:
            one = self.known.belongings.get(table.ref)
            column = table.column(one.column) if one is not None and one.kind == "own" else None
            if one is None or column is None or column.not_null:
                continue
            sure = [fk for fk in table.foreign_keys if fk.target in told and must(table, fk)]
            sure = [fk for fk in sure if column.name not in fk.columns]
            declared = [self._by(table.ref, fk) for fk in otherwise.leading(self.structure, table, kept, sure)]
            named = (found for other, found in self.named.guesses(table) if other.not_null)
            likelier = [found for found in (*declared, *named) if self._surely(found)]
            if likelier:
                said = f"{likelier[0].why}, and {column.name} may be NULL"
                del self.known.belongings[table.ref]
                self.known.ask(Open(table.ref, said, (*likelier, one)))
            else:
                self.known.belongings[table.ref] = one._replace(why=f"{one.why}; {_HIDDEN}")

    def _surely(self, found: Belonging) -> bool:
        """Whether nothing is known of the row that a foreign key leads to by which it may be nobody's as well."""
        link = found.links[0] if found.links else None
        target = self.structure.get(link.schema, link.table) if link is not None else None
        one = self.known.belongings.get(target.ref) if target is not None else None
        column = target.column(one.column) if target is not None and one is not None and one.kind == "own" else None
        return found.ref != (target and target.ref) and (column is None or column.not_null)

    def _by(self, ref: ObjectRef, fk: ForeignKey) -> Belonging:
        """The choice ``through`` this foreign key, where the kind of the table it leads to may not be known yet."""
        link = Link(fk.target.schema, fk.target.name, fk.columns, fk.targets)
        return Belonging(ref, "through", links=(link,), why=f"foreign key {', '.join(fk.columns)}")

    def _by_way(self, tables: list[Table]) -> None:
        """Find tables by the shortest way of declared foreign keys to a tenant's row.

        A longer way whose columns are all NOT NULL comes before a shorter one that may be NULL: with that one, tenants
        would not see the rows in which it is.
        """
        waiting = list(tables)
        while waiting:
            found = self._within(waiting) or self._next(waiting, sure=True) or self._next(waiting, sure=False)
            if not found:
                return
            for ref, one in found.items():
                if isinstance(one, Open):
                    self.known.ask(one)
                else:
                    self.known.belongings[ref] = one
            waiting = [table for table in waiting if table.ref not in found]

    def _within(self, tables: list[Table]) -> dict[ObjectRef, Belonging | Open]:
        """The tables whose own column for the key is within a foreign key of several columns.

        Only where no other way leads to a tenant but by columns of that same foreign key: (account_id, order_id) says
        more than order_id.
        """
        found: dict[ObjectRef, Belonging | Open] = {}
        for table in tables:
            ways = [
                (fk, one)
                for fk in table.foreign_keys
                if (one := self.known.over(table, fk, f"foreign key {', '.join(fk.columns)}"))
            ]
            for fk, one in ways:
                if (
                    len(fk.columns) > 1
                    and one.kind == "own"
                    and all(set(other.columns) <= set(fk.columns) for other, _ in ways)
                ):
                    found[table.ref] = one
        return found

    def _next(self, tables: list[Table], *, sure: bool) -> dict[ObjectRef, Belonging | Open]:
        """The tables that a foreign key leads from to a table whose rows are known to belong to tenants each."""
        found = ((table.ref, self._next_to(table, sure=sure)) for table in tables)
        return {ref: one for ref, one in found if one is not None}

    def _next_to(self, table: Table, *, sure: bool) -> Belonging | Open | None:
        """The kind of a table by its foreign keys to such tables; with ``sure``, only by those that are NOT NULL.

        None where there is none, Open where it has to be asked.
        """
        ways = [
            ((not must(table, fk), len(fk.columns)), fk, found)
            for fk in self.known.outward(table)
            if (must(table, fk) or not sure)
            and (found := self.known.over(table, fk, f"foreign key {', '.join(fk.columns)}")) is not None
        ]
        if not ways:
            return None
        best = min(loose for loose, _, _ in ways)
        if (first := self._must_follow(table, certain=not best[0])) is not None:
            return following(table.ref, first)
        equal = [(fk, found) for loose, fk, found in ways if loose == best]
        may_be_null = best[0]
        likelier = [one for column, one in self.named.guesses(table) if column.not_null] if may_be_null else []
        if likelier:
            said = f"{likelier[0].why}, and {', '.join(equal[0][0].columns)}, which is declared, may be NULL"
            return Open(table.ref, said, (*likelier, *(one for _, one in equal)))
        if may_be_null and (late := self._late(table, [fk for _, fk, _ in ways])):
            said = ", ".join(format_way(_way(fk)) for fk in (*(fk for fk, _ in equal), *late))
            said = f"{len(equal) + len(late)} ways lead to a tenant, and the shortest may be NULL: {said}"
            return Open(table.ref, said, (*(self._by(table.ref, fk) for fk in late), *(one for _, one in equal)))
        if len({(one.column, one.links) if may_be_null else one.straightened() for _, one in equal}) > 1:
            said = ", ".join(format_way(_way(fk)) for fk, _ in equal)
            likely = sorted(equal, key=lambda way: bool(doubt(way[0])))  # the answers, the likeliest first
            return Open(table.ref, f"{len(equal)} ways lead to a tenant: {said}", tuple(one for _, one in likely))
        fk, found = equal[0]
        if said := doubt(fk):
            others = (
                self.known.over(table, one, f"foreign key {', '.join(one.columns)}") for one in table.foreign_keys
            )
            return Open(table.ref, said, (*(one for one in others if one not in (None, found)), found))
        return found._replace(why=f"{found.why}; {_HIDDEN}") if may_be_null else found

    def _late(self, table: Table, ways: list[ForeignKey]) -> list[ForeignKey]:
        """Its other foreign keys that lead to a tenant's row by a longer way, and not through the table itself.

        Where each way may be NULL, the shortest is not the likeliest: a comment names its author, who may be gone, and
        what it is about.
        """
        others = [fk for fk in self.known.outward(table) if fk not in ways and fk.target != table.ref]
        if not others:
            return []
        kept = {ref for ref, one in self.known.belongings.items() if one.kind in APART}
        told = reaching(self.structure, kept, beside=table.ref, some=True)
        return [fk for fk in others if fk.target in told and comparable(table, fk, self.structure.tables[fk.target])]

    def _must_follow(self, table: Table, *, certain: bool) -> ObjectRef | None:
        """A table that is asked about and that each row of this one refers to. ``certain``: only one whose rows are
        tenants' in any case, where it is asked by which way.
        """
        asked = {ref for ref, one in self.known.open.items() if not certain or len(one.choices) > 1}
        return min((fk.target for fk in table.foreign_keys if fk.target in asked and must(table, fk)), default=None)

    def _by_name(self, tables: list[Table]) -> None:
        """Decide the tables that are left: those with a guess by name are asked about, and so are those that refer to
        a table that is asked about; all others are hidden.
        """
        unlike = {table.ref: said for table in tables if (said := self.known.unlike(table, table.foreign_keys))}
        for ref, said in unlike.items():
            self.known.ask(Open(ref, said))
        waiting = {table.ref: table for table in self.known.silent(tables)}
        for table in list(waiting.values()):
            if (first := self._must_follow(table, certain=False)) is not None:
                self.known.ask(following(table.ref, first))
                del waiting[table.ref]
                continue
            if guesses := tuple(one for _, one in self.named.guesses(table)):
                said = "a guess by name" if len(guesses) == 1 else f"{len(guesses)} guesses by name"
                self.known.ask(Open(table.ref, f"{said}, no foreign key is declared", guesses))
                del waiting[table.ref]
        while True:
            follows = {}
            for ref, table in waiting.items():
                leads = {*(fk.target for fk in self.known.outward(table)), *self.named.after(table)}
                if first := min(leads & self.known.open.keys(), default=None):
                    follows[ref] = first
            if not follows:
                break
            for ref, first in follows.items():
                self.known.ask(following(ref, first))
                del waiting[ref]
        for ref, table in waiting.items():
            self.known.belongings[ref] = Belonging(ref, "hidden", why=self._why_hidden(table))

    def _why_hidden(self, table: Table) -> str:
        """The reason why a table is hidden: a column with the key's name has another type, or what ``lonely`` says."""
        names = self.keys.given | self.keys.usual
        for column in table.columns if self.known.key_type else ():
            if column.name in names and not alike(column.type, self.known.key_type):
                return self.known.other_type(column)
        return lonely(table, self.structure, self.known.belongings)

    @cached_property
    def _held(self) -> frozenset[tuple[ObjectRef, str]]:
        """Columns that hold the root's key by declared foreign keys, directly or as others hand it on."""
        root = self.known.root
        if root is None or len(root.primary_key) != 1:
            return frozenset()
        return frozenset((table.ref, name) for table, name, _ in holding(root, root.primary_key[0], self.structure))


def _way(fk: ForeignKey) -> Way:
    return Way(fk.columns, fk.target.schema, fk.target.name, fk.targets)
