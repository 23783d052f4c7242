"""Runs and undoes all steps before a walk, to find what the server would refuse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from flatsplit import ddl
from flatsplit.config.special import heading
from flatsplit.connection import Session
from flatsplit.cutover.bridge_elsewhere import reached
from flatsplit.cutover.missing_user_mappings import unmapped
from flatsplit.errors import FlatsplitError, MissingRights, UsageError
from flatsplit.model import State
from flatsplit.planning.situation import Situation
from flatsplit.server.dry_run import try_steps
from flatsplit.server.lack import Lack
from flatsplit.server.preloading import given
from flatsplit.words import more

_SHOWN = 20
"""So many statements at most are printed for somebody else to run."""
_APART = frozenset({"schema", "database", "parameter", "subscription"})
"""Kinds of objects that settings and memberships of roles may depend on. Of the others there may be thousands."""


def dry_run(
    session: Session, situation: Situation[Any], through: str | None = None, after: tuple[str, State] | None = None
) -> tuple[str, ...]:
    """Notes on what somebody else has to run in the steps up to ``through`` (None: all). Changes nothing.

    ``after``: a step of another walk that is done before. Raises UsageError for what is wrong, and MissingRights for a
    right that an administrator can give.
    """
    now = situation.live
    notes = list(unmapped(session, replace(situation, live=after[1]) if after else situation))
    notes += reached(situation)
    superuser = now.target.operator_superuser
    if superuser and now.structure is None and not now.tenancies:
        now, after = _of_roles(now), after and (after[0], _of_roles(after[1]))
    if after is not None:
        situation = replace(situation, live=after[1])
    elif now is not situation.live:
        situation = replace(situation, live=now)
    keys = situation.kind.keys[situation.done : situation.kind.place(through) if through else None]

    def wanted() -> Iterator[tuple[str, State]]:
        yield from (after,) if after is not None else ()
        for key in keys:
            yield key, situation.desired(situation.kind.place(key))

    steps = ((key, _of_roles(then)) for key, then in wanted()) if superuser else wanted()
    new = frozenset((*situation.config.roles.new, *situation.kind.makes(situation.context)))
    adds = {key: situation.kind.step(key).adds(situation.context) for key in keys}
    tried = try_steps(session.driver, _of_roles(now) if superuser else now, steps, lambda key: adds.get(key, ()))
    missing: dict[str, str] = {}  # the statement that gives a right, with what is wrong without it
    for lack in tried:
        if lack.step not in keys or ("allowed" in situation.kind.step(lack.step).gates and not lack.wrong):
            continue  # for the latter, the gate says what has to be allowed and the step goes on without it
        from flatsplit.hazards.operator import giving, remedy  # seldom wanted, and imports all hazards

        if lack.needed:  # a lock of another session is not waited for
            notes.append(f"{lack.step} waits until somebody who may has run: {giving(lack)} {lack.reason}")
            continue
        if lack.wrong and not lack.back:
            what = f"{lack.step} would fail: {lack.statement.description}: {lack.reason}"
            raise UsageError(what, _cure(situation, lack))
        grant = "" if lack.back else remedy(now, lack, new)
        if grant:
            missing.setdefault(grant, f"{now.target.operator} lacks what {lack.step} needs: {lack.reason}")
        elif not lack.follows:
            notes.append(_note(lack))
    if missing:  # all of them at once: an administrator is asked once
        raise MissingRights(next(iter(missing.values())), f"have an administrator run: {' '.join(missing)}")
    notes += _waiting(session, situation, keys)
    return tuple(dict.fromkeys(notes))


def _waiting(session: Session, situation: Situation[Any], keys: Sequence[str]) -> Iterator[str]:
    """What steps will wait for because somebody else has to allow it, each for its own statements."""
    now = situation.live
    for key in keys:
        then = situation.desired(situation.kind.place(key))
        if "allowed" in situation.kind.step(key).gates:
            from flatsplit.gates.allowed import allowed

            found = allowed(session, now, then, situation.typed("plan"))
            if not found.open:
                yield f"{key} will wait: {found.reason}; {found.fix}"
        now = then


def require_rights(session: Session, now: State, then: State) -> None:
    """Raise MissingRights, before anything is done, where the server would not let the operator do what leads from
    ``now`` to ``then``.
    """
    from flatsplit.hazards.operator import remedy

    new = frozenset(then.roles.keys() - now.roles.keys())
    given: dict[str, Lack] = {}  # by the statement that helps
    others: list[Lack] = []
    for lack in try_steps(session.driver, now, (("", then),)):
        grant = "" if lack.back else remedy(now, lack, new)
        if grant:
            given.setdefault(grant, lack)
        elif not lack.back and not lack.follows:
            others.append(lack)
    for lack in (*given.values(), *others):
        if given:  # all of them at once: an administrator is asked once
            cure = f"have an administrator run: {' '.join(given)}"
        elif any(ddl.ident(role) in lack.statement.sql for role in new):  # nobody can run it before
            cure = f"leave that out for now; once the role is there, have somebody who may run: {lack.statement.sql}"
        else:
            cure = f"have somebody who may run: {lack.statement.sql}"
        raise MissingRights(f"{now.target.operator} may not: {lack.statement.description}: {lack.reason}", cure)


def refused_besides(session: Session, now: State, then: State, error: MissingRights) -> MissingRights:
    """The error of a statement on the way from ``now`` to ``then``, with all others that the server would refuse as
    well: a superuser is asked once. The error itself where there are no others.
    """
    found = [lack for lack in try_steps(session.driver, now, (("", then),)) if not (lack.back or lack.follows)]
    by_hand = [one for lack in found for one in (lack.statements or (lack.statement,))]
    shown = list(dict.fromkeys(ddl.by_hand(one.sql) for one in by_hand if not one.secrets))
    if len(shown) < 2:
        return error
    listed = f"{' '.join(shown[:_SHOWN])}{more(len(shown) - _SHOWN)}"
    return MissingRights(error.what, f"have a superuser run: {listed}")


def dry_run_outcome(
    session: Session, situation: Situation[Any], after: tuple[str, State]
) -> tuple[tuple[str, str] | None, tuple[str, ...]]:
    """What :func:`dry_run` would raise and how to mend it, or its notes."""
    try:
        return None, dry_run(session, situation, after=after)
    except FlatsplitError as error:
        return (error.what, error.fix), ()


def _of_roles(state: State) -> State:
    """The State without its objects: a superuser can only be refused statements about roles. Of a walk that asks for
    the structure of tables, what is wanted is computed from the objects first.
    """
    objects = {ref: group.facts for group in state.groups if group.kind in _APART for ref in group.refs}
    rules: dict[str, Any] = {name: {} for name in _RULES}
    return state.but(objects=objects, **rules)


_RULES = ("columns", "defaults", "policies", "conditions", "row_security", "uses", "tenancies", "tenants")


def _cure(situation: Situation[Any], lack: Lack) -> str:
    """Where in the configuration the cause is."""
    for role, name, value in given(lack.statement):
        special = situation.config.special_role(role)
        if special is not None and name.lower() in {one.lower() for one, _ in special.settings}:
            return f"correct {name} in the settings of {heading(role)} in flatsplit.toml"
        for key, row in situation.live.settings.items():
            if key.role != role and (name, value) in row:
                return f"{role} is to take it over from {key.role or 'the database'}: correct it there"
    return "correct what flatsplit.toml says of it, or remove the cause"


def _note(lack: Lack) -> str:
    if lack.back:
        return f"the way back of {lack.step} would stop at {lack.statement.undo} {lack.reason}"
    shown = " ".join(one.sql for one in lack.statements) or lack.statement.sql
    left = more(lack.count - max(len(lack.statements), 1))
    them = "it" if lack.count == 1 else "them"
    who = f"somebody who may has to run {them} then, and to undo {them} on the way back"
    return f"{lack.step} stops at {shown}{left} {lack.reason}: {who}"
