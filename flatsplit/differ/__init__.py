"""Two States into ordered statements. Pure.

Forward, back, catch-up, and the undo of a single statement are all the same question:
which statements lead from the facts in one State to the facts in another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flatsplit.differ import acls, defaults, members, owners, roles, smaller
from flatsplit.model import ObjectRef, State, Statement


def diff(have: State, want: State) -> tuple[Statement, ...]:
    """The statements that turn ``have`` into ``want``, in the order in which they can run.

    Roles come first and go last. What is given comes before what is taken away, so that nobody
    is without a right in between; memberships are taken away right after owners have moved, so
    that the bridge is gone before anything else of legacy's is (a broken-off revoke is then recognisable).
    """
    statements = [each if isinstance(each, Statement) else each() for each in _pieces(have, want)]
    return tuple(_named(each, have, want) if DATABASE_OWNER in each.acts else each for each in statements)


def size(have: State, want: State) -> int:
    """How many statements that are, without writing the many."""
    return len(_pieces(have, want))


def _pieces(have: State, want: State) -> tuple[Statement | Callable[[], Statement], ...]:
    moving = acls.changed(have, want)
    moved, after_login = owners.moved(have, want, moving)
    return (
        *roles.created(have, want),
        *roles.widened(have, want),
        *members.granted(have, want),
        *smaller.mappings_created(have, want),
        *smaller.policies(have, want),
        *smaller.policies_dropped(have, want),
        *moved,
        *members.revoked(have, want),
        *acls.objects(have, moving, revoking=False),
        *acls.columns(have, want, revoking=False),
        *defaults.changed(have, want),
        *acls.objects(have, moving, revoking=True),
        *acls.columns(have, want, revoking=True),
        *smaller.mappings_dropped(have, want),
        *roles.settings(have, want),
        *roles.narrowed(have, want),
        *roles.opened(have, want),
        *after_login,
        *roles.commented(have, want),
        *roles.dropped(have, want),
    )


DATABASE_OWNER = "pg_database_owner"
"""Nobody can be made a member of it: its one member is the owner of the database (manual, "Predefined Roles")."""


def _named(statement: Statement, have: State, want: State) -> Statement:
    """With the database's owners for who acts in its name."""
    ref = ObjectRef("database", "", have.target.database)
    owners = [state.objects[ref].owner for state in (have, want) if ref in state.objects]
    split = statement.split
    return replace(
        statement,
        acts=(*(role for role in statement.acts if role != DATABASE_OWNER), *owners),
        split=None if split is None else lambda: tuple(_named(each, have, want) for each in split()),
    )
