"""What has appeared since the last step that no step takes care of, so that a person has to decide. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from flatsplit import blueprint, ddl, membership, privileges
from flatsplit.config.text import quote
from flatsplit.cutover import new_memberships
from flatsplit.cutover.leavers import seen_first
from flatsplit.cutover.situation import Situation
from flatsplit.differ import diff
from flatsplit.evidence.memory import ObjectChanges
from flatsplit.model import TABLES, Finding, ObjectRef, State
from flatsplit.rights import own_rights
from flatsplit.rights.matrix import Rights
from flatsplit.walks import split
from flatsplit.walks.draft import Draft
from flatsplit.walks.split.transfer_ownership import heir
from flatsplit.words import count, listed

_PRINTED = 5
"""Statements that are printed one by one."""
_ALL = "… (flatsplit verify --json has all)"
_RELATIONS = TABLES | {"view", "materialized_view"}


def strays(situation: Situation, since: ObjectChanges, before: Collection[tuple[str, str]]) -> tuple[Finding, ...]:
    """Objects given away, new schemas without default privileges, tables of other roles, and new memberships.

    ``before``: role and member of each membership of then.
    """
    if situation.done < split.ORDINAL[split.GRANT_EXISTING]:
        return ()
    return (
        *given_away(situation, since),
        *_schemas(situation, since),
        *_tables(situation, since),
        *new_memberships.findings(situation, before),
        *_own_rights(situation),
    )


def to_decide(situation: Situation, since: ObjectChanges) -> dict[ObjectRef, str]:
    """The objects of these findings, each with its former owner; "" for those that are new.

    They are told until somebody has decided, whatever steps end meanwhile. Not extensions, for which there may be
    nothing to do.
    """
    if situation.done < split.ORDINAL[split.GRANT_EXISTING]:
        return {}
    given = {ref: owner for ref, owner in _given(situation, since).items() if ref.kind != "extension"}
    return given | dict.fromkeys((*_outside(situation, since), *_made_by_others(situation, since)), "")


def _given(situation: Situation, since: ObjectChanges) -> dict[ObjectRef, str]:
    """The former owner of what was given away."""
    ours = situation.context.owners
    # What a walk has handed over goes back to who leaves, also where that was interrupted
    leaving = seen_first(situation)

    def went_back(ref: ObjectRef, now: str) -> bool:
        first = leaving[now].objects.get(ref) if now in leaving else None
        return first is not None and first.owner == now

    return {
        ref: before
        for ref, (before, now) in since.moved.items()
        if before in ours
        and now not in ours
        and now not in situation.config.other_owners
        and now != _heir(situation, ref, before)
        and not went_back(ref, now)
    }


def _entitled(situation: Situation, ref: ObjectRef, former: str) -> str:
    """Whose it would be now, had nobody given it away: ownership may have moved since, or gone back."""
    config, retiring = situation.config, situation.context.retiring
    if situation.done >= split.ORDINAL[split.TRANSFER_OWNERSHIP]:
        return _heir(situation, ref, former) if former in retiring else former
    went_back = situation.states[split.TRANSFER_OWNERSHIP] == "rolled_back" and former == blueprint.owner(config)
    return config.legacy_role if went_back else former


def given_away(situation: Situation, since: ObjectChanges) -> Iterator[Finding]:
    """Objects that were the application's and now belong to somebody else. They go back to whose they were: before
    ownership moves that is the old role, which is no member of app_migrator yet.
    """
    found: defaultdict[tuple[str, str, bool], list[ObjectRef]] = defaultdict(list)
    for ref, before in _given(situation, since).items():
        found[since.moved[ref][1], _entitled(situation, ref, before), ref.kind == "extension"].append(ref)
    named = {*situation.config.named, *seen_first(situation)}
    for (owner, former, upgraded), refs in sorted(found.items()):
        back = _back(situation.live, refs, former)
        fix = _by(situation.live, (owner, former)) + _first(back, former)
        if owner not in named:
            meant = _with("other_owners", situation.config.other_owners, owner)
            fix += f" Or, if {_these(refs)} {owner}'s own now, write under [cutover]: {meant}"
        if upgraded:
            fix = "Nothing, where pg_upgrade did it: it gives extensions to the superuser that it runs as, which no "
            fix += f"statement takes back. That superuser alters and drops them from now on, not {former}."
            back = []
        yield Finding(
            "given-away",
            "note" if upgraded else "warning",
            f"somebody gave {len(refs)} object{'' if len(refs) == 1 else 's'} of the application to {owner}",
            f"{former} can no longer change or drop {_them(refs)}.",
            fix,
            tuple(ddl.label(ref) for ref in sorted(refs)),
            sql=tuple(back),
        )


def _own_rights(situation: Situation) -> Iterator[Finding]:
    """What app_migrator, which owns it, had rights on, and has not any more."""
    who, accepted = blueprint.owner(situation.config), dict(situation.config.accept)
    if situation.done < split.ORDINAL[split.TRANSFER_OWNERSHIP] or own_rights.HAZARD in accepted:
        return
    found = own_rights.given_back(situation.live, situation.context)
    refs = sorted(ref for each in found for ref in each.refs)
    if refs:
        back = [each.sql for each in found]
        fix = _by(situation.live, (who,)) + " ".join(back[:_PRINTED])
        fix += f" {_ALL}" if len(back) > _PRINTED else ""
        yield Finding(
            own_rights.HAZARD,
            "warning",
            f"{who} has lost rights on {count(len(refs), 'object')} that it owns",
            "What runs with the owner's rights is refused: pg_dump, views, the checks of foreign keys.",
            f'{fix} Or, if it was meant, write into flatsplit.toml: [hazards.accept] {own_rights.HAZARD} = "why"',
            tuple(map(ddl.label, refs)),
            sql=tuple(back),
        )


def _by(live: State, acts: Collection[str]) -> str:
    """As whom to run statements that need these roles' rights; "" where the operator has them."""
    mine = {live.target.operator, *membership.inherited(live, live.target.operator)}
    roles = sorted(set(acts) - {""} - mine)
    return "" if live.target.operator_superuser or not roles else f"as a superuser, or a member of {listed(roles)}: "


