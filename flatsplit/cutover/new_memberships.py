"""Memberships by which somebody can act as a role of the split, or such a role as somebody, and that neither a step nor
flatsplit.toml asks for: with what ends them, or makes them wanted. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from flatsplit import blueprint, ddl, membership
from flatsplit.config import format_name
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.cutover.leavers import seen_first
from flatsplit.cutover.situation import Situation
from flatsplit.model import Finding, Member, MemberOptions, State, versions
from flatsplit.walks import marks, split
from flatsplit.walks.provider import administers
from flatsplit.walks.split import members, restricted

Pair = tuple[str, str]
"""A role and its member."""


def new_memberships(situation: Situation, before: Collection[Pair]) -> tuple[Pair, ...]:
    """Those that are not among the ones of ``before``. Where a role leads to another database's walk, too."""
    context, live = situation.context, situation.live
    if situation.done < split.ORDINAL[split.GRANT_EXISTING]:
        return ()
    new, old = {*context.config.roles.new, *_theirs(situation)}, set(context.retiring)
    if situation.done >= split.ORDINAL[split.REVOKE_LEGACY] and context.config.retire != "repurpose":
        old = set()
    found = {
        key[:2]
        for key, options in live.members.items()
        if key[:2] not in before
        and _gains(live, key, options)
        and not _made(live, key)
        and (key.member in new or (key.role in new | old and key.member not in context.retiring))
    }
    found -= _asked_for(situation, before) if found else set()
    return tuple(sorted(found - _of_steps(situation, found))) if found else ()


def _theirs(situation: Situation) -> set[str]:
    """The logins of groups, and special roles."""
    config = situation.config
    return {*(login for group in config.groups for login in group.logins), *(one.name for one in config.special)}


def _of_steps(situation: Situation, found: Collection[Pair]) -> set[Pair]:
    """What steps of any walk that are done or under way would grant again, if these were not there."""
    live = situation.live
    less = live.but(members={key: options for key, options in live.members.items() if key[:2] not in found})
    without = replace(situation, live=less)
    others = (replace(link, live=less).through(less, further=True) for link in situation.others)
    return {key[:2] for state in (without.desired(without.done), *others) for key in state.members}


def _gains(live: State, key: Member, options: MemberOptions) -> bool:
    """Whether the member may do more by it. Not superusers, and not operators, who administer the new roles."""
    facts = live.roles.get(key.member)
    if facts is None or facts.superuser or key.member == live.target.operator:
        return False
    operates = membership.only_administers(options) or (options.admin and facts.createrole)
    return not operates and (membership.may_set(options) or membership.inherits(live, key, options) or options.admin)


def _made(live: State, key: Member) -> bool:
    """Whether a program or person that makes logins has made this one: CREATEROLE, and ADMIN OPTION on the role from 16
    on (before, CREATEROLE is enough). That goes on every day, and is no deed that surprises anybody.
    """
    grantor = live.roles.get(key.grantor)
    if grantor is None or not grantor.createrole or grantor.superuser or key.grantor == live.target.operator:
        return False
    admits = (one for one, options in live.members.items() if options.admin and one[:2] == (key.role, key.grantor))
    return live.target.major < versions.CREATEROLE_WITH_ADMIN or any(admits)


def _asked_for(situation: Situation, before: Collection[Pair]) -> set[Pair]:
    """What the steps of the split grant, those that are to come included, and what flatsplit.toml says. A member of the
    old role may have become the new one's by hand, as doctor advises.
    """
    context, config = situation.context, situation.config
    found = {(role, member) for _, role, member in members.wanted(situation.live, context)}
    theirs = {
        member
        for role, member in (*before, *(key[:2] for key in situation.baseline.members))
        if role in context.retiring
    }
    found |= {(members.heir(context, member), member) for member in theirs}
    found |= {(of, role) for role, of in restricted.configured(context)}
    for purpose, names in config.become:
        found |= {(name, blueprint.named(config, purpose)) for name in names}
    for person, purposes in config.people:
        found |= {(blueprint.named(config, purpose), person) for purpose in purposes}
    for group in config.groups:
        found |= {(blueprint.named(config, group.purpose), login) for login in group.logins}
    for member, _ in config.members:
        found |= {(old, member) for old in context.retiring}
    for grant in config.grants:
        if config.special_role(grant.purpose) is not None and not grant.letter:
            found |= {(restricted.role_name(name), grant.purpose) for name in grant.names}
    return found


def findings(situation: Situation, before: Collection[Pair]) -> Iterator[Finding]:
    """Each of them with the statement that ends it and the line of flatsplit.toml by which it is meant."""
    live = situation.live
    for role, member in new_memberships(situation, before):
        if database := marks.others(live, member):  # a REVOKE here would cut off whoever works there
            sql, toml = "", ""
            fix = f"A walk of database {database} made {member}, and there flatsplit takes the membership away; to "
            fix += "keep databases apart, let each have new roles of its own under [roles]."
        else:
            sql, toml = ddl.end_membership(live, role, member), _meant(situation, role, member)
            fix = f"{sql if _may_end(live, role, member) else f'have a superuser run: {sql}'}"
            fix += f" or, if it was meant, write into flatsplit.toml: {toml}" if toml else ""
        yield Finding(
            "membership-new",
            "warning",
            f"{member} became a member of {role}",
            f"{member} can do everything that {role} can.",
            fix,
            (f"{member} in {role}",),
            sql=(sql,) if sql else (),
            toml=(toml,) if toml else (),
        )


def _meant(situation: Situation, role: str, member: str) -> str:
    """The line of flatsplit.toml that says so; "" where none can."""
    config = situation.config
    purpose = config.roles.purpose(role)
    logins = {login for group in config.groups for login in group.logins}
    if member in logins or role in _theirs(situation):
        return ""  # none can: what a login may is its group's
    if {role, member} & seen_first(situation).keys():
        return ""  # nobody means it of who is leaving
    if mine := config.roles.purpose(member):
        if purpose or role in situation.context.retiring:
            return ""
        names = [name for one in config.grants if (one.purpose, one.letter) == (mine, "") for name in one.names]
        return f"{heading(mine, 'grants')} member = {_list([*names, format_name(role)])}"
    if config.special_role(member) is not None:
        names = [name for one in config.grants if (one.purpose, one.letter) == (member, "") for name in one.names]
        return f"{heading(member, 'grants')} member = {_list([*names, format_name(role)])}"
    if not purpose:
        return f"[members] {quote(member)} = {quote(blueprint.APPLICATION.key)}"
    return f"[people] {quote(member)} = {_list([*dict(config.people).get(member, ()), purpose])}"


def _list(names: list[str]) -> str:
    return f"[{', '.join(map(quote, names))}]"


def _may_end(live: State, role: str, member: str) -> bool:
    """Whether the operator may revoke it: from 16 on, only in the name of a grantor whose rights it has
    (check_role_grantor(), user.c).
    """
    target = live.target
    if target.operator_superuser:
        return True
    if live.roles[role].superuser or not administers(live, role):
        return False
    mine = {target.operator, *membership.inherited(live, target.operator)}
    grantors = {key.grantor for key in live.members if key[:2] == (role, member)}
    return not target.membership_options or grantors <= mine
