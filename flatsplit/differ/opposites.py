"""Statements that are left out because later ones would undo them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from flatsplit.model import Statement, alike

_Fact: TypeAlias = tuple[str, str, str, str]


def without_opposed(statements: Iterable[Statement], later: Iterable[Statement]) -> tuple[Statement, ...]:
    """``statements`` without those whose every change is reversed by one of the ``later`` statements."""
    turned = {("-" if side == "+" else "+", *fact) for statement in later for side, *fact in _facts(statement)}
    return tuple(each for each in statements if not each.changes or any(fact not in turned for fact in _facts(each)))


def _facts(statement: Statement) -> Iterable[_Fact]:
    """The facts that a statement changes, without their values: a privilege on an object counts as one fact, whichever
    letters of it are granted or revoked.
    """
    for change in alike(statement.changes):
        whose = change.detail.partition("=")[0]
        for subject in change.subjects:
            yield change.side, change.fact, subject, whose
