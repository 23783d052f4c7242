"""allowed: the operator may run what the step runs. Where it may not, the gate says who may, before
anything is tried.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from flatsplit import ddl
from flatsplit.connection import Session
from flatsplit.differ import diff
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult, State, Statement
from flatsplit.model.versions import PARAMETER_GRANTS
from flatsplit.server.asking import ask
from flatsplit.walks.provider import administers

KEY: Final = "allowed"

MOST: Final = 12
"""How many statements for a superuser are printed."""


def judge(asked: Asked[Any]) -> GateResult:
    """Closed with the first statement that the server would refuse, and who has to run it."""
    return allowed(asked.session, asked.state, asked.after(asked.step), asked.typed("plan"))


def allowed(session: Session, state: State, then: State, shows: str) -> GateResult:
    """The same for what leads from one State to the other. ``shows``: the command that shows all of its statements."""
    operator = state.target.operator
    if state.target.operator_superuser:
        return GateResult(KEY, True, f"{operator} is a superuser", waivable=False)
    statements = diff(state, then)
    settings = [each for each in statements if _is(each, "setting")]
    parts = [each for each in statements if _is(each, "recorder")]
    if refused := [each for each in settings if not _may_set(session, state, each)]:
        return _closed(f"{operator} may not set {_what(refused[0])}, nor reset it", _settable(state, refused, shows))
    if parts and not _may_trigger(session):
        return _closed(
            f"{operator} may not create event triggers, which takes a superuser",
            "have a superuser take this step, or run its SQL file of the runbook; or leave it out: "
            "[trail] table = false",
        )
    return GateResult(KEY, True, f"{operator} may run it", waivable=False)


def _closed(reason: str, fix: str) -> GateResult:
    return GateResult(KEY, False, reason, fix, waivable=False)


def _is(statement: Statement, fact: str) -> bool:
    return any(change.fact == fact for change in statement.changes)


def _what(statement: Statement) -> str:
    change = statement.changes[-1]
    return f"{change.detail.partition('=')[0]} for {change.subject}"


def _may_set(session: Session, state: State, statement: Statement) -> bool:
    """Whether the operator may set it: a superuser's setting takes a privilege on it (15 and later), and any setting
    needs rights on the role, which must be no superuser.
    """
    change = statement.changes[-1]
    facts = state.roles.get(change.subject)
    if facts is None or facts.superuser or not administers(state, change.subject):
        return False
    if state.target.major < PARAMETER_GRANTS:
        return False
    name = change.detail.partition("=")[0]
    return bool(ask(session.driver, "may_set", {"name": name})[0][0])


def _settable(state: State, refused: list[Statement], shows: str) -> str:
    """The GRANT that is enough, where there is a single one; else the statements themselves."""
    operator = state.target.operator
    roles = [each.changes[-1].subject for each in refused]
    reachable = all(administers(state, role) and not state.roles[role].superuser for role in roles)
    if state.target.major >= PARAMETER_GRANTS and reachable:
        name = refused[0].changes[-1].detail.partition("=")[0]
        return f"have a superuser run: GRANT SET ON PARAMETER {ddl.ident(name)} TO {ddl.ident(operator)};"
    if len(refused) > MOST:
        return f"have a superuser run the {len(refused)} statements about settings that {shows} shows"
    return f"have a superuser run: {' '.join(each.sql for each in refused)}"


def _may_trigger(session: Session) -> bool:
    """Whether the operator may create an event trigger. Only a trial tells, since some services let their strongest
    role. Its function does not exist, which CreateEventTrigger() (event_trigger.c) notices after checking rights.
    """
    conn = session.driver
    if conn.info.transaction_status != TransactionStatus.IDLE or not session.write:
        return False
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(ddl.impossible_event_trigger().encode())
    except errors.UndefinedFunction:
        return True
    except psycopg.Error:
        return False
    return True


GATE = Gate(KEY, judge, "the operator may run what the step runs")
