"""Which table says who the tenants are: that which most others name."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from flatsplit.model import Column, ObjectRef, Structure, Table
from flatsplit.tenants.likeness import alike, keyed, leads_to, names_for, singular

KNOWN = (
    *("account", "organization", "organisation", "tenant", "team", "workspace", "project", "company"),
    *("realm", "site", "family", "instance"),
)
"""What tenants are called, the likeliest first."""


class Candidate(NamedTuple):
    """A table that may say who the tenants are."""

    ref: ObjectRef
    key: str
    columns: tuple[str, ...]
    """Names of columns that lead to it, the most frequent first."""
    tables: int
    """How many tables have one."""
    declared: int
    """Of these, with a foreign key …"""
    not_null: int
    """… and NOT NULL."""


def candidates(structure: Structure) -> list[Candidate]:
    """Tables that may be the root, the likeliest first."""
    named: dict[str, list[tuple[Table, Column]]] = {}
    for other in structure.tables.values():
        single = {fk.columns[0] for fk in other.foreign_keys if len(fk.columns) == 1}
        for column in other.columns if not other.parent else ():
            if column.name not in single:
                named.setdefault(column.name.lower(), []).append((other, column))
    found = []
    for table, key in keyed(structure):
        leading: dict[ObjectRef, set[str]] = {}
        declared = {other.ref for other, fk in structure.referring.get(table.ref[1:3], ()) if leads_to(fk, table)}
        for other, fk in structure.referring.get(table.ref[1:3], ()):
            if leads_to(fk, table) and other is not table and not other.parent:
                leading.setdefault(other.ref, set()).add(fk.columns[0])
        for name in names_for(table.ref.name):
            for other, column in named.get(name, ()):
                if other is not table and alike(column.type, key.type):
                    leading.setdefault(other.ref, set()).add(column.name)
        if not leading:
            continue
        often = Counter(name for names in leading.values() for name in names)
        columns = tuple(sorted(often, key=lambda name: (-often[name], name)))
        sure = sum(
            any((one := structure.tables[ref].column(name)) is not None and one.not_null for name in names)
            for ref, names in leading.items()
        )
        found.append(Candidate(table.ref, key.name, columns, len(leading), len(declared & leading.keys()), sure))
    most = max((one.tables for one in found), default=0)

    def rank(one: Candidate) -> tuple[object, ...]:
        stem = singular(one.ref.name)
        known = next((place for place, word in enumerate(KNOWN) if stem.endswith(word)), len(KNOWN))
        # A name counts where it is carried by numbers: a table that a fifth as many tables lead to is not the root
        named = known if one.tables * 5 >= most else len(KNOWN)
        return (named == len(KNOWN), -one.tables, -one.declared, -one.not_null, known, one.ref)

    return sorted(found, key=rank)
