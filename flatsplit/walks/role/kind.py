"""The kind ``role``: its steps in their order, its context and its origin."""

from __future__ import annotations

from collections.abc import Callable, Collection

from flatsplit import blueprint, ddl
from flatsplit.config import PURPOSES
from flatsplit.config.grants import MEMBER
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.model import State, WalkName
from flatsplit.walks import marks, split, used_elsewhere
from flatsplit.walks import role as keys
from flatsplit.walks.kind import Kind, Moment, Roles
from flatsplit.walks.role import (
    bridge,
    create_role,
    grant,
    grant_list,
    learn,
    narrow,
    open,  # noqa: A004 (the step of that name)
    switch_connections,
    verify,
)
from flatsplit.walks.role.context import Context
from flatsplit.walks.undo import remembered, unmade

_EARLY = f"take the split that far first: flatsplit next --walk split --through {split.ENABLE_LOGIN}"


def _context(moment: Moment) -> Context:
    return Context(moment.config, moment.baseline, moment.subject)


def _subject(context: Context) -> Roles:
    return (context.role,)


def _stands_on(context: Context) -> Roles:
    """The role that it begins like, and app_migrator where one of the two is to use what the other one creates."""
    special = context.special
    if special is None:
        return ()
    owner = blueprint.owner(context.config)
    return (*filter(None, (special.like,)), *((owner,) if special.create or special.new_tables != "none" else ()))


def _heir(context: Context) -> str:
    return blueprint.owner(context.config)


def _origin(live: State, context: Context, begun: Collection[str]) -> State:  # noqa: ARG001 (as every kind is asked)
    return unmade(live, context.baseline, (context.role,))


def _remembers(moment: Moment, context: Context, origin: Callable[[], State]) -> State | None:
    begun = any(state not in ("pending", "rolled_back") for state in moment.states.values())
    return None if begun else remembered(origin(), (context.role, context.source))


def _picks(moment: Moment, _: Collection[str]) -> tuple[str, ...]:
    """The steps of the walk: a role that begins like no other one has no bridge and nothing to learn."""
    special = moment.config.special_role(moment.subject)
    return tuple(step.key for step in ROLE.steps) if special is not None and special.like else keys.PLAIN


def _refuses(moment: Moment) -> tuple[str, str] | None:
    """What speaks against beginning the walk, with what to do about it."""
    context, live, name = _context(moment), moment.live, moment.subject
    special = context.special
    if special is None:
        there = ", ".join(one.name for one in moment.config.special)
        fix = f"write {heading(name)} into flatsplit.toml"
        return f"flatsplit.toml has no {heading(name)}", f"{fix}, or begin one that is there: {there}" if there else fix
    if name in live.roles:
        return _there(moment)
    words = {purpose: str(getattr(moment.config.roles, purpose)) for purpose in PURPOSES}
    if (here := words.get(special.like)) and special.like not in moment.config.roles.new:
        # Where the four have other names, a role of this one is another database's, more often than not
        return f"{heading(name)} like = {quote(special.like)}: {special.like} is called {here} here", (
            f"write like = {quote(here)}"
        )
    if special.like and special.like not in live.roles:
        split_makes = special.like in moment.config.roles.new
        fix = _EARLY if split_makes else "name one that exists"
        return f"{heading(name)} like = {quote(special.like)}: there is no such role", fix
    if special.like and live.roles[special.like].superuser:
        what = f"{heading(name)} like = {quote(special.like)}: no list can stand in for what a superuser may"
        return what, f"use like = {quote(blueprint.application(moment.config))}"
    owner = blueprint.owner(moment.config)
    if owner in _stands_on(context) and owner not in live.roles:
        return f"{name} is to have its part in what {owner} makes, which does not exist yet", _EARLY
    return _nothing_to_give(context, live)


def _declares(moment: Moment) -> dict[str, str]:
    return {special.name: heading(special.name) for special in moment.config.special}


def _there(moment: Moment) -> tuple[str, str]:
    """Who owns the existing role of this name, and what to do about it."""
    live, name = moment.live, moment.subject
    other = f"give the special role another name in flatsplit.toml: {heading(name)}"
    if moment.kept:
        return f"there is a role {name} already", "flatsplit made it: change its list, then flatsplit repair"
    if database := marks.others(live, name):
        return f"there is a role {name} already: flatsplit made it for database {database}", other
    if used := used_elsewhere.used(live, name):
        return f"there is a role {name} already, which database {used[0]} uses", other
    return (
        f"there is a role {name} already",
        f"{other}; or drop the one that is there: {ddl.drop_role(name).rstrip(';')}",
    )


def _nothing_to_give(context: Context, live: State) -> tuple[str, str] | None:
    special, list_ = context.special, heading(context.role, "grants")
    assert special is not None
    own = any(grant.names for grant in context.config.grants if grant.purpose == special.name)
    if not (own or special.schemas or special.create or special.like):
        return f"{context.role} is to do nothing: {list_} is missing", (
            f'list under {list_} what it may, for example select = ["public.orders"]'
        )
    for schema in (*special.schemas, *special.create):
        if not any(ref.kind == "schema" and ref.name == schema for ref in live.objects):
            return f"{heading(special.name)} names schema {quote(schema)}, which is not here", "correct the name"
    missing = next(grant_list.nothing(live, context), None)
    if missing is not None:
        line, wrong = missing
        if line.privilege == MEMBER:
            return f"{list_} {line.privilege}: {quote(wrong)} names no role", "correct the name, or take it out"
        return f"{list_} {line.privilege}: {quote(wrong)} names nothing here that has this privilege", (
            "correct the name, written as in SQL with its schema"
        )
    owner = blueprint.owner(context.config)
    gained = [of for of in grant_list.memberships(context.config, special) if of not in live.member_of(owner)]
    if special.create and gained:
        what = f"{owner} becomes a member of {context.role}, which creates, and would be one of {gained[0]} by it"
        return what, f"take {gained[0]} out of {list_}, or give one of the two to another special role"
    return None


def _lost(context: Context) -> tuple[str, str] | None:
    """That the section is gone from the configuration: the steps would want nothing and count as done."""
    if context.special is not None:
        return None
    back = f"flatsplit rollback {WalkName(keys.NAME, context.role).option} --all"
    return f"flatsplit.toml has no {heading(context.role)} any more", f"write it again, or take the role back: {back}"


ROLE = Kind(
    name=keys.NAME,
    summary="a special role of its own, with a list of what it may",
    about="NAME",
    steps=(
        create_role.STEP,
        bridge.STEP,
        open.STEP,
        switch_connections.STEP,
        learn.STEP,
        grant.STEP,
        narrow.STEP,
        verify.STEP,
    ),
    picks=_picks,
    subject=_subject,
    makes=_subject,
    heir=_heir,
    context=_context,
    backward=_context,
    origin=_origin,
    remembers=_remembers,
    stands_on=_stands_on,
    joins=split.ENABLE_LOGIN,
    refuses=_refuses,
    declares=_declares,
    lost=_lost,
)
