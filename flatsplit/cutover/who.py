"""``who``: everything at hand that tells who did something, and what cannot be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flatsplit import trail
from flatsplit.catalog import read_people
from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover.role_names import renamed_at_a_glance
from flatsplit.errors import TargetError
from flatsplit.journal import Journal
from flatsplit.trail import Cast, Deed, Filter, Progress, Search, ServerLogging, Source, Trail
from flatsplit.trail.acts import acts
from flatsplit.trail.recorded import NAME as RECORDED

_WOULD = (
    "flatsplit begin trail has the log and a table tell what succeeds; "
    "what is refused stands in any log with %u, %h and %e in log_line_prefix, or in csvlog"
)


@dataclass(frozen=True)
class Question:
    """What is to be found out."""

    asked: Filter
    refused: bool = False
    since: timedelta | None = None
    logs: tuple[Path, ...] = ()
    prefix: str | None = None
    """log_line_prefix of the logs; else the server's, else guessed."""
    tail: int | None = None
    """Only so many bytes at the end of each log, where only the last moments matter."""


def who(session: Session | None, config: Config, question: Question, progress: Progress) -> Trail:
    """Search everything at hand. Without a session, only the named logs, with roles known by their names alone.

    Raises TargetError where nothing can be searched.
    """
    found = Trail(database=session.driver.info.dbname if session is not None else "")
    server = ServerLogging.ask(session.driver) if session is not None else None
    cast = trail.known(session, config) if session is not None else trail.named(config)
    if session is None:
        found.notes.append("without a connection nobody knows who is a member of which role, nor who came from where")
    since = datetime.now(UTC) - question.since if question.since is not None else None
    prefix = question.prefix if question.prefix is not None else (server.prefix if server is not None else None)
    search = Search(
        question.asked,
        question.refused,
        "",
        since,
        server.zone if server is not None else None,
        server.begin_as() if server is not None else {},
        found.database,
        cast.people,
    )
    missing = []
    if question.logs:
        files = trail.log_files(question.logs, since, prefix)
        found.sources += trail.read_files(files, search, progress, question.tail)
    elif server is not None:
        sources, why = server.log(search, progress, question.tail)
        found.sources += sources
        missing += [why] if why else []
    if server is not None and not question.refused:
        sources, why = server.statistics(search)
        found.sources += sources
        missing += [why] if why and not question.logs else []
    if session is not None and not question.refused:
        found.sources += _journal(session, search)
        sources, why = trail.recorded(session.driver, search)
        found.sources[:0] = sources
        missing += [why] if why else []
    if not [source for source in found.sources if source.kind != "journal"] and not search.deeds:
        raise TargetError(
            f"nothing here can know who it was: {'; '.join(missing)}",
            f"{'' if question.logs else 'give the log with --log FILE; or '}have it told from now on: {_WOULD}",
        )
    renamed = renamed_at_a_glance(session, config, read_people(session.driver)) if session is not None else ()
    # Where another role has the former name now, nobody can tell which of the two a log means
    known_as = {one.now: one.was for one in renamed if not one.taken}
    found.deeds = _sorted(search.deeds, question, cast, known_as)
    found.notes += missing
    found.notes += [f"{one.what}: what it did is told under the name that it had then; {one.fix}" for one in renamed]
    found.notes += _limits(found, search, server, question)
    return found


def _journal(session: Session, search: Search) -> list[Source]:
    """What flatsplit itself changed."""
    journal = Journal(session)
    if not journal.exists():
        return []
    needles = search.asked.needles()
    first = last = None
    walks = [journal.of(record) for record in journal.walks()]
    operators = {
        (number, event.step): event.db_user
        for number, walk in enumerate(walks)
        for event in walk.events()
        if event.step is not None
    }
    told = [(number, action) for number, walk in enumerate(walks) for action in walk.actions()]
    for number, action in sorted(told, key=lambda each: each[1].at):
        first, last = first or action.at, action.at
        if (search.since is not None and action.at < search.since) or not all(
            needle in action.sql.encode().lower() for needle in needles
        ):
            continue
        for act in acts(action.sql):
            if trail.is_watched(act, search.asked):
                operator = operators.get((number, action.step), "")
                deed = Deed.of(
                    act,
                    "rolled back" if action.undone_at else "done",
                    "journal",
                    at=trail.written(action.at),
                    login=operator,
                    acting_as=operator,
                    application="flatsplit",
                )
                search.deeds.append(deed)
    return [Source("journal", "journal", trail.written(first), trail.written(last))] if first else []


def _sorted(deeds: list[Deed], question: Question, cast: Cast, known_as: Mapping[str, str]) -> list[Deed]:
    """The deeds that match the question, judged and in order of time. One that pg_stat_statements has counted as well
    is listed once.

    ``known_as``: the names by which the configuration knows roles that were renamed. Logs tell the name that a role had
    then, and pg_stat_statements the one that it has now.
    """
    kept = [deed for deed in deeds if not question.refused or deed.outcome in ("refused", "failed")]
    named = {_alike(deed, known_as) for deed in kept if deed.source != "pg_stat_statements"}
    kept = [deed for deed in kept if deed.source != "pg_stat_statements" or _alike(deed, known_as) not in named]
    for deed in kept:
        login, acting_as = (known_as.get(name, name) for name in (deed.login, deed.acting_as))
        deed.judgement, deed.why = trail.judge(replace(deed, login=login, acting_as=acting_as), cast)
    return sorted(kept, key=lambda deed: (not deed.at, deed.at))


def _alike(deed: Deed, known_as: Mapping[str, str]) -> tuple[str, str, str]:
    """Who did what, without the schema, which some sources name and others do not."""
    return known_as.get(deed.acting_as, deed.acting_as), deed.act, deed.object.rpartition(".")[2]


def _limits(found: Trail, search: Search, server: ServerLogging | None, question: Question) -> list[str]:
    """What the sources cannot tell."""
    notes = []
    logged = [source for source in found.sources if source.kind.startswith("server log")]
    if search.nobody:
        notes.append(
            f"{search.nobody} entries do not say who it was: log_line_prefix lacks %u "
            "(and %h, %e, %a), or write csvlog: ALTER SYSTEM SET log_destination = 'csvlog'"
        )
    if search.left_out:
        notes.append(f"{search.left_out:,} more acts were refused or failed, unlike those that are shown")
    if logged and question.since is not None:
        begins = min((source.begins for source in logged if source.begins), default="")
        wanted = trail.written(datetime.now(UTC) - question.since)
        if begins > wanted:
            notes.append(f"the log begins at {begins}: what was before is not known")
    if server is not None and not question.refused:
        level = server.settings.get("log_statement")
        if level == "none" and not _recorded(found):
            notes.append(
                "log_statement is none: what succeeds leaves no line in the log, unless a role has a setting of its "
                "own (flatsplit begin trail)"
            )
    if server is not None and server.settings.get("log_min_error_statement") in ("log", "fatal", "panic"):
        notes.append("log_min_error_statement keeps refused statements out of the log: set it back to error")
    if any(deed.outcome == "maybe rolled back" for deed in found.deeds):
        also = "" if _recorded(found) else ", or the table of [trail]"
        notes.append(
            f"whether all of it was committed is not known: log_statement = all would say, or a duration{also}"
        )
    return notes


def _recorded(found: Trail) -> bool:
    """Whether the recorder of structural changes has told what was committed."""
    return any(source.kind == RECORDED for source in found.sources)
