"""Finds the root, the table with one row per tenant: the table that most others refer to, or one above it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from flatsplit.model import Column, ObjectRef, Structure, Table
from flatsplit.tenants.prefixes import bare_names, names_of, of_tables, plain
from flatsplit.tenants.similarity import (
    alike,
    called,
    deed,
    keyed,
    leads_to,
    momentary,
    names_for,
    second_keys,
    singular,
    split,
)

KNOWN = (
    *("account", "organization", "organisation", "tenant", "team", "workspace", "project", "company"),
    *("realm", "site", "family", "instance", "namespace", "space", "org"),
)
"""Common names of tables of tenants, the likeliest first."""
CARRIED = 5
"""A table with such a name is ranked by it only where at least a fifth as many tables refer to it as to the table that
most refer to.
"""
_PART = 2
"""The same for a name that only ends so, such as bank_account: half as many."""


class Candidate(NamedTuple):
    """A table that may be the root."""

    ref: ObjectRef
    key: str
    columns: tuple[str, ...]
    """Names of columns that refer to it, the most frequent first."""
    tables: int
    """How many tables have such a column, or refer to such a column of another table."""
    declared: int
    """How many of these tables declare it as a foreign key."""
    not_null: int
    """How many of these tables have such a column that is NOT NULL."""


def candidates(structure: Structure) -> list[Candidate]:
    """Tables that may be the root, the likeliest first."""
    named: dict[str, list[tuple[Table, Column]]] = {}
    for other in structure.tables.values():
        single = {fk.columns[0] for fk in other.foreign_keys if len(fk.columns) == 1}
        for column in other.columns if not other.parent else ():
            if column.name not in single:
                for name in {column.name.lower(), plain(other, column.name).lower()}:
                    named.setdefault(name, []).append((other, column))
    found = []
    only, second, natural = _called_after(structure), second_keys(structure), _called_by_key(structure)
    for table, key in keyed(structure):
        people = commonness(table.ref) == len(KNOWN)  # who made a row, by a table of users, says not whose it is
        leading: dict[ObjectRef, set[str]] = {}
        far: set[tuple[ObjectRef, str]] = set()
        for other, name, direct in holding(table, key.name, structure):
            if other is not table and not other.parent and not (people and deed(name)):
                leading.setdefault(other.ref, set()).add(name)
                if not direct:
                    far.add((other.ref, name))
        declared = len(leading)
        bare = bare_names(table.ref.name, structure)
        also = (*names_of(table.ref.name, structure), *sorted(bare), *sorted(only.get(table.ref, ())))
        also = (*also, *natural.get(table.ref, ()))
        called_so = tuple(name for name in also if second.get(name, ("",))[0] != table.ref)
        for name in called_so:
            for other, column in named.get(name, ()):
                if other is not table and alike(column.type, key.type) and (column.not_null or name not in bare):
                    leading.setdefault(other.ref, set()).add(column.name)
        if not leading:
            continue
        often = Counter(
            short if (short := plain(structure.tables[ref], name)).lower() in called_so else name
            for ref, names in leading.items()
            for name in names
            if (ref, name) not in far
        )
        columns = tuple(sorted(often, key=lambda name: (-often[name], name)))
        sure = sum(
            any((one := structure.tables[ref].column(name)) is not None and one.not_null for name in names)
            for ref, names in leading.items()
        )
        found.append(Candidate(table.ref, key.name, columns, len(leading), declared, sure))
    most = max((one.tables for one in found), default=0)
    prefixes = of_tables(structure)

    def rank(one: Candidate) -> tuple[object, ...]:
        known = commonness(one.ref)
        whole = known < len(KNOWN) and _whole(one.ref.name, KNOWN[known], prefixes)
        named = known if one.tables * (CARRIED if whole else _PART) >= most else len(KNOWN)
        return (named == len(KNOWN), -one.tables, -one.declared, -one.not_null, known, one.ref)

    return _outermost(sorted(found, key=rank), structure, natural.keys())


def _called_after(structure: Structure) -> dict[ObjectRef, set[str]]:
    """Names by table, in lower case: of columns with a foreign key to it that are called after its last word, where no
    column of that name has one to another table. tenant_id of members, which refers to id_tenant, means it elsewhere.
    """
    targets: dict[str, set[ObjectRef]] = {}
    for table in structure.tables.values():
        for fk in table.foreign_keys:
            if len(fk.columns) == 1:
                targets.setdefault(plain(table, fk.columns[0]).lower(), set()).add(fk.target)
    found: dict[ObjectRef, set[str]] = {}
    for name, refs in targets.items():
        if len(refs) == 1:
            (ref,) = refs
            if name in names_for(ref.name.rpartition("_")[2]):
                found.setdefault(ref, set()).add(name)
    return found


def _called_by_key(structure: Structure) -> dict[ObjectRef, tuple[str]]:
    """Names of primary keys by table, in lower case, where no table is called after such a name: merchant_id, the key
    of merchant_account. Where several tables have that key, only of the one with a common name for tenants.
    """
    keys: dict[str, list[Table]] = {}
    for table, key in keyed(structure):
        if len(words := split(key.name)) > 1 and words[-1] == "id":
            keys.setdefault(key.name.lower(), []).append(table)
    named = called(structure)
    found = {}
    for name, tables in keys.items():
        likely = [one for one in tables if len(tables) == 1 or commonness(one.ref) < len(KNOWN)]
        if len(likely) == 1 and name not in named:
            found[likely[0].ref] = (name,)
    return found


def holding(table: Table, key: str, structure: Structure) -> Iterator[tuple[Table, str, bool]]:
    """The columns that hold a table's key by declared foreign keys: those that refer to it (True), those that refer to
    these (False), and so on. A table of projects may have the key of the table of scopes for its own.
    """
    waiting, passed = [(table, key)], {(table.ref, key)}
    while waiting:
        target, column = waiting.pop()
        for other, fk in structure.referring.get(target.ref[1:3], ()):
            here = (other.ref, fk.columns[0])
            if fk.targets == (column,) and here not in passed:
                passed.add(here)
                waiting.append((other, fk.columns[0]))
                yield other, fk.columns[0], target is table


def handed_on(structure: Structure, table: Table) -> tuple[str, ...]:
    """Names of columns that hold a table's key at second hand wherever a foreign key is declared on such a column, the
    most frequent first: project_id, where each project is a scope and has that scope's key for its own.

    Only names that two tables have at least, and that say to which table they refer.
    """
    held = list(holding(table, table.primary_key[0], structure))
    there = {(other.ref, name) for other, name, _ in held}
    elsewhere = {
        fk.columns[0]
        for other in structure.tables.values()
        for fk in other.foreign_keys
        if len(fk.columns) == 1 and (other.ref, fk.columns[0]) not in there
    }
    named = called(structure)
    often = Counter(
        name
        for other, name, direct in held
        if not direct and name not in elsewhere and not momentary(name)
        for fk in other.foreign_keys
        if fk.columns == (name,) and any(fk.target == one.ref for one, _ in named.get(name.lower(), ()))
    )
    return tuple(sorted((name for name in often if often[name] > 1), key=lambda name: (-often[name], name)))


def _whole(name: str, word: str, prefixes: frozenset[str]) -> bool:
    """Whether a table's name is just this word, apart from a prefix that at least half of all tables have: crm_account
    where most are called crm_….
    """
    before = singular(name).removesuffix(word)
    return not before or before in prefixes


class Composite(NamedTuple):
    """A table whose rows are named by several columns in most others, as by realm and number."""

    ref: ObjectRef
    key: tuple[str, ...]
    tables: int
    """How many tables refer to it by a foreign key of all these columns."""


def composite(structure: Structure, ranked: Sequence[Candidate]) -> Composite | None:
    """The table that most others refer to by several columns, where these are more than refer to any candidate."""
    found = [
        Composite(ref, table.primary_key, len(referring))
        for ref, table in structure.tables.items()
        if len(table.primary_key) > 1
        and not table.parent
        and len(
            referring := {
                other.ref
                for other, fk in structure.referring.get(ref[1:3], ())
                if set(fk.targets) == set(table.primary_key) and other is not table and not other.parent
            }
        )
        > 1
    ]
    best = max(found, key=lambda one: (one.tables, one.ref), default=None)
    most = max((one.tables for one in ranked), default=0)
    return best if best is not None and best.tables > most else None


def commonness(ref: ObjectRef) -> int:
    """The place of its name in KNOWN; its length where the name is not there."""
    stem = singular(ref.name)
    return next((place for place, word in enumerate(KNOWN) if stem.endswith(word)), len(KNOWN))


def _outermost(ranked: list[Candidate], structure: Structure, natural: Collection[ObjectRef]) -> list[Candidate]:
    """The candidates with the outermost one first: where each project belongs to an organization, the organization.

    Most tables refer to the nearer one (the project), and to the outer one only through it. A candidate is above
    another if that has a NOT NULL column referring to it, and if it has a common name for tenants: each account has a
    plan, but a plan is no tenant. Nor further where no foreign key leads on, and the nearer one is named by its own key
    (``natural``): what has that key would lead nowhere.
    """
    if not ranked or (not ranked[0].declared and ranked[0].ref in natural):
        return ranked
    first, passed = ranked[0], {ranked[0].ref}
    while True:
        table = structure.tables[first.ref]
        above = (
            one
            for one in ranked
            if one.ref not in passed and commonness(one.ref) < len(KNOWN) and _holds(structure.tables[one.ref], table)
        )
        holder = next(above, None)
        if holder is None:
            break
        first = holder
        passed.add(first.ref)
    return [first, *(one for one in ranked if one is not first)]


def _holds(outer: Table, inner: Table) -> bool:
    """Whether each row of ``inner`` belongs to one row of ``outer``: a NOT NULL column refers to it.

    Not where that column is unique: then there is one row there for each row here, as where each mailbox has a login of
    its own, and neither is further out.
    """
    key = outer.column(outer.primary_key[0])
    declared = {fk.columns[0] for fk in inner.foreign_keys if leads_to(fk, outer)}
    away = {fk.columns[0] for fk in inner.foreign_keys if len(fk.columns) == 1} - declared
    called = set(names_for(outer.ref.name))
    return any(
        column.not_null
        and column.name not in inner.primary_key
        and (column.name,) not in inner.unique_keys
        and (column.name in declared or (column.name.lower() in called and column.name not in away))
        and key is not None
        and alike(column.type, key.type)
        for column in inner.columns
    )
