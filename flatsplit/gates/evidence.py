"""evidence: the role was watched for long enough, and no statement of it can have been missed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

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
from flatsplit.words import count, more, span

if TYPE_CHECKING:
    from flatsplit.rehearsal.unanswered import Unanswered

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
    ran = learning.statements(session, role)
    return gate(role, learning.spans(session, role), ran, said, asked.rest, _open(asked, said.schema, ran))


def _open(asked: Asked[Context], schema: str, ran: Sequence[StatementRecord]) -> Mapping[int, Unanswered]:
    """The statements that neither their text nor the role's sections make understood."""
    odd = [one for one in ran if one.verdict != "allowed"]
    if not odd:
        return {}
    # Imports the parser of SQL, which is not needed where every statement was understood
    from flatsplit.rehearsal.unanswered import unanswered

    texts = statements.texts(asked.session.driver, schema, asked.context.role, [one.queryid for one in odd])
    context = Context(asked.config, asked.state, asked.context.role)
    return unanswered(asked.session, asked.state, asked.after(asked.before.key), context, odd, texts)


def gate(
    role: str,
    spans: Sequence[SpanRecord],
    ran: Sequence[StatementRecord],
    now: StatementCount,
    wanted: timedelta,
    unanswered: Mapping[int, Unanswered],
) -> GateResult:
    """The gate by the times of watching, oldest first, the statements that the role ``ran``, the counters ``now``, and
    which statements are not understood. Only the last time counts: what ran in a hole before it was not seen.
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
    odd = [one for one in ran if one.queryid in unanswered]
    if odd:
        reason, remedy = unanswered[odd[0].queryid]
        what = f"what statement {odd[0].queryid} needs is not known: {reason}{more(len(odd) - 1)}"
        fix = f"look at `{learn}`; waive this where you know what they need"
        return GateResult(KEY, False, what, f"{remedy}; {fix}" if remedy else fix)
    if answered := sum(one.verdict != "allowed" for one in ran):
        text += f"; what {count(answered, 'of them needs', 'of them need')} follows from flatsplit.toml alone"
    if watched < wanted:
        rest = f"call again in {span((wanted - watched).total_seconds() + 1)} or later; {LOOK}"
        return GateResult(KEY, False, f"{text}; {format_duration(wanted)} are required", rest)
    return GateResult(KEY, True, text)


GATE = Gate(KEY, judge, "the role was watched for long enough, and nothing that it ran can have been missed")
