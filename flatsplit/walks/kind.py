"""What a walk is made of: a kind is a list of steps over a few roles. Nothing here knows which steps, or which roles.

``C`` is what the steps of a kind need besides the State; each kind makes its own of a :class:`Moment`.
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
    """What a kind may look at to say where a walk of it stands."""

    live: State
    baseline: State
    """What was first seen of whatever the walk changes."""
    config: Config
    states: Mapping[str, StepState]
    """How far the journal says that each step is."""
    subject: str = ""
    """Whom the walk was begun for; "" for a kind of which there is one."""
    kept: bool = False
    """Where one is to begin: whether one of the same name is kept."""


def _nobody(_: Any) -> Roles:
    return ()


def _nothing(_: Any) -> tuple[Statement, ...]:
    return ()


def _none(_: Config) -> Mapping[str, bool]:
    return {}


def _said(_: Any) -> tuple[str, str] | None:
    return None


def _welcome(_: Moment) -> tuple[str, str] | None:
    return None


def _never(*_: Any) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[C]):
    """One step: what it wants, and all that is said of it anywhere.

    Its queries of proof, and its pages' own words, are in templates/steps/KIND/KEY.*.j2.
    """

    key: str
    title: str
    purpose: str
    """A paragraph for the reviewer."""
    apply: Callable[[State, C], State]
    """What it wants to be: pure, and the same when asked again of what it gave."""

    # -- before it is done
    gates: tuple[GateKey, ...] = ()
    """Gates that must be open, besides ``converged`` and ``approved``."""
    rests: Callable[[C], timedelta] | None = None
    """How long things must have rested, as one of its gates will find."""
    comes: Callable[[C], Roles] = _nobody
    """Logins that people are to use from now on: the gate ``seen`` wants one of them to have been used since the step
    before began.
    """
    leaves: Callable[[C], Roles] = _nobody
    """Logins that nobody is to use any more: those that ``drained``, ``soaked`` and ``elsewhere`` are about."""
    by_people: str = ""
    """What people do, where the step is theirs and flatsplit only watches: "people move …"."""

    # -- what it runs
    adds: Callable[[C], tuple[Statement, ...]] = _nothing
    """Statements besides those that change facts, after all of them."""
    takes_all_of: Callable[[C], Roles] = _nobody
    """Roles of which the server may know nothing that flatsplit does not, or the step would leave that behind."""
    retires: Callable[[C], Roles] = _nobody
    """Roles that nobody is to use any more once it is done; taken back, it lets them in again."""
    leaves_nothing_of: Callable[[C], Roles] = _nobody
    """Roles on which nothing in this database depends when it is done."""
    proves: Callable[[C], Roles] = _nobody
    """Roles that have another password by its statements, which is tried at once: the former one is still in memory."""

    # -- when somebody has run its SQL by hand
    by_hand: Callable[[State, C], bool] = _never
    """Whether live shows that somebody has; for facts that could not be told from what was there before."""
    in_part: Callable[[C], bool] = _never
    """Whether part of it may have been run, though the journal has not heard of it."""

    # -- the way back
    drops: Callable[[C], Roles] = _nobody
    """Roles that it drops for good: with any of them it is the point of no return."""
    ends: Callable[[C], Roles] = _nobody
    """Roles whose last sessions it ends: who they are is told before, and put on record."""
    delivers: Callable[[C], Roles] = _nobody
    """Roles whose new password applications are to get from a store, once the gate ``delivered`` is open."""
    forgets: Callable[[C], Roles] = _nobody
    """Roles whose former password is gone with it: there is no way back either."""
    vacates: Callable[[C], Roles] | None = None
    """Roles that must have no sessions when it is taken back, if it is a step whose way back people have to go, too."""

    # -- for people
    watch: tuple[str, ...] = ()
    """What to look at while and after it runs."""
    stop: tuple[str, ...] = ()
    """When to stop, besides what holds for every step."""


@dataclass(frozen=True)
class Kind(Generic[C]):
    """A kind of walk."""

    name: str
    steps: tuple[Step[C], ...]
    """In their order."""
    subject: Callable[[C], Roles]
    """Roles whose facts it manages: walks go on side by side only where these are disjoint."""
    makes: Callable[[C], Roles]
    """Those of them that it creates where they are not there, and drops on the way back."""
    heir: Callable[[C], str]
    """Who gets, on the way back, what the roles that are dropped then have come to own."""
    context: Callable[[Moment], C]
    """What its steps need, on the way forward."""
    backward: Callable[[Moment], C]
    """The same for the way back, from what it was at the beginning on."""
    origin: Callable[[State, C, Collection[str]], State]
    """What undoes it: the live State without what the walk did. The keys are those of steps that may have changed
    something, whoever ran them.
    """
    remembers: Callable[[Moment, C, Callable[[], State]], State | None]
    """What of the origin is to be remembered; None where live does not tell it any more."""
    stands_on: Callable[[C], Roles] = _nobody
    """Roles that it needs as they are, though it manages none of their facts: they are not taken from under it."""
    lets_go_of: Callable[[C], Roles] = _nobody
    """Those of its roles that nobody needs any more once all its steps are done: they may then be given other names."""
    summary: str = ""
    """One line for whoever asks which kinds there are."""
    about: str = ""
    """What ``begin`` is to be told beside the kind: ROLE, say; "" for a kind of which there is one."""
    refuses: Callable[[Moment], tuple[str, str] | None] = _welcome
    """What speaks against beginning one now, and what to do about it. The states of the moment have the steps of it."""
    lost: Callable[[C], tuple[str, str] | None] = _said
    """What the configuration does not say any more, and what to do about it: the walk does not go on without."""
    lasting: bool = True
    """Whether a walk that is done is kept, and what it wants held against what comes; else it is over then."""
    joins: str = ""
    """The step of the split that, once done, has made the roles that it stands on what it needs them to be: it may
    begin then, beside a split that goes on; "": not before the split is done.
    """
    ways: tuple[str, ...] = ()
    """How ``begin`` may be told to go about it: each an option of that name."""
    optional: Callable[[Config], Mapping[str, bool]] = _none
    """Steps at its end, and whether the configuration asks for each: one that is not begun comes and goes with that."""
    picks: Callable[[Moment, Collection[str]], tuple[str, ...]] | None = None
    """The keys of the steps that a walk begun in these ways consists of; None: of all."""

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Of its steps, in their order."""
        return tuple(step.key for step in self.steps)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {key: place for place, key in enumerate(self.keys, start=1)}

    def of(self, keys: Collection[str]) -> Kind[C]:
        """As a walk has it that began with these steps, in this order; KeyError for one that is not known here."""
        return self if tuple(keys) == self.keys else replace(self, steps=tuple(map(self.step, keys)))

    def place(self, key: str) -> int:
        """The place of a step, from 1 on."""
        return self._places[key]

    def step(self, key: str) -> Step[C]:
        """The step of this key."""
        return self.steps[self._places[key] - 1]

    def through(self, state: State, context: C, count: int) -> State:
        """What the first ``count`` steps make of ``state``: desired_count of the design."""
        for step in self.steps[:count]:
            state = step.apply(state, context)
        return state
