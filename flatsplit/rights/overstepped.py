"""Rights that somebody gave one of the four roles, or a login of one that is a group, although it is not to have them,
with the statements that take them away. Pure.

No finished step asks for the REVOKE: what others grant stays, until people say that nobody needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from flatsplit import blueprint, privileges
from flatsplit.differ import diff
from flatsplit.model import PUBLIC, Acl, ObjectFacts, ObjectRef, State, Statement, intern_acl
from flatsplit.walks import split
from flatsplit.walks.draft import Draft
from flatsplit.walks.split import grants, restricted
from flatsplit.walks.split.context import Context

Given: TypeAlias = dict[tuple[str, ObjectRef], str]
"""The letters that [grants] gives, by role and object."""


def overstepped(
    state: State, context: Context, done: int, logins: Iterable[blueprint.Role] = ()
) -> tuple[Statement, ...]:
    """Statements that leave the roles without what the matrix says they cannot do after the first ``done`` steps.
    ``logins``: those that walks made, each with the purpose of its group, beyond which it can do nothing.

    What a role holds itself, by a GRANT to it, and what PUBLIC holds: nobody can take the latter from one role alone.
    Not what it has as a member of a role that is no administrator, nor what an adopted role had before.
    """
    if done < split.ORDINAL[split.GRANT_EXISTING]:
        return ()
    draft = Draft(state)
    given: Given = {}
    for name, letter, refs in grants.extras(state, context):
        for ref in refs:
            given[name, ref] = given.get((name, ref), "") + letter
    logins = tuple(logins)
    for login in logins:  # what its group is given, it may have itself
        group = blueprint.named(context.config, login.purpose.key)
        given |= {(login.name, ref): letters for (name, ref), letters in given.items() if name == group}
    four = (role for role in blueprint.roles(context.config) if role.purpose.programs)
    programs = [role for role in (*four, *logins) if role.name in state.roles]

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        acl = facts.acl
        for role in programs:
            if role.name == facts.owner or not (held := privileges.letters(acl, role.name)):
                continue
            known = context.baseline.objects.get(ref) if role.name in context.adopted else None
            before = privileges.letters(known.acl, role.name) if known is not None else ""
            less = _forbidden(role, ref, facts, context, done) + _kept(role, ref, facts, context)
            less = privileges.minus(less, given.get((role.name, ref), "") + before)
            if privileges.within(held, less):
                acl = privileges.without(acl, role.name, less)
            if role.purpose.named and known is None and context.ours(ref, facts):
                acl = _kept_to_itself(acl, role.name)
        if privileges.letters(acl, PUBLIC):
            acl = privileges.without(acl, PUBLIC, _of_nobody(ref, ref, facts, context, done, programs, given))
        return facts if acl == facts.acl else facts._replace(acl=acl)

    draft.rewrite(change, apart=frozenset(ref for _, ref in given))
    _columns(draft, context, done, programs, given)
    leads = restricted.Leads(state)
    listed = {*restricted.configured(context)}
    listed |= {(blueprint.named(context.config, who), of) for who, names in context.config.become for of in names}
    for key in state.members:
        if key.member not in {role.name for role in programs} - context.adopted or key.role in context.config.roles.new:
            continue
        if (key.member, key.role) not in listed and leads.beyond(key.role):
            draft.no_member(role=key.role, member=key.member)
    return diff(state, draft.state())


def _columns(draft: Draft, context: Context, done: int, programs: list[blueprint.Role], given: Given) -> None:
    """The same on single columns."""
    state = draft.before
    for ref, acl in state.columns.items():
        relation = state.relation_of(ref) if acl else None
        if relation is None:
            continue
        facts, now = state.objects[relation], acl
        for role in programs:
            adopted = role.name in context.adopted and ref in context.baseline.columns
            if role.name == facts.owner or adopted or not privileges.letters(acl, role.name):
                continue
            less = privileges.minus(_forbidden(role, relation, facts, context, done), given.get((role.name, ref), ""))
            now = privileges.without(now, role.name, less)
            if role.purpose.named and context.ours(relation, facts):
                now = _kept_to_itself(now, role.name)
        if privileges.letters(acl, PUBLIC):
            now = privileges.without(now, PUBLIC, _of_nobody(ref, relation, facts, context, done, programs, given))
        if now != acl:
            draft.columns[ref] = now


def _of_nobody(
    ref: ObjectRef,
    what: ObjectRef,
    facts: ObjectFacts,
    context: Context,
    done: int,
    programs: list[blueprint.Role],
    given: Given,
) -> str:
    """The letters that PUBLIC must not have on ``ref``, an object or a column of ``what``, because one of the roles
    would have them. Not CREATE in schema public: enable-login takes that away, and gives it to those who relied on it.
    """
    if what == ObjectRef("schema", "", "public"):
        return ""
    return "".join(
        privileges.minus(_forbidden(role, what, facts, context, done), given.get((role.name, ref), ""))
        for role in programs
    )


def _kept_to_itself(acl: Acl, role: str) -> Acl:
    """The same without the role's grant options."""
    return intern_acl(item._replace(grantable="") if item.grantee == role else item for item in acl)


def _forbidden(role: blueprint.Role, ref: ObjectRef, facts: ObjectFacts, context: Context, done: int) -> str:
    """The letters that the blueprint says the role has not."""
    found = ""
    for one in role.purpose.expectations if role.purpose.named else ():
        if one.expected:
            continue
        if one.asks == "letters" and ref.kind in one.kinds and context.ours(ref, facts):
            found += one.letters
        if one.asks == "creating" and done >= split.ORDINAL[split.ENABLE_LOGIN]:
            here = ref.kind == "database" or (ref.kind == "schema" and (context.in_scope(ref) or ref.name == "public"))
            found += "C" if here else ""
    return found


def _kept(role: blueprint.Role, ref: ObjectRef, facts: ObjectFacts, context: Context) -> str:
    """The letters that the system or an extension keeps from everybody."""
    if not facts.kept or role.name in context.adopted:
        return ""
    return privileges.minus(restricted.letters(ref, facts), privileges.letters(facts.acl, PUBLIC))
