"""Types that compare without a conversion, and column names that look like a reference to a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import pairwise

from flatsplit.model import Column, ForeignKey, ObjectRef, Structure, Table

INTEGERS = frozenset({"smallint", "integer", "bigint"})
_TEXTS = frozenset({"text", "character varying"})


def alike(one: str, other: str) -> bool:
    """Whether values of two types are compared without a conversion that prevents the use of an index."""
    return one == other or {one, other} <= INTEGERS or {one, other} <= _TEXTS


def compared(one: Column, other: Column) -> bool:
    """Whether two columns are compared without a conversion, and only equal values are equal.

    With a conversion, the server would print the condition of a policy in another form than it was written in. Columns
    whose collations differ, neither being the database's, it does not compare at all (check_collation_set() in
    varlena.c).
    """
    collated = {one.collation, other.collation} - {""}
    return one.builtin and other.builtin and alike(one.type, other.type) and len(collated) < 2


def comparable(table: Table, fk: ForeignKey, target: Table) -> bool:
    """Whether all columns of a foreign key are."""
    pairs = [(table.column(here), target.column(there)) for here, there in zip(fk.columns, fk.targets, strict=True)]
    return all(a is not None and b is not None and compared(a, b) for a, b in pairs)


def singular(name: str) -> str:
    """``Accounts`` → ``account``, ``companies`` → ``company``; good enough to recognise a name, not to make one."""
    word = name.lower()
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


_SHORT = {"organization": "org", "organisation": "org", "workspace": "ws", "account": "acct", "project": "proj"}
"""Abbreviations of names of tenants."""


def names_for(table: str) -> tuple[str, ...]:
    """The usual names, in lower case, of a column that refers to this table."""
    stem = singular(table)
    short = [stem.removesuffix(word) + brief for word, brief in _SHORT.items() if stem.endswith(word)]
    whole = (f"{stem}_id", f"{stem}id", f"{stem}_record_id", f"{stem}_uuid", f"{stem}_slug", f"{table.lower()}_id")
    return (*whole, *(f"{brief}{end}" for brief in short for end in ("_id", "id")))


_MOMENTARY = frozenset(
    {"active", "current", "currently", "default", "last", "latest", "preferred", "recent", "selected"}
)


def momentary(name: str) -> bool:
    """Whether a column's name says that its value is a selection that changes, not the owner: active_workspace_id."""
    places = words_of(name)
    return bool(places) and name[: places[0]].rstrip("_").lower() in _MOMENTARY


DEEDS = frozenset({"author", "by", "creator", "editor", "modifier", "updater"})
"""Words in names of columns that say who did something with a row."""


def deed(name: str) -> bool:
    """Whether a column's name says who did something, and not whose its row is: creator_id, updated_by."""
    return not DEEDS.isdisjoint(split(name))


_SORTS = frozenset({"kind", "status", "type"})


def doubt(fk: ForeignKey) -> str:
    """Why it may not say whose a row is, though the row that it refers to is a tenant's; "" where nothing says so."""
    column = fk.columns[0]
    if len(fk.columns) > 1:
        return ""
    if momentary(column):
        return f"{column} may say which row one points at for the moment, and not whose it is"
    if deed(column):
        return f"{column} says who did something, and may not say whose a row is"
    if singular(split(fk.target.name)[-1]) in _SORTS:
        return f"{column} says of what sort a row is, and may not say whose"
    return ""


def split(name: str) -> list[str]:
    """The words of a name, in lower case."""
    places = [0, *words_of(name), len(name)]
    return [name[one:two].strip("_").lower() for one, two in pairwise(places)]


def words_of(name: str) -> list[int]:
    """The indexes where words of a name begin, without the first: ``target_project_id``, ``targetProjectId``."""
    return [
        place
        for place in range(1, len(name))
        if name[place - 1] == "_" or (name[place].isupper() and not name[place - 1].isupper())
    ]


def keyed(structure: Structure) -> Iterator[tuple[Table, Column]]:
    """Tables whose primary key is one column, with that column. Without partitions and children."""
    for table in structure.tables.values():
        key = table.column(table.primary_key[0]) if len(table.primary_key) == 1 and not table.parent else None
        if key is not None:
            yield table, key


def unique_ids(structure: Structure) -> Iterator[tuple[Table, Column]]:
    """Tables that have a unique column ``id`` or ``uuid`` besides the primary key, with that column: other tables may
    refer to either.
    """
    for table in structure.tables.values():
        for columns in table.unique_keys if not table.parent else ():
            key = table.column(columns[0]) if len(columns) == 1 and columns != table.primary_key else None
            if key is not None and key.name.lower() in ("id", "uuid"):
                yield table, key


def called(structure: Structure) -> dict[str, list[tuple[Table, Column]]]:
    """Tables by the usual names of columns that refer to them, each with its primary key or a unique id."""
    found: dict[str, list[tuple[Table, Column]]] = {}
    for table, key in (*keyed(structure), *unique_ids(structure)):
        for name in dict.fromkeys(names_for(table.ref.name)):
            found.setdefault(name, []).append((table, key))
    for name, table, key in (*_shortened(structure), *_begun(structure)):
        found.setdefault(name, [(table, key)])
    for name, (ref, other) in second_keys(structure).items():
        found[name] = [
            (table, (table.column(other) or key) if table.ref == ref else key) for table, key in found.get(name, ())
        ]
    return found


