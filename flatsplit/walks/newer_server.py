"""What was first seen of a database, as the newer server says it to which it has moved since. Pure."""

from __future__ import annotations

import re

from flatsplit import privileges
from flatsplit.differ.defaults import on_large_objects
from flatsplit.model import (
    Acl,
    AclItem,
    Change,
    Member,
    MemberOptions,
    ObjectRef,
    State,
    Statement,
    intern_acl,
    versions,
)

_IN = re.compile(r"(^|, )IN ")


def as_of_now(seen: State, live: State, was: int) -> State:
    """``seen``, as pg_upgrade and pg_dumpall would have brought it here from a server of the major ``was``."""
    if was == live.target.major:
        return seen
    called = _procedures(live) if was < versions.PROCEDURE_MODES <= live.target.major else {}
    return seen.but(
        members=_members(seen, live),
        objects={
            called.get(ref, ref): facts._replace(acl=_everything(facts.acl, ref.kind, was, live.target.major))
            for ref, facts in seen.objects.items()
        },
        defaults={
            ref: _everything(acl, privileges.OBJTYPE_KIND[ref.objtype], was, live.target.major)
            for ref, acl in seen.defaults.items()
        },
    )


def _procedures(live: State) -> dict[ObjectRef, ObjectRef]:
    """Procedures as a server before 14 names them, without the IN of their arguments, with their names of now."""
    found = (ref for ref in live.objects if ref.kind == "procedure")
    return {ref._replace(args=_IN.sub(r"\1", ref.args)): ref for ref in found}


def first_known(statement: Statement, was: int) -> bool:
    """Whether the statement gives only privileges that no server of the major ``was`` has, so that nobody undid it."""
    changes = statement.changes
    return bool(changes) and all(_first_known(change, statement.acts[:1], was) for change in changes)


def _first_known(change: Change, grantor: tuple[str, ...], was: int) -> bool:
    if change.side == "-" or change.fact not in ("privilege", "default_privilege"):
        return False
    if was < versions.LARGE_OBJECT_DEFAULTS and change.fact == "default_privilege" and on_large_objects(change.subject):
        return True
    ends = tuple(f"=m{option}/{name}" for name in grantor for option in ("", "*"))
    return was < versions.MAINTAIN and change.detail.endswith(ends)


def _members(seen: State, live: State) -> dict[Member, MemberOptions]:
    """Before 16 a membership has neither INHERIT nor SET, and whoever is on record as its grantor need not be able to
    grant it. pg_dumpall leaves both out: the server fills in SET, and INHERIT as the member has it, and records
    whoever restored it. One that is there is taken as it is; one that is to come back is the operator's.
    """
    if not live.target.membership_options:
        return dict(seen.members)
    there = {(key.role, key.member): (key, options) for key, options in live.members.items()}
    found: dict[Member, MemberOptions] = {}
    for key, options in seen.members.items():
        if options.inherit is not None:
            found[key] = options
            continue
        now, current = there.get((key.role, key.member), (key._replace(grantor=live.target.grantor), None))
        inherit = live.roles[key.member].inherit if key.member in live.roles else True
        found[now] = current or MemberOptions(options.admin, inherit, set=True)
    return found


def _everything(acl: Acl, kind: str, was: int, now: int) -> Acl:
    """Whoever held all that there was is dumped as GRANT ALL, and so holds what the newer server adds: MAINTAIN."""
    every, added = privileges.owner_letters(kind, was), privileges.owner_letters(kind, now)
    added = privileges.minus(added, every)
    if not added or not acl:
        return acl

    def grown(item: AclItem) -> AclItem:
        if privileges.minus(every, item.privileges):
            return item
        more = added if not privileges.minus(every, item.grantable) else ""
        return item._replace(privileges=item.privileges + added, grantable=item.grantable + more)

    return intern_acl(grown(item) for item in acl)
