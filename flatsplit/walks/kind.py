"""What a walk is made of: a kind is a list of steps over some roles. Nothing here is about one kind.

``C`` is what the steps of a kind need besides the State; each kind makes its own from a :class:`Moment`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Generic, TypeAlias, TypeVar

from flatsplit.config import Config
from flatsplit.model import GateKey, State, Statement, StepState

C = TypeVar("C")
Roles: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """What a kind may use to tell how far a walk is."""

    live: State
    baseline: State
    """What was first seen of everything that the walk changes."""
    config: Config
    states: Mapping[str, StepState]
    """The state of each step according to the journal."""
    subject: str = ""
    """What the walk was begun for; "" for a kind that has no subject."""
    kept: bool = False
    """Where a walk is about to begin: whether one of the same name is kept."""


def _nobody(_: Any) -> Roles:
    return ()


def _undeclared(_: Moment) -> Mapping[str, str]:
    return {}


def _unasked(_: Any) -> str:
    return ""


def _nothing(_: Any) -> tuple[Statement, ...]:
    return ()


def _none(_: Config) -> Mapping[str, bool]:
    return {}


def _said(_: Any) -> tuple[str, str] | None:
    return None


def _welcome(_: Moment) -> tuple[str, str] | None:
    return None


def _unexplained(_: Any) -> Mapping[tuple[str, str], str]:
    return {}


def _unlike(_: Any) -> Mapping[str, str]:
    return {}


def _never(*_: Any) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[C]):
    """One step: what it wants, and everything that is said about it anywhere.

    Its queries of proof, and the words that only its page has, are in templates/steps/KIND/KEY.*.j2.
    """

    key: str
    title: str
    purpose: str
    """A paragraph for the reviewer."""
    apply: Callable[[State, C], State]
    """What the State is to become. Pure, and applied to its own result it changes nothing."""

    # -- before it is done
    gates: tuple[GateKey, ...] = ()
    """Gates that must be open, besides ``converged`` and ``approved``."""
    rests: Callable[[C], timedelta] | None = None
    """How long to wait before the step, for the gates that ask for it."""
    comes: Callable[[C], Roles] = _nobody
    """Logins that people are to use from now on. The gate ``seen`` is open once one of them was used since the step
    before began.
    """
    leaves: Callable[[C], Roles] = _nobody
    """Logins that nobody is to use any more. The gates ``drained``, ``soaked`` and ``elsewhere`` are about them."""
    by_people: str = ""
    """What people do, where a step is theirs and flatsplit only watches: "people move …"."""

    # -- what it runs
    adds: Callable[[C], tuple[Statement, ...]] = _nothing
    """Statements that run after those that change facts, such as ending sessions."""
    takes_all_of: Callable[[C], Roles] = _nobody
    """Roles of which everything is taken. Where the server lists more of them than flatsplit knows, the step is
    refused.
    """
    retires: Callable[[C], Roles] = _nobody
    """Roles that nobody is to use any more once the step is done; rolled back, it lets them in again."""
    leaves_nothing_of: Callable[[C], Roles] = _nobody
    """Roles on which nothing in this database depends once the step is done."""
    proves: Callable[[C], Roles] = _nobody
    """Roles that get another password, which is tried at once, while the former one is still in memory."""

    # -- when somebody has run its SQL by hand
    by_hand: Callable[[State, C], bool] = _never
    """Whether live shows that somebody has run the step's SQL, for facts that the origin cannot tell."""
    in_part: Callable[[C], bool] = _never
    """Whether part of the step may have run without the journal knowing of it."""

    # -- the way back
    drops: Callable[[C], Roles] = _nobody
    """Roles that it drops for good: with any of them, the step cannot be rolled back."""
    ends: Callable[[C], Roles] = _nobody
    """Roles whose last sessions it ends: these are listed before, and recorded."""
    delivers: Callable[[C], Roles] = _nobody
    """Roles whose new password a store gives to applications once the gate ``delivered`` is open."""
    forgets: Callable[[C], Roles] = _nobody
    """Roles whose former password it removes: then the step cannot be rolled back either."""
    vacates: Callable[[C], Roles] | None = None
    """Roles that must have no sessions when the step is rolled back; None where rolling back concerns no
    connections.
    """

    # -- for people
    watch: tuple[str, ...] = ()
    """What to look at while it runs and afterwards."""
    stop: tuple[str, ...] = ()
    """When to stop, besides what holds for every step."""

    def final(self, context: C) -> bool:
        """Whether it cannot be rolled back once it is done (the point of no return)."""
        return bool(self.drops(context) or self.forgets(context))


