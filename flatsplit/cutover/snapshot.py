"""What is kept when a step ends, to tell later what changed since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover.edited_lists import keep_lists
from flatsplit.cutover.leavers import seen_first
from flatsplit.cutover.new_memberships import Pair, new_memberships
from flatsplit.cutover.situation import Situation
from flatsplit.cutover.unhandled_changes import to_decide
from flatsplit.evidence import memory
from flatsplit.evidence.changes_since import Absence, Away, changes
from flatsplit.journal import Journal, SnapshotRecord
from flatsplit.model import SPLIT, ObjectRef, State
from flatsplit.planning import machine
from flatsplit.rights.dumping import newly_shut_out
from flatsplit.walks import marks, split
from flatsplit.words import span

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


@dataclass(frozen=True, slots=True)
class Undecided:
    """What somebody did and people have to decide about."""

    members: tuple[Pair, ...] = ()
    """Memberships that nobody asked for."""
    objects: Mapping[ObjectRef, str] = field(default_factory=dict)
    """The former owners of what was given away; "" for what nobody asked for."""


def remember(
    session: Session, journal: Journal, step: str | None, live: State, undecided: Undecided | None = None
) -> None:
    """Keep the State of now, in the transaction that ends the step; without what is ``undecided``, so that it goes on
    being new.
    """
    left = undecided or Undecided()
    roles = {**memory.roles(live), **memory.numbers(session.driver, live)}
    roles["members"] = [row for row in roles["members"] if (row[0], row[1]) not in left.members]
    journal.save_snapshot(step, memory.server(session.driver), roles, memory.objects(live, left.objects))


def undecided(walk: Walk, situation: Situation) -> Undecided | None:
    """What people have to decide about, of before a step changes any of it."""
    before, first = walk.journal.last_snapshot(), situation.turned(SPLIT)
    if before is None:
        return None
    since = memory.difference(before.objects, first.live)
    members = new_memberships(first, members_of(walk.journal, first.live, before))
    return Undecided(members, to_decide(first, since))


def members_of(journal: Journal, live: State, before: SnapshotRecord) -> set[Pair]:
    """The (role, member) pairs of the end of the last step, under the present names of the roles."""
    known = {(role, member) for role, member, *_ in before.roles["members"]}
    other = {name for pair in known for name in pair} - live.roles.keys()
    now = journal.called_now(memory.cluster(live.target), other) if other else {}
    return {(now.get(role, role), now.get(member, member)) for role, member in known}


def step_ended(walk: Walk, step: str, live: State, before: Situation, *, caught_up: bool = True) -> None:
    """Keep the State at the end of a step, inside its transaction. ``before``: the moment at which it began.

    Roles that are able to dump the database since then get the right to read the journal. ``caught_up``: the database
    agrees with the configuration in all that finished steps want, which a rollback does not see to.
    """
    baseline = walk.journal_of(SPLIT).load_baseline(live.target)
    if baseline is not None:
        walk.admitted |= admit(walk.journal, walk.config, baseline, live, walk.admitted)
    remember(walk.session, walk.journal, step, live, undecided(walk, before))
    if caught_up:
        keep_lists(walk)


def admit(
    journal: Journal, config: Config, baseline: State, live: State, already: Collection[str] = ()
) -> frozenset[str]:
    """Grant reading the journal to roles that could otherwise dump the database, except those that may ``already`` read
    it; returns them.
    """
    # Roles of another database's walk can dump this one because this walk gave them the rights
    adopted = frozenset(
        name for name in baseline.roles.keys() & set(config.roles.new) if not marks.marked(baseline.roles[name].comment)
    )
    readers = [role for role in newly_shut_out(live, config, adopted) if role not in already]
    journal.admit(readers)
    return frozenset(readers)


def absence(session: Session, journal: Journal, situation: Situation, before: SnapshotRecord | None) -> Absence | None:
    """What changed since the last step ended; ``before`` is the State of then."""
    if before is None:
        return None
    key = machine.next_step(situation.states)
    begun = key is not None and machine.begun(situation.states, key)
    roles = (situation.config.legacy_role, *situation.config.roles.new) if begun else ()
    found = changes(
        situation.live,
        situation.context,
        (before.server, before.roles, before.objects),
        memory.server(session.driver),
        frozenset(roles),
        new_memberships(situation, members_of(journal, situation.live, before)),
        {ref for statement in situation.drift for ref in statement.objects},
        seen_first(situation),
    )
    return Absence(before.at, before.step, (*found, *_sessions(journal, situation)))


def _sessions(journal: Journal, situation: Situation) -> tuple[Away, ...]:
    """Times at which legacy was seen after the switch, when nobody should be using it."""
    legacy = situation.config.legacy_role
    finished = situation.records[split.SWITCH_CONNECTIONS].finished_at
    if (
        situation.done < split.ORDINAL[split.SWITCH_CONNECTIONS]
        or finished is None
        or situation.config.retire == "repurpose"
    ):
        return ()
    seen = journal.observations(legacy, since=finished)
    if not seen:
        return ()
    passed = seen[-1].at - seen[0].at
    names = sorted({f"{one.application or 'no application_name'} from {one.client or 'local'}" for one in seen})
    text = f"{legacy} was seen connected after the switch, for {span(passed.total_seconds())}"
    return (Away("session", text, "decision", "find out who still uses it", tuple(names[:20]), len(names)),)
