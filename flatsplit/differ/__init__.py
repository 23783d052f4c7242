"""Two States into ordered statements. Pure.

Forward, back, catch-up, and the undo of a single statement are all the same question:
which statements lead from the facts in one State to the facts in another.
"""

from __future__ import annotations

from flatsplit.differ import acls, defaults, members, owners, roles, smaller
from flatsplit.model import State, Statement


def diff(have: State, want: State) -> tuple[Statement, ...]:
    """The statements that turn ``have`` into ``want``, in the order in which they can run.

    Roles come first and go last. What is given comes before what is taken away, so that nobody
    is without a right in between; memberships are taken away right after owners have moved, so
    that the bridge is gone before anything else of legacy's is (a broken-off revoke is then recognisable).
    """
    moving = acls.changed(have, want)
    return (
        *roles.created(have, want),
        *roles.widened(have, want),
        *members.granted(have, want),
        *smaller.mappings_created(have, want),
        *smaller.policies(have, want),
        *owners.moved(have, want, moving),
        *members.revoked(have, want),
        *acls.objects(moving, revoking=False),
        *acls.columns(have, want, revoking=False),
        *defaults.changed(have, want),
        *acls.objects(moving, revoking=True),
        *acls.columns(have, want, revoking=True),
        *smaller.mappings_dropped(have, want),
        *roles.settings(have, want),
        *roles.narrowed(have, want),
        *roles.opened(have, want),
        *roles.dropped(have, want),
    )
