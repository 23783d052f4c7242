"""What goes into a rehearsal and what comes out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from flatsplit.connection import REMARK
from flatsplit.model import ObjectRef

Outcome: TypeAlias = Literal["allowed", "denied", "silent", "migrator", "unknown"]

OUTCOMES: tuple[Outcome, ...] = ("allowed", "denied", "silent", "migrator", "unknown")
"""In the order in which they are counted."""

FAILING: tuple[Outcome, ...] = ("denied", "silent", "migrator")
"""What must not be left when the application is switched."""

_WORST: dict[Outcome, int] = {"denied": 0, "migrator": 1, "silent": 2, "unknown": 3, "allowed": 4}
"""Which of several findings about one statement tells its fate: what fails at once hides what comes after it."""

Basis: TypeAlias = Literal["role", "blueprint", "list"]
"""``role``: tried as the role, which exists; ``blueprint``: reasoned from what the role is going to be granted;
``list``: from what a special role's list says, without the rights that it has besides for now.
"""

Ground: TypeAlias = Literal["tried", "rule"]
"""Of one verdict: EXPLAIN as the role itself said so, or a rule about statements of its kind and the catalog."""

Progress: TypeAlias = Callable[[int, int], None]
"""Hears how many statements of how many are done."""


OWN = ("/* tried by flatsplit */", REMARK)
"""Stands in the statements by which a rehearsal tries others, which before create-roles run as legacy; and in all that
flatsplit asks, also where somebody was still connected as legacy."""


def is_own(text: str) -> bool:
    """Whether it is a statement of flatsplit's."""
    return any(remark in text for remark in OWN)


class Heard(NamedTuple):
    """A distinct statement that legacy ran."""

    text: str
    calls: int
    top: bool | None = None
    """False: from inside a function; None: nobody knows."""
    shown: str = ""
    """What may be shown of it where its constants may not; "" for ``text``."""
    applications: Mapping[str, int] = {}
    """Calls by application_name, where the source knows it."""
    role: str = ""
    """Which other role a session of legacy's had become for it; "" for none."""


class Need(NamedTuple):
    """A privilege that a statement takes, whoever runs it and whether or not it is held."""

    object: ObjectRef
    letter: str
    """PostgreSQL's letter for the privilege."""
    column: str
    """"" for the object as a whole, or for any one of its columns."""
    why: str
    where: str = ""
    """The routine, trigger, view or policy that takes it; "" for the statement itself."""


class Problem(NamedTuple):
    """One thing that speaks against a statement."""

    outcome: Outcome
    reason: str
    object: str = ""
    privilege: str = ""
    remedy: str = ""
    planned: bool = False
    """EXPLAIN as the role would have found it: where it found nothing, there is nothing."""
    differs: bool = False
    """Legacy's fate is known to have been another, also where nobody can tell the role's."""
    needs: tuple[Need, ...] = ()
    """Of a privilege that is missing, as a value."""
    perhaps: bool = False
    """It stands in a branch of a routine's code that may never run."""


PERHAPS = "; and it may be refused: "
"""What follows is what cannot be told of a statement that has other rows otherwise."""


def worst(problems: list[Problem]) -> Problem | None:
    """The one that tells the statement's fate; the first of equals, and what is certain before what is not."""
    found = min(problems, key=lambda one: (_WORST[one.outcome], one.perhaps), default=None)
    if found is None or found.outcome != "silent":
        return found
    open_ = next((one for one in problems if one.outcome == "unknown"), None)
    return found if open_ is None else found._replace(reason=found.reason + PERHAPS + open_.reason)


def within(where: str, found: Iterable[Problem], *, planned: bool = False) -> list[Problem]:
    """Problems with the place in front; EXPLAIN of the statement that calls it does not see them."""
    return [
        each._replace(
            reason=f"{where}: {each.reason}",
            planned=planned and each.planned,
            needs=tuple(need._replace(where=f"{where}: {need.where}".removesuffix(": ")) for need in each.needs),
        )
        for each in found
    ]


def distinct(found: Iterable[Problem]) -> list[Problem]:
    """Each once, in the same order."""
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one statement."""

    query: str
    calls: int
    verdict: Outcome
    reason: str
    object: str = ""
    privilege: str = ""
    remedy: str = ""
    applications: Mapping[str, int] = field(default_factory=dict)
    """Calls by application_name, where the source knows it."""
    basis: Ground = "rule"
    sql: tuple[str, ...] = ()
    """Of the remedy, what can be run as it is printed …"""
    toml: tuple[str, ...] = ()
    """… and what can be put into flatsplit.toml, each ``[section] key = value``."""
    needs: tuple[Need, ...] = ()
    """The privileges that it takes."""
    perhaps: bool = False
    """Only if a branch is taken, in the code of a routine that it calls."""
    slower: tuple[str, ...] = ()
    """What of it gets slower under row-level security, a line each; looked for where a tenant is rehearsed."""


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
        """Distinct statements per verdict, each verdict once."""
        counted = Counter(verdict.verdict for verdict in self.verdicts)
        return {outcome: counted[outcome] for outcome in OUTCOMES}

    @cached_property
    def applications(self) -> dict[str, dict[Outcome, int]]:
        """The same per application_name, as far as the source tells them apart."""
        counted: dict[str, Counter[Outcome]] = {}
        for verdict in self.verdicts:
            for name in verdict.applications:
                counted.setdefault(name, Counter())[verdict.verdict] += 1
        return {name: {outcome: counted[name][outcome] for outcome in OUTCOMES} for name in sorted(counted)}

    @property
    def ok(self) -> bool:
        """Whether nothing would fail or change its meaning; ``unknown`` alone is no failure."""
        return not any(self.summary[outcome] for outcome in FAILING)
