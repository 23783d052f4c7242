"""A cutover that is under way: look at it, go on, go back.

What only one use case needs is imported there: whoever asks for ``status`` does not wait for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from flatsplit.catalog import read_identity, read_state
from flatsplit.config import Config
from flatsplit.connection import Session, operator_lock
from flatsplit.cutover import names, remembering
from flatsplit.cutover.gates import Judge
from flatsplit.cutover.results import (
    AdvanceOptions,
    AdvanceResult,
    Confirm,
    Look,
    Passwords,
    Reporter,
    Status,
    StepOutcome,
    VerifyReport,
)
from flatsplit.cutover.situation import Situation, notes_of
from flatsplit.errors import ConfigError, JournalError, UsageError
from flatsplit.evidence import matrix
from flatsplit.journal import ActionRecord, CutoverRecord, EventRecord, Journal
from flatsplit.model import Finding, GateResult, Plan, State, Statement
from flatsplit.planning import machine
from flatsplit.walks import split
from flatsplit.walks.split import STEP_KEYS
from flatsplit.walks.split.kind import SPLIT

if TYPE_CHECKING:
    from flatsplit.cutover.bundle import Bundle
    from flatsplit.evidence.exposure import BlastRadius
    from flatsplit.evidence.rehearsal import Progress, Rehearsal
    from flatsplit.evidence.trial import Trial
    from flatsplit.executor import Executor
    from flatsplit.model.report import Approved


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
    """The use cases of a cutover. Opened with a session that may write, unless only looked at."""

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
        situation = Situation(live, baseline, self.config, records, self.record.legacy_oid)
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

    def judge(self, situation: Situation) -> Judge:
        """Gates as of this situation."""

        def failed() -> tuple[Trial, ...]:
            from flatsplit.cutover import proof

            return proof.failed(self.session, situation) if self.session.write else ()

        return Judge(
            self.session,
            self.journal,
            situation.context,
            situation.live,
            situation.records,
            situation.drift,
            lambda: matrix(situation.desired(situation.done), situation.context, situation.done),
            failed,
            lambda: situation.desired(split.ORDINAL[split.TRANSFER_OWNERSHIP]),
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

    # -- looking

    def status(self) -> Status:
        """Where the walk is, what is next and what blocks it."""
        from flatsplit.cutover import status

        return status.status(self, self.situation())

    def waived(self, step: str) -> tuple[GateResult, ...]:
        """Waivers on record since the step was last rolled back."""
        found: dict[str, GateResult] = {}
        for event in self.journal.events(step=step):
            if event.kind == "rolled_back":
                found = {}
            elif event.kind == "waived":
                gate = str(event.details.get("gate", ""))
                found[gate] = GateResult(
                    gate, False, str(event.details.get("closed", "")), waived=str(event.details.get("reason", ""))
                )
        return tuple(found.values())

    def gates_of(self, situation: Situation, step: str) -> tuple[GateResult, ...]:
        """Gates of a step that is not next: how it passed them, or that they are still to be looked at."""
        waived = {gate.key: gate for gate in self.waived(step)}
        done = situation.states[step] == "done"
        text = "was open when the step was done" if done else "is looked at when the step is next"
        return tuple(waived.get(key) or GateResult(key, done, text, judged=False) for key in SPLIT.step(step).gates)

    def plan(self, key: str | None) -> Plan:
        """The plan of the next step, or of a named one."""
        from flatsplit import hazards

        situation = self.situation()
        step = key or machine.next_step(situation.states)
        if step is None:
            return Plan("", "", (), ())
        self.require_own(situation)
        found = hazards.find(self.session.driver, situation.live, situation.context, hazards.of_step(step))
        plan = situation.plan(step)
        return Plan(plan.step, plan.digest, plan.catch_up, plan.statements, (*plan.notes, *notes_of(found, step)))

    def verify(self, passwords: Mapping[str, str] | None = None) -> VerifyReport:
        """The matrix, tried as each role as far as can be, and the drift of all finished steps."""
        return self.report(self.situation(), tried=True, passwords=passwords)

    def report(self, situation: Situation, *, tried: bool, passwords: Mapping[str, str] | None = None) -> VerifyReport:
        """What finished steps promised, as of this situation."""
        from flatsplit.cutover import proof

        return proof.report(self.session, self.journal, situation, tried=tried, passwords=passwords or {})

    def remember(self, step: str, live: State) -> None:
        """Keep what is there at the end of a step, to tell later what changed; inside its transaction.

        Whoever came to be able to dump the database since is let into the journal.
        """
        baseline = self.journal.load_baseline(live.target)
        if baseline is not None:
            remembering.admit(self.journal, self.config, baseline, live)
        remembering.remember(self.session, self.journal, step, live)

    def history(self) -> Iterator[EventRecord | ActionRecord]:
        """Who did what, when, why."""
        return self.journal.history()

    def observe(self) -> Look:
        """Write down who is connected as legacy or as one of the new roles, and what they have run."""
        from flatsplit.cutover import observe

        self.recognise()

        return observe.observe(self.session, self.journal, self.config)

    def rehearse(self, *, file: Path | None = None, role: str | None = None, progress: Progress) -> Rehearsal:
        """Try every statement that legacy ran, or that stands in ``file``, as app_user or ``role``; run none."""
        from flatsplit.cutover import rehearse as rehearsing

        return rehearsing.rehearse(self, file=file, role=role, progress=progress)

    def doctor(self) -> tuple[Finding, ...]:
        """The hazards of the database as it is."""
        from flatsplit import hazards

        situation = self.situation()
        return hazards.find(self.session.driver, situation.live, situation.context)

    def blast_radius(self) -> BlastRadius:
        """What each role could do, now and with every step done."""
        from flatsplit.cutover.blast_radius import radius

        situation = self.situation()
        return radius(self.session, situation.live, situation.context, situation.done)

    def bundle(self) -> Bundle:
        """The data of a runbook."""
        from flatsplit.cutover import runbook

        return runbook.bundle(self)

    # -- acting

    def approve(
        self, steps: Sequence[str], *, by: str, ticket: str = "", digest: str | None = None
    ) -> tuple[Approved, ...]:
        """Put on record who approved the plans of these steps (none: of the next) as they are now."""
        from flatsplit.cutover import approval

        return approval.approve(self, steps, by=by, ticket=ticket, digest=digest)

    def advance(
        self, options: AdvanceOptions, *, reporter: Reporter, confirm: Confirm, passwords: Passwords
    ) -> AdvanceResult:
        """Take the next step, or all up to ``options.through``."""
        from flatsplit.cutover import next as forward

        with operator_lock(self.session):
            return forward.advance(self, options, reporter, confirm, passwords)

    def rollback(self, *, through: str | None, everything: bool, reporter: Reporter, confirm: Confirm) -> AdvanceResult:
        """Take the last step back, or all down to ``through``, or everything."""
        from flatsplit.cutover import rollback as back

        with operator_lock(self.session):
            return back.rollback(self, through, everything, reporter, confirm)

    def repair(self, *, reporter: Reporter, confirm: Confirm, passwords: Passwords | None = None) -> AdvanceResult:
        """Apply again what finished steps want and live lacks."""
        with operator_lock(self.session):
            situation = self.situation()
            drift = situation.drift
            next_key = machine.next_step(situation.states)
            if not drift or situation.done == 0:
                return AdvanceResult((), next_key, complete=next_key is None)
            step = SPLIT.steps[situation.done - 1].key
            target, oid = situation.live.target, self.record.legacy_oid
            plan = Plan(step, machine.digest(target, self.config.legacy_role, oid, "repair", drift), (), drift)
            if not confirm(plan, "repair"):
                return AdvanceResult((), next_key)
            verifiers = self.verifiers(drift, passwords) if passwords is not None else {}
            with self.session.transaction():
                self.keep_names()
                self.journal.event("repair", step, f"{len(drift)} statements")
            reporter.step_started("repair", "Apply again what drifted", len(drift))
            count = self.executor(situation, reporter, verifiers).run(step, "repair", drift)
            after = self.situation()
            with self.session.transaction():
                self.remember(step, after.live)
            reporter.step_finished("repair", "done")
            return AdvanceResult((StepOutcome("repair", "done", count),), next_key, complete=next_key is None)

    def forget(self, export: Path | None) -> None:
        """Take flatsplit out of the database; roles and rights stay as they are."""
        from flatsplit.evidence.raising import named

        removing = named(self.session.driver, "removing the tracking schema")
        with removing, operator_lock(self.session), self.session.transaction():
            self.journal.forget(export)
