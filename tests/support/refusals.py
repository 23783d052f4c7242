"""Finds what the server refuses of a walk: runs all its statements as the executor would, and rolls them back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors

from flatsplit import ddl
from flatsplit.config import load
from flatsplit.connection import Session, open_session
from flatsplit.cutover.begin import at_first, kind_of
from flatsplit.cutover.people import joining
from flatsplit.cutover.walk import Walk as Opened
from flatsplit.differ import diff
from flatsplit.model import Statement, WalkName
from flatsplit.server.acting_as import acting
from flatsplit.server.dry_run import NOBODYS_VERIFIER
from tests.support.walk import Walk

JOINING = "people --join"
"""In place of a walk's name: the statements of ``people --join``."""
_ONLY_WARNED = ("01006", "01007")
"""SQLSTATEs of warnings that a GRANT or REVOKE did nothing, which flatsplit treats as a refusal."""


@dataclass(frozen=True)
class Refused:
    """A statement that the server refused."""

    step: str
    statement: Statement
    reason: str

    def __str__(self) -> str:
        return f"{self.step}: {self.statement.sql}: {self.reason}"

    @property
    def facts(self) -> frozenset[str]:
        """The kinds of facts that it changes."""
        return frozenset(change.fact for change in self.statement.changes)


def run_through(walk: Walk, name: str, dsn: Any) -> tuple[list[tuple[str, Statement]], list[Refused]]:
    """All statements of a walk that could begin, with their steps, and those that the server refuses when they are run
    by the connection string ``dsn``.

    A statement that fails because of an earlier refusal, as for a role that was not created, is not counted.
    """
    ran: list[tuple[str, Statement]] = []
    refused: list[Refused] = []
    with open_session(dsn) as session:
        for step, statement in _statements(session, walk, name):
            ran.append((step, statement))
        conn = session.driver
        with conn.transaction(force_rollback=True):
            conn.execute("set transaction read write")
            for step, statement in ran:
                if reason := _refusal(session, statement):
                    refused.append(Refused(step, statement, reason))
    return ran, refused


def _statements(session: Session, walk: Walk, name: str) -> Iterator[tuple[str, Statement]]:
    config = load(walk.config)
    split = Opened.open(session, config).situation()
    if name == JOINING:
        yield from ((JOINING, each) for each in joining(split.live, config))
        return
    kind_name, _, subject = name.partition(":")
    walk_name = WalkName(kind_name, subject)
    kind = kind_of(walk_name)
    situation = at_first(split, kind, walk_name)
    if kind.picks is not None:
        kind = kind.of(kind.picks(situation._moment, ()))
        situation = at_first(split, kind, walk_name)
    now = situation.live
    for place, key in enumerate(kind.keys, start=1):
        then = situation.desired(place)
        yield from ((key, each) for each in (*diff(now, then), *kind.step(key).adds(situation.context)))
        now = then


def _refusal(session: Session, statement: Statement) -> str:
    """The server's message where rights were missing; "" otherwise."""
    conn, text = session.driver, statement.sql
    for role in statement.secrets:
        text = ddl.fill_verifier(text, role, NOBODYS_VERIFIER)
    session.take_notices()
    try:
        with conn.transaction(), acting(conn, {role for role in statement.acts if role}):
            conn.execute(text.encode())
    except (errors.InsufficientPrivilege, errors.InvalidGrantOperation, errors.FeatureNotSupported) as error:
        return error.diag.message_primary or str(error)
    except psycopg.DatabaseError:
        return ""
    return next((said for state, said in session.take_notices() if state in _ONLY_WARNED), "")


def untold(refused: Sequence[Refused], said: str) -> list[Refused]:
    """The refused statements that the output of ``begin`` does not announce.

    It may name the statement, or for its step the server's reason, the superuser whom the operator cannot act as, or
    what the step's gate will wait for.
    """
    return [one for one in refused if not any(_tells(line.strip(), one) for line in said.splitlines())]


def _tells(line: str, one: Refused) -> bool:
    if one.statement.sql in line or line.startswith((f"{one.step} will wait: ", f"{one.step} waits until ")):
        return True
    why = (one.reason, *(f"{role} is a superuser" for role in one.statement.acts))
    return line.startswith(f"{one.step} stops at ") and any(each in line for each in why)
