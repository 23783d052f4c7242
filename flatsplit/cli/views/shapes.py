"""The JSON that scripts rely on. Keys may be added, never renamed or taken away."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flatsplit import privileges

if TYPE_CHECKING:
    from flatsplit.cutover.results import AdvanceResult, Status, StepOutcome, StepView, Survey, VerifyReport
    from flatsplit.evidence.rehearsal import Rehearsal, Verdict
    from flatsplit.hazards import Hazard
    from flatsplit.hazards.stories import Story
    from flatsplit.model import Finding, GateResult, ObjectRef, Plan, Statement

Json = dict[str, Any]


def plain(value: Any) -> Any:
    """Any value of the use cases in the types of JSON: dataclasses and named tuples by their fields."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: plain(item) for key, item in value._asdict().items()}
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (set, frozenset)):
        return sorted(map(plain, value))
    if isinstance(value, Iterable) and not isinstance(value, (bytes, Path)):
        return [plain(item) for item in value]
    return str(value)


def action(statement: Statement) -> Json:
    """One statement of a plan."""
    return {
        "description": statement.description,
        "sql": statement.sql,
        "undo": statement.undo,
        "lock": statement.lock,
    }


def plan(found: Plan) -> Json:
    """``plan --json``: the actions in the order in which they run, the catch-up first."""
    return {
        "step": found.step or None,
        "digest": found.digest or None,
        "catch_up": len(found.catch_up),
        "actions": [action(statement) for statement in found.actions],
        "notes": [finding(note) for note in found.notes],
    }


def finding(found: Finding) -> Json:
    """One hazard or decision."""
    return {
        "id": found.id,
        "severity": found.severity,
        "title": found.title,
        "why": found.why,
        "fix": found.fix,
        "step": found.step or None,
        "objects": list(found.objects),
        "looked_at": found.looked_at or None,
        "manual": manual(found.manual) or None,
        "accepted": found.accepted or None,
        "sql": list(found.sql),
        "toml": list(found.toml),
    }


def hazard(found: Hazard, told: Story) -> Json:
    """``doctor --explain ID --json``."""
    return {
        "id": found.id,
        "severity": found.severity,
        "step": found.step,
        "looked_at": found.looks_at,
        "why": found.why,
        "fix": found.fix,
        "manual": manual(found.manual),
        "since": found.since,
        "story": told.text,
        "reproduction": told.reproduction,
    }


def manual(section: str) -> str:
    """The address of a section of PostgreSQL's manual."""
    return f"https://www.postgresql.org/docs/current/{section}" if section else ""


def gate(found: GateResult) -> Json:
    """A gate as it stands."""
    return {
        "key": found.key,
        "open": found.open,
        "reason": found.reason,
        "fix": found.fix,
        "waivable": found.waivable,
        "waived": found.waived or None,
        "notice": found.notice,
    }


def status(found: Status) -> Json:
    """``status --json``."""
    cutover = found.cutover
    return {
        "cutover": {
            "name": cutover.name,
            "state": cutover.state,
            "legacy_role": cutover.legacy_role,
            "database": cutover.database,
            "started_at": plain(cutover.started_at),
            "retire": cutover.retire,
            "roles": dict(cutover.roles),
        },
        "steps": [_step(step) for step in found.steps],
        "next": found.next,
        "pending": found.pending,
        "catch_up": [action(statement) for statement in found.catch_up],
        "findings": [finding(item) for item in found.findings],
        "away": plain(found.away),
        "broken": [{"what": each.what, "fix": each.fix} for each in found.broken],
    }


def _step(step: StepView) -> Json:
    return {
        "key": step.key,
        "title": step.title,
        "state": step.state,
        "blocked_by": [item.key for item in step.blocked_by],
        "gates": [gate(item) for item in (*step.blocked_by, *step.notices, *step.waived)],
        "started_at": plain(step.started_at),
        "finished_at": plain(step.finished_at),
        "by_hand": step.by_hand,
    }


def advance(result: AdvanceResult) -> Json:
    """``next``, ``rollback`` and ``repair``: what happened to each step."""
    return {
        "steps": [_outcome(outcome) for outcome in result.outcomes],
        "next": result.next,
        "waiting": [gate(item) for item in result.waiting],
        "complete": result.complete,
        "plan": plan(result.plan) if result.plan else None,
    }


def _outcome(outcome: StepOutcome) -> Json:
    return {
        "key": outcome.key,
        "state": outcome.state,
        "executed": outcome.executed,
        "by_hand": outcome.by_hand,
        "gates": [gate(item) for item in outcome.gates],
        "notes": [finding(note) for note in outcome.notes],
    }


def verify(report: VerifyReport) -> Json:
    """``verify --json``: the matrix and the drift."""
    return {
        "ok": report.ok,
        "steps": list(report.steps),
        "checks": [
            {
                "role": check.role,
                "act": check.act,
                "expected": "can" if check.expected else "cannot",
                "ok": check.ok,
                "count": check.count,
                "exceptions": list(check.exceptions),
                "exception_count": check.exception_count,
            }
            for check in report.checks
        ],
        "drift": [
            {**action(statement), "cause": cause}
            for statement, cause in itertools.zip_longest(report.drift, report.causes, fillvalue="")
            if not isinstance(statement, str)
        ],
        "strays": [finding(stray) for stray in report.strays],
        "proofs": [plain(proof) for proof in report.proofs],
        "notes": [finding(note) for note in report.notes],
    }


def rehearsal(found: Rehearsal) -> Json:
    """``rehearse --json``."""
    return {
        "summary": dict(found.summary),
        "role": found.role,
        "basis": found.basis,
        "source": found.source,
        "notes": list(found.notes),
        "grants": {
            purpose: {word: list(names) for word, names in lines.items()} for purpose, lines in found.grants.items()
        },
        "applications": {name: dict(counts) for name, counts in found.applications.items()},
        "statements": [
            {
                "query": verdict.query,
                "calls": verdict.calls,
                "verdict": verdict.verdict,
                "reason": verdict.reason,
                "object": verdict.object or None,
                "privilege": verdict.privilege or None,
                "remedy": verdict.remedy or None,
                "sql": list(verdict.sql),
                "toml": list(verdict.toml),
                "basis": verdict.basis,
                "needs": _needs(verdict),
            }
            for verdict in found.verdicts
        ],
    }


def _needs(verdict: Verdict) -> list[Json]:
    """What a statement takes; the columns of one object together, none for the object as a whole."""
    from flatsplit.evidence.rehearsal.remedies import shown  # nothing else here needs a parser of SQL

    grouped: dict[tuple[ObjectRef, str, str, str], list[str]] = {}
    for need in verdict.needs:
        grouped.setdefault((need.object, need.letter, need.why, need.where), []).append(need.column)
    return [
        {
            "kind": ref.kind,
            "object": shown(ref),
            "privilege": privileges.NAMES[letter],
            "columns": list(filter(None, columns)),
            "why": why,
            "where": where or None,
        }
        for (ref, letter, why, where), columns in grouped.items()
    ]


def survey(found: Survey) -> Json:
    """``init --json``."""
    return {
        "config": str(found.request.config_path),
        "database": found.target.database,
        "legacy_role": found.request.legacy_role,
        "schemas": list(found.config.schemas),
        "roles": {
            purpose: getattr(found.config.roles, purpose)
            for purpose in ("app_user", "app_migrator", "app_readonly", "dba")
        },
        "owned": dict(found.counts),
        "adopted": list(found.adopted),
        "existing": found.existing,
        "findings": [finding(item) for item in found.findings],
    }
