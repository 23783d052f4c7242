"""The values that go into a rehearsal and come out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from flatsplit.connection import ASKED, OWN
from flatsplit.model import ObjectRef

Outcome: TypeAlias = Literal["allowed", "denied", "silent", "migrator", "unknown"]

OUTCOMES: tuple[Outcome, ...] = ("allowed", "denied", "silent", "migrator", "unknown")
"""In the order in which they are counted."""

FAILING: tuple[Outcome, ...] = ("denied", "silent", "migrator")
"""Outcomes that must not be left when the application is switched."""

_WORST: dict[Outcome, int] = {"denied": 0, "migrator": 1, "silent": 2, "unknown": 3, "allowed": 4}
"""Which of several problems decides the verdict: what fails at once hides what would come later."""

Basis: TypeAlias = Literal["role", "blueprint", "list"]
"""``role``: tried as the role, which exists; ``blueprint``: reasoned from what the role is going to be granted;
``list``: from what a special role's list says, without the rights that it has besides for now.
"""

Ground: TypeAlias = Literal["tried", "rule"]
"""What one verdict rests on: EXPLAIN as the role itself, or the rules and the catalog."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many of how many statements are done."""


def is_own(text: str) -> bool:
    """Whether it is a statement of flatsplit's own."""
    return any(remark in text for remark in OWN)


def is_asked(text: str) -> bool:
    """Whether it is one that changes nothing."""
    return any(remark in text for remark in ASKED)


class Heard(NamedTuple):
    """A distinct statement that legacy ran."""

    text: str
    calls: int
    top: bool | None = None
    """False: inside a function. None: unknown."""
    shown: str = ""
    """What may be shown of it where its constants may not; "" for ``text``."""
    applications: Mapping[str, int] = {}
    """Calls by application_name, where the source has it."""
    role: str = ""
    """The other role that a session of legacy's had become; "" for none."""


class Need(NamedTuple):
    """A privilege that a statement needs, whoever runs it and whether or not it is granted."""

    object: ObjectRef
    letter: str
    """PostgreSQL's letter for the privilege."""
    column: str
    """"" for the object as a whole, or for any of its columns."""
    why: str
    where: str = ""
    """The routine, trigger, view or policy that needs it; "" for the statement itself."""


class Problem(NamedTuple):
    """One problem of a statement."""

    outcome: Outcome
    reason: str
    object: str = ""
    privilege: str = ""
    remedy: str = ""
    planned: bool = False
    """Whether EXPLAIN as the role would find it: where it finds nothing, there is no problem."""
    differs: bool = False
    """Whether legacy's result is known to have been another, even where the role's cannot be told."""
    needs: tuple[Need, ...] = ()
    """The missing privileges, as values."""
    perhaps: bool = False
    """Whether it is in a branch of a routine that may never run."""


PERHAPS = "; and it may be refused: "
"""Before what cannot be told of a statement that in any case sees other rows."""


def worst(problems: list[Problem]) -> Problem | None:
    """The problem that decides the verdict: the first of the worst, certain ones before others."""
    found = min(problems, key=lambda one: (_WORST[one.outcome], one.perhaps), default=None)
    if found is None or found.outcome != "silent":
        return found
    open_ = next((one for one in problems if one.outcome == "unknown"), None)
    return found if open_ is None else found._replace(reason=found.reason + PERHAPS + open_.reason)


def within(where: str, found: Iterable[Problem], *, planned: bool = False) -> list[Problem]:
    """The problems with the place in front. EXPLAIN of the calling statement does not find them."""
    return [
        each._replace(
            reason=f"{where}: {each.reason}",
            planned=planned and each.planned,
            needs=tuple(need._replace(where=f"{where}: {need.where}".removesuffix(": ")) for need in each.needs),
        )
        for each in found
    ]


def distinct(found: Iterable[Problem]) -> list[Problem]:
    """Each problem once, in the same order."""
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What will happen to one statement."""

    query: str
    calls: int
    verdict: Outcome
    reason: str
    object: str = ""
    privilege: str = ""
    remedy: str = ""
    applications: Mapping[str, int] = field(default_factory=dict)
    """Calls by application_name, where the source has it."""
    basis: Ground = "rule"
    sql: tuple[str, ...] = ()
    """The part of the remedy that can be run as printed …"""
    toml: tuple[str, ...] = ()
    """… and the part for flatsplit.toml, each ``[section] key = value``."""
    needs: tuple[Need, ...] = ()
    """The privileges that it needs."""
    perhaps: bool = False
    """Whether it only happens if a branch of a routine that it calls is taken."""
    slower: tuple[str, ...] = ()
    """What becomes slower under row-level security, a line each; only for a tenant."""


@dataclass(frozen=True)
class Rehearsal:
    """All verdicts, the most urgent first."""

    role: str
    basis: Basis
    source: str
    """Where the statements come from, in words."""
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()
    """What limits the evidence."""
    grants: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    """What the remedies add to the configuration: names by purpose and privilege."""

    @cached_property
    def summary(self) -> dict[Outcome, int]:
        """How many distinct statements there are for each outcome."""
        counted = Counter(verdict.verdict for verdict in self.verdicts)
        return {outcome: counted[outcome] for outcome in OUTCOMES}

    @cached_property
    def applications(self) -> dict[str, dict[Outcome, int]]:
        """The same for each application_name, where the source has it."""
        counted: dict[str, Counter[Outcome]] = {}
        for verdict in self.verdicts:
            for name in verdict.applications:
                counted.setdefault(name, Counter())[verdict.verdict] += 1
        return {name: {outcome: counted[name][outcome] for outcome in OUTCOMES} for name in sorted(counted)}

    @property
    def ok(self) -> bool:
        """Whether nothing would fail or do something else; ``unknown`` alone is no failure."""
        return not any(self.summary[outcome] for outcome in FAILING)
