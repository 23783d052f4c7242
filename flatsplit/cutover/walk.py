"""A cutover that is under way: what every use case works with, and none of them.

What only some use cases need is imported where they ask for it: ``status`` does not wait for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from flatsplit.catalog import read_identity, read_state
from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover import names
from flatsplit.cutover.caller import Passwords, Reporter
from flatsplit.cutover.situation import Situation
from flatsplit.errors import ConfigError, JournalError, UsageError
from flatsplit.evidence import matrix
from flatsplit.gates import Asked
from flatsplit.journal import CutoverRecord, Journal
from flatsplit.model import Finding, State, Statement
from flatsplit.planning import machine
from flatsplit.walks.split import STEP_KEYS
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import SPLIT

if TYPE_CHECKING:
    from flatsplit.evidence.trial import Trial
    from flatsplit.executor import Executor


DAMAGED = "the tracking schema is damaged; restore it from a backup"


def refuse_legacy(operator: str, login: str, legacy: str) -> None:
    """Raise UsageError where the operator is the role that is to be replaced: it would lock itself out half-way.

    ``login`` is who connected, ``operator`` whom the session acts as.
    """
    if operator == legacy and login != legacy:
        raise UsageError(
            f"a setting makes every session of {login} act as {legacy}, the role that is to be replaced",
            f"add options='-c role=none' to the connection string, or reset role for {login} or the database",
        )
    if legacy in (operator, login):
        raise UsageError(
            f"you are connected as {legacy}, the role that is to be replaced",
            "connect as another role: a superuser, or one with CREATEROLE that may act as the application's role",
        )


class Walk:
    """Session, configuration, journal and record. Opened with a session that may write, unless only looked at."""

    def __init__(
        self, session: Session, config: Config, journal: Journal, record: CutoverRecord, live: State | None
    ) -> None:
        self.session = session
        self.config = config
        self.journal = journal
        self.record = record
        self._first = live

    @classmethod
    def open(cls, session: Session, config: Config, live: State | None = None) -> Self:
        """Find the cutover that ``config`` is about. Raises JournalError where there is none, or another one's.

        ``live``: the catalog, where it was read a moment ago; the first situation is made of it.
        """
        login = session.driver.info.user
        refuse_legacy(live.target.operator if live else login, login, config.legacy_role)
        journal = Journal(session)
        journal.require_current([config.legacy_role])
        record = journal.cutover()
        if record is None:
            raise JournalError("the tracking schema knows of no cutover", "run flatsplit init")
        if record.legacy_role != config.legacy_role:
            raise ConfigError(
                f"flatsplit.toml is about role {config.legacy_role}, the cutover under way about {record.legacy_role}",
                "use the flatsplit.toml that init wrote for this database",
            )
        return cls(session, config, journal, record, live)

    def recognise(self) -> None:
        """Raise JournalError in a copy of the database, whose journal speaks of the original."""
        Journal.recognise(read_identity(self.session.driver), self.record)

    def situation(self, live: State | None = None) -> Situation:
        """Read everything anew; the catalog too, unless ``live`` was read a moment ago."""
        if live is None:
            live, self._first = self._first or read_state(self.session.driver), None
            Journal.recognise(live.target, self.record)
        baseline = self.journal.load_baseline(live.target)
        if baseline is None:
            raise JournalError("the journal has no baseline", DAMAGED)
        records = {record.key: record for record in self.journal.steps()}
        if lost := [key for key in STEP_KEYS if key not in records]:
            raise JournalError(f"the journal has lost the step {lost[0]}", DAMAGED)
        situation = Situation(SPLIT, live, baseline, self.config, records, self.record.legacy_oid)
        begun = machine.last_step(situation.states) is not None
        if not begun:
            # Nothing was changed yet: memberships that are gone, somebody has ended, and no rollback brings them back
            first_seen = {key: options for key, options in baseline.members.items() if key in live.members}
            situation = replace(situation, baseline=replace(baseline, members=first_seen))
        names.check(self.config, names.recorded(self.record), live=live.roles, first_seen=baseline.roles, begun=begun)
        return situation

    def require_own(self, situation: Situation) -> None:
        """Raise ConfigError where a new role that came since ``init`` is not this walk's to begin with."""
        if situation.done == 0:
            names.refuse_strangers(self.config, situation.live, situation.baseline.roles, self.journal)

    def keep_names(self) -> None:
        """Put the names of the new roles on record, inside the transaction that begins to work with them."""
        text = names.keep(self.journal, self.record, self.config)
        self.record = replace(self.record, config=text)

    def asked(self, situation: Situation, step: str) -> Asked[Context]:
        """What the gates of a step are judged on."""

        def failed() -> tuple[Trial, ...]:
            from flatsplit.cutover import proof

            return proof.failed(self.session, situation) if self.session.write else ()

        def blockers() -> tuple[Finding, ...]:
            from flatsplit import hazards  # only the first step's gate asks for them

            return hazards.find(self.session.driver, situation.live, situation.context, hazards.is_blocker)

        return Asked(
            step,
            self.session,
            self.journal,
            situation.context,
            situation.live,
            lambda upto: situation.desired(situation.kind.place(upto)),
            situation.records,
            situation.drift,
            blockers,
            lambda: matrix(situation.desired(situation.done), situation.context, situation.done),
            failed,
        )

    def verifiers(self, statements: Sequence[Statement], secrets: Passwords) -> dict[str, str]:
        """Password verifiers that these statements need, by role. Raises UsageError where a password is missing."""
        roles = [role for each in statements for role in each.secrets]
        if not roles:
            return {}
        from flatsplit import passwords

        clear = secrets.for_roles(roles)
        pgconn = self.session.driver.pgconn
        return {role: passwords.verifier(pgconn, role, clear[role]) for role in roles}

    def executor(
        self, situation: Situation, reporter: Reporter, verifiers: Mapping[str, str] | None = None
    ) -> Executor:
        """Something that runs statements with the configured patience."""
        from flatsplit.executor import Budget, Executor

        locks = self.config.locks
        return Executor(
            self.session,
            self.journal,
            Budget(locks.lock_timeout, locks.retry_for, locks.max_replication_lag),
            reporter,
            superuser=situation.live.target.operator_superuser,
            verifiers=verifiers or {},
        )
