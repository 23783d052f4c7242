"""``rollback``: takes steps back, the last one first, each from live to what was there before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flatsplit import ddl, membership
from flatsplit.connection import operator_lock
from flatsplit.cutover import companion_roles, role_names
from flatsplit.cutover.begin import end
from flatsplit.cutover.completeness import about_new
from flatsplit.cutover.dry_run import refused_besides
from flatsplit.cutover.interaction import Confirm, Reporter, tell
from flatsplit.cutover.outcome import AdvanceResult, StepOutcome
from flatsplit.cutover.owners_in_reach import require_owners
from flatsplit.cutover.rollback_checks import record_policies, require_way_back
from flatsplit.cutover.situation import Situation
from flatsplit.cutover.snapshot import remember, step_ended, undecided
from flatsplit.cutover.which_walk import require_step
from flatsplit.differ import diff
from flatsplit.errors import Drift, MissingRights, Refused, UsageError, Waiting
from flatsplit.model import SPLIT, Backend, Plan, WalkName
from flatsplit.planning import chain, machine
from flatsplit.planning.machine import TRANSITIONS
from flatsplit.server.sessions import read_sessions
from flatsplit.walks import marks, used_elsewhere
from flatsplit.walks.split import members
from flatsplit.walks.split.remembered import reduce
from flatsplit.words import count, more

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

ROUNDS = 5


def rollback(
    walk: Walk, *, through: str | None, everything: bool, reporter: Reporter, confirm: Confirm
) -> AdvanceResult:
    """Take back the last step, or all down to and including ``through``, or everything."""
    with operator_lock(walk.session):
        return _rollback(walk, through, everything=everything, reporter=reporter, confirm=confirm)


def _rollback(
    walk: Walk, through: str | None, *, everything: bool, reporter: Reporter, confirm: Confirm
) -> AdvanceResult:
    situation = walk.situation()
    if through is not None:
        require_step(situation, through)
    if through is not None and not machine.begun(situation.states, through):
        raise UsageError(
            f"step {through} was not taken, so there is nothing to take back",
            "flatsplit status shows which steps are done",
        )
    outcomes: list[StepOutcome] = []
    keys = machine.to_take_back(situation.states, through, everything=everything)
    rode: list[AdvanceResult] = []

    def along(other: Walk) -> None:
        rode.append(_rollback(other, None, everything=True, reporter=reporter, confirm=confirm))

    if keys:
        _refuse_above(walk, situation, keys, companion_roles.came_along(walk, situation, keys))
    split = situation.name == SPLIT
    if split and situation.kind.keys[0] in keys and walk.config.legacy_role in situation.live.roles:
        require_way_back(walk.session, situation)
    steps, context = [situation.kind.step(key) for key in keys], situation.context
    lets_in = any(step.retires(context) and situation.entered(step.key) for step in steps)
    for key in keys if not lets_in else ():
        _refuse_with_companions(walk, situation, key)  # before steps after it are rolled back for nothing
    _refuse_forgotten(walk, situation, keys)  # likewise
    if keys and not situation.live.target.operator_superuser:
        back = diff(situation.live, situation.taken_back(keys[-1])[0])
        require_owners(walk.session, situation.live, back)
    for key in keys:
        riders = _refuse_with_companions(walk, situation, key)
        if riders:
            situation = companion_roles.back(walk, riders, reporter, along)
            if companion_roles.came_along(walk, situation, [key]):
                break  # the operator answered no
        plan = situation.rollback_plan(key)
        if not confirm(plan, "rollback"):
            break
        try:
            outcome, situation = _take_back(walk, situation, key, plan, reporter)
        except MissingRights as error:
            now = walk.situation()
            raise refused_besides(walk.session, now.live, now.taken_back(keys[-1])[0], error) from None
        outcomes.append(outcome)
    if not split and machine.last_step(situation.states) is None:
        if not outcomes:
            with walk.session.transaction():
                end(walk)
        reporter.note(f"{situation.name.words} is over: nothing of it is left in this database")
        return AdvanceResult(tuple(outcomes), None, walk=situation.name, several=situation.several)
    after = machine.next_step(situation.states)
    return AdvanceResult(tuple(outcomes), after, walk=situation.name, several=situation.several, rode=tuple(rode))


def _refuse_above(walk: Walk, situation: Situation, keys: Collection[str], but: Collection[WalkName] = ()) -> None:
    """Raise Refused where a walk that began later stands on the roles of this one: that one goes back first."""
    above = situation.above(keys, but)
    if above is None:
        return
    roles = ", ".join(situation.shared(above))
    other = walk.turned(above.name)
    try:
        _refuse_forgotten(other, situation.turned(above.name), above.kind.keys)
        fix = f"take that back first: flatsplit rollback {above.name.option} --all"
    except Refused:
        fix = f"finish it first, since it cannot go back any more: flatsplit next {above.name.option}"
    raise Refused(f"{above.name.words} began later and stands on {roles}", fix)


def _refuse_with_companions(walk: Walk, situation: Situation, key: str) -> tuple[WalkName, ...]:
    """Raise Refused where a step cannot be taken back now, or a walk that came along with it. Returns these walks.

    They come first: whom their own way back would shut out may also be a member of a role of this walk.
    """
    companions = companion_roles.came_along(walk, situation, [key])
    for name in companions:
        _require_back(walk.turned(name, situation.live))
    _refuse(walk, situation, key)
    return companions


def _require_back(walk: Walk) -> None:
    """Raise Refused where the whole of a walk cannot be taken back now."""
    situation = walk.situation()
    keys = machine.to_take_back(situation.states, None, everything=True)
    _refuse_above(walk, situation, keys)
    _refuse_forgotten(walk, situation, keys)
    for key in keys:
        _refuse(walk, situation, key)


def _refuse(walk: Walk, situation: Situation, key: str) -> None:
    """Raise Refused where a step cannot be taken back now: a role was renamed or dropped, or one that the step lets in
    is connected.
    """
    mine = role_names.known_to(situation.name, chain.roles(situation.kind, situation.context))
    role_names.refuse_renamed(role_names.find_renamed(walk.journal, situation.live, mine, ever=True))
    if situation.name == SPLIT:
        _refuse_split(walk, situation, key)
        return
    for role in situation.kind.step(key).drops(situation.context):
        if role not in situation.live.roles:
            raise Refused(
                f"role {role} was dropped: this is past the point of no return",
                "create it anew by hand, if it is needed again",
            )
    vacates = situation.kind.step(key).vacates
    roles = vacates(situation.context) if vacates is not None else ()
    # LOGIN is the whole cluster's: who works in another database would be cut off as well
    found = read_sessions(walk.session.driver, {role: (role,) for role in roles}, "") if roles else ()
    if clients := [one for one in found if one.role in roles]:
        there = clients[0].database
        where = f" to {there}" if there != situation.live.target.database else ""
        raise Refused(_still_connected(clients, where=where), "move these connections first")


def _refuse_split(walk: Walk, situation: Situation, key: str) -> None:
    """The same for a step of the split, where sessions of members count as the role's."""
    legacy, context = walk.config.legacy_role, situation.context
    if legacy not in situation.live.roles:
        raise Refused(
            f"role {legacy} was dropped: this is past the point of no return",
            "restore roles and ownership from a backup if it must go back",
        )
    vacates = situation.kind.step(key).vacates
    if vacates is None:
        return
    _require_login(walk, situation)
    roles = vacates(context)
    acting = membership.attributed(situation.live, legacy, walk.config.roles.new, context.retiring)
    database = situation.live.target.database
    everywhere = read_sessions(walk.session.driver, acting, legacy) if acting else ()
    found = [one for one in everywhere if one.database == database]
    if clients := [one for one in found if not set(roles).isdisjoint(one.acts_as)]:
        first = clients[0]
        member = first.role not in roles
        back = members.returning(situation.live, context, first.role, first.acts_as)
        raise Refused(
            _still_connected(clients, f", a member of {first.acts_as[0]}," if member else ""),
            f"move these connections back to {legacy} first"
            + (f", or make it {legacy}'s again: {back}" if member else ""),
        )


