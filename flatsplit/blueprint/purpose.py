"""What is said of a purpose: which rights it has on what, what it takes over from legacy, what it may and may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Letters: TypeAlias = Mapping[str, str]
"""Privilege letters by kind of object, with ``column`` for rights by column; kinds without any are left out."""

Duty: TypeAlias = Literal["application", "owner", "reader", "administrator"]
"""What a role is there for: it runs the application, owns the schema, only reads, or administers."""

Takes: TypeAlias = Literal[
    "settings", "connection_limit", "valid_until", "bypassrls", "createdb", "policies", "mappings", "memberships"
]
"""What a role takes over from legacy beside privileges on objects."""

Asks: TypeAlias = Literal["letters", "around", "owning", "granting", "creating", "inheriting", "trial"]
"""How an expectation is judged by the catalog: by ``letters`` on the application's objects, or on what is ``around``
them, the schemas in scope whoever owns them; by whether it owns objects or could grant them, by whether it could create
anything lasting, by whether it or who administers owns all by now; ``trial``: not."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A statement that is tried as the role and undone at once."""

    act: str
    """In a word or two, for example "truncate"."""
    statement: str
    """With {} for the name of what it is tried on, or of what it makes; {column} for a column that can be changed,
    {only} where what inherits from a table is left out."""
    on: Literal["relation", "table", "schema", "cluster"] = "table"
    """A relation is a table or what is read like one."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Something that a role may do, or may not: a line of the matrix, and what is tried of it."""

    act: str
    """In the words of the matrix; "" where it is only tried."""
    expected: bool
    asks: Asks = "letters"
    kinds: frozenset[str] = frozenset()
    """Kinds of objects that it is about; empty for all."""
    letters: str = ""
    """All of them if it may, any of them if it may not."""
    if_any: bool = False
    """Not asked where there is no such object."""
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Purpose:
    """A row of the blueprint."""

    key: str
    """Its key in flatsplit.toml, and the role's name where nobody chose another."""
    duty: Duty
    who: str
    """Who connects with it: the subject of the sentences about it."""
    may: str
    may_not: str
    uses: Letters = field(default_factory=dict)
    """On what belongs to the application, whether it is there or comes later."""
    borrows: Letters = field(default_factory=dict)
    """On what goes on belonging to others: of what legacy holds there, the part that it gets."""
    keeps_all: bool = False
    """It gets all that legacy holds on others' objects, with the grant options."""
    beyond_scope: bool = False
    """It borrows outside the schemas in scope, too, and on members of extensions."""
    dumps: str = ""
    """Of what legacy holds on flatsplit's own schema, the letters that it gets: backups fail on one that is closed."""
    around: Letters = field(default_factory=dict)
    """On the schemas in scope and the database, whoever owns them."""
    takes: frozenset[Takes] = frozenset()
    programs: bool = True
    """For programs; else for people, who have an administrator's rights of their own."""
    expectations: tuple[Expectation, ...] = ()

    @property
    def named(self) -> bool:
        """Whether its rights are privileges on single objects: of who neither owns them nor administers."""
        return bool(self.uses)
