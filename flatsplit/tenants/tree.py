"""What is said of a root: its rows lie below one another, or are people."""

from __future__ import annotations

from flatsplit.model import Table
from flatsplit.tenants.similarity import alike, singular, words_of


def upward(root: Table) -> str:
    """The column that leads from a row of the root to the one above it, by a foreign key or its name; "" for none."""
    declared = [fk.columns[-1] for fk in root.foreign_keys if fk.target == root.ref]
    if declared:
        return declared[0]
    key = root.column(root.primary_key[0]) if len(root.primary_key) == 1 else None
    away = {name for fk in root.foreign_keys for name in fk.columns}
    names = _names(root.ref.name)
    for column in root.columns if key is not None else ():
        if column.name.lower() in names and column.name not in away and key and alike(column.type, key.type):
            return column.name
    return ""


PERSONS = "its rows are people, and a tenant is one of them alone: what people share, none but one would see"


def persons(root: Table) -> bool:
    """Whether the root is called like a table of people: t_ds_user."""
    name = root.ref.name
    return singular(name[max(words_of(name), default=0) :]) in ("user", "person", "people", "member")


def _names(table: str) -> set[str]:
    """Usual names of such a column, in lower case."""
    stem = singular(table)
    middle = ("", stem, f"{stem}_")
    return {f"{up}{mid}{end}" for up in ("parent", "parent_") for mid in middle for end in ("id", "_id")}
