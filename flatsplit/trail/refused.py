"""What the application is being refused, from the end of the server's log where SQL can read it.

A refusal that is no alarm counts as a missing GRANT. Its remedy is the one from a rehearsal of the statement; where
that finds it allowed, it has been granted since.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from flatsplit import blueprint
from flatsplit.config import Config
from flatsplit.connection import APPLICATION_NAME, Session
from flatsplit.errors import FlatsplitError
from flatsplit.model import State
from flatsplit.trail.known_logins import known
from flatsplit.trail.query import Filter
from flatsplit.trail.recent_log import TAIL, read_lately
from flatsplit.trail.redaction import without_constants
from flatsplit.trail.search import Search
from flatsplit.trail.server import ServerLogging
from flatsplit.trail.suspicion import Cast, judge
from flatsplit.trail.values import Deed
from flatsplit.walks.split.context import Context

if TYPE_CHECKING:
    from flatsplit.rehearsal.values import Verdict

OURS = "attempts that call themselves flatsplit"
"""The act for trials that the journal does not know, such as on a standby. Others can give themselves this name."""
_APPLICATION = (blueprint.APPLICATION.key, "special", blueprint.READER.key)
_REHEARSED = 50
"""How many statements are rehearsed: the most frequent ones."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Equal attempts."""

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
    mended: bool = False
    """Whether it would be allowed now."""


@dataclass(frozen=True, slots=True)
class Lately:
    """What was refused, as far back as was read."""

    refusals: tuple[Refusal, ...] = ()
    """Suspicious ones first, then the most frequent."""
    begins: str = ""
    why: str = ""
    """Why nothing is known; "" where something is."""
    blind: str = ""
    """Which part of the time is not known, and why; "" where all of it is."""
    texts: Mapping[tuple[str, str, str, str], str] = field(default_factory=dict)
    """For each kind of attempt, the last statement as it was sent."""


def lately(
    session: Session,
    config: Config,
    since: datetime,
    tail: int = TAIL,
    instead: Collection[str] = (),
    logs: Sequence[Path] = (),
) -> Lately:
    """What was refused to app_user and its logins (or to other roles given as ``instead``), in the last ``tail`` bytes
    of the server's log, or in all of the named ``logs``. Raises FlatsplitError where one of those cannot be read.
    """
    cast = Cast({})

    def looking(server: ServerLogging) -> Search:
        nonlocal cast
        cast = known(session, config)
        if instead:
            cast = replace(cast, purposes=dict.fromkeys(instead, (blueprint.APPLICATION.key,)))
        return Search(
            Filter(),
            refused=True,
            source="",
            since=since,
            zone=server.zone,
            becomes=server.begin_as(),
            database=session.driver.info.dbname,
            own=cast.people,
        )

    heard = read_lately(session, looking, since, logs, tail)
    if heard.search is None or heard.why:
        return Lately(why=heard.why)
    here = ("", session.driver.info.dbname)
    deeds = [
        deed
        for deed in heard.search.deeds
        if deed.database in here and _is_meant(deed, cast) and (deed.doubtful or not cast.tried(deed))
    ]
    for deed in deeds:
        deed.judgement, deed.why = judge(deed, cast)
    return replace(
        _grouped(sorted(deeds, key=lambda deed: (not deed.at, deed.at)), heard.begins), blind=heard.blind(since)
    )


def _is_meant(deed: Deed, cast: Cast) -> bool:
    return deed.outcome == "refused" and bool(set(cast.purposes.get(deed.login, ())) & set(_APPLICATION))


def _grouped(deeds: Iterable[Deed], begins: str) -> Lately:
    groups: dict[tuple[str, str, str, str], list[Deed]] = {}
    for deed in deeds:
        act, name = (OURS, "") if deed.application == APPLICATION_NAME else (deed.act, deed.object)
        groups.setdefault((deed.login, deed.client, act, name), []).append(deed)
    made = [
        Refusal(
            *key,
            judgement="look" if key[2] == OURS else alike[-1].judgement,
            times=sum(deed.calls for deed in alike),
            last=alike[-1].at,
            statement=without_constants(alike[-1].statement),
            remedy=_pointer(alike[-1], own=key[2] == OURS),
        )
        for key, alike in groups.items()
    ]
    made.sort(key=lambda one: (one.act == OURS, one.judgement != "suspicious", -one.times, one.act))
    return Lately(tuple(made), begins, texts={key: alike[-1].statement for key, alike in groups.items()})


def _pointer(last: Deed, *, own: bool) -> str:
    if own:
        return "verify --password-file tries what it may not; if nobody ran that, or from elsewhere, it is an attack"
    if last.judgement == "suspicious":
        about = f" {shlex.quote(last.object)}" if last.object else ""
        return f"`flatsplit who --refused{about}`"
    return "`flatsplit rehearse` names the GRANT; with --file for statements that only the log has"


def rehearsed(session: Session, config: Config, live: State, found: Lately) -> Lately:
    """With the remedy that a rehearsal gives for each statement that is no alarm, and whether it would be allowed now.

    Where nothing can be rehearsed, they keep what they had.
    """
    wanted = [one for one in found.refusals if one.judgement != "suspicious" and one.act != OURS][:_REHEARSED]
    by_role: dict[str, list[Refusal]] = {}
    for one in wanted:
        by_role.setdefault(_role(config, live, one.login), []).append(one)
    told: dict[Refusal, Refusal] = {}
    for role, several in by_role.items():
        try:
            told |= _told(session, config, live, role, {str(place): one for place, one in enumerate(several)}, found)
        except (FlatsplitError, psycopg.Error):
            continue
    return replace(found, refusals=tuple(told.get(one, one) for one in found.refusals))


def _role(config: Config, live: State, login: str) -> str:
    """The role whose rights a login has: the login itself, where the catalog has it."""
    return login if login in live.roles else blueprint.application(config)


def _remedy(verdict: Verdict) -> str:
    if verdict.sql:
        return " ".join(verdict.sql)
    if verdict.toml:
        return f"put {' and '.join(verdict.toml)} into flatsplit.toml, then `flatsplit repair`"
    return verdict.remedy


def _told(
    session: Session, config: Config, live: State, role: str, numbered: Mapping[str, Refusal], found: Lately
) -> dict[Refusal, Refusal]:
    # imports the parser of SQL, which status does without unless it is needed
    from flatsplit.rehearsal.rehearse import Company
    from flatsplit.rehearsal.values import Heard

    heard = [
        Heard(found.texts[one.login, one.client, one.act, one.object], one.times, True, place)
        for place, one in numbered.items()
    ]
    company = Company(session, live, live, Context(config, live), role)
    verdicts = company.rehearse(heard, "the server's log", config.locks.lock_timeout, lambda _, __: None).verdicts
    told = {}
    for verdict in verdicts:
        one = numbered.get(verdict.query)
        if one is None:
            continue
        if verdict.verdict == "allowed":
            told[one] = replace(one, remedy="nothing: it would be allowed now", mended=True)
        elif verdict.remedy:
            told[one] = replace(one, remedy=_remedy(verdict))
    return told
