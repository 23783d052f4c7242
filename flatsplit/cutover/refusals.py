"""What is refused to the application now, for ``status`` and ``watch``: from the end of the server's log, where it can
be read by SQL; elsewhere nothing is said, and ``flatsplit who --log`` tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg

from flatsplit import blueprint
from flatsplit.config import Config
from flatsplit.connection import APPLICATION_NAME, Session
from flatsplit.errors import FlatsplitError

if TYPE_CHECKING:
    from flatsplit.trail import Deed

LATELY = timedelta(hours=24)
_TAIL = 4 * 1024 * 1024
OURS = "attempts that call themselves flatsplit"
"""As an act: verify logs in as app_user and tries. That others call themselves so cannot be kept from them."""
_APPLICATION = (blueprint.APPLICATION.key, "special", blueprint.READER.key)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Attempts that are alike."""

    login: str
    client: str
    act: str
    object: str
    judgement: str
    times: int
    last: str
    statement: str
    """Without its constants."""
    remedy: str
    """What to do about it."""


def refusals(session: Session, config: Config) -> tuple[Refusal, ...]:
    """What was refused to app_user and its logins lately, the most frequent first; none where no log can be read."""
    row = session.driver.execute("SELECT pg_catalog.current_setting('logging_collector')").fetchone()
    if row != ("on",):
        return ()
    from flatsplit.cutover.who import Question, purposes_of, who
    from flatsplit.trail import Asked, without_constants

    question = Question(Asked(), refused=True, since=LATELY, tail=_TAIL)
    try:
        found = who(session, config, question, lambda _, __: None)
    except (FlatsplitError, psycopg.Error):
        return ()
    known = purposes_of(session, config)
    groups: dict[tuple[str, str, str, str], list[int]] = {}
    ours: dict[tuple[str, str, str, str], list[int]] = {}
    for place, deed in enumerate(found.deeds):
        if deed.outcome == "refused" and set(known.get(deed.login, ())) & set(_APPLICATION):
            if deed.application == APPLICATION_NAME:
                ours.setdefault((deed.login, deed.client, OURS, ""), []).append(place)
            else:
                groups.setdefault((deed.login, deed.client, deed.act, deed.object), []).append(place)
    made = []
    for key, places in (groups | ours).items():
        last, own = found.deeds[places[-1]], key in ours
        made.append(
            Refusal(
                *key,
                judgement="look" if own else last.judgement,
                times=sum(found.deeds[place].calls for place in places),
                last=last.at,
                statement=without_constants(last.statement),
                remedy=_remedy(last, own=own),
            )
        )
    return tuple(sorted(made, key=lambda one: (one.act == OURS, one.judgement != "suspicious", -one.times, one.act)))


def _remedy(last: Deed, *, own: bool) -> str:
    if own:
        return "verify --password-file tries what it may not; if nobody ran that, or from elsewhere, it is an attack"
    if last.judgement == "suspicious":
        return f"`flatsplit who --refused {last.object}`".replace(" `", "`")
    return "`flatsplit rehearse` names the GRANT; with --file for statements that only the log has"
