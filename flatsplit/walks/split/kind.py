"""The kind ``split``: its steps in their order, its context and its origin."""

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
    """Whether legacy's own rights are revoked or being revoked, so that live does not tell what they were.

    The bridge goes first. Where it is missing although ownership has moved, the step has begun, even by hand, without
    the journal.
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
    """Whether legacy can log in although this walk has locked it: another database, which uses it, has let it in."""
    facts = moment.live.roles.get(moment.config.legacy_role)
    return moment.states[split.LOCK_LEGACY] == "done" and facts is not None and facts.login and bool(facts.elsewhere)


def _config(moment: Moment) -> Config:
    """The configuration with those groups that existed before and in whose name nobody logs in.

    For the split, a role that becomes a group by a walk of its own logs in itself: it has to get LOGIN first, and a
    rollback may not take that away. Taking LOGIN away is up to the other walk.
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
    return Context(_config(moment), moment.baseline, _retired(moment), _reopened(moment), moment.config)


def _backward(moment: Moment) -> Context:
    return Context(_config(moment), moment.baseline, reopened=_reopened(moment))


def _origin(live: State, context: Context, begun: Collection[str]) -> State:
    progress = Progress(narrowed=split.ENABLE_LOGIN in begun, locked=split.LOCK_LEGACY in begun)
    return Origin(live, context, progress).state()


def _remembers(moment: Moment, context: Context, origin: Callable[[], State]) -> State | None:
    """The baseline to store from now on; None once legacy's own facts are not live any more.

    lock-legacy only takes LOGIN, which the origin has as first seen. So has the baseline what another database's walk
    may have taken: a rollback is refused where the application would have no role to go back to.
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
    """The State that the steps up to and including this one make of ``state``."""
    return SPLIT.through(state, context, split.ORDINAL[step])
