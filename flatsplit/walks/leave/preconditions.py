"""What speaks against letting a person leave now, with what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl, membership
from flatsplit.model import PUBLIC, ROUTINES, ObjectRef, State, WalkName
from flatsplit.walks import leave, role
from flatsplit.walks.kind import Moment
from flatsplit.words import listed

Objection = tuple[str, str]
"""What is wrong, and what to do."""


def refuses(moment: Moment) -> Objection | None:
    """The first objection to beginning the walk; None where there is none."""
    config, state, person = moment.config, moment.live, moment.subject
    if person not in state.roles:
        return f"there is no role {person!r}", "flatsplit people lists the persons"
    if person == config.legacy_role or config.roles.purpose(person):
        return f"{person} is a role of the split, and no person", "flatsplit people lists the persons"
    if config.special_role(person) is not None:
        back = WalkName(role.NAME, person).typed("rollback")
        return f"{person} is a special role, and no person", f"take it back with {back} --all"
    for group in config.groups:
        if person in group.logins:
            return (
                f"{person} logs in for {blueprint.named(config, group.purpose)}, and is no person",
                f"take it out of [group.{group.purpose}] logins first, or rotate its password",
            )
    if person == state.target.operator:
        return f"{person} is who runs flatsplit", "let another operator do it"
    if person == state.target.bootstrap or person.startswith("pg_"):
        return f"{person} is the system's own", "flatsplit people lists the persons"
    if state.roles[person].superuser and not state.target.operator_superuser:
        return f"{person} is a superuser, and only a superuser can lock it", "let a superuser run flatsplit for this"
    if logins := team(state, person):
        ends = " ".join(end for _, end in _endings(state, person))
        return (
            f"{person} is a group, whose logins are {listed(logins)}, and no person",
            f"let a login leave: {WalkName(leave.NAME, logins[0]).begins}; to end the group itself, first: {ends}",
        )
    if blueprint.owner(config) not in state.roles:
        return f"there is no {blueprint.owner(config)} to hand over to", "let the split be done first: flatsplit status"
    return None


def team(state: State, name: str) -> tuple[str, ...]:
    """The logins of a group of people, as a directory keeps one; () where the role may log in itself, or nobody as it.

    Who runs flatsplit is none of them: from 16 on, whoever creates a role may be a member of it.
    """
    facts = state.roles.get(name)
    return () if facts is None or facts.login else membership.logins_of(state, name, {state.target.operator})


def objections(state: State, person: str) -> Iterator[Objection]:
    """What would run or read with more rights once it belongs to somebody else. The person may have limited it on
    purpose.
    """
    yield from _acting(state, person)
    reads = {person, PUBLIC, *membership.becomes(state, person)}
    for group in state.groups:
        if group.facts.owner != person:
            continue
        for ref in group.refs:
            if ref.kind in ROUTINES and group.facts.note == "definer":
                name = ddl.label(ref)
                yield (
                    f"{name} runs with its owner's rights (SECURITY DEFINER): handed over, with more than {person}'s",
                    f"read it, then: {_invoker(ref)}",
                )
            elif ref.kind in ("view", "materialized_view") and (more := _beyond(state, ref, reads)):
                yield (
                    f"{ddl.label(ref)} shows {ddl.label(more)}, which {person} may not read: handed over, it would",
                    f"read it, then: DROP {ddl.alter_word(ref.kind)} {ddl.name(ref)};",
                )


def _acting(state: State, person: str) -> Iterator[Objection]:
    """Members of the person's role, who act with its rights. A session that has done SET ROLE goes on as that role, and
    what it does after the role is dropped fails with an oid.
    """
    for member, end in _endings(state, person):
        yield (
            f"{member} is a member of {person}: it loses what she may, and its sessions that act as her go on",
            f"give it what it needs by itself, then: {end}",
        )


def _endings(state: State, person: str) -> Iterator[tuple[str, str]]:
    """Each member of the person's role that acts with its rights, with the statements that end that."""
    for key, options in sorted(state.members.items()):
        if key.role != person or key.member == state.target.operator:
            continue
        if membership.may_set(options) or membership.inherits(state, key, options):
            end = ddl.revoke_member(key, by=state.target.membership_options)
            who = membership.may_become(state, key.member) if membership.may_set(options) else ()
            sessions = " ".join(ddl.terminate_sessions(login, everywhere=True) for login in who)
            yield key.member, f"{end} {sessions}".rstrip()


def _invoker(ref: ObjectRef) -> str:
    return f"ALTER {ref.kind.upper()} {ddl.name(ref)} SECURITY INVOKER;"


def _beyond(state: State, view: ObjectRef, reads: set[str]) -> ObjectRef | None:
    """A relation that a view uses and that none of these roles may read; None where there is none."""
    for used in state.uses.get(view, ()):
        facts = state.objects.get(used)
        if facts is None or facts.owner in reads:
            continue
        if not any(item.grantee in reads and "r" in item.privileges for item in facts.acl):
            return used
    return None
