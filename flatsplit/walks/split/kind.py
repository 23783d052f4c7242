"""The kind ``split``: its steps in their order, and what makes one walk of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from flatsplit import blueprint
from flatsplit.config import Config
from flatsplit.model import UNTOUCHED, State
from flatsplit.walks import split
from flatsplit.walks.kind import Kind, Moment, Roles
from flatsplit.walks.split import (
    create_roles,
    default_privileges,
    enable_login,
    grant_existing,
    lock_legacy,
    revoke_legacy,
    switch_connections,
    transfer_ownership,
    verify,
)
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.origin import Origin, Progress
from flatsplit.walks.split.remembered import reduce


def _retired(moment: Moment) -> bool:
    """Whether legacy's own rights are (being) taken away, so that live no longer tells what they were.

    The bridge is the first thing that goes. When it is missing although ownership has moved, somebody
    has begun, also where no journal row says so (the step's SQL file, run by hand).
    """
    config, states = moment.config, moment.states
    if config.legacy_role not in moment.live.roles:
        return True
    if states[split.REVOKE_LEGACY] not in ("waiting", *UNTOUCHED):
        return True
    if states[split.TRANSFER_OWNERSHIP] != "done":
        return False
    bridge = (blueprint.owner(config), config.legacy_role)
    return not any(key[:2] == bridge for key in moment.live.members)


def _reopened(moment: Moment) -> bool:
    """Whether legacy may log in although this walk has locked it: another database's has let it, and uses it."""
    facts = moment.live.roles.get(moment.config.legacy_role)
    return moment.states[split.LOCK_LEGACY] == "done" and facts is not None and facts.login and bool(facts.elsewhere)


def _config(moment: Moment) -> Config:
    """The configuration with those groups alone that are some: one that was there, and nobody logs in as.

    A role that becomes a group by the walk of that name logs in itself as far as the split is concerned: it has to get
    LOGIN to begin with, and a rollback may not take it away. That it may not any more is the other walk's to want.
    """
    config, live, before = moment.config, moment.live.roles, moment.baseline.roles
    groups = tuple(
        group
        for group in config.groups
        if (role := str(getattr(config.roles, group.purpose))) in before
        if not before[role].login and not (role in live and live[role].login)
    )
    return config if groups == config.groups else replace(config, groups=groups)


def _context(moment: Moment) -> Context:
    return Context(_config(moment), moment.baseline, _retired(moment), _reopened(moment))


def _backward(moment: Moment) -> Context:
    return Context(_config(moment), moment.baseline, reopened=_reopened(moment))


def _origin(live: State, context: Context, begun: Collection[str]) -> State:
    progress = Progress(narrowed=split.ENABLE_LOGIN in begun, locked=split.LOCK_LEGACY in begun)
    return Origin(live, context, progress).state()


def _remembers(moment: Moment, context: Context, origin: Callable[[], State]) -> State | None:
    """The baseline as it should be kept from now on; None once legacy's own facts are no longer live.

    Of those, lock-legacy takes LOGIN alone, and the origin has it as first seen. So has the baseline what another
    database's walk may have taken: an application that has nowhere to go back to is the rollback's to refuse.
    """
    if context.retired or moment.states[split.REVOKE_LEGACY] not in UNTOUCHED:
        return None
    fresh, legacy = reduce(origin(), moment.config), context.legacy
    facts, before = fresh.roles[legacy], moment.baseline.roles.get(legacy)
    if before is None or facts.login or not (before.login and facts.elsewhere):
        return fresh
    return replace(fresh, roles={**fresh.roles, legacy: facts._replace(login=True)})


def _subject(context: Context) -> Roles:
    return (*sorted(context.retiring), *context.config.roles.new)


def _lets_go_of(context: Context) -> Roles:
    """The old owners, unless the old role becomes the application's."""
    return () if context.config.retire == "repurpose" else tuple(sorted(context.retiring))


def _makes(context: Context) -> Roles:
    return context.config.roles.new


def _heir(context: Context) -> str:
    return context.legacy


SPLIT = Kind(
    name="split",
    steps=(
        create_roles.STEP,
        grant_existing.STEP,
        default_privileges.STEP,
        transfer_ownership.STEP,
        enable_login.STEP,
        switch_connections.STEP,
        verify.STEP,
        lock_legacy.STEP,
        revoke_legacy.STEP,
    ),
    subject=_subject,
    lets_go_of=_lets_go_of,
    makes=_makes,
    heir=_heir,
    context=_context,
    backward=_backward,
    origin=_origin,
    remembers=_remembers,
)


def through(state: State, context: Context, step: split.StepKey) -> State:
    """What the steps up to and including this one make of ``state``."""
    return SPLIT.through(state, context, split.ORDINAL[step])
