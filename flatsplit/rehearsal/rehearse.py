"""Tries or judges every statement, and gives one verdict for each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cached_property

from flatsplit.connection import Session
from flatsplit.model import ObjectRef, State
from flatsplit.rehearsal import conditions, definers, planner_trials, remedies, set_role, statement_names, utility
from flatsplit.rehearsal.actor import Actor, quoted_path
from flatsplit.rehearsal.catalog_lookup import World
from flatsplit.rehearsal.definers import Definers
from flatsplit.rehearsal.grammar import PLANNED, Parsed, Unparsable, parse_nested, parse_one, written
from flatsplit.rehearsal.judge import Judge
from flatsplit.rehearsal.needs import Needs
from flatsplit.rehearsal.planner_trials import Case
from flatsplit.rehearsal.stage import DENIED, LOCKED, TIMEOUT, ServerAnswer, Stage, Unavailable
from flatsplit.rehearsal.uses import uses_of
from flatsplit.rehearsal.values import (
    FAILING,
    Basis,
    Heard,
    Outcome,
    Problem,
    Progress,
    Rehearsal,
    Verdict,
    worst,
)
from flatsplit.walks.split.context import Context

_ORDER = {"denied": 0, "silent": 1, "migrator": 2, "unknown": 3, "allowed": 4}

# ri_triggers.c: the queries behind foreign keys, which run as the table's owner; the second one when a key is added
_FOREIGN_KEY = re.compile(
    r'\s*(SELECT (1|\$\d+) FROM (ONLY )?"[^;]* FOR KEY SHARE OF x'
    r'|SELECT fk\."[^;]* FROM (ONLY )?"[^;]* fk LEFT OUTER JOIN (ONLY )?"[^;]* pk ON \( ?pk\."[^;]*'
    r'|DELETE FROM (ONLY )?("([^"]|"")+"\.)?"([^"]|"")+" WHERE \$1 OPERATOR\([^;]*'
    r'|UPDATE (ONLY )?("([^"]|"")+"\.)?"([^"]|"")+" SET "[^;]* WHERE \$\d+ OPERATOR\([^;]*)\s*',
    re.DOTALL,
)

_WHOSE = (
    "whether a migration ran the migration tool's statements or the application itself cannot be told here: rehearse "
    "again some days after pg_stat_statements_reset(), or with the log of an ordinary day; what is left will fail in it"
)


class Company:
    """Rehearses statements for one role."""

    def __init__(
        self,
        session: Session,
        live: State,
        goal: State,
        context: Context,
        role: str,
        before: str = "",
        apart: frozenset[ObjectRef] = frozenset(),
    ) -> None:
        self.session = session
        self.live = live
        self.world = World(session.driver, goal)
        self.actor = Actor(self.world, goal, live, context, role, before=before, apart=apart)
        self.judge = Judge(self.actor, utility.problems)
        self._needs = Needs(self.judge)
        self.role = role
        self.exists = role in live.roles
        self.tries = True
        """Whether the role has the same rights in ``live`` as in ``goal``, so that trying as the role tells
        anything.
        """
        self.notes: list[str] = []
        self._definers = Definers(self.world, context)

    @property
    def basis(self) -> Basis:
        """What the verdicts rest on."""
        return "list" if not self.tries else "role" if self.exists else "blueprint"

    def rehearse(
        self, statements: Sequence[Heard], source: str, lock_timeout: timedelta, progress: Progress
    ) -> Rehearsal:
        """A verdict for each statement, the most urgent first."""
        parts = [Case(heard) for heard in statements]
        for part in parts:
            self._read(part)
        for done, part in enumerate(parts, 1):
            if part.parsed is not None and part.verdict is None:
                part.problems = self.judge.statement(part.parsed)
                part.needs = self._needs.of(part.parsed).needs
            if done % 100 == 0:
                progress(done // 2, len(parts))
        self._try(parts, lock_timeout, progress)
        progress(len(parts), len(parts))
        verdicts = [
            replace(self._grounded(part, part.verdict or self._conclude(part)), needs=part.needs) for part in parts
        ]
        if any(verdict.verdict == "migrator" for verdict in verdicts):
            self.notes.append(_WHOSE)
        verdicts.sort(key=lambda each: (_ORDER[each.verdict], -each.calls, each.query))
        grants = remedies.sections(verdict.remedy for verdict in verdicts)
        return Rehearsal(self.role, self.basis, source, tuple(verdicts), tuple(self.notes), grants)

    def gather(self, statements: Sequence[Heard]) -> list[Verdict]:
        """What each statement needs, and whether a list can name all of it. By rules alone: nothing is tried."""
        return [self._gathered(part, part.verdict or self._conclude(part)) for part in self._by_rules(statements)]

    def reason(self, statements: Sequence[Heard]) -> list[Verdict]:
        """A verdict for each statement, in the same order, by rules alone."""
        return [part.verdict or self._conclude(part) for part in self._by_rules(statements)]

    def _by_rules(self, statements: Sequence[Heard]) -> list[Case]:
        parts = [Case(heard) for heard in statements]
        for part in parts:
            self._read(part)
        for part in parts:
            if part.parsed is not None and part.verdict is None:
                part.problems = self.judge.statement(part.parsed)
                part.needs, part.unlisted = self._needs.of(part.parsed)
        return parts

    def _gathered(self, part: Case, verdict: Verdict) -> Verdict:
        if part.unlisted and verdict.verdict not in ("migrator", "unknown"):
            verdict = self._verdict(part.heard, "unknown", part.unlisted)
        return replace(verdict, needs=part.needs)

    # -- reading

    def _became(self, heard: Heard) -> Verdict:
        """The verdict on a statement of another role, which legacy's session had become; that role's own rights do not
        change.
        """
        what = f"it ran as {heard.role}, which a session of {self.actor.before} had become"
        problems = set_role.problems(self.actor, heard.role, what)
        if problems and not set_role.certain(self.live, self.actor.context, heard.role):
            own = f"it ran as {heard.role}: whether in a session of its own or of {self.actor.before} cannot be told"
            problems = [each._replace(outcome="unknown", reason=f"{own}; {each.reason}") for each in problems]
        found = worst(problems)
        if found is None:
            return self._verdict(heard, "allowed", f"it runs as {heard.role}, which {self.role} may become")
        return self._problem(heard, found, problems)

    def _read(self, part: Case) -> None:
        heard = part.heard
        if heard.role:
            part.verdict = self._became(heard)
            return
        try:
            part.parsed = parse_nested(heard.text) if heard.top is False else parse_one(heard.text)
        except Unparsable as why:
            if heard.text.strip(" ;\n\t"):
                part.verdict = self._verdict(heard, "unknown", f"the statement {_lower(str(why))}")
            else:
                part.verdict = self._verdict(heard, "allowed", "nothing in it")
            return
        for name in filter(
            None,
            (statement_names.temporary_name(part.parsed), statement_names.renamed(part.parsed, self.actor.temporary)),
        ):
            self.actor.temporary.add(name)
        for name in filter(None, (statement_names.created_name(part.parsed),)):
            self.actor.created.add(name)
        self.actor.set_by.update(conditions.settings_set(heard.text))
        if heard.top is not True and _FOREIGN_KEY.fullmatch(heard.text):
            reason = "the check behind a foreign key: it runs as the table's owner"
            part.verdict = self._verdict(heard, "allowed", reason)
            return
        within = utility.inner_statement(part.parsed)
        if within is not None:
            with suppress(Unparsable):
                part.planned = Parsed(within[0], within[1], written(*within))
        elif part.parsed.kind in PLANNED:
            part.planned = part.parsed

    # -- trying

    def _try(self, parts: Iterable[Case], lock_timeout: timedelta, progress: Progress) -> None:
        if not self.tries:
            self.notes.append(f"nothing was tried as {self.role}, which has more rights now: by the catalog alone")
            return
        todo = [part for part in parts if part.verdict is None and part.planned is not None]
        as_role = self.role if self.exists else self.actor.context.legacy
        if not todo:
            return
        if self.live.roles[as_role].superuser and not self.exists:
            # Planning runs functions of the application: not with an operator's rights, and not where the rules have an
            # answer
            self.notes.append(f"nothing was tried as {as_role}, a superuser: verdicts rest on the catalog alone")
            return
        path = self.actor.path if self.exists else self.actor.legacy_path
        stage_ = Stage(
            self.session,
            as_role,
            quoted_path(path),
            superuser=self.live.target.operator_superuser,
            lock_timeout=lock_timeout,
        )
        try:
            planner_trials.all_of(todo, stage_, lambda done: progress(len(todo) // 2 + done // 2, len(todo)))
        except Unavailable as why:
            self.notes.append(f"nothing could be tried as {as_role} ({why}): verdicts rest on the catalog alone")

    # -- concluding

    def _grounded(self, part: Case, verdict: Verdict) -> Verdict:
        """The verdict with what it rests on. A trial that failed for want of something else proves nothing."""
        trial = part.trial
        half = part.parsed is not None and part.parsed.kind == "create_table_as_stmt"  # where the rows go was not tried
        if not self.exists or trial is None or half:
            return verdict
        agree = trial.passed if verdict.verdict == "allowed" else trial.state == DENIED and verdict.verdict == "denied"
        return replace(verdict, basis="tried") if agree else verdict

    def _conclude(self, part: Case) -> Verdict:
        heard, trial = part.heard, part.trial
        problems = part.problems
        if heard.top is not True and problems and part.parsed is not None and self._definers.runs(heard.text):
            nested = definers.nested(self.judge, part.parsed)
            part.needs, part.unlisted = (), ""
            found = worst(nested)
            if found is not None:
                return self._problem(heard, found, nested)
            return self._verdict(heard, "allowed", "it runs inside a SECURITY DEFINER function, as that one's owner")
        if self.exists and trial is not None and trial.passed:
            problems = [each for each in problems if not each.planned]
        found = worst(problems)
        if trial is not None and not trial.passed:
            failed = self._failed(part, trial, found)
            if failed is not None:
                return failed
        if found is not None:
            return self._problem(heard, found, problems)
        return self._verdict(heard, "allowed", self._why_allowed(part))

    def _failed(self, part: Case, trial: ServerAnswer, found: Problem | None) -> Verdict | None:
        """The verdict on a failed EXPLAIN, where it adds to what the catalog says; None where it does not."""
        heard = part.heard
        if found is not None and found.outcome != "unknown":
            return None
        if trial.state == DENIED:
            if self.exists and self._granted_later(part):
                return None
            who = self.role if self.exists else self.actor.context.legacy
            outcome = Problem("denied" if self.exists else "unknown", f"as {who}: {trial.message}")
            return self._problem(heard, outcome, [outcome])
        if trial.state in (TIMEOUT, LOCKED):
            if found is None and trial.state == LOCKED:
                return None
            return self._verdict(heard, "unknown", f"it could not be planned in time: {trial.message}")
        if (
            found is None
            and heard.top is True
            and self._ours(part)
            and trial.state in ("42P01", "42703", "3F000", "42704")
        ):
            return self._verdict(heard, "unknown", f"it fails for whoever runs it: {trial.message}")
        return None

    def _ours(self, part: Case) -> bool:
        """Whether the statement uses relations of the application and no temporary ones, which do not exist here.

        The server's own relations may differ in the version that ran the statement. And a session that sets search_path
        itself, as with a schema per tenant, finds other relations than the role's own setting does.
        """
        assert part.planned is not None
        uses = uses_of(part.planned.node).relations
        meant = [self.actor.resolve(use.schema, use.name) for use in uses]
        for use, each in zip(uses, meant, strict=True):
            if not use.schema and any(relation.ref.schema not in self.actor.path for relation in each.relations):
                return False
        return any(not each.free for each in meant) and all(not each.free or each.readers is not None for each in meant)

    def _granted_later(self, part: Case) -> bool:
        """Whether the role lacks something now that the blueprint is going to grant."""
        return part.parsed is not None and any(
            each.outcome == "denied" and each.planned for each in self._now.statement(part.parsed)
        )

    @cached_property
    def _now(self) -> Judge:
        """A judge with the rights that the role has now."""
        before, world = self.actor, self.world.beside(self.live)
        return Judge(
            Actor(
                world, self.live, self.live, before.context, self.role, before.temporary, before.created, before.set_by
            ),
            utility.problems,
        )

    def _why_allowed(self, part: Case) -> str:
        trial = part.trial
        if part.planned is None:
            kind = statement_names.word(part.parsed) if part.parsed else ""
            return f"{kind}: {self.role} needs no privilege for it that it has not"
        if trial is not None and trial.passed and self.exists:
            return f"EXPLAIN as {self.role} succeeds"
        grounds = "by the catalog and the blueprint"
        if not self.exists:
            tried = "" if trial is None or not trial.passed else f"; EXPLAIN as {self.actor.context.legacy} succeeds"
            return f"{grounds}: {self.role} does not exist yet{tried}"
        if trial is not None and trial.state == DENIED:
            return f"{grounds}: what {self.role} still lacks is going to be granted"
        return grounds + (f"; it could not be planned ({trial.message})" if trial is not None else "")

    def _problem(self, heard: Heard, found: Problem, problems: Sequence[Problem]) -> Verdict:
        verdict = self._verdict(heard, found.outcome, found.reason)
        perhaps = found.outcome in FAILING and all(each.perhaps for each in problems if each.outcome in FAILING)
        found, failing = remedies.decisive(found, problems)
        sql, toml = remedies.actions(failing)
        return Verdict(
            verdict.query,
            verdict.calls,
            found.outcome,
            found.reason
            + (BRANCH if perhaps else "")
            + ("" if self.exists else f" (by the blueprint: {self.role} does not exist yet)"),
            found.object,
            found.privilege,
            remedies.told(heard, found, failing),
            heard.applications,
            sql=sql,
            toml=toml,
            perhaps=perhaps,
        )

    def _verdict(self, heard: Heard, outcome: Outcome, reason: str) -> Verdict:
        query = (heard.shown or heard.text).strip()
        return Verdict(query, heard.calls, outcome, reason, applications=heard.applications)


BRANCH = "; that is in a branch of its code, which may never be taken"


def _lower(text: str) -> str:
    return f"cannot be read: {text}" if not text.startswith("holds") else text
