"""What others have granted to the new roles: it stays with a role that stays, however many steps are rolled back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from flatsplit import ddl, privileges
from flatsplit.model import (
    OWNER,
    PUBLIC,
    Acl,
    DefaultRef,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    RoleFacts,
    SettingKey,
    Settings,
    State,
)


def keep_extras(live: State, top: State, want: State, new: frozenset[str]) -> State:
    """``want`` with the facts that others added to the new roles: those that are live and that no step asks for."""
    stay = new & want.roles.keys()
    objects = _objects(live, top, want, stay)
    columns = dict(want.columns)
    for ref, acl in live.columns.items():
        kept = _with_extras(acl, top.columns.get(ref, ()), columns.get(ref, ()), stay, "")
        if kept:
            columns[ref] = kept
    members = dict(want.members)
    # Before 16 a membership is one row, whoever granted it
    per_grantor = live.target.membership_options
    asked = top.members.keys() if per_grantor else {key_[:2] for key_ in top.members}
    for key_, options in live.members.items():
        both = {key_.role, key_.member}
        if both & new and (key_ if per_grantor else key_[:2]) not in asked and both <= want.roles.keys():
            members.setdefault(key_, options)
            if per_grantor:
                _with_grantors(members, live.members, key_, want.roles.keys())
    return want.but(
        objects=objects,
        groups=want.groups if objects is want.objects else None,
        columns=columns,
        members=members,
        roles=_attributes(live, top, want, stay),
        settings=_settings(live, top, want, stay),
        policies=_policies(live, top, want, stay),
        mappings=want.mappings | {ref for ref in live.mappings - top.mappings if ref.args in stay},
        defaults=_defaults(live, top, want, stay),
    )


def _objects(live: State, top: State, want: State, stay: frozenset[str]) -> Mapping[ObjectRef, ObjectFacts]:
    """The objects of ``want`` with what somebody granted.

    Objects that are a group in all three States are looked at once.
    """
    full_of, goal_of = ({id(group.refs): group.facts for group in one.groups} for one in (top, want))
    kept: dict[ObjectRef, ObjectFacts] = {}
    seen: dict[tuple[int, int, int], ObjectFacts] = {}

    def keep(refs: Iterable[ObjectRef], facts: ObjectFacts, full: ObjectFacts | None, goal: ObjectFacts | None) -> None:
        if goal is None or full is None or facts is full:
            return
        key = (id(facts), id(full), id(goal))
        found = seen.get(key)
        if found is None:
            found = seen[key] = goal._replace(acl=_with_extras(facts.acl, full.acl, goal.acl, stay, goal.owner))
        if found != goal:
            kept.update(dict.fromkeys(refs, found))

    for group in live.groups:
        place = id(group.refs)
        if place in full_of and place in goal_of:
            keep(group.refs, group.facts, full_of[place], goal_of[place])
        else:
            for ref in group.refs:
                keep((ref,), group.facts, top.objects.get(ref), want.objects.get(ref))
    return {**want.objects, **kept} if kept else want.objects


_FLAGS = ("superuser", "createdb", "createrole", "inherit", "replication", "bypassrls")
_GIVEN = (*_FLAGS, "connection_limit", "valid_until")


def _attributes(live: State, top: State, want: State, stay: frozenset[str]) -> dict[str, RoleFacts]:
    """Roles of ``want`` with the attributes of the new roles that somebody changed."""
    roles = dict(want.roles)
    for role in stay & live.roles.keys() & top.roles.keys():
        now, full = live.roles[role], top.roles[role]
        changed = {field: getattr(now, field) for field in _GIVEN if getattr(now, field) != getattr(full, field)}
        if changed:
            roles[role] = roles[role]._replace(**changed)
    return roles


def _settings(live: State, top: State, want: State, stay: frozenset[str]) -> dict[SettingKey, Settings]:
    """Settings of ``want`` with those of the new roles that somebody added or changed."""
    settings = dict(want.settings)
    for key, row in live.settings.items():
        if key.role in stay:
            full, kept = dict(top.settings.get(key, ())), dict(settings.get(key, ()))
            kept |= {name: value for name, value in row if not ddl.same_setting(name, full.get(name), value)}
            settings[key] = tuple(sorted(kept.items()))
    return {key: row for key, row in settings.items() if row}


def _policies(live: State, top: State, want: State, stay: frozenset[str]) -> dict[ObjectRef, frozenset[str]]:
    """Policies of ``want`` with the new roles that somebody added to them."""
    policies = dict(want.policies)
    for ref, named in live.policies.items():
        extra = (named - top.policies.get(ref, frozenset())) & stay
        if extra:
            policies[ref] = policies.get(ref, frozenset()) | extra
    return policies


def _defaults(live: State, top: State, want: State, stay: frozenset[str]) -> dict[DefaultRef, Acl]:
    """Default privileges of ``want`` with those that somebody granted to the new roles, or for what they create."""
    defaults = dict(want.defaults)
    for ref, acl in live.defaults.items():
        builtin = () if ref.schema else privileges.default_acl(privileges.OBJTYPE_KIND[ref.objtype], live.target.major)
        full, goal = top.defaults.get(ref, builtin), defaults.get(ref, builtin)
        theirs = ref.creator in stay
        parties = frozenset(item.grantee for item in acl) - {OWNER} if theirs else stay
        kept = _with_extras(acl, full, goal, parties & {*want.roles, PUBLIC}, ref.creator)
        if kept != goal:
            defaults[ref] = kept
    return defaults


def _with_grantors(
    members: dict[Member, MemberOptions], live: Mapping[Member, MemberOptions], kept: Member, roles: Collection[str]
) -> None:
    """Add the memberships on which the kept ones depend: from 16 on, the grantor needs one WITH ADMIN OPTION."""
    todo = [kept]
    while todo:
        one = todo.pop()
        for key, options in live.items():
            if key[:2] == (one.role, one.grantor) and options.admin and key not in members and key.grantor in roles:
                members[key] = options
                todo.append(key)


def _with_extras(live: Acl, top: Acl, want: Acl, stay: frozenset[str], owner: str) -> Acl:
    for role in sorted(stay - {owner}):
        extra = privileges.minus(privileges.letters(live, role), privileges.letters(top, role))
        option = privileges.minus(privileges.grantable(live, role), privileges.grantable(top, role))
        if extra or option:
            want = privileges.plus(want, role, extra, option)
    return want
