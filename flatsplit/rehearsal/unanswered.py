"""Statements of a special role for which rights on certain objects are not enough, or perhaps not: are they with what
flatsplit.toml says by now?

Which sequence ``nextval($1)`` uses no text tells, and pg_terminate_backend() takes a membership. `observe` has them on
record as not understood, for good; what people have written since about the role answers some of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flatsplit.connection import Session
from flatsplit.journal.learning import StatementRecord
from flatsplit.model import State
from flatsplit.rehearsal.rehearse import Company
from flatsplit.rehearsal.values import Heard
from flatsplit.server.statements import Text
from flatsplit.walks.role import grant_list
from flatsplit.walks.role.context import Context as RoleContext
from flatsplit.walks.split.context import Context


class Unanswered(NamedTuple):
    """Why a statement is still not understood, and what would help; "" where nothing is known to."""

    reason: str
    remedy: str


def unanswered(
    session: Session,
    live: State,
    wanted: State,
    context: RoleContext,
    odd: Sequence[StatementRecord],
    texts: Mapping[int, Text],
) -> dict[int, Unanswered]:
    """Those of the ``odd`` statements, by number, that the role's sections do not answer. ``wanted``: what the finished
    steps of all walks want.
    """
    known = [one for one in odd if one.queryid in texts and texts[one.queryid].text is not None]
    found = {one.queryid: Unanswered(one.reason, "") for one in odd if one not in known}
    if not known:
        return found
    alone = grant_list.alone(wanted, context)
    company = Company(session, live, alone, Context(context.config, live), context.role)
    heard = [Heard(texts[one.queryid].text or "", one.calls, texts[one.queryid].top) for one in known]
    for one, verdict in zip(known, company.reason(heard), strict=True):
        if verdict.verdict != "allowed":
            found[one.queryid] = Unanswered(verdict.reason, verdict.remedy)
    return found
