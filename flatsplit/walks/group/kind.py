"""The kind ``group``: its steps in their order, its context and its origin."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from flatsplit.errors import ConfigError
from flatsplit.model import UNTOUCHED, RoleFacts, SettingKey, State
from flatsplit.walks import group, used_elsewhere
from flatsplit.walks.draft import Draft
from flatsplit.walks.group import close_group, create_logins, forget_password, open_logins, switch_connections
from flatsplit.walks.group.context import Context
from flatsplit.walks.group.preconditions import declares, refuses
from flatsplit.walks.kind import Kind, Moment, Roles
from flatsplit.walks.undo import remembered, unmade


def _context(moment: Moment) -> Context:
    """The context of the steps. Raises ConfigError where the configuration has no section for the group any more."""
    config, role = moment.config, moment.subject
    declared = config.group(role)
    if declared is None:
        purpose = config.roles.purpose(role) or role
        raise ConfigError(
            f"flatsplit.toml has no section [group.{purpose}], and the walk group {role} lives on it",
            f'write it again, such as: [group.{purpose}] and under it logins = ["{purpose}_a", "{purpose}_b"]',
        )
    return Context(config, moment.baseline, role, declared)


def _subject(context: Context) -> Roles:
    return (context.role, *context.logins)


def _makes(context: Context) -> Roles:
    return tuple(name for name in context.logins if name not in context.baseline.roles)


def _heir(context: Context) -> str:
    return context.role


def _alike(context: Context) -> Mapping[str, str]:
    return dict.fromkeys(context.logins, context.role)


def _origin(live: State, context: Context, begun: Collection[str]) -> State:
    if group.CREATE_LOGINS not in begun:
        return live
    state = unmade(live, context.baseline, context.made(live))
    draft = Draft(state)
    for login in context.logins:
        if login in state.roles:
            _as_before(draft, context, login, opened=group.OPEN_LOGINS in begun)
    if group.CLOSE_GROUP in begun:
        draft.role(context.role, login=context.before.login)
    return draft.state()


def _as_before(draft: Draft, context: Context, login: str, *, opened: bool) -> None:
    """A login that somebody else made, or that another database uses, without what this walk gave it."""
    baseline, database = context.baseline, draft.target.database
    known = {member[:2] for member in baseline.members}
    for member in [one for one in draft.members if one[:2] == (context.role, login)]:
        if member[:2] not in known and not used_elsewhere.matters(draft.before, member):
            del draft.members[member]
    given = context.settings(draft.before)
    key = SettingKey(login, database)
    had = dict(baseline.settings.get(key, ()))
    left = {name: value for name, value in draft.settings.get(key, ()) if name in had or given.get(name) != value}
    if "role" in had and given.get("role") == left.get("role"):
        left["role"] = had["role"]
    draft.settings.pop(key, None)
    if left:
        draft.settings[key] = tuple(sorted(left.items()))
    before = baseline.roles.get(login, RoleFacts())
    if not (context.group.as_group or draft.target.membership_options):
        draft.role(login, inherit=before.inherit)
    if opened and not before.login and not draft.roles[login].elsewhere:
        draft.role(login, login=False, password=before.password)


def _remembers(moment: Moment, context: Context, origin: Callable[[], State]) -> State | None:
    begun = any(state not in UNTOUCHED for state in moment.states.values())
    return None if begun else remembered(origin(), _subject(context))


GROUP = Kind(
    name=group.NAME,
    summary="ROLE stops logging in itself, others log in for it",
    about="ROLE",
    steps=(
        create_logins.STEP,
        open_logins.STEP,
        switch_connections.STEP,
        close_group.STEP,
        forget_password.STEP,
    ),
    subject=_subject,
    makes=_makes,
    heir=_heir,
    alike=_alike,
    context=_context,
    backward=_context,
    origin=_origin,
    remembers=_remembers,
    refuses=refuses,
    declares=declares,
)
