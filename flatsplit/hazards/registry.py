"""What a hazard is, and the list of all of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from flatsplit.config import format_name
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.model import ROUTINES, Finding, ObjectRef, Severity, State
from flatsplit.rehearsal.powers.found import NO_POWERS, Powers
from flatsplit.server.holders import NO_HOLDERS, PasswordHolders
from flatsplit.server.lack import Lack
from flatsplit.server.preloading import Unloadable
from flatsplit.server.verifiers import RefusedPassword
from flatsplit.tenants import Survey
from flatsplit.walks import split
from flatsplit.walks.split import StepKey
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import through
from flatsplit.walks.tenants.context import Context as Tenants
from flatsplit.words import listed

Row: TypeAlias = tuple[Any, ...]
MOST = 12
"""How many statements a remedy prints; of the others only their number."""
ORDER: Mapping[str, int] = {"blocker": 0, "warning": 1, "note": 2}
TITLE_NAMES = 5


class Found(NamedTuple):
    """What a judge returns. The rest of the :class:`Finding` is in the registry, unless it is given here."""

    title: str
    objects: tuple[str, ...] = ()
    severity: Severity | None = None
    why: str = ""
    fix: str = ""
    step: str = ""
    sql: tuple[str, ...] = ()
    """Statements that settle it when run as printed …"""
    toml: tuple[str, ...] = ()
    """… and lines of configuration that do."""


@dataclass(frozen=True)
class Seen:
    """All that a judge may use."""

    state: State
    context: Context
    answers: Mapping[str, list[Row]]
    lacks: tuple[Lack, ...] = ()
    """What the operator may not do, as tried; empty unless a hazard ``tries``."""
    powers: Powers = NO_POWERS
    """What would do something else under another owner; empty unless a hazard ``weighs``."""

    refusals: tuple[RefusedPassword, ...] = ()
    """Verifiers that the server refuses; empty unless a hazard ``verifies``."""

    alike: frozenset[tuple[str, str]] = frozenset()
    """Tables, by schema and name, in which app_user was counted to see what legacy sees."""

    held: PasswordHolders = NO_HOLDERS
    """What else logs in as one of the roles; empty unless a hazard ``holds``."""

    unloadable: tuple[Unloadable, ...] = ()
    """Settings with which no session could begin; empty unless a hazard ``begins``."""

    def rows(self, question: str) -> list[Row]:
        """The rows of one of the hazard's queries."""
        return self.answers[question]

    @property
    def legacy(self) -> str:
        """The role that owns everything."""
        return self.context.legacy

    @cached_property
    def projected(self) -> State:
        """The State after create-roles."""
        return through(self.state, self.context, split.CREATE_ROLES)

    @cached_property
    def granted(self) -> State:
        """The State after grant-existing."""
        return through(self.state, self.context, split.GRANT_EXISTING)

    @cached_property
    def survey(self) -> Survey | None:
        """What each table is to a tenant; None where [tenants] is missing or no table was read."""
        if self.context.config.tenants is None or self.state.structure is None:
            return None
        found = Tenants(self.context.config, self.state, self.state).survey
        return found if found.root is not None else None


Judge: TypeAlias = Callable[[Seen], Iterator[Found]]


@dataclass(frozen=True)
class Hazard:
    """A known trap."""

    id: str
    severity: Severity
    """The highest severity it can have; a judge may give a lower one."""
    step: StepKey | None
    """The step before which it has to be settled; None where it concerns the walk as a whole."""
    looks_at: str
    why: str
    fix: str
    manual: str
    """The end of an address below https://www.postgresql.org/docs/current/."""
    judge: Judge
    questions: tuple[str, ...] = ()
    """Names of files in queries/."""
    needs: tuple[str, ...] = ()
    """Words of :mod:`flatsplit.hazards.lookups` for what has to exist, or to be readable, for the queries."""
    since: int = 13
    tries: bool = False
    """Whether it needs what the operator may do, which is tried and undone."""
    weighs: bool = False
    """Whether it needs what runs as its owner, which is judged as the next owner."""
    verifies: bool = False
    """Whether it needs the server's answer to a verifier, which is tried and undone."""
    holds: bool = False
    """Whether it needs what else logs in as a role."""
    begins: bool = False
    """Whether it needs to know whether sessions can begin, which is tried."""

    def finding(self, found: Found, accepted: str = "") -> Finding:
        """The finding with what a judge returned; statements are listed below the remedy, unless they are
        part of it.
        """
        fix = found.fix or self.fix
        if found.sql and not any(statement in fix for statement in found.sql):
            fix = below(fix, found.sql)
        return Finding(
            id=self.id,
            severity=found.severity or self.severity,
            title=found.title,
            why=found.why or self.why,
            fix=fix,
            objects=found.objects,
            step=found.step or self.step or "",
            looked_at=self.looks_at,
            manual=self.manual,
            accepted=accepted,
            sql=found.sql,
            toml=found.toml,
        )


