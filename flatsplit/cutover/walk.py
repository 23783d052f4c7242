"""A cutover that is under way: look at it, go on, go back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from flatsplit import __version__, evidence, hazards, machine, passwords
from flatsplit.catalog import read_state
from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover import advance as forward
from flatsplit.cutover import back, observing, proof, remembering, standing
from flatsplit.cutover import rehearsal as rehearsing
from flatsplit.cutover.gates import Judge
from flatsplit.cutover.radius import radius
from flatsplit.cutover.results import (
    AdvanceOptions,
    AdvanceResult,
    Bundle,
    BundleStep,
    Confirm,
    Look,
    Passwords,
    Reporter,
    Status,
    StepOutcome,
    VerifyReport,
)
from flatsplit.cutover.situation import Situation, notes_of, point_of_no_return
from flatsplit.errors import ConfigError, JournalError
from flatsplit.evidence import matrix
from flatsplit.evidence.exposure import BlastRadius
from flatsplit.evidence.rehearsal import Progress, Rehearsal
from flatsplit.executor import Budget, Executor
from flatsplit.journal import ActionRecord, CutoverRecord, EventRecord, Journal, operator_lock
from flatsplit.model import Finding, GateResult, Plan, State, Statement
from flatsplit.steps import BY_KEY, STEPS


class Walk:
    """The use cases of a cutover. Opened with a session that may write, unless only looked at."""

    def __init__(self, session: Session, config: Config, journal: Journal, record: CutoverRecord) -> None:
        self.session = session
        self.config = config
        self.journal = journal
        self.record = record

    @classmethod
    def open(cls, session: Session, config: Config) -> Self:
        """Find the cutover that ``config`` is about. Raises JournalError where there is none, or another one's."""
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
        return cls(session, config, journal, record)

    def situation(self, live: State | None = None) -> Situation:
        """Read everything anew; the catalog too, unless ``live`` was read a moment ago."""
        if live is None:
            live = read_state(self.session.driver)
            Journal.recognise(live.target, self.record)
        baseline = self.journal.load_baseline(live.target)
        if baseline is None:
            raise JournalError(
                "the journal has no baseline", "the tracking schema is damaged; restore it from a backup"
            )
        return Situation(live, baseline, self.config, {record.key: record for record in self.journal.steps()})

    def judge(self, situation: Situation) -> Judge:
        """Gates as of this situation."""
        return Judge(
            self.session,
            self.journal,
            situation.context,
            situation.live,
            situation.records,
            situation.drift,
            lambda: matrix(situation.desired(situation.done), situation.context, situation.done),
            lambda: proof.failed(self.session, situation) if self.session.write else (),
        )

    def verifiers(self, statements: Sequence[Statement], secrets: Passwords) -> dict[str, str]:
        """Password verifiers that these statements need, by role. Raises UsageError where a password is missing."""
        roles = [role for each in statements for role in each.secrets]
        if not roles:
            return {}
        clear = secrets.for_roles(roles)
        pgconn = self.session.driver.pgconn
        return {role: passwords.verifier(pgconn, role, clear[role]) for role in roles}

    def executor(
        self, situation: Situation, reporter: Reporter, verifiers: Mapping[str, str] | None = None
    ) -> Executor:
        """Something that runs statements with the configured patience."""
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
        return standing.status(self, self.situation())

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

    def _gates_of(self, situation: Situation, step: str) -> tuple[GateResult, ...]:
        """Gates of a step that is not next: how it passed them, or that they are still to be looked at."""
        waived = {gate.key: gate for gate in self.waived(step)}
        done = situation.states[step] == "done"
        text = "was open when the step was done" if done else "is looked at when the step is next"
        return tuple(waived.get(key) or GateResult(key, done, text, judged=False) for key in BY_KEY[step].gates)

    def plan(self, key: str | None) -> Plan:
        """The plan of the next step, or of a named one."""
        situation = self.situation()
        step = key or machine.next_step(situation.states)
        if step is None:
            return Plan("", "", (), ())
        found = hazards.find(self.session.driver, situation.live, situation.context)
        plan = situation.plan(step)
        return Plan(plan.step, plan.digest, plan.catch_up, plan.statements, notes_of(found, step))

    def verify(self, passwords: Mapping[str, str] | None = None) -> VerifyReport:
        """The matrix, tried as each role as far as can be, and the drift of all finished steps."""
        return self.report(self.situation(), tried=True, passwords=passwords)

    def report(self, situation: Situation, *, tried: bool, passwords: Mapping[str, str] | None = None) -> VerifyReport:
        """What finished steps promised, as of this situation."""
        return proof.report(self.session, self.journal, situation, tried=tried, passwords=passwords or {})

    def remember(self, step: str, live: State) -> None:
        """Keep what is there at the end of a step, to tell later what changed; inside its transaction."""
        remembering.remember(self.session, self.journal, step, live)

    def history(self) -> Iterator[EventRecord | ActionRecord]:
        """Who did what, when, why."""
        return self.journal.history()

    def observe(self) -> Look:
        """Write down who is connected as legacy or as one of the new roles, and what they have run."""
        return observing.observe(self.session, self.journal, self.config)

    def rehearse(self, *, file: Path | None = None, role: str | None = None, progress: Progress) -> Rehearsal:
        """Try every statement that legacy ran, or that stands in ``file``, as app_user or ``role``; run none."""
        return rehearsing.rehearse(self, file=file, role=role, progress=progress)

    def doctor(self) -> tuple[Finding, ...]:
        """The hazards of the database as it is."""
        situation = self.situation()
        return hazards.find(self.session.driver, situation.live, situation.context)

    def blast_radius(self) -> BlastRadius:
        """What each role could do, now and with every step done."""
        situation = self.situation()
        return radius(self.session, situation.live, situation.context, situation.done)

    def bundle(self) -> Bundle:
        """The data of a runbook."""
        situation = self.situation()
        found = hazards.find(self.session.driver, situation.live, situation.context)
        judge = self.judge(situation)
        next_key = machine.next_step(situation.states)
        steps = []
        for number, step in enumerate(STEPS, start=1):
            plan = situation.plan(step.key)
            steps.append(
                BundleStep(
                    number=number,
                    key=step.key,
                    title=step.title,
                    purpose=step.purpose,
                    state=situation.states[step.key],
                    gates=judge.judge(step.key) if step.key == next_key else self._gates_of(situation, step.key),
                    plan=Plan(plan.step, plan.digest, plan.catch_up, plan.statements, notes_of(found, step.key)),
                    rollback=situation.rollback_preview(step.key),
                    point_of_no_return=point_of_no_return(self.config, step.key),
                    watch=step.watch,
                )
            )
        return Bundle(
            config=self.config,
            target=situation.live.target,
            generated_by=f"flatsplit {__version__}",
            steps=tuple(steps),
            findings=found,
            checks=situation.checks(),
            sessions=evidence.read_sessions(self.session.driver, [self.config.legacy_role, *self.config.roles.new]),
            exposure=radius(self.session, situation.live, situation.context, situation.done),
        )

    # -- acting

    def advance(
        self, options: AdvanceOptions, *, reporter: Reporter, confirm: Confirm, passwords: Passwords
    ) -> AdvanceResult:
        """Take the next step, or all up to ``options.through``."""
        with operator_lock(self.session):
            return forward.advance(self, options, reporter, confirm, passwords)

    def rollback(self, *, through: str | None, everything: bool, reporter: Reporter, confirm: Confirm) -> AdvanceResult:
        """Take the last step back, or all down to ``through``, or everything."""
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
            step = STEPS[situation.done - 1].key
            plan = Plan(
                step, machine.digest(situation.live.target, self.config.legacy_role, "repair", drift), (), drift
            )
            if not confirm(plan, "repair"):
                return AdvanceResult((), next_key)
            verifiers = self.verifiers(drift, passwords) if passwords is not None else {}
            with self.session.transaction():
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
        with operator_lock(self.session), self.session.transaction():
            self.journal.forget(export)
