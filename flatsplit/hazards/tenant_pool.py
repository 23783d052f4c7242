"""Hazards of roles that may become a great many others, as one pool of all tenants does. Pure.

Source: roles_is_member_of() in acl.c, which gathers all of them at a session's first SET ROLE; the syscache callback
RoleMembershipCacheCallback() throws that away whenever pg_auth_members or pg_authid changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from flatsplit import membership
from flatsplit.hazards.registry import Found, Seen, few, hazard

MEMBERS = 1000
"""From here on everybody notices: 1 to 7 ms."""


@hazard(
    "tenant-pooler-members",
    "warning",
    None,
    looks_at=f"pg_auth_members: roles that are no superusers and may become more than {MEMBERS:,} others",
    why="The first SET ROLE of each session gathers all roles that it is a member of, and so does the next one after "
    "any CREATE ROLE, DROP ROLE or GRANT of a role anywhere in the cluster: 1 to 7 ms for 1,000, 75 to 510 ms for "
    "10,000, and 10 MB more of each session. Prepared statements are planned anew at each change of role.",
    fix="Let tenants log in themselves, behind a pooler with a limit for all of them: "
    '[tenants] connect = "login", which is decided when the walk begins.',
    manual="role-membership.html",
)
def tenant_pooler_members(seen: Seen) -> Iterator[Found]:
    """Those that may; what the right to administer a role is worth, does not count."""
    state = seen.state
    some = {
        key[:2]
        for key, options in state.members.items()
        if membership.may_set(options) or membership.inherits(state, key, options)
    }
    number = Counter(member for _, member in some)
    plain = {name for name, facts in state.roles.items() if not facts.superuser}
    many = sorted(name for name, roles in number.items() if roles > MEMBERS and name in plain)
    if many:
        yield Found(f"{few(many)} may become more than {MEMBERS:,} roles", tuple(many))
