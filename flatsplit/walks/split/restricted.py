"""Rights that an ordinary owner of an application would not have. None is carried over unless the configuration says
so.

An ordinary owner has the rights on its objects and those of PUBLIC. Restricted are: what the system or the script of an
extension takes from PUBLIC, predefined roles, and groups that lead to any of these. Legacy got them from a superuser,
or has them because it is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from flatsplit import blueprint, privileges
from flatsplit.config import parse_name
from flatsplit.config.grants import MEMBER
from flatsplit.model import OWNER, PUBLIC, ROUTINES, Acl, ObjectFacts, ObjectRef, State
from flatsplit.walks.draft import Draft
from flatsplit.walks.other_databases import abroad
from flatsplit.walks.provider import administers
from flatsplit.walks.split.context import Context

DANGEROUS_PARAMETERS = frozenset(
    {
        *("allow_system_table_mods", "dynamic_library_path", "extension_control_path", "ignore_checksum_failure"),
        *("ignore_system_indexes", "session_preload_libraries", "session_replication_role", "zero_damaged_pages"),
    }
)
"""Setting one of these lets a role load code into the server, read past damage, or bypass foreign keys and triggers."""

_ATTRIBUTES = ("superuser", "createrole", "replication", "bypassrls")


def letters(ref: ObjectRef, facts: ObjectFacts) -> str:
    """Privileges on the object that an ordinary owner would not get.

    Of an extension these are what its script takes from PUBLIC, on routines and views. Its tables and sequences hold
    the application's data, whoever may read them (pg_partman's part_config, spatial_ref_sys of PostGIS).
    """
    if ref.kind == "parameter":
        name = ref.name.rpartition(".")[2].lower()
        return "As" if name in DANGEROUS_PARAMETERS or ref.name.lower().startswith("set_user.") else "A"
    if facts.note == "system":
        return facts.kept
    if facts.extension and (ref.kind in ROUTINES or ref.kind in ("view", "materialized_view")):
        return facts.kept
    return ""


class Held(NamedTuple):
    """A restricted privilege of legacy's."""

    ref: ObjectRef
    letters: str
    owned: bool
    """Whether legacy has it because it owns the extension, and not by a grant."""


def held(state: State, context: Context) -> Iterator[Held]:
    """The restricted rights on objects that legacy has, by a grant or through an extension of its own."""
    holdings = context.holdings(state)
    for group in state.groups:
        facts = group.facts
        limited = letters(group.refs[0], facts) if facts.kept or group.kind == "parameter" else ""
        if not limited:
            continue
        for ref in group.refs:
            limited = letters(ref, facts)
            before = holdings.objects.get(ref, facts) if context.retired else facts
            public = privileges.letters(facts.acl, PUBLIC)
            owned = facts.extension and facts.note != "system" and before.owner in context.owners
            mine = limited if owned else privileges.within(privileges.letters(before.acl, context.legacy), limited)
            if mine := privileges.minus(mine, public):
                yield Held(ref, mine, owned)
    for ref, acl in holdings.columns.items():
        limited = _letters_on_columns(state, ref)
        if mine := privileges.within(privileges.letters(acl, context.legacy), limited):
            yield Held(ref, mine, False)


