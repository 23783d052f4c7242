"""Runs statements: in short transactions that do not wait for locks while they hold any, each with its journal record.

A batch takes the locks that are free at once. One that meets a lock is rolled back and split until the contended object
is alone. That statement goes to the end of the queue and is tried there by itself, waiting one lock budget at a time.
So nobody waits behind flatsplit longer than one budget and one short transaction.
"""

from __future__ import annotations

import itertools
import random
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

import psycopg
from psycopg import errors

from flatsplit import ddl
from flatsplit.connection import Session, disturbed, error_text
from flatsplit.errors import MissingRights, StatementFailed, UsageError, Waiting
from flatsplit.executor.failures import advice, connection_lost, full, itself, no_lock
from flatsplit.executor.records import Written, ahead, written
from flatsplit.executor.settings import DISCREET, for_locks
from flatsplit.journal import Direction, Journal
from flatsplit.model import Statement
from flatsplit.planning.batches import batches, fitting
from flatsplit.server.acting_as import acting
from flatsplit.server.asking import ask
from flatsplit.server.event_trigger_errors import raised_by
from flatsplit.server.locks import Holder, hoarders, holders
from flatsplit.server.replication import worst_lag
from flatsplit.words import span

NO_WAIT = timedelta(milliseconds=10)
"""lock_timeout of a batch: it holds locks already, so it does not wait for more."""
LAG_CHECK_SECONDS = 0.5

_AGAIN = (
    errors.LockNotAvailable,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.QueryCanceled,
)
_GONE = (
    errors.UndefinedTable,
    errors.UndefinedObject,
    errors.UndefinedFunction,
    errors.UndefinedColumn,
    errors.InvalidSchemaName,
)
_PRIVILEGE_WARNINGS = frozenset({"01006", "01007"})


class Listener(Protocol):
    """Hears what the executor does; :class:`flatsplit.cutover.interaction.Reporter` is one."""

    def batch_done(self, first: str, done: int, total: int) -> None:
        """A transaction committed. ``done`` of ``total`` statements have run; ``first`` describes the first of the
        batch.
        """

    def waiting_for(self, description: str, holders: Sequence[Holder], waited: float, patience: float) -> None:
        """A lock was not obtained, no progress for ``waited`` seconds; the step stops after ``patience`` seconds."""

    def note(self, text: str) -> None:
        """Something worth a line."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long flatsplit waits for a lock, how long it tries again, and how far standbys may be behind."""

    lock_timeout: timedelta
    retry_for: timedelta
    max_replication_lag: timedelta


class _OnlyWarned(Exception):
    """The server answered a GRANT or REVOKE with nothing but a warning."""


Outcome = Literal["done", "contended", "gone", "split"]


