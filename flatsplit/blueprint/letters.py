"""Which privileges a purpose asks for on an object."""

from __future__ import annotations

from flatsplit import privileges
from flatsplit.blueprint.purpose import Letters, Purpose
from flatsplit.blueprint.rows import APPLICATION
from flatsplit.model import PUBLIC, ROUTINES, TYPES, Acl

_OPEN = ROUTINES | TYPES
"""Kinds that stand open to PUBLIC by default (acldefault(), acl.c)."""


def on_ours(purpose: Purpose, kind: str, acl: Acl) -> str:
    """What it gets on one of the application's objects.

    Where routines and types were taken from PUBLIC, it gets back its part of what legacy had as the owner.
    """
    return _unless_open(purpose.uses, kind, public=kind in _OPEN and bool(privileges.letters(acl, PUBLIC)))


def on_later(purpose: Purpose, kind: str, *, public: bool, foreign: bool) -> str:
    """What it gets on objects to come; ``public``: they will stand open to PUBLIC; ``foreign``: they stay others'.

    On what goes on belonging to others it gets all that using it may ask for, as on what is there.
    """
    return _unless_open(purpose.borrows if foreign else purpose.uses, kind, public=public)


def of_use(kind: str) -> str:
    """Privileges that reading and writing rows needs on somebody else's object of this kind."""
    return APPLICATION.borrows.get(kind, "")


def _unless_open(letters: Letters, kind: str, *, public: bool) -> str:
    return "" if public and kind in _OPEN else letters.get(kind, "")
