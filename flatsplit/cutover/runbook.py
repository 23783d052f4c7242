"""``runbook``: the plans and what has happened so far, for those who decide and those who audit."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flatsplit import __version__, hazards, membership
from flatsplit.config import Config
from flatsplit.cutover import approval, companion_roles
from flatsplit.cutover.blast_radius import first_radius, of_situation
from flatsplit.cutover.bundle import Bundle, BundleStep
from flatsplit.cutover.expected_rights import all_checks
from flatsplit.cutover.password_ages import ages
from flatsplit.cutover.poolers import poolers
from flatsplit.cutover.situation import Situation
from flatsplit.cutover.waivers import waived
from flatsplit.gates import gate, judge, rehearsed
from flatsplit.hazards.before_step import notes_of
from flatsplit.journal import EventRecord, Journal, TallyRecord
from flatsplit.model import SPLIT, Backend, GateKey, GateResult, Plan, StepRecord
from flatsplit.model.report import Event, Place, Rate, Rehearsed, Report, SeenClient, StepPast
from flatsplit.planning import machine
from flatsplit.server.asking import ask
from flatsplit.server.sessions import read_sessions, server_clock

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

STORY = 200
"""Events that a runbook tells; `flatsplit history` has all."""

_FEW = 20
"""Fewer facts than these say nothing about how fast a server is."""


def runbook(walk: Walk) -> Bundle:
    """All data of a runbook: the steps of this walk, and what there is to know of the database where it is
    the split.
    """
    situation = walk.situation()
    split = situation.turned(SPLIT)
    found = hazards.find(walk.session.driver, split.live, split.context)
    gc.collect()  # The judges share what they have read of relations, and so do those of the blast radius
    begun = any(machine.begun(split.states, step.key) for step in split.kind.steps)
    exposure = of_situation(walk.session, split)
    first = first_radius(walk.session, split.origin, split.context) if begun else ()
    gc.collect()
    next_key = machine.next_step(situation.states)
    pools = tuple(one.finding for one in poolers(walk, situation))
    steps = []
    for number, step in enumerate(situation.kind.steps, start=1):
        plan = companion_roles.riders(walk, situation, step.key).on(situation.plan(step.key))
        final = step.final(situation.context)
        notes = (*plan.notes, *(notes_of(found, step.key) if situation is split else ()))
        notes += pools if step.by_people else ()
        steps.append(
            BundleStep(
                number=number,
                key=step.key,
                title=step.title,
                purpose=step.purpose,
                state=situation.states[step.key],
                gates=(
                    judge(walk.asked(situation, step.key), step.gates)
                    if step.key == next_key
                    else _gates(walk, situation, step.key)
                ),
                plan=Plan(plan.step, plan.digest, plan.catch_up, plan.statements, notes),
                rollback=() if final else situation.rollback_preview(step.key),
                point_of_no_return=final,
                watch=step.watch,
                kind=situation.kind.name,
                option=f" {situation.name.option}" if situation.several or situation is not split else "",
                by_people=step.by_people,
                rests=step.rests(situation.context) if step.rests is not None else None,
                stop=step.stop,
            )
        )
    legacy, new = walk.config.legacy_role, walk.config.roles.new
    acting = membership.attributed(situation.live, legacy, new, split.context.retiring)
    sessions = read_sessions(walk.session.driver, acting, legacy)
    return Bundle(
        config=_as_groups(walk.config, situation, split),
        target=situation.live.target,
        generated_by=f"flatsplit {__version__}",
        steps=tuple(steps),
        findings=found,
        checks=all_checks(split),
        sessions=sessions,
        exposure=exposure,
        first=first,
        report=_report(walk, situation, sessions),
        title="" if situation is split else situation.name.words,
        about="" if situation is split else situation.kind.summary.replace("ROLE", situation.name.subject),
    )


def _as_groups(config: Config, spoken: Situation, split: Situation) -> Config:
    """The configuration with those groups that exist or are made by this walk: its clients then use their logins."""
    stay, resting = split.context.config.groups, split.resting
    groups = tuple(
        group
        for group in config.groups
        if group in stay
        or (role := str(getattr(config.roles, group.purpose))) in resting
        or role == spoken.name.subject
    )
    return replace(config, groups=groups)


def _gates(walk: Walk, situation: Situation, step: str) -> tuple[GateResult, ...]:
    """The gates of a step that is not next: how the step passed them, or that they have not been judged."""
    on_record = {gate.key: gate for gate in waived(walk.journal, step)}
    done = situation.states[step] == "done"
    return tuple(
        on_record.get(key) or GateResult(key, done, _unjudged(key, situation.kind.name, done=done), judged=False)
        for key in situation.kind.step(step).gates
    )


def _unjudged(key: GateKey, kind: str, *, done: bool) -> str:
    """What is said of a gate that is not judged now."""
    asks = gate(key, kind).asks
    return f"{asks}: so it was when the step was done" if done else f"open when {asks}"


def _report(walk: Walk, situation: Situation, sessions: Sequence[Backend]) -> Report:
    journal = walk.journal
    events = [event for event in journal.events() if event.at >= walk.record.created_at or event.kind == "init"]
    tallies = {tally.step: tally for tally in journal.tallies()}
    return Report(
        at=server_clock(walk.session.driver),
        begun_at=walk.record.created_at,
        begun_by=walk.record.created_by,
        state=machine.cutover_state(situation.states),
        past={key: _past(record, events, tallies.get(key)) for key, record in situation.records.items()},
        story=tuple(Event(e.at, e.kind, e.step or "", e.message, who(e)) for e in events[-STORY:]),
        story_left_out=max(0, len(events) - STORY),
        clients=_clients(journal, sessions, [walk.config.legacy_role, *walk.config.roles.new]),
        observed=journal.looks(),
        rehearsed=_rehearsed(events),
        approvals=tuple(approval.approvals(events)),
        ages=ages(walk, situation.live),
        place=_place(walk),
        rate=_rate(situation.records, tallies),
    )


def who(event: EventRecord) -> str:
    """The person who caused an event, as far as it is known."""
    return event.db_user if event.os_user in ("", event.db_user) else f"{event.db_user} ({event.os_user})"


def _past(record: StepRecord, events: Iterable[EventRecord], tally: TallyRecord | None) -> StepPast:
    mine = [event for event in events if event.step == record.key]
    since = record.started_at
    run = [event for event in mine if since is not None and event.at >= since - timedelta(seconds=1)]
    actors = [who(event) for event in run if event.kind in ("started", "resumed", "done", "rolling_back")]
    took = record.finished_at - since if record.finished_at and since else None
    return StepPast(
        started_at=since,
        finished_at=record.finished_at,
        by_hand=record.by_hand,
        statements=tally.statements if tally else 0,
        took=took,
        who=tuple(dict.fromkeys(actors)),
        digest=record.digest or "",
        waits=tuple((event.at, event.message) for event in mine if event.kind == "waiting"),
        resumed=sum(event.kind == "resumed" for event in mine),
        rolled_back=sum(event.kind == "rolled_back" for event in mine),
    )


def _rate(records: Mapping[str, StepRecord], tallies: Mapping[str, TallyRecord]) -> Rate:
    """Facts changed per second, over the steps that flatsplit took in one go."""
    facts, seconds = 0, 0.0
    for key, tally in tallies.items():
        record = records[key]
        if record.by_hand or record.started_at is None or tally.facts < _FEW:
            continue
        facts += tally.facts
        seconds += max((tally.last - record.started_at).total_seconds(), 0.001)
    return Rate(facts / seconds, measured=True) if facts else Rate()


def _clients(journal: Journal, sessions: Sequence[Backend], roles: Sequence[str]) -> tuple[SeenClient, ...]:
    """Clients seen since ``init`` or connected now; where both, the present session counts."""
    found: dict[tuple[str, str, str, str], SeenClient] = {}
    for role in roles:
        at_once: dict[tuple[object, ...], int] = {}
        for one in journal.observations(role):
            key = (one.role, one.database, one.client, one.application)
            at_once[(*key, one.at)] = at_once.get((*key, one.at), 0) + one.sessions
            most = max(at_once[(*key, one.at)], found[key].sessions if key in found else 0)
            found[key] = SeenClient(*key, most, one.at)
    now: dict[tuple[str, str, str, str], int] = {}
    for session in sessions:
        for role in session.acts_as:
            key = (role, session.database, session.client, session.application)
            now[key] = now.get(key, 0) + 1
    for key, count in now.items():
        found[key] = SeenClient(*key, max(count, found[key].sessions if key in found else 0), None)
    order = {role: place for place, role in enumerate(roles)}
    return tuple(sorted(found.values(), key=lambda one: (order[one.role], one.database, one.application, one.client)))


def _rehearsed(events: Iterable[EventRecord]) -> tuple[Rehearsed, ...]:
    last: dict[str, Rehearsed] = {}
    for event in events:
        if event.kind == rehearsed.EVENT:
            said = event.details
            role = str(said.get("role", ""))
            last[role] = Rehearsed(
                role,
                event.at,
                str(said.get("source", "")),
                str(said.get("basis", "")),
                {str(key): int(count) for key, count in dict(said.get("summary", {})).items()},
                bool(said.get("ok")),
            )
    return tuple(last.values())


def _place(walk: Walk) -> Place:
    info = walk.session.driver.info
    most, reserved, limit = ask(walk.session.driver, "capacity", {"legacy": walk.config.legacy_role})[0]
    host = info.host
    if not host or host.startswith(("/", "@")):
        return Place(max_connections=most, reserved=reserved, legacy_limit=limit)
    return Place(host, info.port, most, reserved, limit)