class Leads:
    """The restricted rights behind each role, by the memberships of one State."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._holders: set[str] | None = None

    def beyond(self, role: str) -> tuple[str, ...]:
        """Why membership in ``role`` is more than an ordinary owner would have, in words; () where it is not."""
        found: list[str] = []
        for name in sorted({role} | self._state.member_of(role)):
            facts = self._state.roles.get(name)
            if name.startswith("pg_"):
                found.append(name)
            elif facts is not None and (has := [each for each in _ATTRIBUTES if getattr(facts, each)]):
                found.append(f"{name} ({', '.join(each.upper() for each in has)})")
            elif name in self.holders:
                found.append(f"{name} (rights that are restricted)")
        return tuple(found)

    @property
    def holders(self) -> set[str]:
        """Roles that have a restricted right on an object, without the bootstrap superuser."""
        if self._holders is None:
            self._holders = set(_holders(self._state))
        return self._holders


def _holders(state: State) -> Iterator[str]:
    for group in state.groups:
        facts = group.facts
        if not facts.kept and group.kind != "parameter":
            continue
        for ref in group.refs if group.kind == "parameter" else group.refs[:1]:
            limited = privileges.minus(letters(ref, facts), privileges.letters(facts.acl, PUBLIC))
            yield from _grantees(facts.acl, limited, facts.owner)
    for ref, acl in state.columns.items():
        yield from _grantees(acl, _letters_on_columns(state, ref), "")


def _letters_on_columns(state: State, column: ObjectRef) -> str:
    """The restricted privileges on the relation of a column that PUBLIC does not have."""
    relation = state.relation_of(column)
    if relation is None:
        return ""
    facts = state.objects[relation]
    return privileges.minus(letters(relation, facts), privileges.letters(facts.acl, PUBLIC))


def _grantees(acl: Acl, limited: str, owner: str) -> Iterator[str]:
    for item in acl:
        if item.grantee != PUBLIC and privileges.within(item.privileges, limited):
            yield owner if item.grantee == OWNER else item.grantee


def memberships(state: State, context: Context) -> dict[str, tuple[str, ...]]:
    """Memberships of legacy that nobody gets without a decision, each with what it leads to."""
    holdings = context.holdings(state)
    apart = abroad(context.legacy, state, holdings).union(context.config.roles.new)
    roles = {key.role for key in holdings.members if key.member == context.legacy} - apart
    if not roles:
        return {}
    leads = Leads(_as_before(state, context))
    return {role: beyond for role in sorted(roles) if (beyond := leads.beyond(role))}


def _as_before(state: State, context: Context) -> State:
    """The State without memberships in the new roles that are newer. A role that now logs in for one of them does not
    give legacy more than it did; the new role's rights must not count.
    """
    new, known = frozenset(context.config.roles.new), {key[:2] for key in context.baseline.members}
    came = {key for key in state.members if key.role in new and key[:2] not in known}
    if not came:
        return state
    draft = Draft(state)
    draft.members = {key: options for key, options in state.members.items() if key not in came}
    return draft.state()


OUT_OF_REACH = "memberships-out-of-reach"
BEYOND = "legacy-predefined-roles"
"""The hazards that name memberships; accepting one leaves behind the memberships it names."""


def out_of_reach(state: State, context: Context) -> tuple[str, ...]:
    """Roles that legacy is a member of, that an ordinary owner might be a member of too, and that the operator cannot
    grant: from 16 on that takes ADMIN OPTION. Without those that an administrator has already granted to app_migrator.
    """
    if not state.target.membership_options:
        return ()
    holdings = context.holdings(state)
    apart = abroad(context.legacy, state, holdings).union(context.config.roles.new, context.retiring)
    roles = {key.role for key in holdings.members if key.member == context.legacy} - apart
    settled = {key.role for key in state.members if key.member == blueprint.owner(context.config)}
    open_ = sorted(role for role in roles - settled if role in state.roles and not administers(state, role))
    beyond = memberships(state, context) if open_ else {}
    return tuple(role for role in open_ if role not in beyond)


def left_behind(state: State, context: Context) -> frozenset[str]:
    """Those that the configuration leaves behind: nobody gets them, and legacy keeps them without being able to log in.

    Also memberships that only a decision would pass on, as far as the operator cannot revoke them from legacy either.
    """
    accepted = dict(context.config.accept)
    found = set(out_of_reach(state, context)) if OUT_OF_REACH in accepted else set()
    if BEYOND in accepted and state.target.membership_options and context.config.retire != "repurpose":
        found.update(role for role in memberships(state, context) if not administers(state, role))
    return frozenset(found)


def configured(context: Context) -> Iterator[tuple[str, str]]:
    """The memberships of [grants]: the new role, and the role it becomes a member of."""
    for grant in context.config.grants:
        special = context.config.special_role(grant.purpose) is not None
        role = "" if special else str(getattr(context.config.roles, grant.purpose))
        if grant.privilege == MEMBER and role:
            yield from ((role, role_name(name)) for name in grant.names)


@cache
def role_name(name: str) -> str:
    """The role that a name of [grants] means."""
    return parse_name(name).parts[-1]