class Executor:
    """Runs the statements of one step, in one direction."""

    def __init__(
        self,
        session: Session,
        journal: Journal,
        budget: Budget,
        listener: Listener,
        *,
        superuser: bool,
        verifiers: Mapping[str, str],
        shows: str,
    ) -> None:
        """``shows``: the command that prints the statements, for an error that does not name one."""
        self._session = session
        self._journal = journal
        self._budget = budget
        self._listener = listener
        self._superuser = superuser
        self._verifiers = verifiers
        self._shows = shows
        self._random = random.Random()
        self._progress = time.monotonic()
        self._lag_checked = 0.0
        self._full: psycopg.Error | None = None
        self._done = 0
        self._total = 0

    def run(self, step: str, direction: Direction, statements: Sequence[Statement]) -> int:
        """Run the statements in their order; returns how many of them ran.

        A statement of a later phase starts only when all of the earlier phase have run. Raises Waiting when no lock was
        obtained for as long as ``retry_for``, and StatementFailed or MissingRights where trying again cannot help. What
        was committed stays.
        """
        if not statements:
            return 0
        self._progress = time.monotonic()
        self._require_verifiers(statements)
        ((slots,),) = ask(self._session.driver, "lock_slots")
        statements = fitting(statements, slots)
        self._done, self._total = 0, len(statements)
        for _, phase in itertools.groupby(statements, key=lambda each: each.phase):
            contended: deque[Statement] = deque()
            for batch, ready in ahead(batches(list(phase), slots), self._written):
                self._batch(step, direction, batch, contended, ready)
            self._tail(step, direction, contended)
        return self._done

    def _batch(
        self,
        step: str,
        direction: Direction,
        batch: Sequence[Statement],
        contended: deque[Statement],
        ready: Written | None = None,
    ) -> None:
        """Try a batch without waiting. Where that fails, halve it until the statement that causes it is alone."""
        outcome = self._attempt(step, direction, batch, NO_WAIT, ready)
        if outcome == "done":
            return
        if len(batch) > 1:
            middle = len(batch) // 2
            self._batch(step, direction, batch[:middle], contended)
            self._batch(step, direction, batch[middle:], contended)
        elif batch[0].split is not None:
            self._total += len(batch[0].objects) - 1
            self._batch(step, direction, batch[0].split(), contended)
        elif outcome == "gone":
            self._pass_over(step, batch[0])
        else:
            contended.append(batch[0])

    def _tail(self, step: str, direction: Direction, contended: deque[Statement]) -> None:
        """Try contended statements in turn, each alone, for up to the lock budget, with growing pauses in between."""
        pause = 0.05
        while contended:
            statement = contended.popleft()
            outcome = self._attempt(step, direction, [statement], self._budget.lock_timeout)
            if outcome == "done":
                pause = 0.05
                continue
            if outcome == "gone":
                self._pass_over(step, statement)
                continue
            contended.append(statement)
            self._wait(statement, pause)
            pause = min(pause * 1.6, 5.0)

    def _wait(self, statement: Statement, pause: float) -> None:
        waited = time.monotonic() - self._progress
        patience = self._budget.retry_for.total_seconds()
        driver = self._session.driver
        found = hoarders(driver) if self._full else holders(driver, statement.objects)
        self._listener.waiting_for(statement.description, found, waited, patience)
        if waited >= patience:
            raise Waiting(*no_lock(statement.description, span(waited), found, self._full))
        time.sleep(pause * self._random.uniform(0.5, 1.5))

    def _attempt(
        self,
        step: str,
        direction: Direction,
        batch: Sequence[Statement],
        lock_timeout: timedelta,
        ready: Written | None = None,
    ) -> Outcome:
        """Run one transaction: the statements and their records, or nothing. ``ready``: both, prepared already."""
        ready = ready or self._written(batch)
        session = self._session
        session.take_notices()
        self._full = None
        try:
            self._pace(batch)
            text = for_locks(batch, lock_timeout) + ready.text
            roles = set() if self._superuser else {role for each in batch for role in each.acts if role}
            discreet = DISCREET if self._superuser and any(each.secrets for each in batch) else b""
            # A round trip less where nothing has to be in force before the server reads the statements
            first, rest = (discreet, text) if discreet or roles else (text, b"")
            with session.transaction(first):
                with acting(session.driver, roles):
                    if rest:
                        session.run(rest)
                    self._check_notices()
                self._journal.write(step, direction, ready.entry)
        except _AGAIN:
            return "contended"
        except _OnlyWarned as warning:
            if len(batch) > 1 or batch[0].split is not None:
                return "split"
            raise MissingRights(
                f"{batch[0].description}: the server only warned: {warning}",
                f"have the owner or a superuser run: {ddl.by_hand(batch[0].sql)}",
            ) from None
        except errors.OutOfMemory as error:  # mostly a full lock table: other sessions hold its locks
            self._full = error
            return "contended"
        except _GONE as error:
            return self._gone(batch, error)
        except (errors.DuplicateObject, errors.UniqueViolation) as error:
            return self._there(batch, error)
        except errors.DependentObjectsStillExist as error:
            return self._in_use(batch, direction, error)
        except psycopg.Error as error:
            if session.driver.closed or session.driver.broken:
                raise connection_lost() from None
            if disturbed(error):
                return "contended"
            if len(batch) > 1 or batch[0].split is not None:
                return "split"
            raise self._failed(batch[0], error) from None
        self._done += len(batch)
        self._progress = time.monotonic()
        self._listener.batch_done(batch[0].description, self._done, self._total)
        return "done"

    def _gone(self, batch: Sequence[Statement], error: psycopg.Error) -> Outcome:
        only = batch[0]
        if _dropped(only):
            return "gone"  # the walk of another database was rolled back at the same moment and has dropped the role
        if len(batch) == 1 and only.split is None and not only.objects:
            raise self._failed(only, error) from None
        return "gone"

    def _in_use(self, batch: Sequence[Statement], direction: Direction, error: psycopg.Error) -> Outcome:
        """Another database has begun to use a role that was to be dropped: it stays, as the next plan will say."""
        if len(batch) > 1 or batch[0].split is not None:
            return "split"
        role = _dropped(batch[0])
        if direction == "back" and role and ask(self._session.driver, "in_use", {"role": role}):
            return "gone"
        raise self._failed(batch[0], error) from None

    def _failed(self, statement: Statement, error: psycopg.Error) -> Exception:
        """The error for a failed statement: the server's text, the event trigger that raised it, and what to do."""
        what = f"{statement.description}: {error_text(error)}"
        raiser = raised_by(self._session.driver, error)
        if raiser is not None:
            return StatementFailed(f"{what}; raised by {raiser}", raiser.way_out)
        if isinstance(error, errors.ProgramLimitExceeded) and statement.objects:
            return StatementFailed(what, full(statement))
        by_hand = f"run{itself(statement, self._shows)}"
        if isinstance(error, errors.InsufficientPrivilege):
            lacks = f"doctor names what the operator lacks; or have a superuser {by_hand}"
            return MissingRights(what, advice(error, lacks))
        if isinstance(error, psycopg.OperationalError):  # short of disk space, memory or connections
            return StatementFailed(what, advice(error, "run the same command again to go on from here"))
        return StatementFailed(what, advice(error, f"remove the cause and try again; in psql {by_hand}"))

    def _there(self, batch: Sequence[Statement], error: psycopg.Error) -> Outcome:
        """Something exists already. A role was created by another database's walk; the next look decides what follows.

        A transaction that committed a moment ago is noticed by a unique index of a shared catalog.
        """
        if len(batch) > 1 or batch[0].split is not None:
            return "split"
        creates = any(change.fact == "role" and change.side == "+" for change in batch[0].changes)
        catalog = isinstance(error, errors.UniqueViolation) and error.diag.schema_name == "pg_catalog"
        if creates and (catalog or isinstance(error, errors.DuplicateObject)):
            return "gone"
        if catalog:
            return "contended"
        raise self._failed(batch[0], error) from None

    def _pass_over(self, step: str, statement: Statement) -> None:
        self._total -= 1
        if any(change.fact == "role" and change.side == "+" for change in statement.changes):
            self._listener.note(f"done by somebody else meanwhile: {statement.description}")
            return
        role = _dropped(statement)
        if role and ask(self._session.driver, "in_use", {"role": role}):
            self._listener.note(f"role {role} stays: another database has begun to use it meanwhile")
            return
        self._listener.note(f"gone meanwhile, passed over: {statement.description}")
        with self._session.transaction():
            self._journal.event("vanished", step, statement.description)

    def _require_verifiers(self, statements: Sequence[Statement]) -> None:
        missing = {role for each in statements for role in each.secrets} - self._verifiers.keys()
        if missing:
            raise UsageError(
                f"no password for {', '.join(sorted(missing))}",
                "give --password-file FILE or --generate-passwords FILE",
            )

    def _written(self, batch: Sequence[Statement]) -> Written:
        return written(batch, self._verifiers)

    def _check_notices(self) -> None:
        """Raise _OnlyWarned where the server answered a GRANT with a warning that nothing was granted."""
        for state, message in self._session.take_notices():
            if state in _PRIVILEGE_WARNINGS:
                raise _OnlyWarned(message)

    def _pace(self, batch: Sequence[Statement]) -> None:
        """Wait until hot standbys have caught up: replaying ACCESS EXCLUSIVE there stalls replay or cancels queries."""
        if not any(each.lock for each in batch) or time.monotonic() - self._lag_checked < LAG_CHECK_SECONDS:
            return
        limit = self._budget.max_replication_lag
        while (lag := worst_lag(self._session.driver)) > limit:
            waited = time.monotonic() - self._progress
            self._listener.note(f"a standby is {span(lag.total_seconds())} behind; pausing until it catches up")
            if waited >= self._budget.retry_for.total_seconds():
                raise Waiting(
                    f"a standby has been more than {span(limit.total_seconds())} behind for {span(waited)}",
                    "look at pg_stat_replication, then run the same command again",
                )
            time.sleep(1)
        self._lag_checked = time.monotonic()


def _dropped(statement: Statement) -> str:
    """The role that a statement drops, or ""."""
    return next((change.subject for change in statement.changes if (change.side, change.fact) == ("-", "role")), "")
