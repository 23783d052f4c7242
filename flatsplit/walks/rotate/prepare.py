"""prepare: the resting login gets the memberships, settings and limits of the one in use."""

from __future__ import annotations

from flatsplit.model import Member, MemberOptions, State
from flatsplit.walks import rotate
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.rotate.context import Context

ALIKE = ("createdb", "createrole", "inherit", "replication", "bypassrls", "connection_limit", "valid_until")
"""The attributes that both have in common: all but LOGIN, SUPERUSER and the password."""


def apply(state: State, context: Context) -> State:
    """Memberships, settings and limits. Once the former login may not log in, changes to it are not copied any more."""
    former, coming = state.roles.get(context.former), state.roles.get(context.coming)
    if former is None or coming is None or (coming.login and not former.login):
        return state
    draft = Draft(state)
    # A date that has passed since would shut the other one, too
    names = [name for name in ALIKE if not (name == "valid_until" and former.expired)]
    draft.role(context.coming, **{name: getattr(former, name) for name in names})
    _memberships(draft, context)
    _settings(draft, context)
    return draft.state()


def memberships(state: State, name: str) -> dict[str, MemberOptions]:
    """The roles of which a role is a member, with the options, whoever granted it."""
    found: dict[str, MemberOptions] = {}
    for key, options in state.members.items():
        if key.member == name:
            found[key.role] = options.joined(found.get(key.role))
    return found


def _memberships(draft: Draft, context: Context) -> None:
    state = draft.before
    wanted, had = memberships(state, context.former), memberships(state, context.coming)
    for role in wanted.keys() | had.keys():
        if wanted.get(role) == had.get(role):
            continue
        draft.no_member(role, context.coming)
        if role in wanted:
            draft.members[Member(role, context.coming, state.target.grantor)] = wanted[role]


def _settings(draft: Draft, context: Context) -> None:
    state = draft.before
    for key, row in state.settings.items():
        if key.role == context.former and state.settings.get(key._replace(role=context.coming)) != row:
            draft.settings[key._replace(role=context.coming)] = row
        elif key.role == context.coming and key._replace(role=context.former) not in state.settings:
            del draft.settings[key]


STEP = Step(
    key=rotate.PREPARE,
    title="Make the twin alike",
    purpose="Gives the twin that rests what the one that logs in has: memberships, settings, limits. Nobody can use it "
    "yet and nothing else changes.",
    apply=apply,
    watch=("Nothing: the application cannot notice this step.",),
)