def _heir(situation: Situation, ref: ObjectRef, before: str) -> str:
    """Whose the object becomes by the walk, while ``before`` owns it: some go to the administrator."""
    return heir(ref, situation.live.objects[ref]._replace(owner=before), situation.live, situation.context)


def _back(live: State, refs: list[ObjectRef], owner: str) -> list[str]:
    """The statements by which the objects are this owner's again."""
    draft = Draft(live)
    given = frozenset(refs)
    draft.rewrite(
        lambda ref, facts: (
            facts._replace(owner=owner, acl=privileges.settle(facts.acl, owner)) if ref in given else facts
        ),
        apart=given,
    )
    return [one.sql for one in diff(live, draft.state()) if any(change.fact == "owner" for change in one.changes)]


def _first(statements: list[str], owner: str) -> str:
    """The statements in words, or what they look like where there are many."""
    if not statements:
        return f"ALTER … OWNER TO {ddl.ident(owner)}, then flatsplit repair."
    more = f" {_ALL}" if len(statements) > _PRINTED else ""
    return f"{' '.join(statements[:_PRINTED])}{more} then flatsplit repair."


def _outside(situation: Situation, since: ObjectChanges) -> list[ObjectRef]:
    """New schemas of the application's owners that are not in scope."""
    return [
        ref
        for ref, owner in since.appeared.items()
        if ref.kind == "schema"
        and owner in situation.context.owners
        and not situation.context.in_scope(ref)
        and ref.name not in situation.config.other_schemas
    ]


def _schemas(situation: Situation, since: ObjectChanges) -> Iterator[Finding]:
    who, meant = blueprint.who(situation.config), situation.config.other_schemas
    for ref in sorted(_outside(situation, since)):
        yield Finding(
            "schema-outside",
            "warning",
            f"schema {ref.name} of {since.appeared[ref]} is new and not in scope",
            f"No default privileges apply there: {who.application} and {who.reader} can use nothing in it.",
            "Add it to `schemas` in flatsplit.toml, then flatsplit repair. Or, if it is left out on purpose, write "
            f"under [cutover]: {_with('other_schemas', meant, ref.name)}",
            (ddl.label(ref),),
        )


def _made_by_others(situation: Situation, since: ObjectChanges) -> dict[ObjectRef, str]:
    """New tables and views in scope that app_user may not read, and the roles that made them, which are none of the
    application's.
    """
    context, live = situation.context, situation.live
    known = {*context.owners, *situation.config.other_owners, *seen_first(situation)}  # theirs is handed over
    user = Rights(live, blueprint.application(situation.config))
    return {
        ref: owner
        for ref, owner in since.appeared.items()
        if ref.kind in _RELATIONS and owner not in known and context.in_scope(ref)
        if "r" not in user.letters(live.objects[ref])
    }


def _tables(situation: Situation, since: ObjectChanges) -> Iterator[Finding]:
    live, meant = situation.live, situation.config.other_owners
    who = blueprint.who(situation.config)
    moved = situation.done >= split.ORDINAL[split.TRANSFER_OWNERSHIP]
    ours = who.owner if moved else situation.config.legacy_role
    found: defaultdict[str, list[ObjectRef]] = defaultdict(list)
    for ref, owner in _made_by_others(situation, since).items():
        found[owner].append(ref)
    for owner, refs in sorted(found.items()):
        things = "table or view" if len(refs) == 1 else "tables and views"
        over = _back(live, refs, ours)
        yield Finding(
            "created-by-another",
            "warning",
            f"{owner} created {len(refs)} {things} in schemas in scope, "
            f"and {who.application} may not read {_them(refs)}",
            f"Default privileges act for {who.owner} and the old role only: not for what others create.",
            f"Run such migrations as {ours}; for what is there, {_by(live, (owner, ours))}{_first(over, ours)} "
            f"Or, if {_these(refs)} {owner}'s own, write under [cutover]: {_with('other_owners', meant, owner)}",
            tuple(ddl.label(ref) for ref in sorted(refs)),
            sql=tuple(over),
        )


def _with(key: str, names: Collection[str], name: str) -> str:
    """The line of flatsplit.toml that names this one as well."""
    return f"{key} = [{', '.join(map(quote, (*names, name)))}]"


def _these(refs: list[ObjectRef]) -> str:
    return "it is" if len(refs) == 1 else "they are"


def _them(refs: list[ObjectRef]) -> str:
    return "it" if len(refs) == 1 else "them"
