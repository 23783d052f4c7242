"""tenant-login: tenants can log in, as their own roles or through the pool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flatsplit.model import Member, MemberOptions, State
from flatsplit.walks import marks, tenants
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.tenants.context import Context


def apply(state: State, context: Context) -> State:
    """The State in which all tenants may log in, except those that are held back."""
    draft = Draft(state)
    let_in(draft, context, state.tenants)
    return draft.state()


def let_in(draft: Draft, context: Context, roles: Iterable[str]) -> None:
    """Change the draft so that these tenants' roles may be used, or may not where their comment says held back.

    Without a pool each role gets LOGIN, and a password with ``auth = "password"``; with a pool, the pool becomes a
    member of it. Roles that this walk did not create stay as they are.
    """
    made = frozenset(context.made)
    some = {role: marks.held(draft.roles[role].comment) for role in roles if role in draft.roles and role in made}
    if context.pool:
        _let_pool(draft, context, some)
        return
    for role, held in some.items():
        if held:  # it keeps its password, for when it is let in again
            draft.role(role, login=False, password=context.live.roles.get(role, draft.roles[role]).password)
        else:
            _login(draft, context, role)


def _login(draft: Draft, context: Context, role: str) -> None:
    facts = draft.roles[role]
    if not facts.login:
        draft.role(role, login=True, password=facts.password or context.tenants.auth == "password")


def _let_pool(draft: Draft, context: Context, held: Mapping[str, bool]) -> None:
    """Make the pool a member of these roles, and end that for those held back (``held``, by role).

    The pool does not inherit their rights: it sees no row before SET ROLE. It gets LOGIN unless all are held back.
    """
    if context.pool not in draft.roles:
        return
    there = {key.role: key for key in draft.members if key.member == context.pool}
    options = MemberOptions(False, False, True) if draft.target.membership_options else MemberOptions()
    for role, back in held.items():
        if back:
            if role in there:
                draft.no_member(role, context.pool)
        elif role not in there:
            draft.members[Member(role, context.pool, draft.target.grantor)] = options
    if not all(held.values()):
        _login(draft, context, context.pool)


def holding(state: State, context: Context, roles: Iterable[str], *, held: bool) -> State:
    """The State with these tenants held back, or let in, and the others unchanged."""
    draft = Draft(state)
    for role in roles:
        draft.role(role, comment=marks.mark(state.target.database, held=held))
    let_in(draft, context, roles)
    return draft.state()


def inside(state: State, context: Context) -> frozenset[str]:
    """Tenants' roles that may be used now: they have LOGIN, or the pool is a member of them."""
    if context.pool:
        return frozenset(key.role for key in state.members if key.member == context.pool)
    return frozenset(role for role in state.tenants if role in state.roles and state.roles[role].login)


def _connects(context: Context) -> Roles:
    return context.connects


STEP = Step(
    key=tenants.TENANT_LOGIN,
    title="Let the tenants log in",
    purpose="Gives the tenants' roles LOGIN and, with auth = password, a password each. With connect = pool, one role "
    "logs in and may become each of them by SET ROLE: that holds against a forgotten WHERE, not against an injection.",
    apply=apply,
    gates=("ring-keys", "connections"),
    vacates=_connects,
    watch=("Connections: every tenant has a pool of its own from here on.",),
)