def below(said: str, statements: Iterable[str]) -> str:
    """What to do, and below it the statements to be copied, one on each line."""
    lines = list(dict.fromkeys(statements))
    rest = [f"-- and the same for {len(lines) - MOST:,} more"] if len(lines) > MOST else []
    return "\n".join([said, *lines[:MOST], *rest])


def silent(_: Seen) -> Iterator[Found]:
    """The judge of a hazard that is found in another way: by what could not be read."""
    yield from ()


REGISTRY: dict[str, Hazard] = {}
"""Every hazard by its id, in the order of the modules; filled by :func:`hazard`."""


def hazard(
    id: str,  # noqa: A002 (what it is called everywhere else)
    severity: Severity,
    step: StepKey | None,
    *,
    looks_at: str,
    why: str,
    fix: str,
    manual: str,
    questions: Iterable[str] = (),
    needs: Iterable[str] = (),
    since: int = 13,
    tries: bool = False,
    weighs: bool = False,
    verifies: bool = False,
    holds: bool = False,
    begins: bool = False,
) -> Callable[[Judge], Judge]:
    """Register the judge of a hazard."""

    def register(judge: Judge) -> Judge:
        if id in REGISTRY:
            raise ValueError(f"two hazards called {id}")
        REGISTRY[id] = Hazard(
            id,
            severity,
            step,
            looks_at,
            why,
            fix,
            manual,
            judge,
            tuple(questions),
            tuple(needs),
            since,
            tries,
            weighs,
            verifies,
            holds,
            begins,
        )
        return judge

    return register


def decide(hazard_id: str, grants: Mapping[tuple[str, str], Sequence[str]]) -> str:
    """The two ways to decide, as lines of flatsplit.toml: granting the names, or leaving them behind."""
    lines = []
    for (purpose, privilege), names in grants.items():
        section = heading(purpose, "grants")
        lines += [] if section in lines else [section]
        lines.append(f"{privilege} = [{', '.join(map(quote, names))}]")
    given = "\n".join(lines)
    return (
        "Decide in flatsplit.toml. What a new role shall have, give it by name (to another one under its own heading):"
        f'\n{given}\nor leave it behind:\n[hazards.accept]\n"{hazard_id}" = "why nobody needs it"'
    )


def granted_name(ref: ObjectRef) -> str:
    """An object as [grants] names it."""
    if ref.kind == "parameter":
        return ".".join(map(format_name, ref.name.split(".")))
    if ref.kind == "column":
        return format_name(ref.schema, ref.name, args=format_name(ref.args))
    parts = (ref.schema, ref.name) if ref.schema else (ref.name,)
    return format_name(*parts, args=ref.args if ref.kind in ROUTINES else None)


def as_lines(grants: Mapping[tuple[str, str], Sequence[str]]) -> tuple[str, ...]:
    """The first of the two ways as single lines: ``[grants.app_user] select = ["…"]``."""
    return tuple(
        f"{heading(purpose, 'grants')} {privilege} = [{', '.join(map(quote, names))}]"
        for (purpose, privilege), names in grants.items()
    )


def few(names: Sequence[str]) -> str:
    """All of the names, or the first of many, as fit in a title."""
    if len(names) <= TITLE_NAMES:
        return ", ".join(names)
    return listed(names, TITLE_NAMES - 1)
