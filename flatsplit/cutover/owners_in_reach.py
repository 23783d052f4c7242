"""Whether the operator may act as the owners of all that statements change: told before the first of them is run."""

from __future__ import annotations

from collections.abc import Iterable

from flatsplit import ddl
from flatsplit.connection import Session
from flatsplit.errors import MissingRights
from flatsplit.model import OF_ROLES, State, Statement
from flatsplit.server.acting_as import why_not
from flatsplit.server.lack import Lack
from flatsplit.words import more

_SHOWN = 20
"""So many statements at most are printed for somebody else to run."""
_LOCK_TIMEOUT = "50ms"


def require_owners(session: Session, live: State, statements: Iterable[Statement]) -> None:
    """Raise MissingRights where an object belongs to somebody whom the operator, no superuser, cannot act as: a table
    that was given away, say. Nothing is done yet then.

    Statements about roles alone are not tried: of these the server itself says which it refuses, and why.
    """
    if live.target.operator_superuser:
        return
    waiting: dict[str, list[Statement]] = {}
    for statement in statements:
        if not {change.fact for change in statement.changes} <= OF_ROLES:
            for role in dict.fromkeys(statement.acts):
                if role in live.roles:  # another one is made by these very statements
                    waiting.setdefault(role, []).append(statement)
    if not waiting:
        return
    with session.driver.transaction(force_rollback=True):
        session.driver.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        found = {role: why for role in waiting if (why := why_not(session.driver, live, role))}
    if found:
        raise _missing(live, {role: waiting[role] for role in found}, found)


def _missing(live: State, waiting: dict[str, list[Statement]], why: dict[str, str]) -> MissingRights:
    from flatsplit.hazards.operator import remedy  # seldom wanted, and imports all hazards

    role, stopped = next(iter(waiting.items()))
    whose = ddl.label(stopped[0].objects[0]) if stopped[0].objects else stopped[0].description
    lacks = {one: Lack("", each[0], why[one], one, len(each)) for one, each in waiting.items()}
    grants = {one: grant for one, lack in lacks.items() if (grant := remedy(live, lack, frozenset()))}
    rest = list(dict.fromkeys(each.sql for one, found in waiting.items() if one not in grants for each in found))
    cures = [f"have an administrator run: {' '.join(dict.fromkeys(grants.values()))}"] if grants else []
    if rest:
        shown = f"{' '.join(rest[:_SHOWN])}{more(len(rest) - _SHOWN)}"
        cures.append(f"have a superuser run: {shown}")
    return MissingRights(
        f"{live.target.operator} may not act as {role}, which {whose} needs: {why[role]}; nothing is done yet",
        "; and ".join(cures),
    )
