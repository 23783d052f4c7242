"""Statements that give what others take away, or the other way round."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from flatsplit.model import Statement, alike

_Fact: TypeAlias = tuple[str, str, str, str]


def without_opposed(statements: Iterable[Statement], later: Iterable[Statement]) -> tuple[Statement, ...]:
    """``statements`` but those that change nothing except what ``later`` ones change back."""
    turned = {("-" if side == "+" else "+", *fact) for statement in later for side, *fact in _facts(statement)}
    return tuple(each for each in statements if not each.changes or any(fact not in turned for fact in _facts(each)))


def _facts(statement: Statement) -> Iterable[_Fact]:
    """What it changes, without the values: a right is the same right whichever letters of it are given."""
    for change in alike(statement.changes):
        whose = change.detail.partition("=")[0]
        for subject in change.subjects:
            yield change.side, change.fact, subject, whose
