"""The privileges that a purpose gets on an object."""

from __future__ import annotations

from flatsplit import privileges
from flatsplit.blueprint.purpose import Letters, Purpose
from flatsplit.blueprint.rows import APPLICATION, ROWS
from flatsplit.model import PUBLIC, ROUTINES, TYPES, Acl

_OPEN = ROUTINES | TYPES
"""Kinds on which PUBLIC has privileges by default (acldefault(), acl.c)."""


def on_ours(purpose: Purpose, kind: str, acl: Acl) -> str:
    """The letters on one of the application's objects.

    Where PUBLIC has lost its privileges on a routine or type, the purpose gets its part of what legacy had as the
    owner.
    """
    return _unless_open(purpose.uses, kind, public=kind in _OPEN and bool(privileges.letters(acl, PUBLIC)))


def on_later(purpose: Purpose, kind: str, *, public: bool, foreign: bool) -> str:
    """The letters on future objects. ``public``: PUBLIC will have privileges on them; ``foreign``: they will belong to
    others.

    On objects of others it gets everything that their use may need, as on existing ones.
    """
    return _unless_open(purpose.borrows if foreign else purpose.uses, kind, public=public)


def of_use(kind: str) -> str:
    """Privileges that reading and writing rows needs on an object of another role."""
    return APPLICATION.borrows.get(kind, "")


def refused(kind: str) -> str:
    """Privileges on an object of the application that some purpose must not have: what PUBLIC holds, all have."""
    limits = (one for purpose in ROWS for one in purpose.expectations if not one.expected and kind in one.kinds)
    return "".join(sorted({letter for one in limits for letter in one.letters}))


def _unless_open(letters: Letters, kind: str, *, public: bool) -> str:
    return "" if public and kind in _OPEN else letters.get(kind, "")
