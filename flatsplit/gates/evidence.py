"""evidence: the role was watched for long enough, and no statement of it can have been missed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import timedelta

from flatsplit.config import format_duration
from flatsplit.evidence.became_roles import unseen
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.quiet import LOOK
from flatsplit.journal import learning
from flatsplit.journal.learning import SpanRecord, StatementRecord
from flatsplit.model import GateKey, GateResult
from flatsplit.server import statements
from flatsplit.server.statements import StatementCount
from flatsplit.walks.role.context import Context
from flatsplit.words import more, span

KEY: GateKey = "evidence"


def judge(asked: Asked[Context]) -> GateResult:
    """Open once the last unbroken time of watching is long enough and every statement in it was understood."""
    role, session = asked.context.role, asked.session
    said = statements.counted(session.driver, role)
    if isinstance(said, str):
        fix = "have it counted, or list what the role needs yourself and waive this"
        return GateResult(KEY, False, f"nothing can be learned: {said}", fix)
    if missed := unseen(session.driver, said.schema, asked.state, asked.context):
        return GateResult(KEY, False, missed.what, missed.fix)
    return gate(role, learning.spans(session, role), learning.statements(session, role), said, asked.rest)


def gate(
    role: str, spans: Sequence[SpanRecord], ran: Sequence[StatementRecord], now: StatementCount, wanted: timedelta
) -> GateResult:
    """The gate by the times of watching, oldest first, the statements that the role ``ran``, and the counters ``now``.
    Only the last time counts: what ran in a hole before it was not seen.
    """
    if not spans or not ran:
        return GateResult(KEY, False, f"no statement of {role} was seen yet", f"{LOOK} while its program runs")
    last, learn = spans[-1], f"flatsplit learn {shlex.quote(role)}"
    watched = last.until - last.at
    text = f"{len(ran):,} statements of {role}, watched for {span(watched.total_seconds())} without a hole"
    if last.broke:
        text += f" (since {last.at:%Y-%m-%d %H:%M} UTC: {last.broke})"
    if hole := now.blind or statements.broke(last.epoch, now.epoch):
        return GateResult(KEY, False, f"{text}; {hole}", f"settle that, then: {LOOK}")
    odd = [one for one in ran if one.verdict != "allowed"]
    if odd:
        first = odd[0]
        what = f"what statement {first.queryid} needs is not known: {first.reason}{more(len(odd) - 1)}"
        return GateResult(KEY, False, what, f"look at `{learn}`; waive this where you know what they need")
    if watched < wanted:
        rest = f"call again in {span((wanted - watched).total_seconds() + 1)} or later; {LOOK}"
        return GateResult(KEY, False, f"{text}; {format_duration(wanted)} are required", rest)
    return GateResult(KEY, True, text)


GATE = Gate(KEY, judge, "the role was watched for long enough, and nothing that it ran can have been missed")
