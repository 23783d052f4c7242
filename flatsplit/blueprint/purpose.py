"""What a row of the blueprint says: rights, what is taken over from legacy, and what the role may and may not do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Letters: TypeAlias = Mapping[str, str]
"""Privilege letters by kind of object, with ``column`` for columns; kinds without any are left out."""

Duty: TypeAlias = Literal["application", "owner", "reader", "administrator"]
"""What a role is for: it runs the application, owns the schema, only reads, or administers."""

Takes: TypeAlias = Literal[
    "settings", "connection_limit", "valid_until", "bypassrls", "createdb", "policies", "mappings", "memberships"
]
"""What a role takes over from legacy besides privileges on objects."""

Asks: TypeAlias = Literal["letters", "around", "owning", "granting", "creating", "inheriting", "trial"]
"""How the catalog is asked whether an expectation holds. ``letters``: privileges on the application's objects;
``around``: on the schemas in scope, whoever owns them; ``owning``, ``granting``: whether it owns objects or could grant
them; ``creating``: whether it could create anything permanent; ``inheriting``: whether it or an administrator owns
everything; ``trial``: it is only tried.
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A statement that is tried as the role and undone at once."""

    act: str
    """One or two words, for example "truncate"."""
    statement: str
    """With {} for the name of what it is tried on or creates, {column} for a column that can be changed, and {only} for
    ONLY where inheriting tables are left out.
    """
    on: Literal["relation", "table", "schema", "cluster"] = "table"
    """A relation is a table or something that is read like one."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Something that a role may or may not do: a line of the matrix, with what is tried of it."""

    act: str
    """In the words of the matrix; "" where it is only tried."""
    expected: bool
    asks: Asks = "letters"
    kinds: frozenset[str] = frozenset()
    """The kinds of objects it is about; empty for all."""
    letters: str = ""
    """All of these privileges if it may, none of them if it may not."""
    if_any: bool = False
    """Left out where there is no such object."""
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Purpose:
    """A row of the blueprint."""

    key: str
    """The key in flatsplit.toml, and the default name of the role."""
    duty: Duty
    who: str
    """Who connects as the role: the subject of sentences about it."""
    may: str
    may_not: str
    uses: Letters = field(default_factory=dict)
    """On the application's objects, existing and future."""
    borrows: Letters = field(default_factory=dict)
    """On objects of others: which part of legacy's privileges it gets."""
    keeps_all: bool = False
    """Whether it gets all of legacy's privileges on objects of others, with the grant options."""
    beyond_scope: bool = False
    """Whether that holds outside the schemas in scope, too, and for members of extensions."""
    dumps: str = ""
    """Which of legacy's privileges on flatsplit's own schema it gets: a backup fails on a schema that it
    cannot read.
    """
    around: Letters = field(default_factory=dict)
    """On the schemas in scope and the database, whoever owns them."""
    takes: frozenset[Takes] = frozenset()
    programs: bool = True
    """Whether programs use it; otherwise people do, with an administrator's rights."""
    expectations: tuple[Expectation, ...] = ()

    @property
    def named(self) -> bool:
        """Whether its rights are privileges on single objects, so that it neither owns nor administers them."""
        return bool(self.uses)
