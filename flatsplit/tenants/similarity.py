"""What looks like what: types that are compared without a conversion, columns that are called like a row of a table."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flatsplit.model import Column, ForeignKey, ObjectRef, Structure, Table

_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_TEXTS = frozenset({"text", "character varying"})


def alike(one: str, other: str) -> bool:
    """Whether two types are compared without a conversion that would keep an index away."""
    return one == other or {one, other} <= _INTEGERS or {one, other} <= _TEXTS


def comparable(table: Table, fk: ForeignKey, target: Table) -> bool:
    """Whether the columns of a foreign key are compared as they are: the server prints what it converts otherwise."""
    pairs = [(table.column(here), target.column(there)) for here, there in zip(fk.columns, fk.targets, strict=True)]
    return all(a and b and a.builtin and b.builtin and alike(a.type, b.type) for a, b in pairs)


def singular(name: str) -> str:
    """``Accounts`` → ``account``, ``companies`` → ``company``; good enough to recognise a name, not to make one."""
    word = name.lower()
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


_SHORT = {"organization": "org", "organisation": "org", "workspace": "ws", "account": "acct", "project": "proj"}
"""What tenants are called for short."""


def names_for(table: str) -> tuple[str, ...]:
    """What a column that names a row of a table is called, in lower case."""
    stem = singular(table)
    short = [stem.removesuffix(word) + brief for word, brief in _SHORT.items() if stem.endswith(word)]
    whole = (f"{stem}_id", f"{stem}id", f"{stem}_record_id", f"{stem}_uuid", f"{stem}_slug", f"{table.lower()}_id")
    return (*whole, *(f"{brief}{end}" for brief in short for end in ("_id", "id")))


_MOMENTARY = frozenset(
    {"active", "current", "currently", "default", "last", "latest", "preferred", "recent", "selected"}
)


def momentary(name: str) -> bool:
    """Whether a column says what a row points at for the moment, not whose it is: active_workspace_id."""
    places = words_of(name)
    return bool(places) and name[: places[0]].rstrip("_").lower() in _MOMENTARY


def words_of(name: str) -> list[int]:
    """Where the words of a name begin, the first apart: ``target_project_id``, ``targetProjectId``."""
    return [
        place
        for place in range(1, len(name))
        if name[place - 1] == "_" or (name[place].isupper() and not name[place - 1].isupper())
    ]


def keyed(structure: Structure) -> Iterator[tuple[Table, Column]]:
    """Tables whose primary key is one column, with that."""
    for table in structure.tables.values():
        key = table.column(table.primary_key[0]) if len(table.primary_key) == 1 and not table.parent else None
        if key is not None:
            yield table, key


def unique_ids(structure: Structure) -> Iterator[tuple[Table, Column]]:
    """Tables with a unique id besides another primary key, with that: rows may be named by either."""
    for table in structure.tables.values():
        for columns in table.unique_keys if not table.parent else ():
            key = table.column(columns[0]) if len(columns) == 1 and columns != table.primary_key else None
            if key is not None and key.name.lower() in ("id", "uuid"):
                yield table, key


def called(structure: Structure) -> dict[str, list[tuple[Table, Column]]]:
    """Tables by what a column that names a row of theirs is called, each with its primary key or a unique id."""
    found: dict[str, list[tuple[Table, Column]]] = {}
    for table, key in (*keyed(structure), *unique_ids(structure)):
        for name in dict.fromkeys(names_for(table.ref.name)):
            found.setdefault(name, []).append((table, key))
    for name, table, key in _shortened(structure):
        found.setdefault(name, [(table, key)])
    return found


def _shortened(structure: Structure) -> Iterator[tuple[str, Table, Column]]:
    """Short for a table, as foreign keys of others have it: msg_id, where each that is declared leads to messages."""
    found: dict[str, set[tuple[ObjectRef, str]]] = {}
    for table in structure.tables.values():
        for fk in table.foreign_keys:
            if len(fk.columns) == 1:
                found.setdefault(fk.columns[0].lower(), set()).add((fk.target, fk.targets[0]))
    for name, targets in found.items():
        ref, key = next(iter(targets))
        table_ = structure.get(ref.schema, ref.name) if len(targets) == 1 else None
        column = table_.column(key) if table_ is not None else None
        if table_ is not None and column is not None and _short_for(name, table_.ref.name):
            yield name, table_, column


def _short_for(name: str, table: str) -> bool:
    """Whether a column is called by letters of the table's one word in their order: msg_id, endpId; not owner_id."""
    stem = name.removesuffix("id").rstrip("_")
    letters = iter(table.lower())
    begins = len(stem) > 1 and not words_of(table) and stem[0] == table[0].lower()
    return begins and all(letter in letters for letter in stem)


def must(table: Table, fk: ForeignKey) -> bool:
    """Whether every row of it has one there."""
    return all((column := table.column(name)) is not None and column.not_null for name in fk.columns)


def reaching(structure: Structure, told: Collection[ObjectRef]) -> set[ObjectRef]:
    """Tables of which every row is one of these tables', over any number of foreign keys."""
    found = set(told)
    new = list(found)
    while new:
        ref = new.pop()
        for table, fk in structure.referring.get(ref[1:3], ()):
            if table.ref not in found and must(table, fk):
                found.add(table.ref)
                new.append(table.ref)
    return found


def leads_to(fk: ForeignKey, root: Table) -> bool:
    """Whether this foreign key is the root's key by itself."""
    return (fk.target.schema, fk.target.name) == (root.ref.schema, root.ref.name) and fk.targets == root.primary_key
