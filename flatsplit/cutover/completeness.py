"""On a database that does not stand still: is everything known, and is what is left only what came a moment ago?"""

from __future__ import annotations

from collections.abc import Sequence

from flatsplit.catalog import read_state, unknown_dependencies
from flatsplit.connection import Session
from flatsplit.errors import UnknownDependency
from flatsplit.model import State, Statement

LOOKS = 3
"""How often it is looked: what was created between the reading of ``live`` and the question is known at the next."""


def prove_known(session: Session, legacy: str, live: State) -> None:
    """Raise UnknownDependency where the server knows of something of legacy's that no look at the catalog shows."""
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
    """Whether all of them are about objects that were not there yet.

    With an application that goes on creating, there is always one more: it is not what keeps a step from its end, since
    whatever comes next begins with it.
    """
    return all(each.objects and not any(ref in before.objects for ref in each.objects) for each in statements)
