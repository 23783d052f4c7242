"""Marks roles with the database whose walk made them, in their comment, which every database of the cluster can read.

Roles belong to the cluster and a journal to one database. Without the mark, a walk could not tell a role that another
database's walk made from one that somebody made by hand, and would drop it at a rollback. Comments without a mark are
left alone. A mark is changed when its walk is rolled back and leaves the role to a database that uses it.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from flatsplit.model import State
from flatsplit.walks.provider import administers

_HEAD, _TAIL = 'made by flatsplit for database "', '"'
_HELD = ", held back"
"""Ends the comment on a role that stays NOLOGIN because somebody decided so, though its walk lets others log in."""


def mark(database: str, *, held: bool = False) -> str:
    """The comment on a role that the walk of this database makes or takes over."""
    return f"{_HEAD}{database}{_TAIL}{_HELD if held else ''}"


@lru_cache(maxsize=256)  # thousands of tenants' roles have the same one
def marked(comment: str) -> str:
    """The database that a comment names; "" for a comment without a mark."""
    comment = comment.removesuffix(_HELD)
    if comment.startswith(_HEAD) and comment.endswith(_TAIL):
        return comment[len(_HEAD) : -len(_TAIL)]
    return ""


def held(comment: str) -> bool:
    """Whether a comment says that the role is held back."""
    return bool(marked(comment)) and comment.endswith(_TAIL + _HELD)


def whose(state: State, role: str) -> str:
    """The database whose walk the role belongs to; "" without a mark, or where that database does not exist
    any more.
    """
    facts = state.roles.get(role)
    named = marked(facts.comment) if facts is not None else ""
    return named if named == state.target.database or any(named in names for names in state.databases.values()) else ""


def others(state: State, role: str) -> str:
    """The other database whose walk the role belongs to; "" where there is none."""
    named = whose(state, role)
    return "" if named == state.target.database else named


def left(state: State, roles: Collection[str]) -> State:
    """``state`` with those of this walk's ``roles`` that stay marked for one of the databases that use them.

    From 16 on a comment takes ADMIN OPTION on the role (COMMENT, "Notes").
    """
    heirs = {
        name: facts._replace(comment=mark(facts.elsewhere[0]))
        for name, facts in state.roles.items()
        if name in roles and facts.elsewhere and marked(facts.comment) and not others(state, name)
        if administers(state, name)
    }
    return state.but(roles={**state.roles, **heirs}) if heirs else state