def _still_connected(clients: Sequence[Backend], who: str = "", where: str = "") -> str:
    """What is wrong: the first of these sessions by name, the others by number. ``who``: what its role is."""
    first = clients[0]
    return (
        f"{first.role}{who} is still connected{where} ({first.application or 'no application_name'} "
        f"from {first.client}, process {first.pid}){more(len(clients) - 1)}"
    )


def _refuse_forgotten(walk: Walk, situation: Situation, keys: Iterable[str]) -> None:
    """Raise Refused where a step has replaced a password for good: only its users knew it."""
    forgetting = [key for key in keys if situation.kind.step(key).forgets(situation.context)]
    taken = {tally.step for tally in walk.journal.tallies()} if forgetting else set()
    for key in forgetting:
        if key in taken:
            role = situation.kind.step(key).forgets(situation.context)[0]
            raise Refused(
                f"the former password of {role} is gone: this is past the point of no return",
                "it needs no way back: begin another rotation, which gives another password",
            )


def _require_login(walk: Walk, situation: Situation) -> None:
    """Raise Refused where legacy could not log in after the rollback because another database's walk has locked it."""
    legacy = walk.config.legacy_role
    facts, before = situation.live.roles.get(legacy), situation.baseline.roles.get(legacy)
    if facts is not None and facts.elsewhere and not facts.login and before is not None and before.login:
        raise Refused(
            f"{legacy} may not log in, so the application could not go back to it; "
            f"it is used in {used_elsewhere.listed(facts.elsewhere)} too, where another walk may have locked it",
            f"take lock-legacy back there first, or: ALTER ROLE {ddl.ident(legacy)} LOGIN;",
        )


