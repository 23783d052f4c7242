"""What special roles need, learned a little at each look: only statements that were not seen before are judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flatsplit.config import Special
from flatsplit.journal import learning
from flatsplit.journal.learning import Learned
from flatsplit.model import SPLIT, State
from flatsplit.server import statements
from flatsplit.server.statements import StatementCount

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

ODD = ("migrator", "unknown")
"""Verdicts on statements for which privileges are not, or perhaps not, enough."""
LOST = "lost"
"""Verdict on a statement whose text nobody could read."""


def gather(walk: Walk, people: State) -> None:
    """Record what the special roles need for the statements they ran since the last look. No text of a statement is
    kept.
    """
    for special in walk.config.special:
        if special.name in people.roles:
            _gather(walk, special)


def _gather(walk: Walk, special: Special) -> None:
    session, role = walk.session, special.name
    found = statements.counted(session.driver, role)
    if isinstance(found, str):
        return  # the gate gives the reason where it is asked
    known, span = learning.known(session, role), learning.last_span(session, role)
    broke = _broke(found, known, span)
    fresh = found.calls.keys() - known.keys()
    judged = _judged(walk, found, role, fresh) if fresh else ()
    with session.transaction():
        learning.look(session, role, found.epoch, broke)
        learning.again(
            session, role, {one: calls for one, calls in found.calls.items() if calls != known.get(one, calls)}
        )
        learning.learn(session, role, judged)


def _broke(found: StatementCount, known: Mapping[int, int], span: learning.SpanRecord | None) -> str:
    if span is None:
        return ""
    if why := statements.broke(span.epoch, found.epoch):
        return why
    gone = len(known.keys() - found.calls.keys())
    return f"pg_stat_statements lost {gone} of the role's statements" if gone and not _lost_before(span) else ""


def _lost_before(span: learning.SpanRecord) -> bool:
    """Whether statements were already missing when this span began."""
    return bool(span.broke)


def _judged(walk: Walk, found: StatementCount, role: str, fresh: set[int]) -> tuple[Learned, ...]:
    # It imports a parser of SQL, which a look without new statements need not wait for
    from flatsplit.rehearsal.rehearse import Company
    from flatsplit.rehearsal.values import Heard, is_own

    said = statements.texts(walk.session.driver, found.schema, role, fresh)
    readable = {one: text for one, text in said.items() if text.text is not None}
    own = {one for one, text in readable.items() if is_own(text.text or "")}
    situation = walk.situation().turned(SPLIT)
    company = Company(walk.session, situation.live, situation.live, situation.context, role)
    theirs = sorted(readable.keys() - own)
    heard = [Heard(readable[one].text or "", found.calls[one], readable[one].top) for one in theirs]
    verdicts = dict(zip(theirs, company.gather(heard), strict=True))
    learned = [
        Learned(
            one,
            found.calls[one],
            verdict.verdict if verdict.verdict in ODD else "allowed",
            verdict.reason if verdict.verdict in ODD else "",
            tuple(dict.fromkeys((need.object, need.letter, need.column) for need in verdict.needs)),
        )
        for one, verdict in verdicts.items()
    ]
    learned += [Learned(one, found.calls[one], "allowed", "", ()) for one in sorted(own)]
    learned += [Learned(one, found.calls[one], LOST, "its text is lost", ()) for one in sorted(fresh - readable.keys())]
    return tuple(learned)
