"""``verify --canary``: app_user tries something it may not do, and ``who`` has to find it: a test of the whole alarm.

It tries CREATE ROLE in a transaction that is rolled back in any case. The server refuses it before it takes a lock; if
it is allowed by mistake, nothing of it remains.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
from psycopg import errors, sql

from flatsplit import blueprint
from flatsplit.config import Config
from flatsplit.connection import Session, connect_as
from flatsplit.cutover.who import Question, who
from flatsplit.errors import TargetError, UsageError
from flatsplit.trail import Deed, parse_query

PATIENCE = 10.0
"""Seconds until the line has to be in the log: a collector writes within a fraction of one."""
_TAIL = 4 * 1024 * 1024
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Canary:
    """The result of the attempt."""

    role: str
    """The role that logged in."""
    refused: bool
    """Whether the server refused it."""
    found: Deed | None
    """What ``who`` reports about it; None where it was not found."""
    seconds: float
    """How long it took to be found."""
    reason: str = ""
    """Why it was not found."""

    @property
    def ok(self) -> bool:
        """Whether ``who`` has found it and calls it suspicious."""
        return self.refused and self.found is not None and self.found.judgement == "suspicious"


def canary(session: Session, config: Config, passwords: Mapping[str, str], logs: tuple[Path, ...]) -> Canary:
    """Try it as app_user or as one of its logins, and look for it in the log. Raises UsageError without a password."""
    app_user = blueprint.application(config)
    logins = (*(config.logins(app_user) or ()), app_user)
    login = next((name for name in logins if name in passwords), None)
    if login is None:
        raise UsageError(
            f"the canary logs in as {' or '.join(logins)}, whose password is not at hand",
            'give it with --password-file: a line such as app_user = "…"',
        )
    name = f"flatsplit_canary_{secrets.token_hex(4)}"
    refused = _tried(session, login, passwords[login], name)
    question = Question(
        parse_query(f"CREATE ROLE {name}"), refused=True, since=timedelta(hours=1), logs=logs, tail=_TAIL
    )
    began = time.monotonic()
    reason = ""
    while refused:
        try:
            trail = who(session, config, question, lambda _, __: None)
        except TargetError as error:
            return Canary(login, refused, None, 0.0, error.what)
        passed = time.monotonic() - began
        if trail.deeds:
            return Canary(login, refused, trail.deeds[-1], passed)
        if passed > PATIENCE:
            reason = f"{passed:.0f} s later it is not in {', '.join(source.name for source in trail.sources)}"
            break
        time.sleep(_PAUSE)
    return Canary(login, refused, None, 0.0, reason or f"{login} may create roles")


def _tried(session: Session, login: str, password: str, name: str) -> bool:
    with connect_as(session, login, password) as conn:
        try:
            with conn.transaction(force_rollback=True):
                conn.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
        except errors.InsufficientPrivilege:
            return True
        except psycopg.Error as error:
            raise TargetError(
                f"the canary failed otherwise than it should: {error.diag.message_primary}",
                "see what the server's log says of it",
            ) from None
        return False
