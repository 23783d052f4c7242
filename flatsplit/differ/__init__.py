"""Two States into ordered statements. Pure.

Forward, back, catch-up, and the undo of a single statement are all the same question:
which statements lead from the facts in one State to the facts in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flatsplit.differ import acls, defaults, members, owners, policies_and_mappings, recorder, roles, rowsecurity
from flatsplit.differ.acls import DATABASE_OWNER
from flatsplit.model import ObjectRef, State, Statement


def diff(have: State, want: State) -> tuple[Statement, ...]:
    """The statements that turn ``have`` into ``want``, in the order in which they can run.

    Roles come first and go last. What is given comes before what is taken away, so that nobody
    is without a right in between; memberships are taken away right after owners have moved, so
    that the bridge is gone before anything else of legacy's is (a broken-off revoke is then recognisable).
    """
    return tuple(_written(have, want))


def _written(have: State, want: State) -> Iterator[Statement]:
    """The same statements before they are numbered, grouped by phase: a phase starts only once the one before has
    finished.
    """
    for phase, piece in enumerate(_pieces(have, want), start=1):
        for each in piece:
            statement = each.but(phase=phase) if isinstance(each, Statement) else each(phase)
            yield _named(statement, have, want) if DATABASE_OWNER in statement.acts else statement


def size(have: State, want: State) -> int:
    """How many statements :func:`diff` would return. The GRANTs and moves of owners are counted without
    being written.
    """
    return sum(1 for piece in _pieces(have, want) for _ in piece)


def _pieces(have: State, want: State) -> tuple[Iterable[Statement | acls.Later], ...]:
    before, have = have, rowsecurity.without_gone(rowsecurity.with_made(have, want), want)
    moving = acls.changed(have, want)
    moved, after_login = owners.moved(have, want, moving)
    return (
        rowsecurity.tenants_gone(have, want),
        roles.created(have, want),
        rowsecurity.made(before, want),
        roles.widened(have, want),
        members.granted(have, want),
        rowsecurity.tenants_come(have, want),
        policies_and_mappings.mappings_created(have, want),
        policies_and_mappings.policies(have, want),
        policies_and_mappings.policies_dropped(have, want),
        rowsecurity.policies_made(have, want),
        rowsecurity.policies_changed(have, want),
        rowsecurity.switched(have, want, on=True),
        *moved,
        members.revoked(have, want),
        acls.objects(have, want, moving, revoking=False),
        acls.columns(have, want, revoking=False),
        defaults.changed(have, want),
        acls.columns(have, want, revoking=True),  # before those of the table, which they may depend on
        acls.objects(have, want, moving, revoking=True),
        rowsecurity.switched(have, want, on=False),
        rowsecurity.policies_gone(have, want),
        rowsecurity.gone(before, want),
        policies_and_mappings.mappings_dropped(have, want),
        roles.settings(have, want),
        roles.narrowed(have, want),
        roles.shut(have, want),
        roles.opened(have, want),
        after_login,
        roles.commented(have, want),
        recorder.made(have, want),
        recorder.dropped(have, want),
        roles.dropped(have, want),
    )


def _named(statement: Statement, have: State, want: State) -> Statement:
    """The statement, with pg_database_owner replaced in ``acts`` by the owners that the database has in the
    two States.
    """
    ref = ObjectRef("database", "", have.target.database)
    owners = [state.objects[ref].owner for state in (have, want) if ref in state.objects]
    split = statement.split
    return statement.but(
        acts=(*(role for role in statement.acts if role != DATABASE_OWNER), *owners),
        split=None if split is None else lambda: tuple(_named(each, have, want) for each in split()),
    )
