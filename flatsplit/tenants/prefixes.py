"""What names begin with by a project's convention, and what they are without it: dmz_org is org, cgate_space_id is
space_id where all columns of its table begin with cgate_.
"""

from __future__ import annotations

from collections import Counter

from flatsplit.model import Structure, Table
from flatsplit.tenants.similarity import names_for, singular

_FEW = 3
"""So many names at least have to begin alike before that is taken for a convention."""


def of_tables(structure: Structure) -> frozenset[str]:
    """What the names of at least half of all tables begin with, in lower case."""
    found = structure.worked_out.get(of_tables)
    if not isinstance(found, frozenset):
        names = [ref.name.lower() for ref in structure.tables]
        counted = Counter(name[:length] for name in names for length in range(1, len(name) + 1))
        structure.worked_out[of_tables] = found = frozenset(
            one for one, times in counted.items() if times * 2 >= len(names)
        )
    return found


def short_name(table: str, structure: Structure) -> str:
    """A table's name without the words that at least half of all tables begin with: org for dmz_org."""
    if len(structure.tables) <= _FEW:
        return table
    prefixes = of_tables(structure)
    ends = [place for place in range(1, len(table)) if table[place - 1] == "_" and table[:place].lower() in prefixes]
    return table[max(ends) :] if ends else table


def names_of(table: str, structure: Structure) -> tuple[str, ...]:
    """The usual names, in lower case, of a column that refers to this table, with and without what all tables begin
    with.
    """
    return tuple(dict.fromkeys((*names_for(table), *names_for(short_name(table, structure)))))


def bare_names(table: str, structure: Structure) -> frozenset[str]:
    """The table's own name, in lower case, as a column that refers to it may be called as well: store."""
    short = short_name(table, structure).lower()
    return frozenset({table.lower(), short, singular(short)})


def plain(table: Table, column: str) -> str:
    """A column's name without what all columns of the table but one begin with at least, in some projects what is short
    for the table; and without the underscore that they all end with.
    """
    if column.endswith("_") and sum(one.name.endswith("_") for one in table.columns) >= _most(table):
        column = column[:-1]
    ends = [place for place in range(1, len(column)) if column[place - 1] == "_"]
    for place in reversed(ends):
        begin = sum(one.name.startswith(column[:place]) for one in table.columns)
        if begin >= _most(table):
            return column[place:]
    return column


def _most(table: Table) -> int:
    return max(_FEW, len(table.columns) - 1)
