"""What speaks against making a role a group now, with what to do about it. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from flatsplit import blueprint, ddl, membership
from flatsplit.config import Group
from flatsplit.model import State
from flatsplit.walks import marks
from flatsplit.walks.kind import Moment

Objection = tuple[str, str]
"""What is wrong, and what to do."""


def refuses(moment: Moment) -> Objection | None:
    """The first objection to beginning the walk; None where there is none."""
    config, state, role = moment.config, moment.live, moment.subject
    purpose = config.roles.purpose(role)
    if not purpose:
        able = {each.purpose.key: each.name for each in blueprint.roles(config)}
        able.pop(blueprint.ADMINISTRATOR.key, None)
        named, known = able.get(role, ""), ", ".join(able.values())
        fix = f"flatsplit begin group {shlex.quote(named)}" if named else f"there are: {known}"
        return f"{role!r} is none of the roles that can become groups", fix
    if purpose == blueprint.ADMINISTRATOR.key:
        return (
            f"{role} is what people become for a moment, nobody logs in for it all day",
            f"let persons be members of it instead: GRANT {ddl.ident(role)} TO …; they SET ROLE when they need it",
        )
    if role not in state.roles:
        return f"there is no role {role!r} yet", "let the split be done first: flatsplit status"
    group = config.group(role)
    example = f'[group.{purpose}] and under it logins = ["{purpose}_a", "{purpose}_b"]'
    if group is None or not group.logins:
        return f"flatsplit.toml does not say who logs in for {role}", f"write {example}"
    if not state.roles[role].login and not _closed_elsewhere(state, role, group):
        return f"{role} does not log in itself: it is a group already", "nothing to do"
    return next(objections(state, role, purpose, group), None)


def declares(moment: Moment) -> dict[str, str]:
    """Roles that are to become groups, by the headings of their sections; not those that are groups already."""
    roles = {str(getattr(moment.config.roles, group.purpose)): group for group in moment.config.groups}
    return {
        role: f"[group.{group.purpose}]"
        for role, group in roles.items()
        if role in moment.live.roles and (moment.live.roles[role].login or _closed_elsewhere(moment.live, role, group))
    }


def _closed_elsewhere(state: State, role: str, group: Group) -> bool:
    """Whether the walk of another database has made these logins, and closed the group for this one as well: then the
    walk here finds everything done, and the database agrees with it.
    """
    inside = {key.member for key in state.members if key.role == role}
    return any(login in inside and marks.others(state, login) for login in group.logins)


def objections(state: State, role: str, purpose: str, group: Group) -> Iterator[Objection]:
    """Objections that also stop a walk that is under way, where they come up later."""
    if purpose == blueprint.OWNER.key and not group.as_group:
        yield (
            f"what members of {role} create would belong to them, and not to {role}",
            f"write as_group = true under [group.{purpose}]",
        )
    owned = sorted(
        ref.name
        for alike in state.groups
        if alike.kind == "subscription" and alike.facts.owner == role
        for ref in alike.refs
    )
    if owned:
        # The worker of a subscription logs in as its owner, and cannot start again once that role may not
        yield (
            f"subscription {owned[0]} belongs to {role}, and stops once {role} may not log in",
            f"give it to a role that goes on: ALTER SUBSCRIPTION {ddl.ident(owned[0])} OWNER TO …;",
        )
    for login in group.logins:
        if way := membership.circle(state, role, login):
            yield (
                f"{role} is a member of {login}, so {login} cannot be a member of it",
                ddl.end_membership(state, way[1], way[0]),
            )
        facts = state.roles.get(login)
        if facts is not None and (facts.superuser or login == state.target.operator):
            whose = "a superuser" if facts.superuser else "who runs flatsplit"
            yield f"{login} is {whose}, and not to be a login of {role}", "name another under logins"