def _take_back(
    walk: Walk, situation: Situation, key: str, plan: Plan, reporter: Reporter
) -> tuple[StepOutcome, Situation]:
    began = situation
    with walk.session.transaction():
        walk.journal.transition(key, *TRANSITIONS["turn back"])
        walk.journal.event("rolling_back", key, count(len(plan.statements), "statement"), {"digest": plan.digest})
        dropped = record_policies(walk, key, plan)
    reporter.step_started(f"rollback {key}", f"undo “{situation.kind.step(key).title}”", len(plan.statements))
    for definition in dropped:
        reporter.note(f"goes with its role, on record in the journal: {definition}")
    executor = walk.executor(situation, reporter, shows="runbook")
    made = situation.kind.makes(situation.context)
    mine = [name for name in made if not marks.others(situation.live, name)]
    tell(plan, reporter)
    executed = 0
    try:
        statements = plan.statements
        for turn in range(ROUNDS):
            executed += executor.run(key, "back", statements)
            if statements:
                before, known = situation.live, walk.after(situation, statements, back=True)
                wanted, _ = situation.taken_back(key)
                situation = _reclaimed(walk.situation(known), mine)
                # Exactly what was wanted, and there is nothing to work out: of what is back, nothing is left to take
                statements = () if situation.live == wanted else situation.rollback_plan(key).statements
                if turn and about_new(statements, before):
                    statements = ()
            if not statements:
                break
        else:
            raise Drift(
                f"taking {key} back does not come to rest: {statements[0].description}",
                "find out who undoes it (an event trigger, another tool), then run "
                f"{situation.typed('rollback')} again",
            )
    except Waiting as error:
        with walk.session.transaction():
            walk.journal.transition(key, *TRANSITIONS["stop"])
            walk.journal.event("waiting", key, error.what)
        raise
    with walk.session.transaction():
        walk.journal.mark_undone(key)
        walk.journal.transition(key, *TRANSITIONS["give back"])
        walk.journal.event("rolled_back", key, count(executed, "statement"))
        first = situation.name == SPLIT and key == situation.kind.keys[0]
        if first and any(name in situation.live.roles for name in walk.config.roles.new):
            # Roles that stay for another database are there before the next attempt, and count as shared then
            walk.journal.save_baseline(reduce(situation.live, walk.config))
        below = any(machine.begun(situation.states, one) for one in situation.kind.keys if one != key)
        if situation.name == SPLIT or below:
            step_ended(walk, key, situation.live, began, caught_up=False)
        else:
            # The split goes on, so its journal remembers the State
            remember(walk.session, walk.journal_of(SPLIT), key, situation.live, undecided(walk, began))
            end(walk)
    reporter.step_finished(key, "rolled_back")
    return StepOutcome(key, "rolled_back", executed, notes=plan.notes), walk.situation(situation.live)


def _reclaimed(situation: Situation, mine: Iterable[str]) -> Situation:
    """The situation with roles marked as this walk's again that were left to a database which was rolled back at the
    same time.

    A database that used a role before the mark was written, and still uses it, finds the mark when it is rolled back
    itself. One that does not use it may have passed that point: then the walk that left the role drops it.
    """
    live = situation.live
    roles = {
        name: live.roles[name]._replace(comment=marks.mark(live.target.database))
        for name in mine
        if (heir := marks.others(live, name)) and heir not in live.roles[name].elsewhere
    }
    return replace(situation, live=live.but(roles={**live.roles, **roles})) if roles else situation
