"""Checks for a database that changes during a step: that flatsplit knows every object, and that the statements that
are left are only about new ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from flatsplit.catalog import read_state, unknown_dependencies
from flatsplit.connection import Session
from flatsplit.errors import UnknownDependency
from flatsplit.model import State, Statement

LOOKS = 3
"""How often the catalog is read again: an object created after ``live`` was read is found the next time."""


def prove_known(session: Session, legacy: str, live: State) -> None:
    """Raise UnknownDependency where pg_shdepend lists something of legacy's that no look at the catalog shows."""
    unknown = unknown_dependencies(session.driver, legacy, live)
    for _ in range(LOOKS):
        if not unknown:
            return
        again = unknown_dependencies(session.driver, legacy, read_state(session.driver))
        unknown = tuple(one for one in unknown if one in again)
    if unknown:
        raise UnknownDependency(
            f"the server knows of something of {legacy}'s that flatsplit does not: {unknown[0]}"
            + (f" (and {len(unknown) - 1} more)" if unknown[1:] else ""),
            "flatsplit does not go on with what it cannot see; please report it",
        )


def about_new(statements: Sequence[Statement], before: State) -> bool:
    """Whether all of these statements are about objects that did not exist yet.

    An application that keeps creating objects always leaves one more. Such statements do not keep a step from its end,
    since the next step begins with them.
    """
    return all(each.objects and not any(ref in before.objects for ref in each.objects) for each in statements)
