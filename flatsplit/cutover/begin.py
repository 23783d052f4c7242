"""``begin``: begins another walk beside the split or after it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from flatsplit import config as configuration
from flatsplit.connection import operator_lock
from flatsplit.cutover.dry_run import dry_run
from flatsplit.cutover.role_names import find_renamed, refuse_renamed
from flatsplit.cutover.snapshot import remember, undecided
from flatsplit.cutover.which_walk import states
from flatsplit.errors import Refused, UsageError
from flatsplit.journal import Journal
from flatsplit.model import SPLIT, Plan, State, StepRecord, WalkName
from flatsplit.planning import machine
from flatsplit.planning.chain import KeptWalk
from flatsplit.planning.situation import Situation
from flatsplit.walks.kind import Kind, Moment
from flatsplit.walks.kinds import KINDS, begun_by_people

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


@dataclass(frozen=True, slots=True)
class Beginning:
    """A walk that was begun, or that would be."""

    walk: WalkName
    steps: tuple[str, ...]
    plan: Plan
    """The plan of its first step."""
    live: State = field(compare=False, repr=False)
    """The State as it was read before. Beginning changes nothing in the catalog, so it need not be read again."""
    begun: bool = False
    under_way: bool = False
    """True where the walk was under way already, with the same steps."""
    notes: tuple[str, ...] = ()
    """What somebody else will have to run because the operator may not, a line each."""


def kind_of(walk: WalkName, ways: Collection[str] = ()) -> Kind[Any]:
    """The kind of the walk. Raises UsageError, naming the kinds there are, where it cannot be begun in these ways."""
    kind = KINDS.get(walk.kind)
    others = begun_by_people()
    there = "; ".join(f"flatsplit begin {' '.join(filter(None, (one.name, one.about)))}" for one in others)
    fix = f"there are: {there}" if there else "this release knows no other kind than split, which flatsplit init begins"
    if walk.kind == SPLIT.kind:
        raise UsageError("the split is begun by init", "run flatsplit init --legacy-role ROLE")
    if kind is None:
        raise UsageError(f"no kind of walk {walk.kind!r}" if walk.kind else "which kind of walk?", fix)
    if bool(kind.about) != bool(walk.subject):
        wants = f"wants its {kind.about}" if kind.about else "is about nobody in particular"
        raise UsageError(f"{kind.name} {wants}", f"flatsplit begin {kind.name} {kind.about}".rstrip())
    for way in ways:
        if way not in kind.ways:
            able = next(one for one in others if way in one.ways)
            raise UsageError(f"{kind.name} knows no --{way}", f"that is for {able.name}: leave it out")
    return kind


def begin(
    walk: Walk,
    name: WalkName,
    confirm: Callable[[Beginning], bool],
    ways: Collection[str] = (),
    foreseen: Callable[[Situation[Any]], None] | None = None,
) -> Beginning:
    """Record a new walk, with the present State as the one it is rolled back to. No step is taken.

    ``walk`` is the split. ``ways`` are options of kinds that can go about it in several ways. ``foreseen``, given where
    steps follow at once, raises what would stop them before anything is recorded; then a walk with the same steps that
    is under way already is returned as it is. Raises Refused where another walk over the same roles is under way.
    """
    whole = kind_of(name, ways)
    with operator_lock(walk.session):
        split = walk.situation()
        kind = whole.of(whole.picks(_moment(whole, split, name), ways)) if whole.picks else whole
        unasked = {key for key, wanted in kind.optional(walk.config).items() if not wanted}
        kind = kind.of([key for key in kind.keys if key not in unasked])
        former = next((record for record in walk.kept if record.walk == name), None)
        same = next((link for link in split.others if link.name == name and link.under_way), None)
        if same is not None and foreseen is not None and same.kind.keys == kind.keys:
            key = machine.next_step(same.states) or kind.keys[0]
            return Beginning(name, kind.keys, split.turned(name).plan(key), split.live, under_way=True)
        _refuse(kind, split, name, walk)
        situation = at_first(split, kind, name)
        refuse_beside(situation)
        notes = dry_run(walk.session, situation)
        if foreseen is not None:
            foreseen(situation)
        found = Beginning(name, kind.keys, situation.plan(kind.keys[0]), split.live, notes=notes)
        if not confirm(found):
            return found
        journal = Journal(walk.session, name)
        with walk.session.transaction():
            if former is not None:
                began = machine.last_step(states(journal, former, walk.config)) is not None
                journal.end_cutover(former.id, "complete" if began else "rolled_back")
            journal.create_cutover(
                split.live.target,
                name=walk.config.name,
                legacy_role=walk.config.legacy_role,
                legacy_oid=walk.record.legacy_oid,
                config=configuration.render(walk.config),
                steps=kind.keys,
            )
            journal.save_baseline(situation.baseline)
            journal.event("begun", None, f"{name.words} begins", {"steps": list(kind.keys)})
            remember(walk.session, journal, None, split.live, undecided(walk, split))
        return replace(found, begun=True)


def at_first(split: Situation[Any], kind: Kind[Any], name: WalkName) -> Situation[Any]:
    """The situation of a walk that is to begin, before its first step. ``split``: the situation of the split.

    A complete walk of the same name is no longer in it: the new one takes its place.
    """
    records = {
        key: StepRecord(key, place, "pending", None, None, None, by_hand=False)
        for place, key in enumerate(kind.keys, start=1)
    }
    mine = KeptWalk(SPLIT, split.kind, split.live, split.baseline, split.config, split.records, earlier=True)
    others = (mine, *(replace(link, earlier=True) for link in split.others if link.name != name))
    baseline = _baseline(kind, split, name)
    return Situation(kind, split.live, baseline, split.config, records, split.legacy_oid, name, others)


def _baseline(kind: Kind[Any], split: Situation[Any], name: WalkName) -> State:
    moment = _moment(kind, split, name)
    return kind.remembers(moment, kind.context(moment), lambda: split.live) or State(split.live.target)


def _moment(kind: Kind[Any], split: Situation[Any], name: WalkName) -> Moment:
    return Moment(split.live, split.live, split.config, dict.fromkeys(kind.keys, "pending"), name.subject)


def _refuse(kind: Kind[Any], split: Situation[Any], name: WalkName, walk: Walk) -> None:
    """Raise Refused or UsageError where the walk cannot begin.

    Comes before the steps are worked out: that needs a section of the configuration that may be missing.
    """
    same = next((link for link in split.others if link.name == name), None)
    if same is not None and same.under_way:
        raise Refused(f"{name.words} is under way already", f"flatsplit status {name.option}")
    if objection := kind.refuses(replace(_moment(kind, split, name), kept=same is not None)):
        if name.subject not in split.live.roles:
            refuse_renamed(find_renamed(walk.journal, split.live, {name.subject: "this database"}))
        raise UsageError(*objection)


def end(walk: Walk) -> None:
    """Record the end of a walk that is rolled back completely. The next one of that name gets a new baseline."""
    walk.journal.event("ended", None, f"{walk.record.walk.words} is over, nothing of it is left here")
    walk.journal.end_cutover(walk.record.id, "rolled_back")


def refuse_beside(situation: Situation[Any]) -> None:
    """Raise Refused where a walk that has changed nothing yet would begin beside one over the same roles."""
    other = situation.beside()
    if other is not None:
        roles, joins = ", ".join(situation.shared(other)), situation.kind.joins
        fix = f"finish it first, or take it back: flatsplit rollback {other.name.option} --all"
        if other.name == SPLIT and joins and other.done < other.kind.place(joins):
            fix = f"take it that far first: flatsplit next {other.name.option} --through {joins}"
        if pressing := situation.kind.meanwhile(situation.context):
            fix += f"; until then: {pressing}"
        raise Refused(f"{other.name.words} is under way over the same roles ({roles})", fix)
