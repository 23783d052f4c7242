"""The kind ``rotate``: its steps, its context and its origin."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from flatsplit.errors import ConfigError
from flatsplit.model import UNTOUCHED, RoleFacts, State
from flatsplit.walks import rotate
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Kind, Moment, Roles
from flatsplit.walks.rotate import (
    change,
    close,
    close_at_once,
    open,  # noqa: A004 (the step of that name)
    prepare,
    reconnect,
    retire,
    retire_at_once,
    switch_at_once,
    switch_connections,
)
from flatsplit.walks.rotate.context import Context
from flatsplit.walks.rotate.preconditions import INPLACE, LEAKED, picks, refuses
from flatsplit.walks.undo import remembered


def _context(moment: Moment) -> Context:
    """The context of the steps. Raises ConfigError where the configuration does not name the two logins any more."""
    config, role = moment.config, moment.subject
    if rotate.CHANGE in moment.states:
        return Context(config, moment.baseline, role)
    logins = config.logins(role) or ()
    if len(logins) != 2:
        purpose = config.roles.purpose(role) or role
        raise ConfigError(
            f"flatsplit.toml does not name two logins of {role}, between which it is being rotated",
            f'write them again, such as: [group.{purpose}] and under it logins = ["{purpose}_a", "{purpose}_b"]',
        )
    return Context(config, moment.baseline, role, logins)


def _subject(context: Context) -> Roles:
    return context.twins or (context.role,)


def _stands_on(context: Context) -> Roles:
    return (context.role,) if context.twins else ()


def _makes(_: Context) -> Roles:
    return ()


def _heir(context: Context) -> str:
    return context.role


def _alike(context: Context) -> Mapping[str, str]:
    return {context.coming: context.former} if context.twins else {}


def _origin(live: State, context: Context, begun: Collection[str]) -> State:
    if not context.twins or not begun:
        return live
    draft = Draft(live)
    if rotate.PREPARE in begun:
        _as_it_rested(draft, context)
    if rotate.OPEN in begun:
        draft.role(context.coming, login=False, password=False)
    if {rotate.CLOSE, rotate.CLOSE_AT_ONCE} & frozenset(begun):
        draft.role(context.former, login=True)
    return draft.state()


def _as_it_rested(draft: Draft, context: Context) -> None:
    """The resting login as it was before it was made like the other one."""
    name, baseline = context.coming, context.baseline
    before = baseline.roles.get(name, RoleFacts())
    draft.role(name, **{field: getattr(before, field) for field in prepare.ALIKE})
    mine = {key: options for key, options in draft.members.items() if key.member == name}
    was = {key: options for key, options in baseline.members.items() if key.member == name}
    if mine != was:
        draft.no_member(member=name)
        draft.members.update(was)
    for key in [key for key in draft.settings if key.role == name and key not in baseline.settings]:
        del draft.settings[key]
    draft.settings.update({key: row for key, row in baseline.settings.items() if key.role == name})


def _remembers(moment: Moment, context: Context, origin: Callable[[], State]) -> State | None:
    begun = any(state not in UNTOUCHED for state in moment.states.values())
    return None if begun else remembered(origin(), (context.role, *context.twins))


ROTATE = Kind(
    name=rotate.NAME,
    summary="another password for ROLE, and proof that the old one is dead",
    about="ROLE",
    ways=(LEAKED, INPLACE),
    lasting=False,
    steps=(
        prepare.STEP,
        open.STEP,
        switch_connections.STEP,
        close.STEP,
        retire.STEP,
        switch_at_once.STEP,
        close_at_once.STEP,
        retire_at_once.STEP,
        change.STEP,
        reconnect.STEP,
    ),
    subject=_subject,
    stands_on=_stands_on,
    makes=_makes,
    heir=_heir,
    alike=_alike,
    context=_context,
    backward=_context,
    origin=_origin,
    remembers=_remembers,
    picks=picks,
    refuses=refuses,
)
