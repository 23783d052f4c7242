"""Becoming another role within a session: SET ROLE and the like.

It takes SET on a membership (member_can_set_role() in acl.c; before 16 any membership). pg_stat_statements counts what
a session does then under the other role.
"""

from __future__ import annotations

from collections.abc import Iterable

from flatsplit import membership
from flatsplit.config.text import quote
from flatsplit.model import State, versions
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.remedies import member
from flatsplit.rehearsal.values import Heard, Problem
from flatsplit.walks.split.context import Context


def problems(actor: Actor, role: str, what: str) -> list[Problem]:
    """Problems of ``what``, by which a session would become ``role``."""
    if role in ("none", "default") or membership.can_set_role(actor.goal, actor.role, role):
        return []
    if role not in actor.live.roles:
        if role in actor.goal.roles:
            return [Problem("denied", f"{what}: {actor.role} is no member of {role}", role, "MEMBERSHIP", _LEAVE)]
        return [Problem("unknown", f"{what}: there is no role {role} (any more)", role)]
    reason = f"{what}: {actor.role} may not become {role}, which takes SET on a membership in it"
    if actor.major < versions.MEMBER_OPTIONS:
        reason = f"{what}: {actor.role} is no member of {role}"
    taken = (actor.context.legacy, *actor.context.config.roles.new)
    remedy = _LEAVE
    if actor.purpose and role not in taken and membership.can_set_role(actor.live, actor.before, role):
        remedy = f"[become] {actor.purpose} = [{quote(role)}]"
    elif not actor.purpose:
        remedy = member(actor.section, actor.role, role)
    return [Problem("denied", reason, role, "MEMBERSHIP", remedy)]


_LEAVE = "for the application's owner: leave it out, the connection is made as the role that is meant"


def others(state: State, context: Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Other roles whose statements are the application's: those that act as legacy, and those that it becomes. No
    superusers.
    """
    roles = context.config.roles
    apart = {*roles.new, state.target.operator}
    acting = membership.acting(state, context.legacy, apart) - apart
    reached = {
        name
        for name, facts in state.roles.items()
        if name not in apart and name != context.legacy and not facts.superuser and not name.startswith("pg_")
    }
    facts = state.roles.get(context.legacy)
    if facts is None or facts.superuser:  # it may become any role; its memberships say which it does
        reached = {key.role for key in state.members if key.member == context.legacy} & reached
    became = sorted(name for name in reached if membership.can_set_role(state, context.legacy, name))
    return tuple(sorted(acting)), tuple(became)


def certain(state: State, context: Context, role: str) -> bool:
    """Whether only sessions that act as legacy can have become ``role``, which does not log in itself."""
    mine = {context.legacy, *others(state, context)[0], *context.config.roles.new, state.target.operator}
    logins = (name for name, facts in state.roles.items() if facts.login and not facts.superuser and name not in mine)
    return not state.roles[role].login and not any(membership.can_set_role(state, name, role) for name in logins)


def of(heard: Iterable[Heard], acting: Iterable[str]) -> list[Heard]:
    """Statements of roles that act as legacy, counted together with legacy's own where they are equal."""
    mine = {"", *acting}
    found: dict[tuple[str, str], Heard] = {}
    for each in heard:
        one = each._replace(role="") if each.role in mine else each
        before = found.get((one.text, one.role))
        if before is not None:
            one = one._replace(
                calls=one.calls + before.calls, top=one.top if before.top is None else before.top or one.top
            )
        found[one.text, one.role] = one
    return sorted(found.values(), key=lambda each: (-each.calls, each.text, each.role))