def second_keys(structure: Structure) -> dict[str, tuple[ObjectRef, str]]:
    """Names of columns, in lower case, by which every declared foreign key leads to one column that is not the primary
    key, with that column: realm, where what has a foreign key on it names realms by their name and not by their id.
    """
    found: dict[str, set[tuple[ObjectRef, str]]] = {}
    for table in structure.tables.values():
        for fk in table.foreign_keys:
            if len(fk.columns) == 1:
                found.setdefault(fk.columns[0].lower(), set()).add((fk.target, fk.targets[0]))
    single = {name: next(iter(leads)) for name, leads in found.items() if len(leads) == 1}
    return {
        name: (ref, key)
        for name, (ref, key) in single.items()
        if (target := structure.get(ref.schema, ref.name)) is not None and target.primary_key != (key,)
    }


def _shortened(structure: Structure) -> Iterator[tuple[str, Table, Column]]:
    """Column names that declared foreign keys use, with the table and column that they refer to: abbreviated ones, as
    msg_id, where every declared foreign key on a column of that name refers to messages, and any that two tables have
    at least and that say whose a row is, as owner_org.
    """
    found: dict[str, set[tuple[ObjectRef, str]]] = {}
    often: Counter[str] = Counter()
    for table in structure.tables.values():
        for fk in table.foreign_keys:
            if len(fk.columns) == 1:
                found.setdefault(fk.columns[0].lower(), set()).add((fk.target, fk.targets[0]))
                often[fk.columns[0].lower()] += 1
    for name, targets in found.items():
        ref, key = next(iter(targets))
        table_ = structure.get(ref.schema, ref.name) if len(targets) == 1 else None
        column = table_.column(key) if table_ is not None else None
        usual = often[name] > 1 and not (deed(name) or momentary(name) or "parent" in split(name))
        if table_ is not None and column is not None and (usual or _short_for(name, table_.ref.name)):
            yield name, table_, column


_LETTERS = 3
"""So many letters of a table's name at least count as its abbreviation."""


def _begun(structure: Structure) -> Iterator[tuple[str, Table, Column]]:
    """Column names that no foreign key uses and that begin like one table's name alone, which is one word, with that
    table and its key: env_id for environments. At least two tables have it, NOT NULL, with the key's type.
    """
    beginnings: dict[str, list[tuple[Table, Column]]] = {}
    for table, key in keyed(structure):
        word = singular(table.ref.name)
        for length in range(_LETTERS, len(word)) if not words_of(table.ref.name) else ():
            beginnings.setdefault(word[:length], []).append((table, key))
    declared = {name.lower() for table in structure.tables.values() for fk in table.foreign_keys for name in fk.columns}
    often: Counter[tuple[str, ObjectRef]] = Counter()
    for table in structure.tables.values():
        for column in table.columns if not table.parent else ():
            name = column.name.lower()
            meant = beginnings.get(name[:-2].rstrip("_"), ()) if name.endswith("id") and name not in declared else ()
            if len(meant) == 1 and column.not_null and alike(column.type, meant[0][1].type):
                often[name, meant[0][0].ref] += 1
    for (name, ref), times in often.items():
        if times > 1:
            target = structure.tables[ref]
            its = target.column(target.primary_key[0])
            assert its is not None
            yield name, target, its


def _short_for(name: str, table: str) -> bool:
    """Whether a column's name abbreviates the table's: it is its last words, as user_id is for tb_users, or its first
    ones, as table_id is for table_meta; or the table's name has one word, whose letters are there in that order, the
    first one included: msg_id for messages and endpId for endpoints.
    """
    stem = name.removesuffix("id").rstrip("_")
    if stem and (singular(table).endswith(f"_{stem}") or table.lower().startswith(f"{stem}_")):
        return True
    letters = iter(table.lower())
    begins = len(stem) > 1 and not words_of(table) and stem[0] == table[0].lower()
    return begins and all(letter in letters for letter in stem)


def must(table: Table, fk: ForeignKey) -> bool:
    """Whether the foreign key refers to a row for every row of the table: all its columns are NOT NULL."""
    return all((column := table.column(name)) is not None and column.not_null for name in fk.columns)


def reaching(
    structure: Structure, told: Collection[ObjectRef], *, beside: ObjectRef | None = None, some: bool = False
) -> set[ObjectRef]:
    """These tables, and those whose every row refers to one of theirs, directly or through other tables. ``beside``:
    not this table, nor through it. ``some``: and those of which only some rows do.
    """
    found = {*told} - {beside}
    new = list(found)
    while new:
        ref = new.pop()
        for table, fk in structure.referring.get(ref[1:3], ()):
            if table.ref not in found and table.ref != beside and (some or must(table, fk)):
                found.add(table.ref)
                new.append(table.ref)
    return found


def leads_to(fk: ForeignKey, root: Table) -> bool:
    """Whether this foreign key refers to the root's primary key."""
    return (fk.target.schema, fk.target.name) == (root.ref.schema, root.ref.name) and fk.targets == root.primary_key
