"""What appeared since the last step and no step takes care of: a person has to decide. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from flatsplit import ddl
from flatsplit.cutover.situation import Situation
from flatsplit.evidence.matrix import Rights
from flatsplit.evidence.memory import remembers
from flatsplit.model import TABLES, Finding, MemberOptions, ObjectRef
from flatsplit.steps import ORDINAL

_RELATIONS = TABLES | {"view", "materialized_view"}


def strays(
    situation: Situation, known: Mapping[ObjectRef, str] | None, roles: Mapping[str, Any] | None
) -> tuple[Finding, ...]:
    """New schemas without defaults, tables of other roles, new memberships; nothing where nothing was remembered."""
    if known is None or roles is None or situation.done < ORDINAL["grant-existing"]:
        return ()
    return (
        *_given_away(situation, known),
        *_schemas(situation, known),
        *_tables(situation, known),
        *_members(situation, roles),
    )


def _given_away(situation: Situation, known: Mapping[ObjectRef, str]) -> Iterator[Finding]:
    """Objects that were the application's and now belong to somebody else."""
    heirs = situation.context.owners | {situation.config.roles.dba}
    found: defaultdict[str, list[ObjectRef]] = defaultdict(list)
    for ref, owner in known.items():
        now = situation.live.objects.get(ref)
        if now is not None and owner in situation.context.owners and now.owner not in heirs:
            found[now.owner].append(ref)
    for owner, refs in sorted(found.items()):
        yield Finding(
            "given-away",
            "warning",
            f"somebody gave {len(refs)} object{'' if len(refs) == 1 else 's'} of the application to {owner}",
            f"{situation.config.roles.app_migrator} can no longer change or drop {_them(refs)}.",
            f"ALTER … OWNER TO {situation.config.roles.app_migrator}, then flatsplit repair.",
            tuple(ddl.label(ref) for ref in sorted(refs)),
        )


def _schemas(situation: Situation, known: Mapping[ObjectRef, str]) -> Iterator[Finding]:
    context = situation.context
    for ref, facts in sorted(situation.live.objects.items()):
        if ref.kind != "schema" or ref in known or not remembers(ref, facts):
            continue
        if facts.owner in context.owners and not context.in_scope(ref):
            yield Finding(
                "schema-outside",
                "warning",
                f"schema {ref.name} of {facts.owner} is new and not in scope",
                "No default privileges apply there: app_user and app_readonly can use nothing in it.",
                "Add it to `schemas` in flatsplit.toml, then flatsplit repair.",
                (ddl.label(ref),),
            )


def _tables(situation: Situation, known: Mapping[ObjectRef, str]) -> Iterator[Finding]:
    context = situation.context
    user = Rights(situation.live, situation.config.roles.app_user)
    found: defaultdict[str, list[ObjectRef]] = defaultdict(list)
    for ref, facts in situation.live.objects.items():
        if ref.kind not in _RELATIONS or ref in known or facts.owner in context.owners or not context.in_scope(ref):
            continue
        if remembers(ref, facts) and "r" not in user.letters(facts):
            found[facts.owner].append(ref)
    for owner, refs in sorted(found.items()):
        yield Finding(
            "created-by-another",
            "warning",
            f"{owner} created {len(refs)} table{'' if len(refs) == 1 else 's'} or view"
            f"{'' if len(refs) == 1 else 's'} in a schema in scope, and app_user may not read {_them(refs)}",
            "Default privileges act for app_migrator and the old role only: not for what others create.",
            f"Run such migrations as {situation.config.roles.app_migrator}; for what is there: "
            f"ALTER … OWNER TO {situation.config.roles.app_migrator}, then flatsplit repair.",
            tuple(ddl.label(ref) for ref in sorted(refs)),
        )


def _them(refs: list[ObjectRef]) -> str:
    return "it" if len(refs) == 1 else "them"


def _members(situation: Situation, roles: Mapping[str, Any]) -> Iterator[Finding]:
    """New roles that gained a membership, and others that can now act as one of the two that programs use."""
    before = {(role, member) for role, member, *_ in roles["members"]}
    ours = situation.config.roles
    live = situation.live
    new = {
        (key.role, key.member)
        for key, options in live.members.items()
        if (key.role, key.member) not in before
        and _usable(options)
        and key.member != live.target.operator
        and (key.member in ours.new or key.role in (ours.app_user, ours.app_migrator))
    }
    for role, member in sorted(new):
        yield Finding(
            "membership-new",
            "warning",
            f"{member} became a member of {role}",
            f"{member} can do everything that {role} can.",
            f"REVOKE {ddl.ident(role)} FROM {ddl.ident(member)}; unless it was meant.",
            (f"{member} in {role}",),
        )


def _usable(options: MemberOptions) -> bool:
    return options.inherit is None or bool(options.inherit or options.set or options.admin)
