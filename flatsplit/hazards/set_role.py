"""Hazards of sessions that have become another role, and stay it whatever is revoked. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl, membership
from flatsplit.hazards.registry import MOST, Found, Seen, few, hazard
from flatsplit.walks import split
from flatsplit.words import count


@hazard(
    "set-role-goes-on",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="memberships that are to end: over the bridge of [role.NAME] like before 16, and beyond [people] of "
    "flatsplit.toml; sessions whose role was dropped",
    why="SET ROLE checks the membership once. A session that has become another role goes on as that one when the "
    "membership is revoked, and when the role it logged in as is dropped; no view shows whom a session acts as. Before "
    "16 whoever is a member may SET ROLE.",
    fix="End the sessions that were there when the membership ended.",
    manual="sql-set-role.html",
    questions=("dropped_sessions",),
)
def set_role_goes_on(seen: Seen) -> Iterator[Found]:
    """Roles that sessions may have become by a membership that is going to end."""
    for name, like in _bridged(seen):
        end = ddl.terminate_sessions(name)
        yield Found(
            f"{name} may become {like} by SET ROLE before PostgreSQL 16: a session that did goes on so after narrow",
            (name,),
            severity="note",
            fix="Let its program do without SET ROLE: what it runs as another role is not learned either. Once narrow "
            f"is done, end its sessions from before:\n{end}",
            sql=(end,),
        )
    for person, roles, cures in _beyond(seen):
        yield Found(
            f"{person} may have become {few(roles)}, which [people] does not say, and goes on as that after a REVOKE",
            (person,),
            fix="Write it down in [people], or end the membership and then the sessions:\n" + "\n".join(cures),
            sql=cures,
        )
    if gone := seen.rows("dropped_sessions"):
        ends = tuple(ddl.terminate_backend(pid) for pid, _, _ in gone[:MOST])
        yield Found(
            f"{count(len(gone), 'session')} of a dropped role may go on as the role that it had become",
            tuple(f"{program or 'no application_name'} from {client}" for _, program, client in gone),
            fix="Let its program log in anew, as a role that is there. End the session:\n" + "\n".join(ends),
            sql=ends,
        )


def _bridged(seen: Seen) -> Iterator[tuple[str, str]]:
    """Special roles that are or will be on their bridge, where that allows SET ROLE too."""
    if seen.state.target.membership_options:
        return
    for special in seen.context.config.special:
        over = any((key.role, key.member) == (special.like, special.name) for key in seen.state.members)
        if special.like and (over or special.name not in seen.state.roles):
            yield special.name, special.like


def _beyond(seen: Seen) -> Iterator[tuple[str, list[str], tuple[str, ...]]]:
    """People of the configuration with more of the new roles than it says, and the statements that end that."""
    state, config = seen.state, seen.context.config
    for person, purposes in config.people:
        said = {blueprint.named(config, purpose) for purpose in purposes}
        more = [
            key
            for key, options in sorted(state.members.items())
            if key.member == person and key.role in config.roles.new and key.role not in said
            if membership.may_set(options)
        ]
        if more:
            ends = [ddl.revoke_member(key, by=state.target.membership_options) for key in more]
            yield (
                person,
                list(dict.fromkeys(key.role for key in more)),
                (*ends, ddl.terminate_sessions(person, everywhere=True)),
            )
