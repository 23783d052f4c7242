"""Whose a role is. A comment on it says so to every database of the cluster, and goes when the role goes.

Roles are the cluster's and a journal is one database's: without the mark, a walk could not tell the role that another
database's walk made from one that somebody made by hand, and would drop it on its way back. Other comments are left
alone: only what carries a mark is marked anew, when its walk goes back and leaves the role to a database that uses it.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from flatsplit.model import State
from flatsplit.walks.provider import administers

_HEAD, _TAIL = 'made by flatsplit for database "', '"'
_HELD = ", held back"
"""Ends the comment on a role that is not let in, though its walk lets others in: somebody decided so."""


def mark(database: str, *, held: bool = False) -> str:
    """The comment on a role that the walk of this database makes, or is left with."""
    return f"{_HEAD}{database}{_TAIL}{_HELD if held else ''}"


@lru_cache(maxsize=256)  # thousands of tenants' roles have the same
def marked(comment: str) -> str:
    """The database that a comment names; "" for any other comment."""
    comment = comment.removesuffix(_HELD)
    if comment.startswith(_HEAD) and comment.endswith(_TAIL):
        return comment[len(_HEAD) : -len(_TAIL)]
    return ""


def held(comment: str) -> bool:
    """Whether a comment says that the role is held back."""
    return bool(marked(comment)) and comment.endswith(_TAIL + _HELD)


def whose(state: State, role: str) -> str:
    """The database whose walk the role belongs to; "" without a mark, and where that database is no more."""
    facts = state.roles.get(role)
    named = marked(facts.comment) if facts is not None else ""
    return named if named == state.target.database or any(named in names for names in state.databases.values()) else ""


def others(state: State, role: str) -> str:
    """The other database whose walk the role belongs to, or ""."""
    named = whose(state, role)
    return "" if named == state.target.database else named


def left(state: State, roles: Collection[str]) -> State:
    """``state`` with those roles of this walk that stay marked as one of the databases that use them.

    From 16 on a comment takes ADMIN OPTION on the role (COMMENT, "Notes").
    """
    heirs = {
        name: facts._replace(comment=mark(facts.elsewhere[0]))
        for name, facts in state.roles.items()
        if name in roles and facts.elsewhere and marked(facts.comment) and not others(state, name)
        if administers(state, name)
    }
    return state.but(roles={**state.roles, **heirs}) if heirs else state