@dataclass(frozen=True)
class Kind(Generic[C]):
    """A kind of walk."""

    name: str
    steps: tuple[Step[C], ...]
    """Its steps, in their order."""
    subject: Callable[[C], Roles]
    """Roles whose facts it manages. Walks that have one in common are not under way at the same time."""
    makes: Callable[[C], Roles]
    """Those of them that it creates where they do not exist, and drops when it is rolled back."""
    heir: Callable[[C], str]
    """Who gets, at a rollback, what the dropped roles have come to own."""
    context: Callable[[Moment], C]
    """What the steps need to be planned and taken."""
    backward: Callable[[Moment], C]
    """What they need to be rolled back, with everything as it was at the beginning."""
    origin: Callable[[State, C, Collection[str]], State]
    """The live State without what the walk did. The keys are those of steps that may have changed something, whoever
    ran them.
    """
    remembers: Callable[[Moment, C, Callable[[], State]], State | None]
    """The part of the origin to remember; None where live does not tell it any more."""
    stands_on: Callable[[C], Roles] = _nobody
    """Roles that it needs as they are, though it manages none of their facts: they are not taken from under it."""
    lets_go_of: Callable[[C], Roles] = _nobody
    """Those of its roles that nobody needs any more once all its steps are done: they may then be given other names."""
    summary: str = ""
    """One line for the list of kinds."""
    about: str = ""
    """The argument that ``begin`` takes after the kind, such as ROLE; "" where there is none."""
    refuses: Callable[[Moment], tuple[str, str] | None] = _welcome
    """What speaks against beginning a walk now, with what to do about it. ``states`` of the moment has its steps."""
    declares: Callable[[Moment], Mapping[str, str]] = _undeclared
    """What the configuration has sections for that only such a walk can give: subjects, each with the heading. Not what
    is there without a walk.
    """
    lost: Callable[[C], tuple[str, str] | None] = _said
    """What is missing in the configuration, with what to do about it. The walk stops without it."""
    lasting: bool = True
    """Whether a complete walk is kept and what it wants is compared with live; otherwise it ends there."""
    joins: str = ""
    """The step of the split after which the roles it stands on are ready, so that it may begin beside the split; "":
    only after the split is complete.
    """
    meanwhile: Callable[[C], str] = _unasked
    """What people can run where the walk has to wait for another one to begin; "" where nothing presses."""
    ways: tuple[str, ...] = ()
    """Options of ``begin`` that choose how the walk goes."""
    explains: Callable[[C], Mapping[tuple[str, str], str]] = _unexplained
    """Tables of which something else is wanted than is there though nobody changed a fact of this walk's, by schema and
    name, each with the reason.
    """
    alike: Callable[[C], Mapping[str, str]] = _unlike
    """Roles that are kept like another one, each with that one: whatever of it changes is wanted of them, too."""
    optional: Callable[[Config], Mapping[str, bool]] = _none
    """Steps at its end, and whether the configuration asks for each. One that is not begun comes and goes with that."""
    picks: Callable[[Moment, Collection[str]], tuple[str, ...]] | None = None
    """The keys of the steps of a walk that is begun with these options; None: all steps."""

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of its steps, in their order."""
        return tuple(step.key for step in self.steps)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {key: place for place, key in enumerate(self.keys, start=1)}

    def of(self, keys: Collection[str]) -> Kind[C]:
        """The kind with just these steps in this order, for a walk that began with them. KeyError for an
        unknown one.
        """
        return self if tuple(keys) == self.keys else replace(self, steps=tuple(map(self.step, keys)))

    def place(self, key: str) -> int:
        """The place of a step, counted from 1."""
        return self._places[key]

    def step(self, key: str) -> Step[C]:
        """The step with this key."""
        return self.steps[self._places[key] - 1]

    def through(self, state: State, context: C, count: int) -> State:
        """The State that the first ``count`` steps make of ``state`` (desired_count in the design)."""
        for step in self.steps[:count]:
            state = step.apply(state, context)
        return state
